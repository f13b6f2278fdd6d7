"""The finished videos: playable H.264 files, each unique, served with byte ranges."""

import hashlib
import re
import struct
import time
from functools import cache
from pathlib import Path

from kie_simulator.exchange import Answer, Request
from kie_simulator.rows import Task
from kie_simulator.world import World

_CLIPS = Path(__file__).parent / "clips"
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


@cache
def _clip(duration: str) -> bytes:
    return (_CLIPS / f"sim{duration}.mp4").read_bytes()


def video(task: Task) -> bytes:
    """Will return the task's mp4: a clip of its duration and a trailing box that makes it unique.

    Players skip a ``free`` box, so the file stays valid.
    """
    note = f"taskId={task.id}".encode()
    free = struct.pack(">I4s", 8 + len(note), b"free") + note
    return _clip(str(task.input.get("duration", "5"))) + free


def serve(world: World, request: Request) -> Answer:
    """Will answer ``/files/k/NAME``; a name unknown, unfinished or too old is 404."""
    task = task_of(world, request.path)
    if task is None or not _is_there(world, task, world.settings.result_ttl_s):
        return _not_found()
    return ranged(request, video(task))


def fresh_link(world: World, name: str) -> str:
    """Will return an address of the file that works for the settings' ``link_ttl_s`` seconds."""
    until = int(time.time() + world.settings.link_ttl_s)
    return f"{world.base_url}/fresh/{until}-{_mark(world, until, name)}/{name}"


def serve_fresh(world: World, request: Request) -> Answer:
    """Will answer an address of ``fresh_link``."""
    pass_, _, name = request.path.removeprefix("/fresh/").partition("/")
    until, _, mark = pass_.partition("-")
    task = world.ledger.task_by_result(name)
    if task is None or not until.isdecimal() or mark != _mark(world, int(until), name):
        return _not_found()
    if time.time() > int(until):
        return Answer(403, b"Forbidden", "text/plain")
    return ranged(request, video(task))


def task_of(world: World, path: str) -> Task | None:
    """Will return the task whose file an address of ours names, or None."""
    return world.ledger.task_by_result(path.rpartition("/")[2])


def ranged(request: Request, content: bytes, content_type: str = "video/mp4") -> Answer:
    """Will answer with the whole content, or with the one byte range asked for."""
    tag = '"' + hashlib.sha256(content).hexdigest()[:32] + '"'
    headers = (("Accept-Ranges", "bytes"), ("ETag", tag))
    found = _RANGE.fullmatch(request.headers.get("range", ""))
    if found is None or found[0] == "bytes=-":
        return Answer(200, content, content_type, headers)
    size = len(content)
    if found[1]:
        start, end = int(found[1]), min(int(found[2] or size - 1), size - 1)
    else:
        start, end = max(0, size - int(found[2])), size - 1
    if start > end or start >= size:
        return Answer(416, b"", content_type, (("Content-Range", f"bytes */{size}"),))
    part = (("Content-Range", f"bytes {start}-{end}/{size}"),)
    return Answer(206, content[start : end + 1], content_type, headers + part)


def _is_there(world: World, task: Task, lifetime_s: float) -> bool:
    if task.state(world.clock.now()) != "success":
        return False
    return time.time() - (task.completed_real_s or time.time()) <= lifetime_s


def _mark(world: World, until: int, name: str) -> str:
    return hashlib.sha256(f"{world.seed}:{until}:{name}".encode()).hexdigest()[:16]


def _not_found() -> Answer:
    return Answer(404, b"Not Found", "text/plain")
