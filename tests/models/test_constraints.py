"""What the database itself refuses, whatever code asks it."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, connection, transaction

from generations.models import (
    AttemptState,
    Generation,
    GenerationEvent,
    PresetVersion,
    Price,
    Status,
    SubmissionAttempt,
    Video,
)
from generations.services import bootstrap
from tests.factories import make_generation, make_preset

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
pytestmark = pytest.mark.django_db


@pytest.fixture
def author() -> User:
    bootstrap.bootstrap(now=NOW)
    return User.objects.create_user("olga")


def _refused(rows: Any, **changes: Any) -> bool:
    try:
        with transaction.atomic():
            rows.update(**changes)
    except IntegrityError:
        return True
    return False


@pytest.mark.parametrize(
    ("status", "changes"),
    [
        (Status.QUEUED, {"status": "lost"}),
        (Status.QUEUED, {"dispatch_at": None}),
        (Status.QUEUED, {"provider_task_id": "task-1"}),
        (Status.QUEUED, {"status": "submitting"}),
        (Status.QUEUED, {"lease_until": NOW}),
        (Status.QUEUED, {"status": "cancelled"}),
        (Status.QUEUED, {"finished_at": NOW}),
        (Status.QUEUED, {"failure_code": "rejected"}),
        (Status.QUEUED, {"quote_micro_credits": 0}),
        (Status.QUEUED, {"cost_micro_credits": 1}),
        (Status.QUEUED, {"cost_evidence": "provider"}),
        (Status.SUBMITTING, {"lease_until": None}),
        (Status.UNKNOWN, {"provider_task_id": "task-1"}),
        (Status.RUNNING, {"next_poll_at": None}),
        (Status.RUNNING, {"status": "unknown"}),
        (Status.NEEDS_REVIEW, {"next_poll_at": None}),
        (Status.SUCCEEDED, {"result_url": ""}),
        (Status.SUCCEEDED, {"finished_at": None}),
        (Status.SUCCEEDED, {"cost_micro_credits": -1}),
        (Status.SUCCEEDED, {"cost_micro_usd": None}),
        (Status.FAILED, {"failure_code": ""}),
        (Status.FAILED, {"failure_code": "bored"}),
        (Status.FAILED, {"failure_code": "not_created"}),
        (Status.FAILED, {"failure_code": "written_off", "decided_at": NOW, "decision_note": "x"}),
        (Status.CANCELLED, {"status": "queued"}),
    ],
)
def test_a_row_that_contradicts_itself_is_refused(
    author: User, status: Status, changes: dict[str, Any]
) -> None:
    generation = make_generation(by=author, status=status, at=NOW)
    assert _refused(Generation.objects.filter(pk=generation.pk), **changes)


def test_a_signed_decision_is_taken(author: User) -> None:
    generation = make_generation(by=author, status=Status.FAILED, at=NOW)
    assert not _refused(
        Generation.objects.filter(pk=generation.pk),
        failure_code="not_created",
        decided_by=author,
        decided_at=NOW,
        decision_note="kie.ai/logs shows nothing",
    )


def test_a_task_id_belongs_to_one_generation_and_never_changes(author: User) -> None:
    first = make_generation(by=author, status=Status.RUNNING, at=NOW, task_id="task-0000001")
    second = make_generation(by=author, status=Status.RUNNING, at=NOW, task_id="task-0000002")
    for changed in ("task-0000001", "task-0000003", None):
        assert _refused(Generation.objects.filter(pk=second.pk), provider_task_id=changed)
    assert not _refused(Generation.objects.filter(pk=first.pk), provider_task_id="task-0000001")


def test_one_attempt_that_may_have_a_task_is_all_there_can_be(author: User) -> None:
    generation = make_generation(by=author, status=Status.RUNNING, at=NOW)
    for number, state in enumerate(AttemptState, start=2):
        may_have_a_task = state in {"open", "accepted", "unknown"}
        try:
            with transaction.atomic():
                SubmissionAttempt.objects.create(
                    generation=generation,
                    seq=number,
                    state=state,
                    token_sha256=f"{number:064}",
                    request_sha256="0" * 64,
                    opened_at=NOW,
                    closed_at=None if state == AttemptState.OPEN else NOW,
                )
        except IntegrityError:
            assert may_have_a_task
        else:
            assert not may_have_a_task


def test_an_attempt_is_closed_with_a_date_and_open_without(author: User) -> None:
    generation = make_generation(by=author, status=Status.RUNNING, at=NOW)
    assert _refused(generation.attempts.all(), closed_at=None)
    assert _refused(generation.attempts.all(), state=AttemptState.OPEN)


def test_events_are_numbered_once(author: User) -> None:
    generation = make_generation(by=author, at=NOW)
    with pytest.raises(IntegrityError), transaction.atomic():
        GenerationEvent.objects.create(
            generation=generation, seq=1, at=NOW, actor="x", kind="requested"
        )


@pytest.mark.parametrize("table", [GenerationEvent, Price, PresetVersion])
def test_history_is_not_rewritten(author: User, table: Any) -> None:
    make_generation(by=author, at=NOW)
    make_preset(by=author)
    row = table.objects.first()
    column = (
        next(f.column for f in table._meta.fields if f.get_internal_type() == "CharField")
        if table is not PresetVersion
        else "version"
    )
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {table._meta.db_table} SET {column} = {column} WHERE id = %s",
            [row.pk],
        )


def test_a_copy_that_waits_has_a_turn_and_a_kept_one_is_described(author: User) -> None:
    generation = make_generation(by=author, status=Status.SUCCEEDED, at=NOW)
    rows = Video.objects.filter(pk=generation.pk)
    assert _refused(rows, next_try_at=None)
    assert _refused(rows, state="at_risk", next_try_at=None)
    assert _refused(rows, state="archived")
    assert _refused(rows, state="archived", sha256="0" * 64, archived_at=NOW)
    assert not _refused(
        rows, state="archived", bytes=1, duration_s=5.0, sha256="0" * 64, archived_at=NOW
    )


def test_a_price_is_never_nothing(author: User) -> None:
    price = Price.objects.first()
    for micro in (0, -1):
        with pytest.raises(IntegrityError), transaction.atomic():
            Price.objects.create(
                model=price.model,
                variant=price.variant,
                micro_credits=micro,
                micro_usd_per_credit=5000,
                valid_from=NOW,
                known_from=NOW,
            )
