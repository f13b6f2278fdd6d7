"""The queue's messages (I37): our tasks only, with an id at the most. Nothing is unpickled for it."""

import pickletools
import zlib
from base64 import urlsafe_b64decode
from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise
from uuid import UUID

from django.db import connection

from generations import queue
from generations.reports.audit.finding import Finding

_TABLE = "django_q_ormq"
_TASKS = frozenset(f"generations.tasks.{task}" for task in queue.Task)
# What the queue's own values need; a pickle that names anything else could run it.
_HARMLESS = frozenset({"datetime.datetime", "datetime.timezone", "datetime.timedelta"})
_NO_ARGUMENTS = frozenset({"EMPTY_TUPLE", "MARK"})


def foreign(now: datetime) -> Iterator[Finding]:
    """Messages that are not a bell for one of our tasks."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT id, payload FROM {_TABLE}")  # noqa: S608
        rows = cursor.fetchall()
    for number, payload in rows:
        problem = _problem(payload)
        if problem:
            yield Finding("I37", _TABLE, str(number), problem)


def _problem(payload: str) -> str:
    try:
        items = list(_items(_pickle_of(payload)))
    except Exception:  # whatever a hostile message may raise
        return "The message cannot be read."
    strange = [made for made in _made(items) if made not in _HARMLESS]
    if strange:
        return f"The message would make {strange[0]}, which no bell of ours does."
    words = [value for _, value in items if isinstance(value, str)]
    following = dict(pairwise(words))
    if following.get("func") not in _TASKS:
        return f"The message calls {following.get('func')!r}, which is no task of ours."
    place = next((n for n, (_, value) in enumerate(items) if value == "args"), None)
    name, argument = items[place + 1] if place is not None else ("", None)
    if name in _NO_ARGUMENTS:
        return ""
    try:
        UUID(str(argument))
    except ValueError:
        return "The message carries something else than an id."
    return ""


def _items(pickled: bytes) -> Iterator[tuple[str, object]]:
    """The pickle's steps, by name and value; what it repeats by number is named again."""
    memo: dict[int, object] = {}
    last: object = None
    for code, argument, _ in pickletools.genops(pickled):
        if code.name == "MEMOIZE":
            memo[len(memo)] = last
        elif code.name in {"BINPUT", "LONG_BINPUT", "PUT"}:
            memo[int(argument or 0)] = last
        elif code.name not in {"FRAME", "PROTO"}:
            is_repeated = code.name in {"BINGET", "LONG_BINGET", "GET"}
            last = memo[int(argument or 0)] if is_repeated else argument
            yield code.name, last


def _made(items: list[tuple[str, object]]) -> Iterator[str]:
    """The classes and functions that the pickle would look up."""
    for place, (name, value) in enumerate(items):
        if name in {"GLOBAL", "INST"}:
            yield str(value).replace(" ", ".")
        elif name == "STACK_GLOBAL":
            yield ".".join(str(value) for _, value in items[max(0, place - 2) : place])


def _pickle_of(payload: str) -> bytes:
    data = payload.split(":", 1)[0]
    is_packed = data.startswith(".")
    raw = urlsafe_b64decode(data.lstrip(".") + "=" * (-len(data.lstrip(".")) % 4))
    return zlib.decompress(raw) if is_packed else raw
