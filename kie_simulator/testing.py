"""The front for tests: one simulator each, in a thread or in a process of its own.

with start_simulator(balance=500) as kie:
    kie.fault("close_after_read", on="create", match={"prompt_contains": "cat"})
    ...  # point the client at kie.url
    assert len(kie.ledger().tasks) == 1
"""

import http.client
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlencode, urlsplit

from kie_simulator.server import start_in_thread
from kie_simulator.world import World


class SimulatorRefused(Exception):
    """The control API did not take what was asked; the text says what it takes."""


@dataclass(frozen=True, slots=True)
class SeenTask:
    """A task as the simulator's ledger has it; times are Unix seconds of the real clock."""

    task_id: str
    model: str
    input: Mapping[str, Any]
    callback_url: str | None
    state: str
    charge: Decimal
    consumed: Decimal
    created_at: float
    completed_at: float | None
    result_url: str | None


@dataclass(frozen=True, slots=True)
class SeenCallback:
    """A callback planned (``sent_at`` is None) or sent, with the answer it met."""

    task_id: str
    url: str
    attempt: int
    forged: bool
    sent_at: float | None
    body: Mapping[str, Any] | None
    headers: Mapping[str, str]
    http_status: int | None
    error: str | None


@dataclass(frozen=True, slots=True)
class SeenUpload:
    path: str
    mime: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class SeenMovement:
    """Credits in (positive) or out; kinds: opening, charge, refund, topup, foreign."""

    kind: str
    credits: Decimal
    task_id: str | None
    reason: str
    at: float


@dataclass(frozen=True, slots=True)
class SeenRequest:
    """A request as it arrived, the key redacted; ``http_status`` is None for one left unread."""

    number: int
    at: float
    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: str
    body_bytes: int
    http_status: int | None
    code: Any
    faults: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SeenLedger:
    """Everything the simulator knows; ``requests`` counts by path, refused ones included."""

    balance: Decimal
    tasks: tuple[SeenTask, ...]
    requests: Mapping[str, int]
    uploads: tuple[SeenUpload, ...]
    callbacks: tuple[SeenCallback, ...]
    movements: tuple[SeenMovement, ...]


class Simulator:
    """A running simulator. ``url`` serves the API, the upload host and the files alike."""

    def __init__(self, url: str, stop: Callable[[], None]) -> None:
        self.url = url
        self._stop: Callable[[], None] | None = stop

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *problem: object) -> None:
        self.stop()

    @property
    def host(self) -> str:
        """Will return ``address:port``."""
        return urlsplit(self.url).netloc

    def stop(self) -> None:
        """Will end it; a second call does nothing."""
        if self._stop is not None:
            self._stop()
            self._stop = None

    def ledger(self) -> SeenLedger:
        told = self._ask("GET", "ledger")
        return SeenLedger(
            balance=_credits(told["balance"]),
            tasks=tuple(
                SeenTask(**_with_credits(row, "charge", "consumed")) for row in told["tasks"]
            ),
            requests=told["requests"],
            uploads=tuple(SeenUpload(**row) for row in told["uploads"]),
            callbacks=tuple(SeenCallback(**row) for row in told["callbacks"]),
            movements=tuple(
                SeenMovement(**_with_credits(row, "credits")) for row in told["movements"]
            ),
        )

    def requests(self, path: str | None = None) -> tuple[SeenRequest, ...]:
        """Will return the requests in the order they came, of one path if given."""
        query = "?" + urlencode({"path": path}) if path else ""
        rows = self._ask("GET", "requests" + query)["requests"]
        return tuple(SeenRequest(**row | {"faults": tuple(row["faults"])}) for row in rows)

    def fault(
        self,
        kind: str,
        *,
        on: str | None = None,
        match: Mapping[str, Any] | None = None,
        **params: Any,
    ) -> int:
        """Will switch on a fault and return its number; see ``kie_simulator.kinds`` for all.

        ``on`` may be left out where a kind knows one place only. Raises SimulatorRefused.
        """
        place = {} if on is None else {"on": on}
        body = {"kind": kind, "match": dict(match or {})} | place | params
        return int(self._ask("POST", "faults", body)["number"])

    def fault_hits(self) -> dict[int, int]:
        """Will return how often each fault, by number, has bitten."""
        faults = self._ask("GET", "faults")["faults"]
        return {fault["number"]: fault["hits"] for fault in faults}

    def clear_faults(self) -> None:
        self._ask("DELETE", "faults")

    def settings(self, **changes: Any) -> dict[str, Any]:
        """Will change settings (``kie_simulator.settings``, and ``speed``) and return them all."""
        told = self._ask("POST", "settings", changes)
        return dict(told)

    def advance(self, seconds: float) -> None:
        """Will move the speed clock forward at once: ``advance(300)`` finishes ordinary jobs."""
        self._ask("POST", "settings", {"advance_s": seconds})

    def balance(self, delta: float, reason: str = "") -> Decimal:
        """Will add credits (or spend them, as a foreign program would) and return the balance."""
        told = self._ask("POST", "balance", {"delta": delta, "reason": reason})
        return _credits(told["balance"])

    def reset(self, **options: Any) -> None:
        """Will begin a new account: ``balance`` and ``seed`` may be given."""
        self._ask("POST", "reset", options)

    def _ask(self, method: str, control: str, body: Any = None) -> Any:
        link = http.client.HTTPConnection(self.host, timeout=30)
        try:
            sent = None if body is None else json.dumps(body).encode()
            link.request(method, f"/_simulator/{control}", sent)
            answer = link.getresponse()
            told = json.loads(answer.read())
        finally:
            link.close()
        if answer.status != 200:
            raise SimulatorRefused(told["error"])
        return told


def start_simulator(
    data_dir: Path | None = None, *, host: str = "127.0.0.1", port: int = 0, **options: Any
) -> Simulator:
    """Will start one in threads of this process; options are those of ``World`` (speed, api_key,
    balance, hmac_key, seed). Without ``data_dir`` its books vanish with it.
    """
    kept = None if data_dir else tempfile.TemporaryDirectory(prefix="kie-simulator-")
    world = World(data_dir or Path(kept.name if kept else ""), **options)
    server, thread = start_in_thread(world, host, port)

    def stop() -> None:
        server.stop()
        thread.join(timeout=5)
        if kept:
            kept.cleanup()

    return Simulator(world.base_url, stop)


def start_simulator_process(data_dir: Path, *, port: int = 0, **options: Any) -> Simulator:
    """Will start ``python -m kie_simulator`` and return when it is ready; options as above.

    Raises RuntimeError with its words when it does not come up.
    """
    command = [sys.executable, "-m", "kie_simulator", "--port", str(port)]
    command += ["--data-dir", str(data_dir)]
    for name, value in options.items():
        command += [f"--{name.replace('_', '-')}", str(value)]
    root = Path(__file__).resolve().parents[1]
    process = subprocess.Popen(  # noqa: S603 - our own program, no shell
        command, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    line = process.stdout.readline() if process.stdout else ""
    if not line.startswith("kie simulator listening on "):
        process.wait(timeout=10)
        raise RuntimeError(line.strip())

    def stop() -> None:
        process.terminate()
        process.wait(timeout=30)
        if process.stdout:
            process.stdout.close()

    return Simulator(line.split()[-1], stop)


def _credits(number: Any) -> Decimal:
    return Decimal(str(number))


def _with_credits(row: dict[str, Any], *names: str) -> dict[str, Any]:
    return row | {name: _credits(row[name]) for name in names}
