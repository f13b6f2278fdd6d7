"""The simulator's own books in one SQLite file: what it was asked, what it made, what it took.

Every test that says "paid once" counts here, never in the product under test.
"""

import json
import sqlite3
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from kie_simulator.rows import Callback, Task, Upload

_SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS tasks (
    id TEXT PRIMARY KEY, number INTEGER NOT NULL, model TEXT NOT NULL, input TEXT NOT NULL,
    callback_url TEXT, created_at REAL NOT NULL, created_real_s REAL NOT NULL,
    queuing_at REAL, generating_at REAL, finish_at REAL, outcome TEXT NOT NULL,
    fail_code TEXT, fail_message TEXT, refunds INTEGER NOT NULL, charge INTEGER NOT NULL,
    consumed INTEGER NOT NULL, result_name TEXT NOT NULL, settled INTEGER NOT NULL,
    completed_real_s REAL);
CREATE INDEX IF NOT EXISTS tasks_due ON tasks (settled, finish_at);
CREATE TABLE IF NOT EXISTS movements (
    number INTEGER PRIMARY KEY, real_s REAL NOT NULL, kind TEXT NOT NULL, delta INTEGER NOT NULL,
    task_id TEXT, reason TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS uploads (
    path TEXT PRIMARY KEY, stored_real_s REAL NOT NULL, mime TEXT NOT NULL, size INTEGER NOT NULL,
    sha256 TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS requests (
    number INTEGER PRIMARY KEY, real_s REAL NOT NULL, method TEXT NOT NULL, path TEXT NOT NULL,
    query TEXT NOT NULL, headers TEXT NOT NULL, body TEXT NOT NULL, body_bytes INTEGER NOT NULL,
    http_status INTEGER, code TEXT, faults TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS callbacks (
    number INTEGER PRIMARY KEY, task_id TEXT NOT NULL, url TEXT NOT NULL, due_at REAL NOT NULL,
    attempt INTEGER NOT NULL, forged INTEGER NOT NULL, altered TEXT NOT NULL,
    sent_real_s REAL, body TEXT, headers TEXT, http_status INTEGER, error TEXT);
CREATE INDEX IF NOT EXISTS callbacks_due ON callbacks (sent_real_s, due_at);
"""
_TABLES = ("meta", "tasks", "movements", "uploads", "requests", "callbacks")
_TASK_COLUMNS = tuple(each.name for each in fields(Task))


class Ledger:
    """Will keep every row across restarts. One lock serialises all use; hold it for a transaction.

    ``with ledger:`` groups several calls into one step that no other thread can split.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.RLock()
        self._depth = 0
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.row_factory = sqlite3.Row
        # A killed process loses nothing this way; only a power cut would.
        self._db.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF;" + _SCHEMA)
        self._balance = self._summed()

    def __enter__(self) -> "Ledger":
        self._lock.acquire()
        self._depth += 1
        if self._depth == 1:
            self._db.execute("BEGIN")
        return self

    def __exit__(self, *problem: object) -> None:
        try:
            if self._depth == 1:
                self._db.execute("COMMIT" if problem[0] is None else "ROLLBACK")
                if problem[0] is not None:
                    self._balance = self._summed()
        finally:
            self._depth -= 1
            self._lock.release()

    def close(self) -> None:
        with self._lock:
            self._db.close()

    def wipe(self) -> None:
        with self:
            for table in _TABLES:
                self._run(f"DELETE FROM {table}")  # noqa: S608 - names of our own
            self._balance = 0

    def _run(self, sql: str, values: Iterable[Any] = ()) -> sqlite3.Cursor:
        with self._lock:
            return self._db.execute(sql, tuple(values))

    def _all(self, sql: str, values: Iterable[Any] = ()) -> list[dict[str, Any]]:
        with self._lock:
            return [dict(row) for row in self._db.execute(sql, tuple(values))]

    def _one(self, sql: str, values: Iterable[Any] = ()) -> Any:
        with self._lock:
            row = self._db.execute(sql, tuple(values)).fetchone()
            return None if row is None else row[0]

    def _summed(self) -> int:
        return int(self._one("SELECT COALESCE(SUM(delta), 0) FROM movements"))

    # -- small facts

    def recall(self, name: str) -> str | None:
        """Will return the remembered text, or None."""
        value = self._one("SELECT value FROM meta WHERE name=?", (name,))
        return None if value is None else str(value)

    def remember(self, name: str, value: str) -> None:
        self._run("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value))

    # -- credits

    @property
    def balance(self) -> int:
        return self._balance

    def move(self, kind: str, delta: int, *, task_id: str | None = None, reason: str = "") -> None:
        """Will book a movement of credits (millionths; negative leaves the account)."""
        with self:
            self._run(
                "INSERT INTO movements (real_s, kind, delta, task_id, reason) VALUES (?,?,?,?,?)",
                (time.time(), kind, delta, task_id, reason),
            )
            self._balance += delta

    def movements(self) -> list[dict[str, Any]]:
        return self._all("SELECT * FROM movements ORDER BY number")

    # -- tasks

    def add_task(self, task: Task) -> None:
        values = [getattr(task, name) for name in _TASK_COLUMNS]
        values[_TASK_COLUMNS.index("input")] = json.dumps(task.input)
        marks = ",".join("?" * len(values))
        names = ",".join(_TASK_COLUMNS)
        self._run(f"INSERT INTO tasks ({names}) VALUES ({marks})", values)  # noqa: S608

    def task_count(self) -> int:
        return int(self._one("SELECT COUNT(*) FROM tasks"))

    def task(self, task_id: str) -> Task | None:
        rows = self._all("SELECT * FROM tasks WHERE id=?", (task_id,))
        return _task(rows[0]) if rows else None

    def task_by_result(self, name: str) -> Task | None:
        """Will return the task whose result file has this name, or None."""
        task_id = name.split("_", 1)[0]
        task = self.task(task_id)
        return task if task is not None and task.result_name == name else None

    def tasks(self) -> list[Task]:
        return [_task(row) for row in self._all("SELECT * FROM tasks ORDER BY number")]

    def due_tasks(self, now: float) -> list[Task]:
        sql = "SELECT * FROM tasks WHERE settled=0 AND finish_at<=? ORDER BY finish_at"
        return [_task(row) for row in self._all(sql, (now,))]

    def settle_task(self, task_id: str, *, consumed: int, completed_real_s: float) -> bool:
        """Will close the task once; False when somebody else already has."""
        done = self._run(
            "UPDATE tasks SET settled=1, consumed=?, completed_real_s=? WHERE id=? AND settled=0",
            (consumed, completed_real_s, task_id),
        )
        return done.rowcount == 1

    # -- uploads

    def add_upload(self, upload: Upload) -> None:
        self._run(
            "INSERT OR REPLACE INTO uploads VALUES (?,?,?,?,?)",
            (upload.path, upload.stored_real_s, upload.mime, upload.size, upload.sha256),
        )

    def upload(self, path: str) -> Upload | None:
        rows = self._all("SELECT * FROM uploads WHERE path=?", (path,))
        return Upload(**rows[0]) if rows else None

    def uploads(self) -> list[Upload]:
        sql = "SELECT * FROM uploads ORDER BY stored_real_s"
        return [Upload(**row) for row in self._all(sql)]

    # -- requests

    def add_request(self, row: Mapping[str, Any]) -> None:
        names = ",".join(row)
        marks = ",".join("?" * len(row))
        self._run(f"INSERT INTO requests ({names}) VALUES ({marks})", row.values())  # noqa: S608

    def requests(self) -> list[dict[str, Any]]:
        return self._all("SELECT * FROM requests ORDER BY number")

    def request_counts(self) -> dict[str, int]:
        rows = self._all("SELECT path, COUNT(*) AS n FROM requests GROUP BY path ORDER BY path")
        return {row["path"]: row["n"] for row in rows}

    # -- callbacks

    def plan_callback(
        self,
        task: Task,
        *,
        due_at: float,
        attempt: int = 1,
        forged: bool = False,
        altered: Mapping[str, Any] | None = None,
    ) -> Callback:
        told = dict(altered or {})
        row = self._run(
            "INSERT INTO callbacks (task_id, url, due_at, attempt, forged, altered)"
            " VALUES (?,?,?,?,?,?)",
            (task.id, task.callback_url, due_at, attempt, forged, json.dumps(told)),
        )
        url, number = task.callback_url or "", row.lastrowid or 0
        return Callback(number, task.id, url, due_at, attempt, forged, told)

    def due_callbacks(self, now: float) -> list[Callback]:
        rows = self._all(
            "SELECT number, task_id, url, due_at, attempt, forged, altered FROM callbacks"
            " WHERE sent_real_s IS NULL AND due_at<=? ORDER BY due_at, number",
            (now,),
        )
        for row in rows:
            row["altered"] = json.loads(row["altered"])
            row["forged"] = bool(row["forged"])
        return [Callback(**row) for row in rows]

    def close_callback(self, number: int, **facts: Any) -> None:
        """Will note when it was sent, what was sent, and the answer or the error."""
        names = ",".join(f"{name}=?" for name in facts)
        self._run(f"UPDATE callbacks SET {names} WHERE number=?", [*facts.values(), number])  # noqa: S608

    def callbacks(self) -> list[dict[str, Any]]:
        return self._all("SELECT * FROM callbacks ORDER BY number")

    def next_due_at(self) -> float | None:
        """Will return the earliest moment at which a task ends or a callback goes out."""
        moments = (
            self._one("SELECT MIN(finish_at) FROM tasks WHERE settled=0"),
            self._one("SELECT MIN(due_at) FROM callbacks WHERE sent_real_s IS NULL"),
        )
        known = [float(moment) for moment in moments if moment is not None]
        return min(known) if known else None


def _task(row: Mapping[str, Any]) -> Task:
    values = dict(row) | {
        "input": json.loads(row["input"]),
        "refunds": bool(row["refunds"]),
        "settled": bool(row["settled"]),
    }
    return Task(**values)
