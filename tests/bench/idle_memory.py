"""What the platform takes of the machine when nothing happens: memory by program, and CPU."""

import os
import time
from dataclasses import dataclass
from pathlib import Path

from tests.bench.figures import report
from tests.bench.platform import Platform, running

SETTLE_S, WATCH_S = 20.0, 10.0
_TICKS_PER_S = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Memory:
    """Of a group of processes, in MB; PSS counts a page shared by n processes as an n-th of it."""

    processes: int
    pss_mb: float
    rss_mb: float


def main() -> None:
    with running(callbacks=True) as platform:
        time.sleep(SETTLE_S)
        groups = _groups(platform)
        for name, pids in groups.items():
            memory = _memory(pids)
            detail = f"{memory.processes} processes, {SETTLE_S:.0f} s after the start"
            report(f"idle_memory.{name}.pss", memory.pss_mb, "MB", detail=detail)
            report(f"idle_memory.{name}.rss", memory.rss_mb, "MB", detail=detail)
        before = {name: _cpu_s(pids) for name, pids in groups.items()}
        time.sleep(WATCH_S)
        for name, pids in groups.items():
            report(
                f"idle_memory.{name}.cpu",
                (_cpu_s(pids) - before[name]) / WATCH_S * 100,
                "% of a core",
                detail=f"over {WATCH_S:.0f} s; the worker's sweep looks for due rows all the time",
            )


def _groups(platform: Platform) -> dict[str, list[int]]:
    found = {
        "parent": [platform.launcher],
        "web": [],
        "worker": [],
        "simulator": [platform.kie_pid],
    }
    for child in _children(platform.launcher):
        words = Path(f"/proc/{child}/cmdline").read_bytes()
        name = "web" if b"gunicorn" in words else "worker" if b"run_cluster" in words else "parent"
        found[name] += [child, *_descendants(child)]
    return found


def _children(pid: int) -> list[int]:
    found = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        found += [int(word) for word in (task / "children").read_text().split()]
    return found


def _descendants(pid: int) -> list[int]:
    children = _children(pid)
    return children + [below for child in children for below in _descendants(child)]


def _memory(pids: list[int]) -> Memory:
    pss_kb = rss_kb = 0
    for pid in pids:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            name, _, rest = line.partition(":")
            pss_kb += int(rest.split()[0]) if name == "Pss" else 0
            rss_kb += int(rest.split()[0]) if name == "Rss" else 0
    return Memory(len(pids), pss_kb / 1024, rss_kb / 1024)


def _cpu_s(pids: list[int]) -> float:
    """Answer the CPU time so far, that of children which have ended included."""
    ticks = 0
    for pid in pids:
        # After the name, which may hold blanks: utime, stime, cutime, cstime are fields 14 to 17.
        words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks += sum(int(word) for word in words[11:15])
    return ticks / _TICKS_PER_S
