"""A platform without processes, and one whose threads see each other's commits."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.contrib.auth.models import User

from generations.kie import KieClient, KieConfig
from generations.services import bootstrap, outcome
from kie_simulator.testing import Simulator, start_simulator
from tests.faults.ground import Doorbell, Ground, listening, start_clock
from tests.faults.invariants import check_invariants

KEY = "simulator"
MakeClient = Callable[..., KieClient]


@pytest.fixture
def kie() -> Iterator[Simulator]:
    with start_simulator(api_key=KEY, balance=1_000_000) as simulator:
        simulator.settings(creates_per_10s=0, reads_per_second=0)
        yield simulator


@pytest.fixture
def doorbell() -> Iterator[Doorbell]:
    with listening() as made:
        yield made


@pytest.fixture
def client_for(kie: Simulator) -> MakeClient:
    """A client of the simulator; `create_deadline_s` may be short where silence is the fault."""

    def make(create_deadline_s: float = 20.0) -> KieClient:
        return KieClient(
            KieConfig(
                base_url=kie.url,
                upload_base_url=kie.url,
                api_key=KEY,
                create_deadline_s=create_deadline_s,
            )
        )

    return make


@pytest.fixture
def make_ground(
    kie: Simulator,
    doorbell: Doorbell,
    client_for: MakeClient,
    data_dir: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Callable[[], Ground]]:
    # The receipts' age is the file system's, which no clock of ours moves.
    monkeypatch.setattr(outcome, "RECEIPT_OWNED_S", -5)
    made: list[Ground] = []

    def make() -> Ground:
        clock = start_clock()
        bootstrap.bootstrap(now=clock().replace(year=clock().year - 1))
        author = User.objects.create_user("olga")
        made.append(Ground(kie, client_for(), doorbell, author, clock))
        return made[-1]

    yield make
    for ground in made:
        ground.sweep.pool.shutdown(wait=True, cancel_futures=True)
    check_invariants(kie.ledger())


@pytest.fixture
def ground(db: None, make_ground: Callable[[], Ground]) -> Ground:
    """The platform in this process; whatever a test does to it, the invariants hold at its end."""
    return make_ground()


@pytest.fixture
def live_ground(transactional_db: None, make_ground: Callable[[], Ground]) -> Ground:
    """The same with real commits: other threads and processes see them, and a rollback is one."""
    return make_ground()
