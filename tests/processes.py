"""Work done in several processes at once, on the database and the settings of the test.

The children are forked by a clean process of one thread. Forked out of a test's own process, which
has the threads of servers and of a browser, a child may wait for its database for ever.
"""

import multiprocessing
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

from django.conf import settings
from django.db import connections

_LONGEST_S = 90
_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(["tests.processes_preload"])
_SHARED_SETTINGS = (
    *("DATA_DIR", "MEDIA_ROOT", "KIE_MODE", "KIE_API_KEY", "KIE_BASE_URL", "KIE_UPLOAD_BASE_URL"),
    *("KIE_CREATES_PER_10S", "KIE_READS_PER_SECOND", "FETCH_ALLOW_HOSTS", "POLL_SECONDS"),
)


@dataclass(frozen=True, slots=True)
class _Ground:
    """What a child must know to stand where the test stands."""

    database: str
    values: dict[str, Any]

    @classmethod
    def here(cls) -> "_Ground":
        values = {name: getattr(settings, name) for name in _SHARED_SETTINGS}
        return cls(str(connections["default"].settings_dict["NAME"]), values)

    def take(self) -> None:
        connections["default"].settings_dict["NAME"] = self.database
        for name, value in self.values.items():
            setattr(settings, name, value)


def in_processes(count: int, work: Callable[..., Any], *arguments: Any) -> list[Any]:
    """Call `work(index, *arguments)` in so many processes at once; answer what each returned.

    `work` is a function of a module, and all that goes in or out can be pickled. Raises what a
    child raised, and TimeoutError when one takes longer than 90 s; then all are killed.
    """
    return each_in_its_process(work, [(index, *arguments) for index in range(count)])


def each_in_its_process(work: Callable[..., Any], calls: Sequence[tuple[Any, ...]]) -> list[Any]:
    """Do each call of `work` in a process of its own, all at once; answers in the calls' order."""
    ground = _Ground.here()
    pipes = [_context.Pipe(duplex=False) for _ in calls]
    children = [
        _context.Process(target=_do, args=(theirs, ground, work, call), daemon=True)
        for (_, theirs), call in zip(pipes, calls, strict=True)
    ]
    try:
        for child, (_, theirs) in zip(children, pipes, strict=True):
            child.start()
            theirs.close()
        return [_answer(mine) for mine, _ in pipes]
    finally:
        for child in children:
            child.kill()
            child.join()


def _answer(pipe: Connection) -> Any:
    if not pipe.poll(_LONGEST_S):
        raise TimeoutError(f"a child process is not done after {_LONGEST_S} s")
    is_done, told = pipe.recv()
    if not is_done:
        raise told
    return told


def _do(pipe: Connection, ground: _Ground, work: Callable[..., Any], call: tuple[Any, ...]) -> None:
    ground.take()
    try:
        told = (True, work(*call))
    except BaseException as error:
        told = (False, error)
    connections.close_all()
    pipe.send(told)
    pipe.close()
    os._exit(0)
