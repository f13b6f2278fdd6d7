"""A platform without edges: an author, a clock that stands still, a fake KIE and a fake fetcher."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from django.contrib.auth.models import AbstractUser, User
from django.utils import timezone

from generations.kie import Echo, ReadFailed, TaskRecord
from generations.models import Generation
from generations.services import bootstrap, hint, poll, request, submit
from tests.fakes import Clock, FakeFetcher, FakeKie


class Callbacks:
    """Addresses as they are built when PUBLIC_BASE_URL is set; remembers the tokens."""

    def __init__(self) -> None:
        self.tokens: list[str] = []

    def url(self, token: str) -> str | None:
        self.tokens.append(token)
        return f"https://platform.example.com/callbacks/kie/{token}/"


class NoCallbacks:
    def url(self, token: str) -> str | None:
        return None


@pytest.fixture
def clock(db: None) -> Clock:
    bootstrap.bootstrap(now=timezone.now().replace(year=2026, month=1))
    return Clock()


@pytest.fixture
def kie() -> FakeKie:
    return FakeKie()


@pytest.fixture
def fetcher() -> FakeFetcher:
    return FakeFetcher()


@pytest.fixture
def callbacks() -> Callbacks:
    return Callbacks()


@pytest.fixture
def author(db: None) -> AbstractUser:
    return User.objects.create_user("olga")


@pytest.fixture
def ask(author: AbstractUser, clock: Clock, data_dir: Path) -> Callable[..., Generation]:
    """Ask for a generation with an ordinary input; keywords override its parameters."""

    def make(**overrides: object) -> Generation:
        given = {"prompt": "A slow pan", "image_url": "https://files.example.com/a.png"} | overrides
        judged = request.judge(request.GenerationRequest(input=given), user=author, now=clock())
        return request.create(judged, user=author, now=clock())

    return make


@pytest.fixture
def send(kie: FakeKie, callbacks: Callbacks, clock: Clock) -> Callable[..., submit.Step]:
    """Let one worker take one turn."""

    def turn(**changes: object) -> submit.Step:
        arguments: dict[str, object] = {
            "client": kie,
            "callbacks": callbacks,
            "clock": clock,
            "worker": "w1",
            "should_stop": lambda: False,
        }
        arguments |= changes
        return submit.submit_next(**arguments)  # type: ignore[arg-type]

    return turn


@pytest.fixture
def running(ask: Callable[..., Generation], send: Callable[..., submit.Step]) -> Generation:
    generation = ask()
    send()
    generation.refresh_from_db()
    return generation


@pytest.fixture
def read(clock: Clock) -> Callable[..., None]:
    """Let the sweep read: wait until the generation is due, then apply what KIE says."""

    def apply(generation: Generation, task: TaskRecord | ReadFailed, wait_s: float = 5) -> None:
        clock.forward(wait_s)
        due = poll.claim_due(now=clock(), most=10)
        assert [d.generation_id for d in due] == [generation.pk]
        if isinstance(task, ReadFailed):
            poll.apply_failure(due[0], task, now=clock())
        else:
            poll.apply_record(due[0], task, now=clock())
        generation.refresh_from_db()

    return apply


@pytest.fixture
def read_failing(clock: Clock) -> Callable[..., None]:
    """Let every read that is due now fail in the same way."""

    def read(failure: ReadFailed) -> None:
        for due in poll.claim_due(now=clock(), most=10):
            poll.apply_failure(due, failure, now=clock())

    return read


def callback_body(task_id: str = "task-0000001", **changes: object) -> dict[str, object]:
    data = {"taskId": task_id, "state": "success", "resultJson": '{"resultUrls":["https://evil"]}'}
    return {"code": 200, "msg": "ok", "data": data | changes}


def echo_of(kie: FakeKie, number: int = 0) -> Echo:
    task = kie.sent[number]
    return Echo(model=task.model, callback_url=task.callback_url, input=dict(task.input))


@pytest.fixture
def call(callbacks: Callbacks, clock: Clock) -> Callable[..., hint.Reception]:
    def post(body: object = None, token: str | None = None, **headers: str) -> hint.Reception:
        data = body if isinstance(body, bytes) else json.dumps(body or callback_body()).encode()
        return hint.receive(
            token=token or callbacks.tokens[0],
            body=data,
            timestamp=headers.get("timestamp"),
            signature=headers.get("signature"),
            now=clock(),
        )

    return post


@pytest.fixture
def read_due(clock: Clock) -> Callable[..., int]:
    """Read whatever is due now; answers how many were."""

    def read(**records: object) -> int:
        dues = poll.claim_due(now=clock(), most=10)
        for due in dues:
            poll.apply_record(due, records["task"], now=clock())  # type: ignore[arg-type]
        return len(dues)

    return read
