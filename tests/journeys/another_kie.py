"""A second, smaller KIE, written from its documents alone: where those leave a choice, the other one.

HTTP 429 for the rate limit, `message` for `msg`, ids like task_kling_1765187759663, `param.input` as
an object, no creditsConsumed. A word in the prompt decides what becomes of a task.
"""

import itertools
import json
import re
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

KEY = "a-key-of-the-other-kie"
CLIP = Path(__file__).parent.parent / "media" / "clip5.mp4"
RUNS_S = 1.0


@dataclass
class Task:
    id: str
    asked: dict[str, Any]
    made_at: float = field(default_factory=time.time)
    reads: int = 0

    def says(self, word: str) -> bool:
        return word in self.asked["input"]["prompt"]


class AnotherKie(ThreadingHTTPServer):
    """Serves API, uploads and results; `tasks` and `refused` are its books."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.host = f"127.0.0.1:{self.server_port}"
        self.url = f"http://{self.host}"
        self.tasks: dict[str, Task] = {}
        self.uploads: dict[str, bytes] = {}
        self.refused: list[str] = []
        self._numbers = itertools.count(1_765_187_759_663)
        self._thread = threading.Thread(target=self.serve_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *problem: object) -> None:
        self.shutdown()
        self.server_close()

    def tasks_of(self, prompt: str) -> list[Task]:
        return [task for task in self.tasks.values() if task.asked["input"]["prompt"] == prompt]

    def create(self, asked: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        prompt = asked["input"]["prompt"]
        if "too often" in prompt and prompt not in self.refused:
            self.refused.append(prompt)
            return 429, {"code": 429, "message": "Rate limit exceeded", "data": None}
        if "unwanted" in prompt:
            return 200, {"code": 422, "message": "The prompt is not allowed", "data": None}
        task = Task(f"task_kling_{next(self._numbers)}", asked)
        self.tasks[task.id] = task
        return 200, {"code": 200, "message": "success", "data": {"taskId": task.id}}

    def record(self, task: Task) -> dict[str, Any]:
        task.reads += 1
        age_s = time.time() - task.made_at
        state = "waiting" if age_s < RUNS_S / 2 else "generating" if age_s < RUNS_S else "success"
        if task.says("broken") and state == "success":
            state = "fail"
        urls = [] if task.says("slow file") and task.reads < 6 else [f"{self.url}/f/{task.id}.mp4"]
        made = state == "success"
        return {
            "taskId": task.id,
            "model": task.asked["model"],
            "state": state,
            "param": json.dumps(task.asked),
            "resultJson": json.dumps({"resultUrls": urls}) if made else "",
            "failCode": "501" if state == "fail" else "",
            "failMsg": "The generation failed" if state == "fail" else "",
            "createTime": int(task.made_at * 1000),
        }


class _Handler(BaseHTTPRequestHandler):
    server: AnotherKie
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        if address.path.startswith("/f/"):
            self._send(200, CLIP.read_bytes(), "video/mp4")
            return
        task = self.server.tasks.get(parse_qs(address.query).get("taskId", [""])[0])
        if not self._has_key():
            self._tell(200, {"code": 401, "message": "You do not have access permissions"})
        elif address.path != "/api/v1/jobs/recordInfo" or task is None:
            self._tell(200, {"code": 422, "message": "recordInfo is null", "data": None})
        else:
            data = self.server.record(task)
            self._tell(200, {"code": 200, "message": "success", "data": data})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if not self._has_key():
            self._tell(200, {"code": 401, "message": "You do not have access permissions"})
        elif self.path == "/api/v1/jobs/createTask":
            self._tell(*self.server.create(json.loads(body)))
        elif self.path == "/api/file-stream-upload":
            self._tell(200, self._keep(body))
        else:
            self._tell(404, {"code": 404, "message": "Not Found"})

    def _keep(self, body: bytes) -> dict[str, Any]:
        named = re.search(rb'name="fileName"\r\n(?:[^\r\n]+\r\n)*\r\n([^\r]+)', body)
        content = re.search(rb'name="file";.*?\r\n\r\n(.*?)\r\n--', body, re.DOTALL)
        assert named
        assert content
        name = named[1].decode()
        self.server.uploads[name] = content[1]
        url = f"{self.server.url}/u/{name}"
        return {"success": True, "code": 200, "msg": "ok", "data": {"downloadUrl": url}}

    def _has_key(self) -> bool:
        return self.headers.get("Authorization") == f"Bearer {KEY}"

    def _tell(self, status: int, answer: dict[str, Any]) -> None:
        self._send(status, json.dumps(answer).encode(), "application/json")

    def _send(self, status: int, body: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass
