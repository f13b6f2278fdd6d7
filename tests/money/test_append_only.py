"""What the database itself refuses, whoever asks: to change, delete or empty ledger and trail."""

import pytest
from django.db import IntegrityError, connection, transaction

from generations.models import GenerationEvent, LedgerEntry
from tests.cast import Cast, make_cast
from tests.factories import make_generation
from tests.triggers import lifted

LEDGER, EVENTS = LedgerEntry._meta.db_table, GenerationEvent._meta.db_table
REFUSED = [
    f"UPDATE {LEDGER} SET micro_usd = micro_usd + 1",
    f"UPDATE {LEDGER} SET note = 'nothing to see' WHERE seq = 1",
    f"DELETE FROM {LEDGER}",
    f"DELETE FROM {LEDGER} WHERE seq = 2",
    f"UPDATE {EVENTS} SET actor = 'nobody'",
    f"DELETE FROM {EVENTS}",
]
REFUSED_BY_POSTGRESQL = [f"TRUNCATE {LEDGER}", f"TRUNCATE {EVENTS}"]


@pytest.mark.parametrize("statement", REFUSED)
def test_history_is_neither_changed_nor_deleted(cast: Cast, statement: str) -> None:
    make_generation(by=cast.operator)

    with pytest.raises(IntegrityError), transaction.atomic():
        _run(statement)

    assert (LedgerEntry.objects.count(), GenerationEvent.objects.count()) == (2, 1)


@pytest.mark.parametrize("statement", REFUSED_BY_POSTGRESQL)
def test_history_is_not_emptied(cast: Cast, statement: str) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has no TRUNCATE")
    make_generation(by=cast.operator)
    _run("SET CONSTRAINTS ALL IMMEDIATE")

    with pytest.raises(IntegrityError), transaction.atomic():
        _run(statement)


def test_what_tests_set_aside_is_back_afterwards(cast: Cast) -> None:
    make_generation(by=cast.operator)
    with lifted():
        _run(f"UPDATE {LEDGER} SET note = 'planted' WHERE seq = 1")

    with pytest.raises(IntegrityError), transaction.atomic():
        _run(f"UPDATE {LEDGER} SET note = 'again' WHERE seq = 1")
    assert LedgerEntry.objects.get(seq=1).note == "planted"


@pytest.mark.parametrize("time", ["first", "second"])
@pytest.mark.django_db(transaction=True)
def test_a_test_with_real_commits_begins_with_empty_tables(time: str) -> None:
    assert not LedgerEntry.objects.exists()
    make_generation(by=make_cast().operator)
    assert LedgerEntry.objects.count() == 2


def _run(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)
