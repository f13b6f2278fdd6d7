"""Which posting a move of a generation makes: called by the transition, in its own transaction.

request          hold     available → held, the quote
an end           settle   held → spent, the actual cost; the rest → available
                 release  held → available, when nothing was charged
a day unknown    suspect  held → suspense
a late success   late     available → spent, what the end had not counted
"""

from datetime import datetime

from django.db.models import F

from generations.models.budget import BudgetHold, BudgetMonth
from generations.models.generation import TERMINAL, Evidence, Generation, Status
from generations.models.ledger import Account, LedgerEntry, Leg, Posting, PostingKind, append


def post_hold(generation: Generation, *, actor: str, now: datetime) -> None:
    """Hold the quote of a new generation."""
    quote = generation.quote_micro_credits, generation.quote_micro_usd
    _post(
        generation,
        PostingKind.HOLD,
        [(Account.AVAILABLE, -quote[0], -quote[1]), (Account.HELD, *quote)],
        Evidence.QUOTE,
        actor,
        now,
    )


def post_move(
    generation: Generation, source: Status, to: Status, *, actor: str, now: datetime
) -> None:
    """Post what a move of the status means for the money; most moves mean nothing."""
    if to not in TERMINAL:
        return
    if source == Status.FAILED:
        _post_late(generation, actor, now)
    else:
        _post_end(generation, actor, now)


def post_suspect(generation: Generation, *, actor: str, now: datetime) -> None:
    """Move the quote of a generation that has been unknown for a day into suspense."""
    quote = generation.quote_micro_credits, generation.quote_micro_usd
    _post(
        generation,
        PostingKind.SUSPECT,
        [(Account.HELD, -quote[0], -quote[1]), (Account.SUSPENSE, *quote)],
        Evidence.QUOTE,
        actor,
        now,
    )


def _post_end(generation: Generation, actor: str, now: datetime) -> None:
    held_in = Account.HELD
    if LedgerEntry.objects.filter(generation=generation, kind=PostingKind.SUSPECT).exists():
        held_in = Account.SUSPENSE
    quote = generation.quote_micro_credits, generation.quote_micro_usd
    cost = generation.cost_micro_credits or 0, generation.cost_micro_usd or 0
    _post(
        generation,
        PostingKind.SETTLE if any(cost) else PostingKind.RELEASE,
        [
            (held_in, -quote[0], -quote[1]),
            (Account.SPENT, *cost),
            (Account.AVAILABLE, quote[0] - cost[0], quote[1] - cost[1]),
        ],
        Evidence(generation.cost_evidence),
        actor,
        now,
    )
    _count(generation, cost[1])


def _post_late(generation: Generation, actor: str, now: datetime) -> None:
    """A failure that turned out a success: only what its end had not counted is posted."""
    spent = LedgerEntry.objects.filter(generation=generation, account=Account.SPENT)
    cost = generation.cost_micro_credits or 0, generation.cost_micro_usd or 0
    credits_ = cost[0] - sum(spent.values_list("micro_credits", flat=True))
    usd = cost[1] - sum(spent.values_list("micro_usd", flat=True))
    _post(
        generation,
        PostingKind.LATE,
        [(Account.AVAILABLE, -credits_, -usd), (Account.SPENT, credits_, usd)],
        Evidence(generation.cost_evidence),
        actor,
        now,
    )
    _count(generation, cost[1])


def _count(generation: Generation, spent_micro_usd: int) -> None:
    """Turn the generation's holds on budgets into what it has spent of them."""
    for hold in BudgetHold.objects.filter(generation=generation).order_by("month_id"):
        BudgetMonth.objects.filter(pk=hold.month_id).update(
            held_micro_usd=F("held_micro_usd") - hold.held_micro_usd,
            spent_micro_usd=F("spent_micro_usd") - hold.spent_micro_usd + spent_micro_usd,
        )
        BudgetHold.objects.filter(pk=hold.pk).update(
            held_micro_usd=0, spent_micro_usd=spent_micro_usd
        )


def _post(
    generation: Generation,
    kind: PostingKind,
    moves: list[tuple[Account, int, int]],
    evidence: Evidence,
    actor: str,
    now: datetime,
) -> None:
    legs = tuple(Leg(*move) for move in moves if move[1] or move[2])
    if not legs:
        return
    append(
        Posting(
            kind=kind,
            legs=legs,
            period=generation.period,
            evidence=evidence,
            actor=actor,
            generation_id=generation.pk,
        ),
        now=now,
    )
