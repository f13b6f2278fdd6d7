"""Small programs that stand in for web and worker, and ways to see what became of them."""

import os
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

from kling_platform.launch.child import Program
from kling_platform.launch.place import Place

# Leaves its id and its child's in FOLDER/<name>.pids; the child notes a TERM that reaches it.
FAMILY = """
    import os, signal, sys, time
    folder, name = sys.argv[1:3]
    inner = os.fork()
    if inner == 0:
        signal.signal(signal.SIGTERM, lambda *_: open(f"{folder}/{name}.inner-term", "w"))
        while True:
            time.sleep(0.05)
    with open(f"{folder}/{name}.new", "w") as file:
        file.write(f"{os.getpid()} {inner}")
    os.rename(f"{folder}/{name}.new", f"{folder}/{name}.pids")
"""
WAITS = """
    while True:
        time.sleep(0.05)
"""


def place_in(folder: Path, *, port: int = 8000) -> Place:
    place = Place(folder / "data", "127.0.0.1", port)
    place.make_folders()
    return place


def program(name: str, source: str, *arguments: object, **more: object) -> Program:
    """A Python program; -S leaves out site-packages, which makes it start in a few milliseconds."""
    words = tuple(str(argument) for argument in arguments)
    command = (sys.executable, "-S", "-c", textwrap.dedent(source), *words)
    return Program(name, command, dict(os.environ), **more)  # type: ignore[arg-type]


def family(folder: Path, name: str = "worker", **more: object) -> Program:
    """A leader with one process of its own in its group, like a queue with a worker."""
    return program(name, FAMILY + WAITS, folder, name, **more)


def pids(folder: Path, name: str = "worker") -> list[int]:
    return [int(word) for word in (folder / f"{name}.pids").read_text().split()]


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state not in {"Z", "X"}


def eventually(true: Callable[[], bool], *, within_s: float = 10) -> bool:
    until_s = time.monotonic() + within_s
    while time.monotonic() < until_s:
        if true():
            return True
        time.sleep(0.02)
    return true()


def start_parent(folder: Path, source: str) -> "subprocess.Popen[str]":
    """Run a parent process of its own: what a person would signal."""
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(source), str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
