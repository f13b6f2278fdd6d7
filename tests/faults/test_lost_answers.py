"""Every way in which an answer to createTask can be lost or bent, against every time of its callback."""

from dataclasses import dataclass
from typing import Any

import pytest

from generations.models import Generation, IncidentKind, Status, VideoState
from kie_simulator.kinds import CREATE, KINDS, Stage
from kie_simulator.testing import Simulator
from tests.faults.conftest import MakeClient
from tests.faults.ground import Ground, nothing

NEVER, AFTER, BEFORE, READ_BEFORE = "never", "after", "before the answer", "read before the answer"
TIMINGS = (NEVER, AFTER, BEFORE, READ_BEFORE)


@dataclass(frozen=True, slots=True)
class Case:
    """A fault on createTask. `made`: KIE has a task. `known`: its answer tells us so."""

    kind: str
    params: dict[str, Any]
    made: bool = True
    known: bool = False
    is_silent: bool = False


def _bent(kind: str, **params: Any) -> Case:
    return Case(kind, params)


def _silent(kind: str, **params: Any) -> Case:
    return Case(kind, params, is_silent=True)


def _unmade(kind: str, **params: Any) -> Case:
    return Case(kind, params, made=False)


CASES = [
    Case("delay", {"seconds": 0.1}, known=True),
    Case("slow_accept", {"seconds": 0.1}, known=True),
    Case("drip_body", {"interval_s": 0.001, "piece_bytes": 8}, known=True),
    _unmade("close_before_read"),
    _unmade("reset_before"),
    _bent("close_after_read"),
    _bent("reset_after"),
    _silent("accept_then_silence"),
    _silent("half_close", seconds=5.0),
    _silent("drip_headers"),
    _silent("drip_body"),
    _bent("truncate"),
    _bent("garbage"),
    _bent("wrong_length", by=-5),
    Case("wrong_length", {"by": 5}, known=True, is_silent=True),
    _bent("bad_chunks"),
    _bent("gzip_bomb", megabytes=1),
    _bent("no_task_id"),
    *(_bent("odd_task_id", value=value) for value in (None, 7, "", "a b", ["x"], {"id": 1}, True)),
    _bent("html"),
    _bent("html", http_status=200),
    _bent("raw_body", text=""),
    _bent("raw_body", text='{"code": 200'),
    _bent("raw_body", text="[]"),
    _bent("raw_body", text="A", repeat=300_000),
    _bent("redirect", location="http://127.0.0.1:9/api/v1/jobs/createTask"),
    *(
        Case("answer", {"http_status": status, "code": code, "with_task": True})
        for status, code in [
            *[(500, 500), (502, 200), (503, None), (504, 504), (200, 500), (200, "200")],
            *[(200, True), (200, 200.5), (200, 0), (200, 201), (204, None), (429, 200)],
        ]
    ),
    *(
        _unmade("answer", http_status=status, code=code, msg="Internal Error")
        for status, code in [(500, 500), (200, 500), (503, 503), (200, None), (200, 999)]
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.kind} {case.params}"[:60])
def test_a_lost_answer_is_paid_once_and_never_forgotten(
    ground: Ground, kie: Simulator, client_for: MakeClient, case: Case
) -> None:
    if case.is_silent:
        ground.client = client_for(create_deadline_s=0.6)
    asked = send_with_each_timing(ground, kie, case.kind, case.params)
    ground.heal()
    for timing, generation in asked.items():
        generation.refresh_from_db()
        assert len(ground.tasks_of(generation)) == int(case.made), timing
        if case.made and (case.known or timing != NEVER):
            # The answer, or the callback and KIE's own record, told everything.
            assert generation.status == Status.SUCCEEDED, timing
            assert generation.video.state == VideoState.ARCHIVED
            assert generation.cost_micro_credits == 160_000_000
        else:
            assert generation.status == Status.UNKNOWN, timing
            assert generation.cost_micro_credits is None
            lost = {IncidentKind.ANSWER_LOST, IncidentKind.ODD_ANSWER}
            assert set(generation.incidents.values_list("kind", flat=True)) & lost


@pytest.mark.parametrize("code", [400, 404, 422, 451, 501, 505])
def test_a_task_of_a_refused_request_is_found_by_its_callback(
    ground: Ground, kie: Simulator, code: int
) -> None:
    """KIE says no and makes the task all the same: without a callback nothing could tell us."""
    lie = {"code": code, "msg": "no", "with_task": True}
    asked = send_with_each_timing(ground, kie, "answer", lie, timings=(AFTER, BEFORE, READ_BEFORE))
    kie.fault("answer", on="create", code=code, msg="no")
    honest = ground.ask()
    ground.turn()
    ground.heal()
    for timing, generation in asked.items():
        generation.refresh_from_db()
        assert generation.status == Status.SUCCEEDED, timing
        assert generation.cost_micro_credits == 160_000_000
    honest.refresh_from_db()
    assert (honest.status, honest.failure_code) == (Status.FAILED, "rejected")
    assert honest.cost_micro_credits == 0


@pytest.mark.parametrize("timing", [BEFORE, READ_BEFORE])
@pytest.mark.parametrize("code", [429, 455, 401, 402, 433])
def test_a_task_of_a_request_put_off_is_found_before_it_is_sent_again(
    ground: Ground, kie: Simulator, code: int, timing: str
) -> None:
    lie = {"code": code, "msg": "later", "with_task": True}
    (generation,) = send_with_each_timing(ground, kie, "answer", lie, timings=(timing,)).values()
    kie.clear_faults()
    ground.deliver()
    ground.read()
    ground.heal()
    generation.refresh_from_db()
    assert len(ground.tasks_of(generation)) == 1
    assert generation.status == Status.SUCCEEDED


@pytest.mark.parametrize("code", [429, 455, 401, 402, 433])
def test_a_request_put_off_is_sent_again_and_paid_once(
    ground: Ground, kie: Simulator, code: int
) -> None:
    generation = ground.ask()
    kie.fault("answer", on="create", code=code, msg="later", match={"times": 3})
    ground.turn()
    for _ in range(6):
        ground.clock.forward(60)
        ground.turn()
    ground.heal()
    generation.refresh_from_db()
    assert generation.status == Status.SUCCEEDED
    assert generation.attempts.count() == 4


def test_an_answer_that_names_its_task_under_an_odd_code_is_settled_by_reading(
    ground: Ground, kie: Simulator
) -> None:
    """Without a callback address KIE's echo of model and input is what proves the task ours."""
    ground.has_callbacks = False
    generation = ground.ask()
    kie.fault("answer", on="create", code=500, with_task=True, shows_task_id=True)
    ground.turn()
    generation.refresh_from_db()
    assert (generation.status, generation.candidate_from) == (Status.UNKNOWN, "answer")
    ground.heal()
    generation.refresh_from_db()
    assert generation.status == Status.SUCCEEDED


def send_with_each_timing(
    ground: Ground,
    kie: Simulator,
    kind: str,
    params: dict[str, Any],
    timings: tuple[str, ...] = TIMINGS,
) -> dict[str, Generation]:
    """Send one generation for each time its callback may come at, each with the fault."""
    asked = {}
    for timing in timings:
        generation = asked[timing] = ground.ask()
        match = {"prompt_contains": generation.input["prompt"]}
        kie.fault(kind, on="create", match=match, **params)
        if timing == NEVER:
            kie.fault("never", on="callback", match=match)
        elif timing != AFTER:
            kie.fault("before_answer", on="callback", match=match)
        ground.meanwhile = {BEFORE: ground.deliver, READ_BEFORE: ground.deliver_and_read}.get(
            timing, nothing
        )
        ground.submit()
    # The tasks' callbacks are drawn when they end: so long the faults must be on.
    ground.finish_jobs()
    return asked


def test_the_matrix_names_every_fault_of_createtask() -> None:
    """A fault that somebody adds to the simulator must find its place here."""
    fates = {name for name, kind in KINDS.items() if kind.stage is Stage.FATE}
    on_create = {name for name, kind in KINDS.items() if CREATE in kind.places} - fates
    assert on_create == {case.kind for case in CASES}
