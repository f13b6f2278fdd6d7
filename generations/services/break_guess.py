"""What a difference between KIE's balance and our books looks like. A guess: a person decides."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from generations.models import BreakGuess, FailureCode, Generation, Price
from generations.services.charges import Charge
from generations.services.movement import Pair


def of(pair: Pair, difference: int, charges: Sequence[Charge], *, now: datetime) -> BreakGuess:
    """Answer the likeliest cause of a difference, in micro-credits, within a pair of snapshots."""
    near = [charge for charge in charges if _touches(charge, pair)]
    if difference > 0:
        counted = [charge.kept for charge in near if charge.kept]
        return BreakGuess.NOT_CHARGED if _adds_up(difference, counted) else BreakGuess.TOP_UP
    missing = -difference
    denied = [c for c in near if c.failure_code == FailureCode.NOT_CREATED]
    if _adds_up(missing, _quotes(denied)):
        return BreakGuess.WRONG_DECISION
    if _adds_up(missing, [c.taken - c.kept for c in near if c.doubt_until is not None]):
        return BreakGuess.REFUND_MISSING
    quotes = _quotes(near)
    if any(quote and missing % quote == 0 for quote in quotes):
        return BreakGuess.SECOND_TASK
    prices = Price.objects.filter(valid_from__lte=now).values_list("micro_credits", flat=True)
    if any(missing % price == 0 for price in prices.distinct()):
        return BreakGuess.SECOND_TASK
    if near and missing < max(quotes):
        return BreakGuess.PRICE
    return BreakGuess.FOREIGN


def _touches(charge: Charge, pair: Pair) -> bool:
    """Tell whether the charge was taken, or given back, between the two snapshots."""
    start, end = pair.first.at, pair.last.at
    sent = charge.sent_until is not None and charge.sent_from <= end and start <= charge.sent_until
    back = charge.doubt_until is not None and start <= charge.doubt_until
    return sent or (back and charge.sent_from <= end)


def _quotes(charges: Iterable[Charge]) -> list[int]:
    numbers: list[UUID] = [charge.generation_id for charge in charges]
    rows = Generation.objects.filter(pk__in=numbers)
    return list(rows.values_list("quote_micro_credits", flat=True))


def _adds_up(total: int, amounts: Iterable[int]) -> bool:
    """Tell whether some of the amounts make the total."""
    sums = {0}
    for amount in amounts:
        sums |= {known + amount for known in sums if known + amount <= total}
    return total in sums and total > 0
