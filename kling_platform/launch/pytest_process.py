"""One run of pytest that always ends: within its time, and with nothing of its tree left behind."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from kling_platform.launch.child import adopt_orphans, show
from kling_platform.launch.place import ROOT

_TIMED_OUT = 124  # as timeout(1) says it
_DUMP_S, _INTERRUPT_S = 5, 20


def run_pytest(arguments: Sequence[str], *, database: str, longest_s: float) -> int:
    """Run pytest on a database ("" is SQLite) and answer its exit status.

    A run that takes longer than `longest_s` is made to show where each of its threads stands, then
    killed; the answer is 124. What tests have left running is killed in any case.
    """
    adopt_orphans()
    process = subprocess.Popen(
        [sys.executable, "-m", "pytest", *arguments],
        cwd=ROOT,
        env=os.environ | {"TEST_DATABASE": database},
        start_new_session=True,
    )
    with _interrupts_passed_to(process):
        try:
            return process.wait(longest_s)
        except subprocess.TimeoutExpired:
            show(f"run: !!! pytest did not end within {longest_s / 60:.0f} minutes; it stood here:")
            # pytest has made this signal print every thread's stack before the process dies.
            _signal_group(process.pid, signal.SIGABRT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(_DUMP_S)
            return _TIMED_OUT
        finally:
            _signal_group(process.pid, signal.SIGKILL)
            process.wait()
            _kill_children()


@contextlib.contextmanager
def _interrupts_passed_to(process: subprocess.Popen[bytes]) -> Iterator[None]:
    def pass_on(number: int, frame: object) -> None:
        # An interrupt is what pytest stops for in good order, with its summary.
        os.kill(process.pid, signal.SIGINT)
        signal.signal(signal.SIGALRM, lambda *_: _signal_group(process.pid, signal.SIGKILL))
        signal.alarm(_INTERRUPT_S)

    before = {number: signal.signal(number, pass_on) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        signal.alarm(0)
        for number, handler in before.items():
            signal.signal(number, handler)


def _signal_group(group: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, number)


def _kill_children() -> None:
    """Kill this process's children until there are none: orphans of the tree come to it."""
    while children := _children():
        for pid in children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, 0)


def _children() -> list[int]:
    try:
        listed = Path(f"/proc/self/task/{os.getpid()}/children").read_text(encoding="ascii")
    except OSError:  # only Linux tells
        return []
    return [int(pid) for pid in listed.split()]
