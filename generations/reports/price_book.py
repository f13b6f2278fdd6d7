"""The price book against the world: what KIE really charged by each row, and what another would cost.

Nothing here is stored, and no past total moves: sums are of what generations have cost.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, F, Max, Min, Q, Sum

from generations.models import Evidence, Generation, Price, PriceProposal, ProposalState, Status
from generations.money import usd_at


@dataclass(frozen=True, slots=True)
class Charged:
    """What KIE's own records say was charged by one price row, in micro-credits.

    `mean` is rounded half up; all but the counts are None while nothing was charged by the row.
    """

    price: Price
    count: int
    lowest: int | None
    mean: int | None
    highest: int | None
    different_count: int

    @property
    def is_as_quoted(self) -> bool:
        return self.different_count == 0


@dataclass(frozen=True, slots=True)
class WhatIf:
    """One variant's generations of a while: what they have cost and would have cost."""

    model: str
    variant: str
    generations: int
    micro_credits: int
    micro_usd: int
    would_micro_credits: int
    would_micro_usd: int

    @property
    def difference_micro_usd(self) -> int:
        return self.would_micro_usd - self.micro_usd


@dataclass(frozen=True, slots=True)
class OtherPrice:
    """A price that is only asked about."""

    model: str
    variant: str
    micro_credits: int
    micro_usd_per_credit: int


# Of successes, and as KIE's own record says: a failure that was free says nothing about a price.
_CHARGED = Q(status=Status.SUCCEEDED, cost_evidence=Evidence.PROVIDER)
_DIFFERENT = ~Q(cost_micro_credits=F("quote_micro_credits"))


def charged(*, model: str | None = None) -> list[Charged]:
    """Answer for each price row, newest first by model and variant, what KIE has charged by it."""
    rows = Price.objects.select_related("created_by").order_by(
        "model", "variant", "-valid_from", "-known_from", "-id"
    )
    if model is not None:
        rows = rows.filter(model=model)
    sums = {
        found["price"]: found
        for found in Generation.objects.filter(_CHARGED)
        .order_by()
        .values("price")
        .annotate(
            count=Count("pk"),
            lowest=Min("cost_micro_credits"),
            highest=Max("cost_micro_credits"),
            sum=Sum("cost_micro_credits"),
            different=Count("pk", filter=_DIFFERENT),
        )
    }
    return [_charged(price, sums.get(price.pk)) for price in rows]


def charged_differently(*, price: Price | None = None, most: int = 50) -> list[Generation]:
    """Answer the newest generations that KIE charged otherwise than quoted."""
    rows = Generation.objects.filter(_CHARGED & _DIFFERENT).select_related("price", "created_by")
    if price is not None:
        rows = rows.filter(price=price)
    return list(rows.order_by("-created_at", "-pk")[:most])


def count_proposed() -> int:
    """Answer how many proposed prices wait for a second person."""
    return PriceProposal.objects.filter(state=ProposalState.PENDING).count()


def what_if(*, since: datetime, until: datetime, other: OtherPrice) -> list[WhatIf]:
    """Answer what the generations made from `since` until before `until` would have cost.

    Only what has cost something counts, by variant; those of other variants cost what they did.
    10 generations of 160 credits ($0.80) at 200 credits ($1.00) would cost $2.00 more.
    """
    rows = (
        Generation.objects.filter(
            created_at__gte=since, created_at__lt=until, cost_micro_credits__gt=0
        )
        .order_by()
        .values("model", "price__variant")
        .annotate(count=Count("pk"), credits=Sum("cost_micro_credits"), usd=Sum("cost_micro_usd"))
        .order_by("model", "price__variant")
    )
    return [_what_if(row, other) for row in rows]


def total(rows: Sequence[WhatIf]) -> WhatIf:
    """Answer the sums of the rows."""
    return WhatIf(
        model="",
        variant="",
        generations=sum(row.generations for row in rows),
        micro_credits=sum(row.micro_credits for row in rows),
        micro_usd=sum(row.micro_usd for row in rows),
        would_micro_credits=sum(row.would_micro_credits for row in rows),
        would_micro_usd=sum(row.would_micro_usd for row in rows),
    )


def _charged(price: Price, found: Mapping[str, Any] | None) -> Charged:
    if found is None:
        return Charged(price, 0, None, None, None, 0)
    count = found["count"]
    mean = (found["sum"] * 2 + count) // (count * 2)
    return Charged(price, count, found["lowest"], mean, found["highest"], found["different"])


def _what_if(row: Mapping[str, Any], other: OtherPrice) -> WhatIf:
    count, credits_, usd = row["count"], row["credits"], row["usd"]
    is_asked = (row["model"], row["price__variant"]) == (other.model, other.variant)
    of_one = usd_at(other.micro_credits, other.micro_usd_per_credit)
    return WhatIf(
        model=row["model"],
        variant=row["price__variant"],
        generations=count,
        micro_credits=credits_,
        micro_usd=usd,
        would_micro_credits=count * other.micro_credits if is_asked else credits_,
        would_micro_usd=count * of_one if is_asked else usd,
    )
