"""The real thing for a test: parent, web and worker as processes, on data of their own."""

import http.client
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from kling_platform.launch.place import ROOT
from tests.journeys.machine import FreshDatabase, free_port, kill, wait_for

STOP_S, START_S = 30, 60
# What a shell may hold and no platform of a test should see.
_FOREIGN = (
    *("DATA_DIR", "DATABASE_URL", "TEST_DATABASE", "REDIS_URL", "DJANGO_SETTINGS_MODULE"),
    *("PORT", "HOST", "PUBLIC_BASE_URL", "SECRET_KEY", "DEBUG", "ALLOWED_HOSTS"),
    *("KIE_MODE", "KIE_API_KEY", "KIE_BASE_URL", "KIE_UPLOAD_BASE_URL", "KIE_WEBHOOK_HMAC_KEY"),
    *("KIE_CREATES_PER_10S", "KIE_READS_PER_SECOND", "POLL_SECONDS", "FETCH_ALLOW_HOSTS"),
    *("TIME_ZONE", "LANGUAGE_CODE", "CHECK_IMAGE_URLS", "API_REQUESTS_PER_MINUTE", "MIN_FREE_MB"),
)
_MAKE_TOKEN = (
    "from django.contrib.auth.models import User; from generations.models import Scope;"
    "from django.utils.timezone import now; from generations.services import tokens;"
    "user, _ = User.objects.get_or_create("
    "username='olga', defaults={'is_superuser': True, 'is_staff': True});"
    "print(tokens.create(user=user, scopes=tuple(Scope.values), now=now())[1])"
)
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Platform:
    """`python -m kling_platform.launch serve` on a free port; start it, stop it, kill it."""

    def __init__(self, folder: Path, **environ: str) -> None:
        self.folder = folder
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self._database = FreshDatabase()
        self.environ = {name: value for name, value in os.environ.items() if name not in _FOREIGN}
        self.environ |= {
            "DJANGO_SETTINGS_MODULE": "kling_platform.settings",
            "DATA_DIR": str(folder),
            "DATABASE_URL": self._database.url,
            "PORT": str(self.port),
            "MIN_FREE_MB": "0",
            "LANGUAGE_CODE": "en",
        } | {name: value.replace("{address}", self.address) for name, value in environ.items()}
        self._parent: subprocess.Popen[bytes] | None = None
        self._token = ""

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *problem: object) -> None:
        try:
            if self._parent is not None and self._parent.poll() is None:
                self.stop()
        finally:
            self.kill()
            self._database.drop()

    @property
    def words(self) -> str:
        """What the parent has said so far."""
        return (self.folder / "parent.txt").read_text(errors="replace")

    def start(self, command: str = "serve") -> None:
        """Start it and return when it is ready; `web` alone is ready when it answers."""
        self.folder.mkdir(exist_ok=True)
        with (self.folder / "parent.txt").open("ab") as said:
            self._parent = subprocess.Popen(
                [sys.executable, "-m", "kling_platform.launch", command],
                cwd=ROOT,
                env=self.environ,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        probe = "readyz" if command == "serve" else "livez"
        wait_for(
            lambda: self._is_ready(probe), "the platform is not ready", START_S, lambda: self.words
        )
        if not self._token:
            self._token = self.manage("shell", "-v0", "-c", _MAKE_TOKEN).splitlines()[-1]

    def stop(self) -> float:
        """Ask it to stop as a person would; answer the seconds it took. Nothing may be left."""
        assert self._parent
        began_s = time.monotonic()
        self._parent.send_signal(signal.SIGTERM)
        self._parent.wait(STOP_S)
        took_s = time.monotonic() - began_s
        wait_for(lambda: not self.processes(), "processes are left", 2)
        return took_s

    def kill(self) -> None:
        """Kill the whole tree at once, as a power cut would."""
        for _ in range(50):
            left = self.processes()
            if not left:
                break
            for pid in left:
                kill(pid)
            time.sleep(0.05)
        if self._parent is not None:
            self._parent.wait(10)

    def processes(self) -> dict[int, str]:
        """Answer the living processes of this platform by id, with their command lines."""
        mark = f"DATA_DIR={self.folder}".encode()
        found = {}
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                if mark not in (entry / "environ").read_bytes().split(b"\0"):
                    continue
                words = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                state = (entry / "stat").read_text().rpartition(")")[2].split()[0]
            except OSError:
                continue
            if state != "Z" and " shell " not in words and "kie_simulator" not in words:
                found[int(entry.name)] = words
        return found

    def manage(self, *words: str) -> str:
        """Run `manage.py …` and answer what it printed."""
        done = subprocess.run(
            [sys.executable, str(ROOT / "manage.py"), *words],
            cwd=ROOT,
            env=self.environ,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Reply:
        """Call an address below the root with our token; any answer is an answer."""
        request = urllib.request.Request(
            f"{self.address}{path}",
            data=body,
            method=method,
            headers={"Authorization": f"Bearer {self._token}"}
            | {name.replace("_", "-"): value for name, value in headers.items()},
        )
        try:
            with _opener.open(request, timeout=60) as answer:
                return Reply(answer.status, dict(answer.headers), answer.read())
        except urllib.error.HTTPError as refusal:
            return Reply(refusal.code, dict(refusal.headers), refusal.read())

    def post(self, path: str, body: object = None, **headers: str) -> Any:
        """Post JSON below /api/v1/ and answer the JSON of a success."""
        headers = {
            "Content_Type": "application/json",
            "Idempotency_Key": uuid.uuid4().hex,
        } | headers
        reply = self.ask("POST", f"/api/v1/{path}", json.dumps(body or {}).encode(), **headers)
        assert reply.status in {200, 201}, reply.body
        return reply.json

    def get(self, path: str) -> Any:
        reply = self.ask("GET", f"/api/v1/{path}")
        assert reply.status == 200, reply.body
        return reply.json

    def upload(self, picture: bytes) -> Any:
        """Send a picture and answer what the platform makes of it."""
        edge = uuid.uuid4().hex
        head = (
            f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="cat.jpg"\r\n\r\n'
        )
        body = head.encode() + picture + f"\r\n--{edge}--\r\n".encode()
        kind = f"multipart/form-data; boundary={edge}"
        reply = self.ask("POST", "/api/v1/images/", body, Content_Type=kind)
        assert reply.status == 201, reply.body
        return reply.json

    def request(self, prompt: str, *, image: str | None = None, **given: Any) -> Any:
        """Ask for a generation and answer it."""
        whole: dict[str, Any] = {"input": {"prompt": prompt} | given}
        if image is None:
            whole["input"]["image_url"] = "https://files.example.com/a.png"
        else:
            whole["image"] = image
        return self.post("generations/", whole)

    def look(self, generation: Mapping[str, Any]) -> Any:
        return self.get(f"generations/{generation['id']}/")

    def events(self, generation: Mapping[str, Any]) -> list[Any]:
        """Answer what has happened to a generation, the oldest first."""
        page = self.get(f"generations/{generation['id']}/events/")
        assert page["next"] is None
        return sorted(page["results"], key=lambda event: event["at"])

    def wait(self, generation: Mapping[str, Any], *statuses: str, within_s: float = 30) -> Any:
        """Wait until the generation has one of the statuses and answer it."""
        return wait_for(
            lambda: (found := self.look(generation))["status"] in statuses and found,
            f"{generation['id']} is not {' or '.join(statuses)}",
            within_s,
            tell=lambda: json.dumps([self.look(generation), self.events(generation)], indent=1),
        )

    def wait_for_video(self, generation: Mapping[str, Any], *, within_s: float = 30) -> Any:
        """Wait until the generation's video is archived and answer the generation."""
        return wait_for(
            lambda: (
                ((found := self.look(generation))["video"] or {}).get("state") == "archived"
                and found
            ),
            f"{generation['id']} has no video",
            within_s,
            tell=lambda: json.dumps([self.look(generation), self.events(generation)], indent=1),
        )

    def _is_ready(self, probe: str) -> bool:
        assert self._parent
        assert self._parent.poll() is None, self.words
        try:
            with _opener.open(f"{self.address}/{probe}", timeout=5) as answer:
                return bool(answer.status == 200)
        except (OSError, http.client.HTTPException):
            return False
