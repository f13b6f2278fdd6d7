"""What the ledger keeps, as frozen values. Money is whole millionths of a credit."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

CREDIT = 1_000_000


@dataclass(frozen=True, slots=True)
class Task:
    """One accepted createTask.

    ``*_at`` is on the speed clock, ``*_real_s`` on the real one (Unix seconds). ``finish_at`` is
    None for a task that never ends.
    """

    id: str
    number: int
    model: str
    input: Mapping[str, Any]
    callback_url: str | None
    created_at: float
    created_real_s: float
    queuing_at: float | None
    generating_at: float | None
    finish_at: float | None
    outcome: str
    fail_code: str | None
    fail_message: str | None
    refunds: bool
    charge: int
    consumed: int
    result_name: str
    settled: bool = False
    completed_real_s: float | None = None

    @property
    def prompt(self) -> str:
        return str(self.input.get("prompt", ""))

    def state(self, now: float) -> str:
        """Will return KIE's word for where the task stands at a moment of the speed clock."""
        if self.settled or (self.finish_at is not None and now >= self.finish_at):
            return self.outcome
        if self.generating_at is not None and now >= self.generating_at:
            return "generating"
        if self.queuing_at is not None and now >= self.queuing_at:
            return "queuing"
        return "waiting"


@dataclass(frozen=True, slots=True)
class Upload:
    """One uploaded file; ``path`` is the part of its address after the host."""

    path: str
    stored_real_s: float
    mime: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Callback:
    """One planned or delivered POST to a callback address; ``altered`` is merged into ``data``."""

    number: int
    task_id: str
    url: str
    due_at: float
    attempt: int
    forged: bool
    altered: Mapping[str, Any]
