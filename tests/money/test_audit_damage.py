"""Damage planted behind the database's back, its triggers set aside: found, with the row named."""

import pytest
from django.db import connection

from generations.models import BudgetMonth, Generation, LedgerEntry, Price
from generations.models.ledger import LedgerHead, hash_of
from tests.money.conftest import run_audit
from tests.triggers import lifted

LEDGER, TRAIL = "generations_ledgerentry", "generations_generationevent"
GENERATION, ATTEMPT = "generations_generation", "generations_submissionattempt"

# What is done; the invariant, the table and the row that must be named for it. A generation is told by
# its status.
Plant = tuple[str, str, str, str]
OF = "(SELECT id FROM generations_generation WHERE status = '{}')"
SUCCEEDED, RUNNING, FAILED = (OF.format(name) for name in ("succeeded", "running", "failed"))
PLANTED: dict[str, Plant] = {
    "an amount of the ledger is changed": (
        f"UPDATE {LEDGER} SET micro_usd = micro_usd + 1 WHERE seq = 3",
        "I39",
        LEDGER,
        "3",
    ),
    "an entry's author is changed": (
        f"UPDATE {LEDGER} SET actor = 'nobody' WHERE seq = 5",
        "I39",
        LEDGER,
        "5",
    ),
    "an entry is deleted": (f"DELETE FROM {LEDGER} WHERE seq = 4", "I39", LEDGER, "5"),
    "the last entries are deleted": (
        f"DELETE FROM {LEDGER} WHERE seq > 10",
        "I39",
        "generations_ledgerhead",
        "1",
    ),
    "a status is changed": (
        f"UPDATE {GENERATION} SET status = 'cancelled', provider_task_id = NULL, result_url = ''"
        " WHERE status = 'succeeded'",
        "I14",
        GENERATION,
        "succeeded",
    ),
    "a cost is changed": (
        f"UPDATE {GENERATION} SET cost_micro_credits = 1 WHERE status = 'succeeded'",
        "I20",
        GENERATION,
        "succeeded",
    ),
    "a quote is changed": (
        f"UPDATE {GENERATION} SET quote_micro_credits = 1000000 WHERE status = 'running'",
        "I25",
        GENERATION,
        "running",
    ),
    "an event is deleted": (
        f"DELETE FROM {TRAIL} WHERE seq = 2 AND generation_id = {SUCCEEDED}",
        "I39",
        GENERATION,
        "succeeded",
    ),
    "a price is changed": (
        "UPDATE generations_price SET micro_credits = 1000000 WHERE variant = 'duration=5'",
        "I26",
        "generations_price",
        "price",
    ),
    "a budget's counter is changed": (
        "UPDATE generations_budgetmonth SET spent_micro_usd = 0",
        "I21",
        "generations_budgetmonth",
        "month",
    ),
    "a hold on a budget is changed": (
        f"UPDATE generations_budgethold SET held_micro_usd = 5 WHERE generation_id = {RUNNING}",
        "I21",
        "generations_budgethold",
        "hold",
    ),
    "a hold on a budget is deleted": (
        f"DELETE FROM generations_budgethold WHERE generation_id = {RUNNING}",
        "I21",
        GENERATION,
        "running",
    ),
    "an input is changed": (
        f'UPDATE {GENERATION} SET input = \'{{"prompt": "x", "duration": "5"}}\''
        " WHERE status = 'unknown'",
        "I30",
        GENERATION,
        "unknown",
    ),
    "a month is changed": (
        f"UPDATE {GENERATION} SET period = '2020-01' WHERE status = 'failed'",
        "I24",
        GENERATION,
        "failed",
    ),
    "an attempt is sent back to the queue": (
        f"UPDATE {ATTEMPT} SET state = 'unsent' WHERE generation_id = {RUNNING}",
        "I5",
        GENERATION,
        "running",
    ),
    "a result is taken for copied": (
        f"DELETE FROM generations_video WHERE generation_id = {SUCCEEDED}",
        "I34",
        GENERATION,
        "succeeded",
    ),
    "an impossible move": (
        f"UPDATE {TRAIL} SET from_status = 'unknown', to_status = 'queued', kind = 'unsent'"
        f" WHERE kind = 'answer_lost'",
        "I9",
        TRAIL,
        "",
    ),
}


@pytest.mark.parametrize("plant", PLANTED)
def test_damage_is_found_and_named(platform: list[Generation], plant: str) -> None:
    statement, invariant, table, row = PLANTED[plant]
    expected = _key_of(row)
    with lifted(), connection.cursor() as cursor:
        cursor.execute(statement)

    found = {(one.invariant, one.table, one.row if row else "") for one in run_audit().findings}

    assert (invariant, table, expected) in found


def test_the_first_broken_row_of_the_chain_is_named_alone(platform: list[Generation]) -> None:
    with lifted(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE {LEDGER} SET note = 'x' WHERE seq IN (6, 9)")

    (found,) = run_audit().findings

    assert (found.invariant, found.row) == ("I39", "6")
    assert found.sentence == "Entry 6 has been changed since it was written."


def test_a_ledger_written_anew_does_not_balance_its_generations(
    platform: list[Generation],
) -> None:
    """Whoever also mends the chain is found by what the rows say of each other."""
    with lifted():
        previous = "0" * 64
        for entry in LedgerEntry.objects.order_by("seq"):
            if entry.kind == "settle":
                entry.micro_credits //= 2
                entry.micro_usd //= 2
            entry.previous_hash = previous
            previous = entry.hash = hash_of(entry)
            entry.save()
        LedgerHead.objects.update(hash=previous)

    found = {one.invariant for one in run_audit().findings}

    assert found == {"I20", "I28"}


def _key_of(row: str) -> str:
    """Answer the key of the row that a test names: by its number, or as what it is."""
    if not row or row.isdigit():
        return row
    if row == "price":
        return str(Price.objects.get(variant="duration=5").pk)
    if row == "month":
        return str(BudgetMonth.objects.get().pk)
    generation = Generation.objects.get(status="running" if row == "hold" else row)
    return str(generation.budget_holds.get().pk) if row == "hold" else str(generation.pk)
