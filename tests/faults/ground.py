"""The whole main job in one process: real services and client, a simulator on a real socket.

Only the clock is ours. Nothing runs by itself: a test submits, delivers callbacks, reads and copies
when it wants to, in whatever order and with whatever accident in between.
"""

import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from uuid import uuid4

from django.contrib.auth.models import User

from generations.kie import CreateOutcome, CreateTask, KieClient
from generations.media import Fetcher
from generations.models import Generation, Status
from generations.services import archive, hint, outcome, submit
from generations.services.request import GenerationRequest, create, judge
from generations.services.sweep import Sweep
from kie_simulator.testing import SeenTask, Simulator
from tests.fakes import Clock

OPEN_ENDS = frozenset({Status.UNKNOWN, Status.SUCCEEDED, Status.FAILED, Status.CANCELLED})


@dataclass(frozen=True, slots=True)
class Hit:
    """One callback as it came in."""

    token: str
    body: bytes
    timestamp: str | None
    signature: str | None


class Doorbell:
    """Listens for callbacks and keeps them until somebody takes them in."""

    def __init__(self) -> None:
        self.came: list[Hit] = []
        self._taken = 0
        doorbell = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                token = re.fullmatch(r"/callbacks/kie/([^/]+)/", self.path)
                assert token
                doorbell.came.append(
                    Hit(
                        token[1],
                        body,
                        self.headers.get("X-Webhook-Timestamp"),
                        self.headers.get("X-Webhook-Signature"),
                    )
                )
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )
        self._thread.start()

    def take(self) -> Iterator[Hit]:
        """Answer the callbacks that nobody has taken yet, in their order."""
        while self._taken < len(self.came):
            self._taken += 1
            yield self.came[self._taken - 1]

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)


@dataclass(frozen=True, slots=True)
class Addresses:
    """Builds callback addresses as the platform does; `base_url` is empty when they are off."""

    base_url: str

    def url(self, token: str) -> str | None:
        return f"{self.base_url}/callbacks/kie/{token}/" if self.base_url else None


class InterruptedClient:
    """The real client; `meanwhile` happens between KIE's answer and whoever waits for it."""

    def __init__(self, client: KieClient, meanwhile: Callable[[], None]) -> None:
        self._client, self._meanwhile = client, meanwhile
        self.encode = client.encode
        self.upload_image = client.upload_image

    def create_task(self, task: CreateTask) -> CreateOutcome:
        answer = self._client.create_task(task)
        self._meanwhile()
        return answer


def nothing() -> None:
    """What usually happens meanwhile."""


@dataclass
class Ground:
    """A platform without processes. `meanwhile` happens while each answer is on its way back."""

    kie: Simulator
    client: KieClient
    doorbell: Doorbell
    author: User
    clock: Clock
    has_callbacks: bool = True
    meanwhile: Callable[[], None] = nothing
    asked: list[Generation] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.sweep = Sweep(client=self.client, clock=self.clock, holder="ground")
        self.fetcher = Fetcher(allow_hosts=frozenset({self.kie.host}))

    def ask(self, **overrides: object) -> Generation:
        """Ask for a generation; its prompt names it in the simulator's ledger."""
        given = {
            "prompt": f"a slow pan {uuid4().hex}",
            "image_url": "https://files.example.com/a.png",
        } | overrides
        judged = judge(GenerationRequest(input=given), user=self.author, now=self.clock())
        made = create(judged, user=self.author, now=self.clock())
        self.asked.append(made)
        return made

    def submit(self, worker: str = "ground") -> submit.Step:
        """Let one worker take one turn at sending."""
        return submit.submit_next(
            client=InterruptedClient(self.client, self.meanwhile),
            callbacks=Addresses(self.doorbell.address if self.has_callbacks else ""),
            clock=self.clock,
            worker=worker,
            should_stop=lambda: False,
        )

    def submit_all(self) -> None:
        """Send whatever is due."""
        while self.submit() is submit.Step.DONE:
            pass

    def deliver(self) -> None:
        """Take in the callbacks that have come."""
        for hit in self.doorbell.take():
            taken = hint.receive(
                token=hit.token,
                body=hit.body,
                timestamp=hit.timestamp,
                signature=hit.signature,
                now=self.clock(),
            )
            assert taken is hint.Reception.TAKEN

    def deliver_and_read(self) -> None:
        self.deliver()
        self.read()

    def read(self) -> None:
        """Let the sweep read what is due and apply what comes back."""
        self.sweep.step()
        deadline = time.monotonic() + 20
        while self.sweep.reading:
            assert time.monotonic() < deadline
            self.sweep._apply_finished(wait_s=0.1)

    def copy(self) -> None:
        """Copy the results that wait."""
        while archive.archive_next(
            fetcher=self.fetcher, links=self.client, clock=self.clock, should_stop=lambda: False
        ):
            pass

    def finish_jobs(self) -> None:
        """Let every task at KIE end, and wait for the callbacks that come of it."""
        self.kie.advance(400)
        deadline = time.monotonic() + 10
        while any(callback.http_status is None for callback in self.kie.ledger().callbacks):
            assert time.monotonic() < deadline, "a callback was not sent"
            time.sleep(0.01)

    def turn(self) -> None:
        """One round of everything that the platform does by itself."""
        self.submit_all()
        self.deliver()
        self.read()
        self.copy()

    def heal(self) -> None:
        """End all faults, let the time pass that anything may wait for, and come to rest."""
        self.kie.clear_faults()
        self.meanwhile = nothing
        for forward_s in (1, 5, 95, 300, 300):
            self.turn()
            outcome.recover_receipts(now=self.clock())
            self.finish_jobs()
            self.turn()
            self.clock.forward(forward_s)
        for _ in range(20):
            self.turn()
            if self.is_quiet():
                return
            self.clock.forward(30)
        raise AssertionError(f"not quiet: {list(Generation.objects.values('status', 'version'))}")

    def is_quiet(self) -> bool:
        """Tell whether nothing is under way any more."""
        return not Generation.objects.exclude(status__in=OPEN_ENDS).exists()

    def tasks_of(self, generation: Generation) -> list[SeenTask]:
        """Answer the tasks that KIE has made for the generation, by its own books."""
        prompt = generation.input["prompt"]
        return [task for task in self.kie.ledger().tasks if task.input["prompt"] == prompt]


def start_clock() -> Clock:
    """Answer a clock that stands at the present, since prices and signatures are of the present."""
    return Clock(now=datetime.now(UTC) + timedelta(seconds=1))


@contextmanager
def listening() -> Iterator[Doorbell]:
    doorbell = Doorbell()
    try:
        yield doorbell
    finally:
        doorbell.stop()
