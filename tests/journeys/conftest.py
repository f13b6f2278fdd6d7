"""Two platforms that stay up for the whole session, since each takes seconds to start.

One lives by callbacks alone and one by reading alone: so neither can hide that the other is broken.
"""

from collections.abc import Iterator

import pytest

from kie_simulator.testing import Simulator, start_simulator
from tests.journeys.another_kie import KEY as OTHER_KEY
from tests.journeys.another_kie import AnotherKie
from tests.journeys.platform import Platform

KEY, HMAC_KEY = "simulator", "a-key-for-callbacks"


def simulator_environ(kie: Simulator) -> dict[str, str]:
    """What a platform must be told to use a simulator."""
    return {"KIE_BASE_URL": kie.url, "KIE_API_KEY": KEY}


@pytest.fixture(scope="session")
def kie() -> Iterator[Simulator]:
    """A simulator whose jobs take less than half a second."""
    with start_simulator(speed=400, api_key=KEY, hmac_key=HMAC_KEY, balance=1_000_000) as made:
        yield made


@pytest.fixture(scope="session")
def by_callbacks(kie: Simulator, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """A platform that would read its first record after ten minutes, were it not for callbacks."""
    with Platform(
        tmp_path_factory.mktemp("by_callbacks"),
        **simulator_environ(kie),
        KIE_WEBHOOK_HMAC_KEY=HMAC_KEY,
        PUBLIC_BASE_URL="{address}",
        POLL_SECONDS="600,600,600",
    ) as platform:
        yield platform


@pytest.fixture(scope="session")
def other_kie() -> Iterator[AnotherKie]:
    with AnotherKie() as made:
        yield made


@pytest.fixture(scope="session")
def by_reading(
    other_kie: AnotherKie, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Platform]:
    """A platform in live mode that no callback can reach, on another KIE than the simulator."""
    with Platform(
        tmp_path_factory.mktemp("by_reading"),
        KIE_MODE="live",
        KIE_API_KEY=OTHER_KEY,
        KIE_BASE_URL=other_kie.url,
        KIE_UPLOAD_BASE_URL=other_kie.url,
        FETCH_ALLOW_HOSTS=other_kie.host,
        POLL_SECONDS="1,1,1",
    ) as platform:
        yield platform


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the tests of one platform in one worker, so that it is started once."""
    for item in items:
        for name in ("by_callbacks", "by_reading"):
            if name in getattr(item, "fixturenames", ()):
                item.add_marker(pytest.mark.xdist_group(name))
