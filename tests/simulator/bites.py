"""Faults with parameters that make them quick, as tables for the tests."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.simulator.naive import NaiveClient


@dataclass(frozen=True)
class Case:
    kind: str
    params: dict[str, Any] = field(default_factory=dict)


def case(kind: str, **params: Any) -> Case:
    return Case(kind, params)


def table(cases: list[Case]) -> pytest.MarkDecorator:
    """Will run a test once for each case."""
    names = ["-".join([each.kind, *(f"{v}"[:20] for v in each.params.values())]) for each in cases]
    return pytest.mark.parametrize("fault", cases, ids=names)


UNREAD = [case("close_before_read"), case("reset_before")]
LATE = [case("slow_accept", seconds=0.6), case("delay", seconds=0.6)]
BROKEN = [
    case("close_after_read"),
    case("accept_then_silence"),
    case("reset_after"),
    case("half_close"),
    case("truncate", fraction=0.5),
    case("garbage"),
    case("wrong_length", by=-5),
    case("wrong_length", by=5),
    case("bad_chunks"),
    case("gzip_bomb", megabytes=4),
    case("html"),
]


def dripped(piece_bytes: int) -> list[Case]:
    """Will return both drips, slow enough for a time-out of 0.2 s to have fired twice."""
    body = case("drip_body", interval_s=0.05, piece_bytes=piece_bytes)
    return [case("drip_headers", interval_s=0.005), body]


def outlasts_its_time_out(naive: NaiveClient, act: Callable[[], object]) -> bool:
    """Will do it with a time-out of 0.2 s and say whether it took more than twice as long."""
    naive.timeout_s = 0.2
    began = time.monotonic()
    act()
    return time.monotonic() - began > 2 * naive.timeout_s
