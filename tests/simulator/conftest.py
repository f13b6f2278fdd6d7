"""Each test has a simulator of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from kie_simulator.testing import Simulator, start_simulator
from tests.simulator.naive import NaiveClient
from tests.simulator.plain_client import Listener, PlainClient


@pytest.fixture
def kie() -> Iterator[Simulator]:
    with start_simulator(seed="a fixed seed") as simulator:
        yield simulator


@pytest.fixture
def client(kie: Simulator) -> PlainClient:
    return PlainClient(kie)


@pytest.fixture
def listener() -> Iterator[Listener]:
    with Listener() as listening:
        yield listening


@pytest.fixture
def naive(kie: Simulator, tmp_path: Path) -> NaiveClient:
    """The naive client of an account without limits."""
    kie.settings(creates_per_10s=0, reads_per_second=0)
    return NaiveClient(kie.url, tmp_path)
