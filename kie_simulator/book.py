"""The book of faults switched on, and who is hit next."""

import random
import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from kie_simulator.kinds import CHOICES, KINDS, PLACES, Stage


class BadFault(ValueError):
    """The fault asked for does not exist in this form; the text says what is allowed."""


@dataclass(frozen=True, slots=True)
class Match:
    """Whom a fault hits; every condition given must hold.

    ``nth`` counts (from 1) the exchanges that satisfy the other conditions since the fault was
    set, ``times`` ends it after so many hits, ``rate`` is a seeded probability.
    """

    prompt_contains: str | None = None
    task_id: str | None = None
    nth: tuple[int, ...] = ()
    rate: float = 1.0
    times: int | None = None

    @classmethod
    def read(cls, given: Any) -> "Match":
        """Will read the JSON form, where ``nth`` is a number or a list. Raises BadFault."""
        if not isinstance(given, Mapping) or not set(given) <= _MATCH_TYPES.keys():
            raise BadFault(f"match must be an object with keys of {sorted(_MATCH_TYPES)}")
        for name, value in given.items():
            if isinstance(value, bool) or not isinstance(value, _MATCH_TYPES[name]):
                raise BadFault(f"match.{name} cannot be {value!r}")
        values = dict(given)
        if "nth" in values:
            nth = values["nth"]
            values["nth"] = (nth,) if isinstance(nth, int) else tuple(nth)
        return cls(**values)


_MATCH_TYPES: dict[str, Any] = {
    "prompt_contains": str,
    "task_id": str,
    "nth": int | list,
    "rate": int | float,
    "times": int,
}


@dataclass(slots=True)
class Fault:
    """One fault switched on, with what it has met so far."""

    number: int
    kind: str
    on: str
    match: Match
    params: dict[str, Any]
    seen: int = 0
    hits: int = 0
    turns: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Hit:
    """A fault that bites this exchange; ``turn`` counts from 0 its earlier bites of the task."""

    kind: str
    params: Mapping[str, Any]
    turn: int


class Book:
    """Will hold the faults and draw, in the order they were set, those that bite."""

    def __init__(self, seed: str) -> None:
        self.seed = seed
        self._lock = threading.Lock()
        self._faults: list[Fault] = []
        self._count = 0

    def add(self, given: Any) -> int:
        """Will switch on a fault from its JSON form and return its number. Raises BadFault."""
        if not isinstance(given, Mapping) or given.get("kind") not in KINDS:
            raise BadFault(f"kind must be one of {', '.join(sorted(KINDS))}")
        kind = KINDS[given["kind"]]
        on = given.get("on", next(iter(kind.places)) if len(kind.places) == 1 else None)
        if on not in kind.places:
            allowed = ", ".join(place for place in PLACES if place in kind.places)
            raise BadFault(f"{given['kind']} bites on {allowed}, not on {on!r}")
        match = Match.read(given.get("match", {}))
        params = {key: given[key] for key in given if key not in ("kind", "on", "match")}
        for name, value in params.items():
            _check_param(given["kind"], name, value)
        with self._lock:
            self._count += 1
            fault = Fault(self._count, given["kind"], on, match, kind.params | params)
            self._faults.append(fault)
            return self._count

    def clear(self) -> None:
        with self._lock:
            self._faults.clear()

    def listed(self) -> list[dict[str, Any]]:
        """Will return the faults with how often each met its place and how often it bit."""
        with self._lock:
            return [
                {"number": f.number, "kind": f.kind, "on": f.on, "seen": f.seen, "hits": f.hits}
                for f in self._faults
            ]

    def watches(self, stage: Stage) -> bool:
        with self._lock:
            return any(KINDS[fault.kind].stage is stage for fault in self._faults)

    def draw(
        self, on: str, stage: Stage, *, prompt: str | None = None, task_id: str | None = None
    ) -> list[Hit]:
        """Will return every fault of this place and stage that bites now, counting each."""
        with self._lock:
            hits = []
            for fault in self._faults:
                if fault.on != on or KINDS[fault.kind].stage is not stage:
                    continue
                if self._bites(fault, prompt, task_id):
                    turn = fault.turns[task_id or ""]
                    fault.turns[task_id or ""] += 1
                    hits.append(Hit(fault.kind, fault.params, turn))
            return hits

    def draw_first(
        self, on: str, stage: Stage, *, prompt: str | None = None, task_id: str | None = None
    ) -> Hit | None:
        """Will return the first of ``draw``, or None."""
        hits = self.draw(on, stage, prompt=prompt, task_id=task_id)
        return hits[0] if hits else None

    def _bites(self, fault: Fault, prompt: str | None, task_id: str | None) -> bool:
        match = fault.match
        if match.prompt_contains is not None and match.prompt_contains not in (prompt or ""):
            return False
        if match.task_id is not None and match.task_id != task_id:
            return False
        if match.times is not None and fault.hits >= match.times:
            return False
        fault.seen += 1
        if match.nth and fault.seen not in match.nth:
            return False
        if match.rate < 1.0:
            dice = random.Random(f"{self.seed}:{fault.number}:{fault.seen}")
            if dice.random() >= match.rate:
                return False
        fault.hits += 1
        return True


def _check_param(kind: str, name: str, value: Any) -> None:
    params = KINDS[kind].params
    if name not in params:
        raise BadFault(f"{kind} takes {', '.join(sorted(params)) or 'no parameters'}, not {name}")
    default = params[name]
    if default is None:
        return
    fits = isinstance(value, type(default))
    if isinstance(default, int | float) and not isinstance(default, bool):
        fits = isinstance(value, int | float) and not isinstance(value, bool)
    choices = CHOICES.get((kind, name))
    if choices is not None and value not in choices:
        raise BadFault(f"{kind}.{name} must be one of {', '.join(choices)}")
    if not fits:
        raise BadFault(f"{kind}.{name} cannot be {value!r}")
