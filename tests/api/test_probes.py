"""The probes: alive, ready with reasons, and the figures."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import OperationalError

from generations.models import Generation, Heartbeat, Scope, Status
from generations.services import lane
from tests.api.calling import Caller, calling, problem
from tests.cast import Cast
from tests.factories import make_generation


def _beat(age_s: float = 0) -> None:
    at = datetime.now(UTC) - timedelta(seconds=age_s)
    Heartbeat.objects.update_or_create(cluster="host:1", defaults={"at": at})


def _ready() -> tuple[int, dict[str, Any]]:
    answer = Caller().get("/readyz")
    assert answer["Content-Type"] == "application/json"
    assert answer["Cache-Control"] == "no-store"
    return answer.status_code, answer.json()


def test_alive_needs_nothing_not_even_a_database() -> None:
    answer = Caller().get("/livez")

    assert (answer.status_code, answer.json()) == (200, {"status": "alive"})


def test_ready_when_a_worker_takes_tasks(db: None) -> None:
    _beat(age_s=30)

    assert _ready() == (
        200,
        {
            "status": "ready",
            "reasons": {},
            "submissions": {"paused": False, "blocked_code": None},
        },
    )


def test_not_ready_before_any_worker_or_long_after_the_last(db: None) -> None:
    status, body = _ready()
    assert (status, list(body["reasons"])) == (503, ["queue"])

    _beat(age_s=46)
    status, body = _ready()
    assert (status, body["status"], list(body["reasons"])) == (503, "not ready", ["queue"])


@pytest.mark.parametrize(("lag_s", "status"), [(60, 200), (119, 200), (130, 503)])
def test_not_ready_when_nobody_reads_kie(cast: Cast, lag_s: int, status: int) -> None:
    _beat()
    make_generation(by=cast.operator, status=Status.RUNNING)
    Generation.objects.update(next_poll_at=datetime.now(UTC) - timedelta(seconds=lag_s))

    code, body = _ready()
    assert code == status
    assert list(body["reasons"]) == ([] if status == 200 else ["polls"])


def test_not_ready_without_room_on_the_disk(db: None, settings: Any) -> None:
    _beat()
    settings.MIN_FREE_MB = 10_000_000

    status, body = _ready()
    assert (status, list(body["reasons"])) == (503, ["disk"])
    assert "10000000 MB" in body["reasons"]["disk"]


def test_not_ready_without_the_database(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(**kwargs: object) -> None:
        raise OperationalError("the password is hunter2")

    monkeypatch.setattr("generations.reports.health.figures", fail)

    status, body = _ready()
    assert (status, body["reasons"]) == (503, {"database": "OperationalError"})


def test_paused_and_blocked_submissions_are_told_and_are_no_reason(db: None) -> None:
    _beat()
    now = datetime.now(UTC)
    lane.pause(by="lead", reason="holiday", now=now)
    lane.block(code=402, message="no credits", now=now)

    assert _ready()[0] == 200
    assert _ready()[1]["submissions"] == {"paused": True, "blocked_code": 402}


def test_probes_are_for_reading(db: None) -> None:
    for path in ("/livez", "/readyz"):
        assert Caller().post(path, {}).status_code == 405
        assert Caller().head(path).status_code in {200, 503}


def test_the_figures_are_for_prometheus(cast: Cast) -> None:
    _beat(age_s=10)
    make_generation(by=cast.operator)
    make_generation(by=cast.operator, status=Status.FAILED)
    caller = calling(cast.finance, Scope.USAGE_READ)
    accept = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5"

    answer = caller.get("/metrics", accept=accept)

    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/plain; version=0.0.4")
    lines = dict(
        line.rsplit(" ", 1)
        for line in answer.content.decode().splitlines()
        if not line.startswith("#")
    )
    assert lines['kling_generations{status="queued"}'] == "1.0"
    assert lines['kling_generations{status="failed"}'] == "1.0"
    assert lines['kling_generations{status="unknown"}'] == "0.0"
    assert float(lines["kling_queue_length"]) >= 2
    assert 10 <= float(lines["kling_heartbeat_age_seconds"]) < 60
    assert float(lines["kling_send_lag_seconds"]) >= 0
    assert float(lines["kling_poll_lag_seconds"]) >= 0
    assert float(lines["kling_disk_free_megabytes"]) > 0
    assert lines["kling_submissions_paused"] == "0.0"


def test_the_figures_are_for_a_scope_or_for_staff(cast: Cast) -> None:
    problem(Caller().get("/metrics"), 401, "not_authenticated")
    without = calling(cast.lead, Scope.GENERATIONS_READ)
    problem(without.get("/metrics"), 403, "scope_missing")
    browser = Caller()
    browser.client.force_login(cast.operator)
    assert browser.get("/metrics").status_code == 200
    cast.stranger.is_staff = False
    cast.stranger.save()
    browser.client.force_login(cast.stranger)
    problem(browser.get("/metrics"), 403, "scope_missing")
