"""What crosses the border between KIE's wire and the rest of the house: frozen values only."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from pathlib import Path

# Cloudflare before KIE answers script-like agents with a bare 403 "error code: 1010".
ORDINARY_USER_AGENT = "Mozilla/5.0 (compatible; kling-platform/1.0)"


@dataclass(frozen=True, slots=True)
class KieConfig:
    """Where KIE is, who we are, and how long one request may take from start to end."""

    base_url: str
    upload_base_url: str
    api_key: str = field(repr=False)
    create_deadline_s: float = 20.0
    read_deadline_s: float = 15.0
    upload_deadline_s: float = 30.0
    user_agent: str = ORDINARY_USER_AGENT
    ca_file: Path | None = None
    """Certificate authorities to trust instead of the shipped ones (PEM)."""


@dataclass(frozen=True, slots=True)
class CreateTask:
    """One paid request, as frozen at the person's click."""

    model: str
    input: Mapping[str, object]
    callback_url: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, for people to read: all texts cleaned, our secrets blotted out.

    `http_status` and `code` are None when there was none; `excerpt` is at most 2 KB of UTF-8.
    """

    http_status: int | None
    code: int | None
    message: str
    excerpt: str


class RefusalKind(StrEnum):
    REJECTED = "rejected"
    """This request is wrong and stays wrong."""
    LATER = "later"
    """Not now: rate limit or maintenance."""
    ACCOUNT = "account"
    """Nothing can be sent with this key: access, credits or its cap."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """KIE made this task."""

    task_id: str
    answer: Answer


@dataclass(frozen=True, slots=True)
class Refused:
    """KIE said no and made nothing."""

    kind: RefusalKind
    code: int
    message: str
    answer: Answer


@dataclass(frozen=True, slots=True)
class Unsent:
    """No byte of the request was handed to a socket, and none will be."""

    reason: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """The request left, and what KIE did with it is not proved: never send it again."""

    reason: str
    candidate_task_id: str | None
    answer: Answer


CreateOutcome = Accepted | Refused | Unsent | Unknown


class TaskState(StrEnum):
    """Source: https://docs.kie.ai/market/common/get-task-detail (read 2026-04)."""

    WAITING = "waiting"
    QUEUING = "queuing"
    GENERATING = "generating"
    SUCCESS = "success"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Echo:
    """The request as KIE kept it: for comparing with ours, not for storing (texts are raw).

    `input` is None when it could not be read as an object.
    """

    model: str
    callback_url: str | None = field(repr=False)
    input: Mapping[str, object] | None


@dataclass(frozen=True, slots=True)
class TaskRecord:
    """KIE's record of one task; texts are cleaned, whatever is missing or absurd is None or "".

    `state` is None for a state we do not know (`raw_state` keeps it): take it as still running.
    `result_urls` is filled for `success` only; when it is empty there, `result_problem` says why.
    `credits_consumed` may be set while the task still runs.
    """

    task_id: str
    model: str
    state: TaskState | None
    raw_state: str
    result_urls: tuple[str, ...]
    result_problem: str | None
    fail_code: str
    fail_message: str
    credits_consumed: Decimal | None
    created_at: datetime | None
    completed_at: datetime | None
    echo: Echo | None


@dataclass(frozen=True, slots=True)
class CallbackHint:
    """The task a callback speaks of; None when it names none, or (contradictory) several."""

    task_id: str | None
    contradictory: bool
