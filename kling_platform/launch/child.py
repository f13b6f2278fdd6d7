"""One child: a process group of its own, its lines shown under its name and kept in a log file."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from kling_platform.launch.place import ROOT

_LOG_BYTES = 10_000_000
_SET_CHILD_SUBREAPER = 36  # <linux/prctl.h>
_writing = threading.Lock()


@dataclass(frozen=True, slots=True)
class Program:
    """What to run. `heartbeat` is a file whose change proves that the program does its work."""

    name: str
    command: tuple[str, ...]
    environ: Mapping[str, str]
    heartbeat: Path | None = None
    stops_last: bool = False
    shows_name: bool = True


class Child:
    """A running program. Start it from the main thread."""

    def __init__(self, program: Program, log_dir: Path, *, show: Callable[[str], None]) -> None:
        self.program = program
        self.started_s = time.monotonic()
        self._process = subprocess.Popen(
            program.command,
            cwd=ROOT,
            env=dict(program.environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self._show = show
        self._log = log_dir / f"{program.name}.log"
        self._pump = threading.Thread(target=self._pump_lines, daemon=True)
        self._pump.start()

    @property
    def pid(self) -> int:
        """The leader's id, which is its group's id too."""
        return self._process.pid

    @property
    def age_s(self) -> float:
        return time.monotonic() - self.started_s

    def has_ended(self) -> bool:
        """Tell whether the leader is dead, without burying it: so long its group's id is ours."""
        if self._process.returncode is not None:
            return True
        options = os.WEXITED | os.WNOHANG | os.WNOWAIT
        return os.waitid(os.P_PID, self.pid, options) is not None

    def ask_to_stop(self) -> None:
        """Send SIGTERM to the leader alone: the queue hangs when its whole group gets it."""
        if not self.has_ended():
            os.kill(self.pid, signal.SIGTERM)

    def bury(self) -> int:
        """Kill what is left of the group; answer the leader's exit status (negative: a signal)."""
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)
            self._process.wait()
            self._await_empty_group()
            self._pump.join(timeout=2)
        return self._process.returncode

    def _await_empty_group(self) -> None:
        # Orphans of the group are ours since adopt_orphans(); nobody else may ever bury them.
        until_s = time.monotonic() + 2
        with contextlib.suppress(ChildProcessError):
            while time.monotonic() < until_s:
                if os.waitpid(-self.pid, os.WNOHANG) == (0, 0):
                    time.sleep(0.01)

    def _pump_lines(self) -> None:
        prefix = f"{self.program.name:<9} | " if self.program.shows_name else ""
        assert self._process.stdout
        for raw in self._process.stdout:
            line = raw.decode(errors="replace").rstrip("\n")
            with contextlib.suppress(OSError):  # a full disk must not stop the child's output
                self._keep(line)
            self._show(prefix + line)

    def _keep(self, line: str) -> None:
        with contextlib.suppress(FileNotFoundError):
            if self._log.stat().st_size > _LOG_BYTES:
                self._log.replace(self._log.with_suffix(".log.1"))
        with self._log.open("a", encoding="utf-8") as file:
            file.write(line + "\n")


def adopt_orphans() -> None:
    """Become the parent of processes whose own parent dies, as init is elsewhere.

    In a container nothing may bury them, and a program is only gone when its whole group is.
    """
    with contextlib.suppress(OSError, AttributeError):  # only Linux has it
        ctypes.CDLL(None).prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def show(line: str) -> None:
    """Print one whole line at once, from any thread; a reader that has gone away is no failure."""
    with _writing, contextlib.suppress(OSError, ValueError):
        sys.stdout.write(line + "\n")
        sys.stdout.flush()
