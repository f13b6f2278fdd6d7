"""A fault that hurts no naive client is no fault: each kind is in a table at each of its places."""

import pytest

from kie_simulator.hostile import FAIL_VARIANTS, RESULT_VARIANTS
from kie_simulator.kinds import KINDS
from tests.simulator.bites import Case
from tests.simulator.test_faults_of_callbacks import ON_CALLBACK
from tests.simulator.test_faults_of_orders import ON_CREATE
from tests.simulator.test_faults_of_reads import ON_CREDIT, ON_READ, ON_UPLOAD
from tests.simulator.test_faults_of_results import ON_RESULT

pytestmark = pytest.mark.no_database

SHOWN = {
    "create": ON_CREATE,
    "read": ON_READ,
    "upload": ON_UPLOAD,
    "result": ON_RESULT,
    "callback": ON_CALLBACK,
    "credit": ON_CREDIT,
}


def test_every_kind_is_shown_to_bite_at_every_place() -> None:
    shown = {(place, case.kind) for place, cases in SHOWN.items() for case in cases}
    known = {(place, name) for name, kind in KINDS.items() for place in kind.places}
    assert shown == known


@pytest.mark.parametrize(
    ("kind", "variants"),
    [("hostile_fail_message", FAIL_VARIANTS), ("hostile_result", RESULT_VARIANTS)],
)
def test_every_variant_is_shown_to_bite(kind: str, variants: tuple[str, ...]) -> None:
    assert {_variant(case) for case in ON_READ if case.kind == kind} == set(variants)


def _variant(case: Case) -> str:
    return str(case.params["variant"])
