"""Kills what a parent leaves behind when it is itself killed.

A parent that gets SIGKILL cannot stop anything, and the queue's processes go on without it. So a
small process waits at the end of a pipe: the parent writes which process groups live; when the pipe
closes, the groups named last are killed. It also keeps the data folder's lock until that is done.
"""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterable


class Warden:
    """The parent's end of the pipe."""

    def __init__(self, *, lock: int | None = None) -> None:
        self._lock = lock
        self._groups: set[int] = set()
        self._process = self._spawn()

    def hold(self, group: int) -> None:
        """Have the group killed should this process die."""
        self._groups.add(group)
        self._tell()

    def release(self, group: int) -> None:
        self._groups.discard(group)
        self._tell()

    def check(self) -> None:
        """Replace a warden that is gone."""
        if self._process.poll() is not None:
            self._process = self._spawn()
            self._tell()

    def close(self) -> None:
        """End the warden; what it still holds is killed."""
        if self._process.stdin:
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.close()
        self._process.wait()

    def _spawn(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-S", "-E", __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
            pass_fds=() if self._lock is None else (self._lock,),
        )

    def _tell(self) -> None:
        line = " ".join(str(group) for group in sorted(self._groups)) + "\n"
        if self._process.stdin:
            # A warden that is gone is replaced by check(), which tells the new one.
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.write(line.encode())
                self._process.stdin.flush()


def kill_groups(groups: Iterable[int]) -> None:
    for group in groups:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signal.SIGKILL)


def watch() -> None:
    """Read the groups until the parent is gone, then kill the last ones named."""
    for wanted in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(wanted, signal.SIG_IGN)
    groups: list[int] = []
    for line in sys.stdin.buffer:
        groups = [int(word) for word in line.split()]
    kill_groups(groups)


if __name__ == "__main__":
    watch()
