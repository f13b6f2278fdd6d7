"""The whole platform as `./run serve` starts it, with a simulator of its own, and a client for REST."""

import contextlib
import http.client
import json
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User

from generations.models import Scope
from generations.services import tokens
from kie_simulator.testing import Simulator, start_simulator_process
from kling_platform.launch.place import next_free_port
from tests.bench.place import ROOT

_READY_S = 40.0
_SIMULATOR_KEY, _HMAC_KEY = "simulator", "callback-key"


@dataclass(frozen=True, slots=True)
class Platform:
    """A running platform; `launcher` is the parent's process id."""

    port: int
    token: str
    kie: Simulator
    kie_pid: int
    launcher: int

    def call(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Any:
        """Answer the JSON of a call on a connection of its own. Raises RuntimeError from 400 on."""
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            bearer = {"Authorization": f"Bearer {self.token}"}
            link.request(method, f"/api/v1/{path}", body, bearer | named)
            answer = link.getresponse()
            text = answer.read()
        finally:
            link.close()
        if answer.status >= 400:
            raise RuntimeError(f"{method} {path} answered {answer.status}: {text[:500]!r}")
        return json.loads(text)

    def ask(self, prompt: str, **wish: Any) -> dict[str, Any]:
        """Ask for a generation; `wish` holds image or further keys of the body."""
        given = {"prompt": prompt} | ({} if "image" in wish else {"image_url": _ADDRESS})
        made: dict[str, Any] = self.call(
            "POST",
            "generations/",
            json.dumps({"input": given} | wish).encode(),
            Content_Type="application/json",
            Idempotency_Key=str(uuid.uuid4()),
        )
        return made

    def upload(self, picture: bytes) -> str:
        """Send a picture and answer its id."""
        edge = uuid.uuid4().hex
        head = f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\n'
        body = head.encode() + b"Content-Type: image/jpeg\r\n\r\n" + picture
        body += f"\r\n--{edge}--\r\n".encode()
        kind = f"multipart/form-data; boundary={edge}"
        return str(self.call("POST", "images/", body, Content_Type=kind)["id"])


_ADDRESS = "https://pictures.example.com/hills.jpg"


@contextlib.contextmanager
def running(*, callbacks: bool, speed: float = 1.0, **environ: str) -> Iterator[Platform]:
    """Serve until the block ends; `environ` overrides the shipped settings."""
    data_dir = Path(settings.DATA_DIR)
    user = User.objects.create_superuser("bench")
    now = datetime.now(UTC)
    token = tokens.create(user=user, name="bench", scopes=tuple(Scope.values), now=now)[1]
    port = next_free_port("127.0.0.1", 18_000 + os.getpid() % 2000)
    with start_simulator_process(
        data_dir / "simulator",
        speed=speed,
        api_key=_SIMULATOR_KEY,
        hmac_key=_HMAC_KEY,
        balance=10_000_000,
    ) as kie:
        # The account's limits are the platform's to keep; here they would only hide its own pace.
        kie.settings(creates_per_10s=0, jitter=0)
        whole = (
            os.environ
            | environ
            | {
                "PORT": str(port),
                "KIE_BASE_URL": kie.url,
                "KIE_UPLOAD_BASE_URL": kie.url,
                "KIE_WEBHOOK_HMAC_KEY": _HMAC_KEY,
                "PUBLIC_BASE_URL": f"http://127.0.0.1:{port}" if callbacks else "",
            }
        )
        with _launcher(whole, data_dir / "serve.log") as launcher:
            platform = Platform(port, token, kie, _listener_of(kie), launcher.pid)
            _await_ready(platform, launcher)
            yield platform


@contextlib.contextmanager
def _launcher(environ: dict[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "kling_platform.launch", "serve"],
            cwd=ROOT,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
        )
        try:
            yield process
        except BaseException:
            sys.stderr.write(log.read_text(errors="replace")[-2000:])
            raise
        finally:
            process.terminate()
            try:
                process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                process.kill()  # its warden kills what it has started
                process.wait()


def _await_ready(platform: Platform, launcher: subprocess.Popen[bytes]) -> None:
    until_s = time.monotonic() + _READY_S
    while time.monotonic() < until_s and launcher.poll() is None:
        link = http.client.HTTPConnection("127.0.0.1", platform.port, timeout=5)
        with contextlib.suppress(OSError):
            link.request("GET", "/readyz")
            if link.getresponse().status == 200:
                return
        link.close()
        time.sleep(0.1)
    raise RuntimeError("the platform did not get ready")


def _listener_of(kie: Simulator) -> int:
    """Answer the simulator's process id: our only child whose command names it."""
    for entry in Path("/proc/self/task").iterdir():
        for child in (entry / "children").read_text().split():
            if b"kie_simulator" in Path(f"/proc/{child}/cmdline").read_bytes():
                return int(child)
    raise RuntimeError(f"no process serves {kie.url}")
