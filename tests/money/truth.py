"""A KIE with books of its own: what it has really made and charged, whatever it lets us know of it."""

import hashlib
import json
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from generations.kie import (
    CreateOutcome,
    CreateTask,
    Echo,
    NotVisible,
    RefusalKind,
    TaskRecord,
    TaskState,
    Unreachable,
)
from tests import fakes

# How KIE takes a request: whether it makes a task of it, and what it lets us know.
REFUSALS = {
    "rejects": (RefusalKind.REJECTED, 422),
    "puts off": (RefusalKind.LATER, 429),
    "refuses the account": (RefusalKind.ACCOUNT, 402),
}
MOODS = ("accepts", *REFUSALS, "is not reached", "makes and says nothing", "says nothing", "is odd")
ENDS = (TaskState.SUCCESS, TaskState.FAIL)


@dataclass
class TrueTask:
    """One task as KIE knows it. `charged` is what it keeps now, in whole credits."""

    task_id: str
    request: CreateTask
    charged: int
    state: TaskState = TaskState.WAITING
    has_result: bool = True
    tells_credits: bool = True

    @property
    def token(self) -> str:
        return str(self.request.callback_url).rstrip("/").rpartition("/")[2]

    @property
    def prompt(self) -> str:
        return str(self.request.input["prompt"])

    def end(self, *, is_success: bool, keeps: int = 0, tells: bool = True) -> None:
        """Bring a task to its end; a failed one keeps some of its charge."""
        self.state = TaskState.SUCCESS if is_success else TaskState.FAIL
        self.charged = self.charged if is_success else keeps
        self.tells_credits = tells

    def record(self) -> TaskRecord:
        urls = (f"https://results.example.com/{self.task_id}.mp4",)
        is_whole = self.state is TaskState.SUCCESS and self.has_result
        return fakes.task_record(
            self.state,
            task_id=self.task_id,
            urls=urls if is_whole else (),
            credits_consumed=Decimal(self.charged) if self.tells_credits else None,
            fail_message="Internal Error" if self.state is TaskState.FAIL else "",
            echo=Echo(
                model=self.request.model,
                callback_url=self.request.callback_url,
                input=dict(self.request.input),
            ),
        )


@dataclass
class TrueKie:
    """KIE as the services see it, and its books as the test sees them."""

    mood: str = "accepts"
    price: int = 160
    is_away: bool = False
    tasks: dict[str, TrueTask] = field(default_factory=dict)
    posted: list[str] = field(default_factory=list)

    def encode(self, task: CreateTask) -> bytes:
        return json.dumps([task.model, dict(task.input), task.callback_url]).encode()

    def create_task(self, task: CreateTask) -> CreateOutcome:
        self.posted.append(str(task.callback_url))
        if self.mood in REFUSALS:
            return fakes.refused(*REFUSALS[self.mood])
        if self.mood == "is not reached":
            return fakes.unsent()
        if self.mood == "says nothing":
            return fakes.unknown()
        task_id = "task-" + hashlib.sha256(str(task.callback_url).encode()).hexdigest()[:12]
        self.tasks[task_id] = TrueTask(task_id, task, self.price)
        if self.mood == "makes and says nothing":
            return fakes.unknown()
        if self.mood == "is odd":
            return fakes.unknown(candidate=task_id)
        return fakes.accepted(task_id)

    def read_task(self, task_id: str) -> TaskRecord:
        if self.is_away:
            raise Unreachable("no answer in time")
        if task_id not in self.tasks:
            raise NotVisible("recordInfo is null")
        return self.tasks[task_id].record()

    def upload_image(self, data: bytes, file_name: str, mime: str) -> str:
        raise AssertionError("the machine has no pictures")

    def charged(self) -> int:
        """Answer all that KIE keeps, in whole credits."""
        return sum(task.charged for task in self.tasks.values())

    def open_tasks(self) -> list[TrueTask]:
        return [task for task in self.tasks.values() if task.state not in ENDS]


def callback_body(task_id: str, **evil: Any) -> bytes:
    """What a callback says; nothing of it but the task's id may be believed, and that not blindly."""
    data = {"taskId": task_id, "state": "success", "creditsConsumed": 987_654}
    data["resultJson"] = json.dumps({"resultUrls": ["https://evil.example.com/evil.mp4"]})
    return json.dumps({"code": 200, "msg": "ok", "data": data | evil}).encode()
