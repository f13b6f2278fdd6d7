"""What a generation has cost, once it is over, and how that is known.

Each function answers the columns that a transition into an end writes; the transition posts the same
amounts to the ledger. Why a failure is reckoned as it is: docs/decisions/0004-cost-of-a-failure.md.
"""

from datetime import datetime
from decimal import Decimal
from typing import Any

from generations.models import Evidence, Generation, IncidentKind, Status
from generations.money import credits_text, micro
from generations.services import incidents
from generations.services.prices import usd_of

_FREE = {"cost_micro_credits": 0, "cost_micro_usd": 0}


def succeeded(generation: Generation, consumed: Decimal | None) -> dict[str, Any]:
    """The cost of a success: what KIE took; our quote where KIE does not say."""
    taken = _taken(generation, consumed)
    if taken is None:
        return {
            "cost_micro_credits": generation.quote_micro_credits,
            "cost_micro_usd": generation.quote_micro_usd,
            "cost_evidence": Evidence.QUOTE,
        }
    return _by_provider(generation, taken)


def failed(generation: Generation, consumed: Decimal | None) -> dict[str, Any]:
    """The cost of a failure at KIE: what its record of the failure says that it kept.

    An amount seen while the job ran says nothing here, since KIE returns it when a job fails.
    Where the record of the failure names none, the hold is released, since KIE says that failures
    are free, and the cost stays unknown, since nothing proves it for this one.
    Source: https://docs.kie.ai/market/common/get-task-detail (read 2026-04).
    """
    if consumed is None:
        return {"cost_micro_credits": None, "cost_micro_usd": None, "cost_evidence": Evidence.NONE}
    return _by_provider(generation, micro(consumed))


def never_charged() -> dict[str, Any]:
    """The cost of what KIE refused or never got."""
    return _FREE | {"cost_evidence": Evidence.PROVIDER}


def stated(generation: Generation, micro_credits: int) -> dict[str, Any]:
    """The cost that a person states, by the price that the generation was quoted by."""
    return {
        "cost_micro_credits": micro_credits,
        "cost_micro_usd": usd_of(micro_credits, generation.price),
        "cost_evidence": Evidence.PERSON,
    }


def watch_charge(generation: Generation, *, now: datetime) -> None:
    """Raise an incident when KIE took something else than the quote, or anything for a failure."""
    if generation.cost_evidence != Evidence.PROVIDER or not generation.cost_micro_credits:
        return
    if generation.status == Status.FAILED:
        incidents.report(
            IncidentKind.REFUND_KEPT,
            cause=credits_text(generation.cost_micro_credits),
            generation_id=generation.pk,
            now=now,
            detail={"charged_credits": credits_text(generation.cost_micro_credits)},
        )
    elif generation.cost_micro_credits != generation.quote_micro_credits:
        incidents.report(
            IncidentKind.OVERCHARGE,
            cause=credits_text(generation.cost_micro_credits),
            generation_id=generation.pk,
            now=now,
            detail={
                "quote_credits": credits_text(generation.quote_micro_credits),
                "charged_credits": credits_text(generation.cost_micro_credits),
            },
        )


def _taken(generation: Generation, consumed: Decimal | None) -> int | None:
    return generation.reported_micro_credits if consumed is None else micro(consumed)


def _by_provider(generation: Generation, taken: int) -> dict[str, Any]:
    return {
        "cost_micro_credits": taken,
        "cost_micro_usd": usd_of(taken, generation.price),
        "cost_evidence": Evidence.PROVIDER,
    }
