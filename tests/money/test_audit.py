"""The audit over what the services made, and over what somebody has damaged behind their backs."""

import json
from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from django.utils import timezone
from django_q.models import OrmQ
from django_q.tasks import async_task

from generations import queue, storage
from generations.models import (
    BudgetMonth,
    Generation,
    LedgerEntry,
    Status,
    Video,
)
from generations.reports import audit
from generations.reports.audit.snapshot import snapshot
from generations.services import repair
from tests.cast import Cast
from tests.factories import make_generation
from tests.money.conftest import run_audit
from tests.triggers import lifted

LEDGER = "generations_ledgerentry"


def test_what_the_platform_made_is_sound(platform: list[Generation]) -> None:
    report = run_audit()

    assert report.findings == ()
    assert report.generations == len(platform)
    assert report.ledger_entries == LedgerEntry.objects.count()


def test_an_empty_platform_is_sound(cast: Cast, data_dir: Path) -> None:
    assert run_audit().findings == ()


def test_the_database_itself_refuses_writes_during_anrun_audit(platform: list[Generation]) -> None:
    with pytest.raises(DatabaseError), transaction.atomic(), snapshot():
        Generation.objects.update(note="not by an audit")

    Generation.objects.update(note="and afterwards it does not")


@pytest.mark.django_db(transaction=True)
def test_an_audit_leaves_the_connection_as_it_was(cast: Cast, data_dir: Path) -> None:
    make_generation(by=cast.operator)
    connection.close()  # as a command finds it

    assert run_audit().findings == ()

    make_generation(by=cast.operator)
    with transaction.atomic():
        assert Generation.objects.count() == 2


def test_a_missing_trigger_is_named(platform: list[Generation]) -> None:
    on_table = f" ON {LEDGER}" if connection.vendor == "postgresql" else ""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f"DROP TRIGGER ledger_never_changes{on_table}")

    (found,) = run_audit().findings

    assert (found.invariant, found.table) == ("I39", LEDGER)
    assert "ledger_never_changes" in found.sentence


def test_files_are_looked_at(platform: list[Generation], data_dir: Path) -> None:
    video = Video.objects.get(state="archived")
    path = storage.video_path(video.pk)
    path.write_bytes(b"x" * (video.bytes or 0))
    assert _named("I33") == [(str(video.pk), "Its file is not the one that was written.")]

    path.write_bytes(b"x")
    assert "1 bytes instead of" in _named("I33")[0][1]

    path.unlink()
    assert _named("I33") == [(str(video.pk), "Its file is missing or cannot be read.")]
    assert _named("I33", how_many_files=0) == []


def test_files_without_a_row_are_found_when_all_are_looked_at(
    platform: list[Generation], data_dir: Path
) -> None:
    storage.put(data_dir / "media" / "videos" / "ab" / "stray.mp4", b"x")

    assert _named("I33") == []
    assert [row for row, _ in _named("I33", how_many_files=None)] == ["stray.mp4"]


FOREIGN: dict[str, Callable[[], Any]] = {
    "another function": lambda: _ring("os.system", "true"),
    "another task of ours by name": lambda: _ring("generations.tasks.bootstrap"),
    "more than an id": lambda: _ring("generations.tasks.submit", "rm -rf"),
    "an object": lambda: _ring("generations.tasks.submit", Path("x")),
    "no message": lambda: _put("nonsense"),
}


@pytest.mark.parametrize("message", FOREIGN)
def test_messages_that_are_no_bells_are_found(cast: Cast, data_dir: Path, message: str) -> None:
    queue.ring(queue.Task.SUBMIT)
    queue.ring(queue.Task.ARCHIVE, "7d8f1c1e-9f43-4f3f-8f39-0d2b8f4a1c11")
    assert run_audit().findings == ()

    FOREIGN[message]()

    assert [one.invariant for one in run_audit().findings] == ["I37"]


def test_what_waits_while_nobody_works_is_found(platform: list[Generation]) -> None:
    later = timezone.now() + timedelta(minutes=10)

    found = {one.invariant for one in audit.run(now=later).findings}

    assert found == {"I8", "I36", "I40"}


def run_command(*arguments: str) -> tuple[int, str]:
    """Answer the exit status of `audit`, and what it printed."""
    out = StringIO()
    with pytest.raises(SystemExit) as end:
        call_command("audit", *arguments, stdout=out, stderr=out)
    return int(end.value.code or 0), out.getvalue()


def test_the_command_ends_with_0_when_all_is_well(platform: list[Generation]) -> None:
    status, told = run_command()

    assert (status, told.startswith("0 findings")) == (0, True)
    status, told = run_command("--json", "--files", "all")
    assert (status, json.loads(told)["findings"]) == (0, [])


def test_the_command_ends_with_1_and_names_what_it_found(platform: list[Generation]) -> None:
    with lifted(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE {LEDGER} SET actor = 'nobody' WHERE seq = 5")

    status, told = run_command("--json")

    assert status == 1
    assert json.loads(told)["findings"] == [
        {
            "invariant": "I39",
            "table": LEDGER,
            "row": "5",
            "sentence": "Entry 5 has been changed since it was written.",
        }
    ]
    assert run_command()[1].startswith(f"I39  {LEDGER} 5: Entry 5 has been changed")


@pytest.mark.parametrize("arguments", [(), ("--json",)])
def test_the_command_ends_with_2_when_it_cannot_look(
    monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], db: None
) -> None:
    def gone(**_: Any) -> None:
        raise DatabaseError("no such table: generations_generation\nmore of it")

    monkeypatch.setattr(audit, "run", gone)

    status, told = run_command(*arguments)

    assert status == 2
    assert "no such table: generations_generation" in told
    assert "more of it" not in told


def test_a_repair_rebuilds_what_is_derived(platform: list[Generation]) -> None:
    Video.objects.all().delete()
    Generation.objects.filter(status=Status.RUNNING).update(prompt_start="elsewhere")

    done = repair.rebuild(now=timezone.now())

    assert len(done) == 2
    assert run_audit().findings == ()
    assert Generation.objects.get(status=Status.RUNNING).prompt_start.startswith("The cat")
    assert repair.rebuild(now=timezone.now()) == ()


def test_a_repair_leaves_money_alone(platform: list[Generation]) -> None:
    BudgetMonth.objects.update(spent_micro_usd=0)
    Generation.objects.filter(status=Status.SUCCEEDED).update(cost_micro_credits=1)

    status, _ = run_command("--repair")

    assert status == 1
    assert {one.invariant for one in run_audit().findings} == {"I20", "I21"}
    assert BudgetMonth.objects.get().spent_micro_usd == 0


def _named(invariant: str, **options: Any) -> list[tuple[str, str]]:
    found = run_audit(**options).findings
    return [(one.row, one.sentence) for one in found if one.invariant == invariant]


def _ring(function: str, *arguments: Any) -> None:
    async_task(function, *arguments)


def _put(payload: str) -> None:
    OrmQ.objects.create(key="platform", payload=payload, lock=timezone.now())
