"""The unknown desk: what it shows of each, who may decide, and what the forms do."""

from datetime import UTC, datetime, timedelta

import pytest

from generations import provider
from generations.kie import Echo, NotVisible
from generations.models import (
    BalanceSnapshot,
    CallbackHit,
    Generation,
    IncidentKind,
    SnapshotSource,
    Status,
    SubmissionAttempt,
)
from generations.services import incidents
from tests.factories import make_generation
from tests.fakes import success_record

DESK = "/admin/generations/generation/undecided/"
TASK = "task-0000001"


def lost(by, *, minutes_ago: float = 40.5, **request):
    at = datetime.now(UTC) - timedelta(minutes=minutes_ago)
    return make_generation(by=by, status=Status.UNKNOWN, at=at, **request)


def decision(generation, name):
    return f"/admin/generations/generation/{generation.pk}/decide/{name}/"


def snapshot(at, credits_):
    return BalanceSnapshot.objects.create(
        at=at, micro_credits=credits_ * 1_000_000, source=SnapshotSource.PLATFORM
    )


@pytest.fixture
def kie(monkeypatch):
    """KIE's answer to the read that a decision makes; set `record`."""

    class Kie:
        record: object = NotVisible("recordInfo is null")

        def read_task(self, task_id):
            if isinstance(self.record, Exception):
                raise self.record
            return self.record

    client = Kie()
    monkeypatch.setattr(provider, "client", lambda: client)
    return client


def test_an_empty_desk_says_so(cast, login):
    assert "Nothing waits for a decision" in login(cast.finance).get(DESK).content.decode()


def test_the_desk_shows_age_amount_and_evidence_of_everything_that_waits(cast, login):
    lost(cast.operator)
    make_generation(by=cast.operator, status=Status.NEEDS_REVIEW, at=datetime.now(UTC))
    make_generation(by=cast.operator, status=Status.RUNNING)
    text = login(cast.finance).get(DESK).content.decode()
    assert text.count('class="kp-evidence"') == 2
    for words in (
        "40\xa0minutes",
        "160 credits ($0.80)",
        "no answer after 0 s: timed out",
        "No callback address was sent along",
        "balance was not read close enough",
        "names no usable video: no addresses",
        "that it took 160 credits",
    ):
        assert words in text


def test_a_deadline_is_told_in_seconds_and_a_known_cause_in_the_readers_language(cast, login):
    lost(cast.operator)
    SubmissionAttempt.objects.update(outcome="no whole answer within 20 s")
    assert "no answer within 0 s." in login(cast.finance).get(DESK).content.decode()
    SubmissionAttempt.objects.update(outcome="the connection broke")
    text = login(cast.finance, "ru").get(DESK).content.decode()
    assert "соединение оборвалось" in text


def test_callbacks_and_disproved_names_are_evidence(cast, login):
    generation = lost(cast.operator)
    SubmissionAttempt.objects.update(has_callback=True)
    attempt = generation.attempts.get()
    for number, name in enumerate(["task-wrong1", "task-open01", ""]):
        CallbackHit.objects.create(
            attempt=attempt,
            body_sha256=f"{number}",
            named_task_id=name,
            is_signed=False,
            received_at=datetime.now(UTC),
        )
    incidents.report(
        IncidentKind.WRONG_ECHO,
        cause="task-wrong1",
        generation_id=generation.pk,
        now=datetime.now(UTC),
    )
    text = login(cast.finance).get(DESK).content.decode()
    assert "naming task task-wrong1; its record did not match" in text
    assert "naming task task-open01." in text
    assert "called back and named no task" in text
    assert "has not called back" not in text


@pytest.mark.parametrize(
    ("after", "words"),
    [
        (840, "fell by 160 credits between"),
        (1000, "did not move between"),
        (1100, "rose by 100 credits between"),
    ],
)
def test_the_balance_around_the_sending_is_evidence(cast, login, after, words):
    generation = lost(cast.operator)
    snapshot(generation.submitted_at - timedelta(minutes=2), 1000)
    snapshot(generation.submitted_at + timedelta(minutes=2), after)
    text = login(cast.finance).get(DESK).content.decode()
    assert words in text
    assert "with no other submission" in text


def test_other_submissions_weaken_the_balances_word(cast, login):
    generation = lost(cast.operator)
    make_generation(by=cast.operator, status=Status.SUCCEEDED, at=generation.submitted_at)
    snapshot(generation.submitted_at - timedelta(minutes=2), 1000)
    snapshot(generation.submitted_at + timedelta(minutes=2), 680)
    assert "with 1 other submission." in login(cast.finance).get(DESK).content.decode()


