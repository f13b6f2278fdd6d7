"""The one double for KIE in tests of services: it records what it is asked and answers what it is told.

The simulator is the double for journeys; this one is for the use-cases alone.
"""

import hashlib
import json
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from generations.kie import (
    Accepted,
    Answer,
    CreateOutcome,
    CreateTask,
    Echo,
    ReadFailed,
    RefusalKind,
    Refused,
    TaskRecord,
    TaskState,
    Unknown,
    Unsent,
)
from generations.media import Downloaded

CLIP = Path(__file__).parent / "media" / "clip5.mp4"
RESULT_URL = "https://files.example.com/result.mp4"


@dataclass
class Clock:
    """A clock that stands still until it is told to move."""

    now: datetime = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def forward(self, seconds: float) -> datetime:
        self.now += timedelta(seconds=seconds)
        return self.now


def answer(http_status: int | None = 200, code: int | None = 200, message: str = "") -> Answer:
    return Answer(http_status=http_status, code=code, message=message, excerpt="")


def accepted(task_id: str = "task-0000001") -> Accepted:
    return Accepted(task_id, answer(message="success"))


def refused(kind: RefusalKind, code: int, message: str = "no") -> Refused:
    return Refused(kind, code, message, answer(code=code, message=message))


def unsent() -> Unsent:
    return Unsent("connection refused")


def unknown(candidate: str | None = None) -> Unknown:
    return Unknown("no answer in time", candidate, answer(http_status=None, code=None))


@dataclass
class FakeKie:
    """KIE as the services see it. `outcomes` are given out in turn; by default it accepts."""

    outcomes: deque[CreateOutcome] = field(default_factory=deque)
    sent: list[CreateTask] = field(default_factory=list)
    uploads: list[str] = field(default_factory=list)
    on_upload: Callable[[], None] = lambda: None
    on_create: Callable[[CreateTask], None] = lambda task: None

    def encode(self, task: CreateTask) -> bytes:
        return json.dumps([task.model, dict(task.input), task.callback_url]).encode()

    def create_task(self, task: CreateTask) -> CreateOutcome:
        self.sent.append(task)
        self.on_create(task)
        if self.outcomes:
            return self.outcomes.popleft()
        return accepted(f"task-{len(self.sent):07}")

    def upload_image(self, data: bytes, file_name: str, mime: str) -> str:
        self.on_upload()
        self.uploads.append(file_name)
        return f"https://uploads.example.com/{file_name}"

    def fresh_download_url(self, url: str) -> str:
        return url + "?fresh"


def task_record(
    state: TaskState | None = TaskState.WAITING,
    *,
    task_id: str = "task-0000001",
    raw_state: str = "",
    urls: tuple[str, ...] = (),
    credits_consumed: Decimal | None = Decimal(160),
    fail_code: str = "",
    fail_message: str = "",
    echo: Echo | None = None,
) -> TaskRecord:
    return TaskRecord(
        task_id=task_id,
        model="kling/v2-1-master-image-to-video",
        state=state,
        raw_state=raw_state or (str(state) if state else ""),
        result_urls=urls,
        result_problem=None if urls else "no result address",
        fail_code=fail_code,
        fail_message=fail_message,
        credits_consumed=credits_consumed,
        created_at=None,
        completed_at=None,
        echo=echo,
    )


def success_record(task_id: str = "task-0000001", **changes: object) -> TaskRecord:
    return task_record(TaskState.SUCCESS, task_id=task_id, urls=(RESULT_URL,), **changes)  # type: ignore[arg-type]


def fail_record(task_id: str = "task-0000001", **changes: object) -> TaskRecord:
    values: dict[str, object] = {
        "credits_consumed": Decimal(0),
        "fail_code": "501",
        "fail_message": "Generation failed",
    }
    return task_record(TaskState.FAIL, task_id=task_id, **(values | changes))  # type: ignore[arg-type]


@dataclass
class FakeFetcher:
    """Hands out a real clip, or the problems it is told to raise, in turn."""

    problems: deque[Exception] = field(default_factory=deque)
    asked: list[str] = field(default_factory=list)
    data: bytes | None = None

    def download(
        self,
        url: str,
        target: Path,
        *,
        max_bytes: int,
        deadline_s: float,
        min_bytes_per_s: int,
        should_stop: Callable[[], bool],
    ) -> Downloaded:
        self.asked.append(url)
        if self.problems:
            raise self.problems.popleft()
        data = CLIP.read_bytes() if self.data is None else self.data
        target.write_bytes(data)
        return Downloaded(bytes=len(data), sha256=hashlib.sha256(data).hexdigest())


__all__ = [
    "CLIP",
    "RESULT_URL",
    "Clock",
    "FakeFetcher",
    "FakeKie",
    "ReadFailed",
    "RefusalKind",
    "accepted",
    "answer",
    "fail_record",
    "refused",
    "success_record",
    "task_record",
    "unknown",
    "unsent",
]
