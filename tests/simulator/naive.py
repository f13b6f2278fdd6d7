"""How not to do it: the client every fault of the simulator must be able to hurt.

It posts first and saves afterwards, tries again after any error, looks at the HTTP status only,
believes callbacks, follows redirects and keeps whatever file it is given.
"""

import json
import shutil
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import requests

from tests.simulator.plain_client import CREATE, CREDIT, MODEL, READ

PRICE = 160
TRIES = 3
_HEADERS = {"Authorization": "Bearer key"}


class NaiveClient:
    """What it believes stands in ``tasks``, ``states``, ``files`` and ``spent``."""

    def __init__(self, url: str, folder: Path, *, timeout_s: float = 0.3, reads: int = 5) -> None:
        self.url = url
        self.timeout_s = timeout_s
        self.reads = reads
        self.folder = folder
        self.log = folder / "log.txt"
        self.page = ""
        self.tasks: dict[str, Any] = {}  # prompt -> task id
        self.states: dict[Any, str] = {}
        self.rows: dict[Any, list[str]] = {}
        self.files: dict[Any, Path] = {}
        self.spent = 0

    def order(self, prompt: str, callback_url: str | None = None) -> Any:
        given = {"prompt": prompt, "image_url": "http://pictures.test/cat.png"}
        body = {"model": MODEL, "input": given, "callBackUrl": callback_url}
        for attempt in range(TRIES):
            try:
                answer = requests.post(
                    self.url + CREATE, json=body, headers=_HEADERS, timeout=self.timeout_s
                )
                answer.raise_for_status()
                task_id = answer.json()["data"]["taskId"]
                break
            except Exception:
                if attempt == TRIES - 1:
                    raise
        self.tasks[prompt] = task_id
        return task_id

    def watch(self, task_id: Any) -> str:
        """Will read until the end and return done, failed, or dead when patience runs out."""
        for _ in range(self.reads):
            try:
                data = self.record(task_id)
                state = data["state"]
            except Exception:
                return "failed"
            if state == "success":
                self.rows[task_id] = json.loads(data["resultJson"])["resultUrls"]
                self.save(task_id, self.rows[task_id][0])
                self.spent += PRICE
                return "done"
            if state == "fail":
                self.note(data["failMsg"])
                return "failed"
            if state not in ("waiting", "queuing", "generating"):
                return "failed"
            time.sleep(0.01)
        return "dead"

    def run(self, prompt: str) -> str:
        """Will order and watch, and order again what has failed or seems dead."""
        outcome = ""
        for _ in range(TRIES):
            outcome = self.watch(self.order(prompt))
            if outcome == "done":
                break
        return outcome

    def record(self, task_id: Any) -> Any:
        answer = requests.get(
            self.url + READ, {"taskId": task_id}, headers=_HEADERS, timeout=self.timeout_s
        )
        return answer.json()["data"]

    def claim(self, task_id: Any) -> None:
        """Will take a task found by its id for the order its echo names."""
        echo = json.loads(self.record(task_id)["param"])
        self.tasks[json.loads(echo["input"])["prompt"]] = task_id

    def note(self, message: Any) -> None:
        with self.log.open("a", encoding="utf-8", newline="") as log:
            log.write("task failed: " + message + "\n")
        self.page += "<p>" + message + "</p>"

    def save(self, task_id: Any, url: str) -> None:
        path = self.folder / f"{len(self.files)}.mp4"
        answer = requests.get(url, stream=True, timeout=self.timeout_s)
        with path.open("wb") as file:
            self.files[task_id] = path
            shutil.copyfileobj(answer.raw, file)

    def hear(self, body: Mapping[str, Any]) -> None:
        """Will take a callback at its word; one of an unknown task is dropped."""
        data = body["data"]
        task_id = data["taskId"]
        if task_id not in self.tasks.values():
            return
        self.states[task_id] = data["state"]
        if data["state"] == "success":
            self.save(task_id, json.loads(data["resultJson"])["resultUrls"][0])
            self.spent += PRICE

    def balance(self) -> float:
        answer = requests.get(self.url + CREDIT, headers=_HEADERS, timeout=self.timeout_s)
        return float(answer.json()["data"])

    def upload(self, content: bytes) -> str:
        for attempt in range(TRIES):
            try:
                answer = requests.post(
                    self.url + "/api/file-stream-upload",
                    files={"file": ("cat.png", content)},
                    data={"uploadPath": "images", "fileName": f"cat-{time.time_ns()}.png"},
                    headers=_HEADERS,
                    timeout=self.timeout_s,
                )
                answer.raise_for_status()
                return str(answer.json()["data"]["downloadUrl"])
            except Exception:
                if attempt == TRIES - 1:
                    raise
        raise AssertionError("unreachable")