@pytest.mark.parametrize(
    ("role", "sees", "decides"),
    [
        ("operator", 403, False),
        ("auditor", 200, False),
        ("lead", 200, True),
        ("finance", 200, True),
        ("administrator", 200, True),
    ],
)
def test_who_sees_the_desk_and_who_decides(cast, login, role, sees, decides):
    generation = lost(cast.operator)
    client = login(getattr(cast, role))
    page = client.get(DESK)
    assert page.status_code == sees
    if sees == 200:
        assert ('class="kp-decisions"' in page.content.decode()) is decides
    answer = client.post(decision(generation, "never-created"), {"reason": "x"})
    generation.refresh_from_db()
    assert answer.status_code == (302 if decides else 403)
    assert (generation.status == Status.FAILED) is decides


def test_never_created_too_early_is_a_reason_and_no_button(cast, login):
    generation = lost(cast.operator, minutes_ago=5)
    client = login(cast.finance)
    text = client.get(DESK).content.decode()
    assert "Not before 30 minutes" in text
    assert "Possible from" in text
    assert "never-created" not in text
    answer = client.post(decision(generation, "never-created"), {"reason": "x"})
    assert answer.status_code == 422
    generation.refresh_from_db()
    assert generation.status == Status.UNKNOWN


def test_a_refused_decision_keeps_what_was_written(cast, login, kie):
    generation = lost(cast.operator)
    answer = login(cast.finance).post(
        decision(generation, "attach"), {"task_id": TASK, "reason": "seen in <the> log"}
    )
    text = answer.content.decode()
    assert answer.status_code == 422
    assert "KIE knows no task with this id." in text
    assert "seen in &lt;the&gt; log" in text
    assert TASK in text


def test_a_proved_task_is_attached(cast, login, kie):
    generation = lost(cast.operator)
    kie.record = success_record(
        TASK, echo=Echo(generation.model, None, dict(generation.wire_input))
    )
    login(cast.finance).post(decision(generation, "attach"), {"task_id": TASK, "reason": "log"})
    generation.refresh_from_db()
    assert (generation.status, generation.decided_by) == (Status.SUCCEEDED, cast.finance)


@pytest.mark.parametrize(("given", "cost"), [("", 160), ("320", 320), ("12,5", 12.5), ("0", 0)])
def test_a_write_off_takes_an_amount_or_none(cast, login, given, cost):
    generation = lost(cast.operator)
    login(cast.finance).post(
        decision(generation, "write-off"), {"credits": given, "reason": "given up"}
    )
    generation.refresh_from_db()
    assert (generation.failure_code, generation.cost_micro_credits) == (
        "written_off",
        int(cost * 1_000_000),
    )


@pytest.mark.parametrize("given", ["many", "-1", "321", "1e9", "NaN", "9" * 30])
def test_a_write_off_of_nonsense_is_refused(cast, login, given):
    generation = lost(cast.operator)
    answer = login(cast.finance).post(
        decision(generation, "write-off"), {"credits": given, "reason": "x"}
    )
    assert answer.status_code == 422
    generation.refresh_from_db()
    assert generation.status == Status.UNKNOWN


def test_an_empty_success_may_be_declared_lost(cast, login):
    generation = make_generation(by=cast.operator, status=Status.NEEDS_REVIEW)
    login(cast.lead).post(decision(generation, "provider-lost"), {"reason": "support says so"})
    generation.refresh_from_db()
    assert generation.failure_code == "provider_lost"


def test_a_decision_that_comes_too_late_says_so(cast, login):
    generation = make_generation(by=cast.operator, status=Status.SUCCEEDED)
    answer = login(cast.lead).post(decision(generation, "write-off"), {"reason": "x"}, follow=True)
    assert "was quicker" in answer.content.decode()


def test_strange_decisions_and_plain_visits_do_nothing(cast, login):
    generation = lost(cast.operator)
    client = login(cast.finance)
    assert client.get(decision(generation, "write-off")).status_code == 405
    assert client.post(decision(generation, "explode"), {"reason": "x"}).status_code == 404


def test_the_sidebar_counts_what_waits(cast, login):
    client = login(cast.finance)
    address = "/admin/generations/price/"
    assert "text-orange-700" not in client.get(address).content.decode()
    lost(cast.operator)
    assert "text-orange-700" in client.get(address).content.decode()
    assert "text-orange-700" not in login(cast.operator).get("/admin/").content.decode()


def test_the_desk_asks_no_more_queries_per_item_than_it_must(
    cast, login, django_assert_max_num_queries
):
    for number in range(5):
        lost(
            cast.operator, input={"prompt": f"p{number}", "image_url": "https://example.com/a.jpg"}
        )
    client = login(cast.finance)
    client.get(DESK)
    with django_assert_max_num_queries(30 + 5 * 9):
        client.get(DESK)
    assert Generation.objects.count() == 5
