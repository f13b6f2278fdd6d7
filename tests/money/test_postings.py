"""What each way that a generation can go posts to the ledger, and what its cost columns say."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.db.models import Sum

from generations.models import (
    Account,
    Evidence,
    Generation,
    LedgerEntry,
    PostingKind,
    Status,
    ledger,
)
from generations.models.ledger import Leg, Posting
from generations.models.posting import post_hold, post_move
from generations.models.transition import SYSTEM
from tests.money.conftest import CREDIT, Moves, Story, postings

Begin = Callable[[], Story]
Step = tuple[Any, ...]

HOLD: Moves = ("hold", {"available": -160, "held": 160})
SUSPECT: Moves = ("suspect", {"held": -160, "suspense": 160})
RELEASE: Moves = ("release", {"held": -160, "available": 160})
FROM_SUSPENSE: Moves = ("release", {"suspense": -160, "available": 160})


def settled(spent: int, *, out_of: str = "held") -> Moves:
    rest = {"available": 160 - spent} if spent != 160 else {}
    return ("settle", {out_of: -160, "spent": spent} | rest)


def late(spent: int) -> Moves:
    return ("late", {"available": -spent, "spent": spent})


ACCEPTED: Step = (Story.is_accepted,)
LOST: Step = (Story.is_lost,)
SUSPECTED: Step = (Story.is_suspected,)
FOUND: Step = (Story.is_found,)
SUCCESS: Step = (Story.succeeds,)
LATE: Step = (Story.succeeds_late,)
FAIL: Step = (Story.fails,)
WAITED: Step = (Story.ages, 1)

# name: the steps, what is posted after the hold, (cost in credits, how it is known)
WAYS: dict[str, tuple[list[Step], list[Moves], tuple[int | None, str]]] = {
    "queued": ([], [], (None, "none")),
    "being sent": ([ACCEPTED], [], (None, "none")),
    "success at the quote": ([ACCEPTED, SUCCESS], [settled(160)], (160, "provider")),
    "success above the quote": (
        [ACCEPTED, (Story.succeeds, Decimal(200))],
        [settled(200)],
        (200, "provider"),
    ),
    "success below the quote": (
        [ACCEPTED, (Story.succeeds, Decimal(100))],
        [settled(100)],
        (100, "provider"),
    ),
    "success for nothing": (
        [ACCEPTED, (Story.succeeds, Decimal(0))],
        [RELEASE],
        (0, "provider"),
    ),
    "success without a figure": (
        [ACCEPTED, (Story.succeeds, None)],
        [settled(160)],
        (160, "quote"),
    ),
    "success with an earlier figure": (
        [ACCEPTED, (Story.goes_on, Decimal(150)), (Story.succeeds, None)],
        [settled(150)],
        (150, "provider"),
    ),
    "success read twice": ([ACCEPTED, SUCCESS, SUCCESS], [settled(160)], (160, "provider")),
    "failure refunded": ([ACCEPTED, FAIL], [RELEASE], (0, "provider")),
    "failure kept": ([ACCEPTED, (Story.fails, Decimal(160))], [settled(160)], (160, "provider")),
    "failure kept in part": (
        [ACCEPTED, (Story.fails, Decimal(40))],
        [settled(40)],
        (40, "provider"),
    ),
    "failure without a figure": ([ACCEPTED, (Story.fails, None)], [RELEASE], (None, "none")),
    "rejected": ([(Story.is_rejected,)], [RELEASE], (0, "provider")),
    "cancelled": ([(Story.is_cancelled,)], [RELEASE], (None, "none")),
    "picture gone": ([(Story.loses_its_picture,)], [RELEASE], (0, "provider")),
    "late after refund": ([ACCEPTED, FAIL, LATE], [RELEASE, late(160)], (160, "provider")),
    "late after kept": (
        [ACCEPTED, (Story.fails, Decimal(160)), LATE],
        [settled(160)],
        (160, "provider"),
    ),
    "late after kept in part": (
        [ACCEPTED, (Story.fails, Decimal(40)), LATE],
        [settled(40), late(120)],
        (160, "provider"),
    ),
    "late and cheaper than kept": (
        [ACCEPTED, (Story.fails, Decimal(160)), (Story.succeeds_late, Decimal(100))],
        [settled(160), late(-60)],
        (100, "provider"),
    ),
    "late after no figure": (
        [ACCEPTED, (Story.fails, None), LATE],
        [RELEASE, late(160)],
        (160, "provider"),
    ),
    "late after rejection": ([(Story.is_rejected,), LATE], [RELEASE, late(160)], (160, "provider")),
    "lost": ([LOST], [], (None, "none")),
    "lost and found": ([LOST, FOUND, SUCCESS], [settled(160)], (160, "provider")),
    "suspected": ([LOST, SUSPECTED], [SUSPECT], (None, "none")),
    "suspected, found, success": (
        [LOST, SUSPECTED, FOUND, SUCCESS],
        [SUSPECT, settled(160, out_of="suspense")],
        (160, "provider"),
    ),
    "suspected, found, success above": (
        [LOST, SUSPECTED, FOUND, (Story.succeeds, Decimal(200))],
        [SUSPECT, settled(200, out_of="suspense")],
        (200, "provider"),
    ),
    "suspected, found, failure": (
        [LOST, SUSPECTED, FOUND, FAIL],
        [SUSPECT, FROM_SUSPENSE],
        (0, "provider"),
    ),
    "never created": (
        [LOST, WAITED, (Story.was_never_created,)],
        [RELEASE],
        (0, "person"),
    ),
    "suspected, never created": (
        [LOST, SUSPECTED, (Story.was_never_created,)],
        [SUSPECT, FROM_SUSPENSE],
        (0, "person"),
    ),
    "late after never created": (
        [LOST, SUSPECTED, (Story.was_never_created,), LATE],
        [SUSPECT, FROM_SUSPENSE, late(160)],
        (160, "provider"),
    ),
    "written off": ([LOST, (Story.is_written_off,)], [settled(160)], (160, "person")),
    "suspected, written off": (
        [LOST, SUSPECTED, (Story.is_written_off,)],
        [SUSPECT, settled(160, out_of="suspense")],
        (160, "person"),
    ),
    "suspected, written off in part": (
        [LOST, SUSPECTED, (Story.is_written_off, 60)],
        [SUSPECT, settled(60, out_of="suspense")],
        (60, "person"),
    ),
    "late after written off": (
        [LOST, SUSPECTED, (Story.is_written_off, 60), LATE],
        [SUSPECT, settled(60, out_of="suspense"), late(100)],
        (160, "provider"),
    ),
    "without a result": ([ACCEPTED, (Story.comes_without_result,)], [], (None, "none")),
    "result at last": (
        [ACCEPTED, (Story.comes_without_result,), SUCCESS],
        [settled(160)],
        (160, "provider"),
    ),
    "lost by KIE": (
        [ACCEPTED, (Story.comes_without_result,), (Story.is_lost_at_kie,)],
        [settled(160)],
        (160, "provider"),
    ),
    "late after lost by KIE": (
        [ACCEPTED, (Story.comes_without_result,), (Story.is_lost_at_kie,), LATE],
        [settled(160)],
        (160, "provider"),
    ),
}


@pytest.mark.parametrize("way", WAYS)
def test_each_way_posts_its_own_and_no_more(begin: Begin, way: str) -> None:
    steps, expected, cost = WAYS[way]
    story = begin()

    for step, *arguments in steps:
        step(story, *arguments)

    generation = Generation.objects.get(pk=story.generation.pk)
    credits_ = generation.cost_micro_credits
    assert postings(generation) == [HOLD, *expected]
    assert (None if credits_ is None else credits_ // CREDIT, generation.cost_evidence) == cost
    assert _spent(generation) == (
        generation.cost_micro_credits or 0,
        generation.cost_micro_usd or 0,
    )
    assert {entry.period for entry in generation.ledger.all()} == {"2026-11"}


def test_each_posting_says_how_its_amount_is_known(begin: Begin) -> None:
    story = begin()
    story.is_lost()
    story.is_suspected()
    story.is_written_off(60)
    story.succeeds_late()

    known = LedgerEntry.objects.order_by("seq").values_list("kind", "evidence", "actor")
    assert list(dict.fromkeys(known)) == [
        ("hold", "quote", "olga"),
        ("suspect", "quote", "system"),
        ("settle", "person", "olga"),
        ("late", "provider", "KIE"),
    ]


def test_money_is_held_once(begin: Begin) -> None:
    story = begin()

    with pytest.raises(IntegrityError), transaction.atomic():
        post_hold(story.generation, actor="olga", now=story.clock())


@pytest.mark.parametrize("end", ["succeeds", "fails"])
def test_a_hold_is_closed_once(begin: Begin, end: str) -> None:
    story = begin()
    story.is_accepted()
    story.succeeds()
    generation = Generation.objects.get(pk=story.generation.pk)
    if end == "fails":
        generation.cost_micro_credits = generation.cost_micro_usd = 0

    with pytest.raises(IntegrityError), transaction.atomic():
        post_move(
            generation,
            Status.RUNNING,
            Status.SUCCEEDED,
            actor=SYSTEM,
            now=story.clock(),
        )


@pytest.mark.parametrize("legs", [(1, 0), (0, 1), (-1, -1)])
def test_what_does_not_balance_is_not_posted(begin: Begin, legs: tuple[int, int]) -> None:
    story = begin()
    posting = Posting(
        kind=PostingKind.CORRECT,
        legs=(Leg(Account.AVAILABLE, -5, -5), Leg(Account.DRIFT, 5 + legs[0], 5 + legs[1])),
        period="2026-11",
        evidence=Evidence.PERSON,
        actor="olga",
    )

    with pytest.raises(ValueError, match="does not balance"):
        ledger.append(posting, now=story.clock())
    assert LedgerEntry.objects.count() == 2


def test_rows_are_numbered_without_gaps_and_chained(begin: Begin) -> None:
    for _ in range(3):
        story = begin()
    story.is_accepted()
    story.succeeds()

    entries = list(LedgerEntry.objects.order_by("seq"))
    assert [entry.seq for entry in entries] == list(range(1, 9))
    assert entries[0].previous_hash == ledger.GENESIS
    assert [entry.previous_hash for entry in entries[1:]] == [entry.hash for entry in entries[:-1]]
    assert all(ledger.hash_of(entry) == entry.hash for entry in entries)
    head = ledger.LedgerHead.objects.get()
    assert (head.seq, head.hash) == (8, entries[-1].hash)


def _spent(generation: Generation) -> tuple[int, int]:
    spent = generation.ledger.filter(account=Account.SPENT)
    found = spent.aggregate(credits=Sum("micro_credits"), usd=Sum("micro_usd"))
    return found["credits"] or 0, found["usd"] or 0
