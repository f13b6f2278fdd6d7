"""A careful little client of one simulator, and a listener for its callbacks."""

import http.client
import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import urlsplit

from kie_simulator.testing import Simulator

MODEL = "kling/v2-1-master-image-to-video"
CREATE = "/api/v1/jobs/createTask"
READ = "/api/v1/jobs/recordInfo"
CREDIT = "/api/v1/chat/credit"


@dataclass(frozen=True)
class Reply:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class PlainClient:
    kie: Simulator
    key: str | None = "key"

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        sent = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        auth = {} if self.key is None else {"Authorization": f"Bearer {self.key}"}
        link = http.client.HTTPConnection(self.kie.host, timeout=10)
        try:
            link.request(method, path, sent, auth | dict(headers or {}))
            answer = link.getresponse()
            named = {name.lower(): value for name, value in answer.getheaders()}
            return Reply(answer.status, named, answer.read())
        finally:
            link.close()

    def get(self, url: str, **headers: str) -> Reply:
        parts = urlsplit(url)
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        return self.call("GET", path, headers=headers)

    def create(self, prompt: str = "a cat", callback_url: str | None = None, **given: Any) -> Any:
        """Will return the decoded answer to a createTask; None leaves a field out."""
        whole = {"prompt": prompt, "image_url": "http://pictures.test/cat.png"} | given
        body: dict[str, Any] = {"model": MODEL, "input": whole}
        if callback_url is not None:
            body["callBackUrl"] = callback_url
        return self.call("POST", CREATE, body).json

    def made(self, *args: Any, **given: Any) -> str:
        """Will create a task and return its id."""
        return str(self.create(*args, **given)["data"]["taskId"])

    def read(self, task_id: str) -> Any:
        """Will return ``data`` of recordInfo."""
        return self.call("GET", f"{READ}?taskId={task_id}").json["data"]

    def credit(self) -> Any:
        return self.call("GET", CREDIT).json["data"]

    def result_url(self, task_id: str) -> str:
        return str(json.loads(self.read(task_id)["resultJson"])["resultUrls"][0])


@dataclass(frozen=True)
class Posted:
    path: str
    headers: Mapping[str, str]
    body: Any


@dataclass
class Listener:
    """Will collect what is posted to it and who looks in.

    ``answers`` are the statuses to give, then 200.
    """

    answers: list[int] = field(default_factory=list)
    on_post: Callable[[Posted], None] | None = None
    posts: list[Posted] = field(default_factory=list)
    visits: list[str] = field(default_factory=list)

    def __enter__(self) -> Self:
        listener = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                named = {name.lower(): value for name, value in self.headers.items()}
                posted = Posted(self.path, named, body)
                listener.posts.append(posted)
                if listener.on_post:
                    listener.on_post(posted)
                self._answer(listener.answers.pop(0) if listener.answers else 200)

            def do_GET(self) -> None:
                listener.visits.append(self.path)
                self._answer(200)

            def _answer(self, status: int) -> None:
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *problem: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/hook/token?x=1"


def until(holds: Callable[[], Any], seconds: float = 5.0) -> Any:
    """Will wait until something holds and return it; fails loudly when it never does."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := holds():
            return found
        time.sleep(0.005)
    raise AssertionError("waited in vain")
