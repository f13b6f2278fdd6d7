"""Which price holds, and what a request costs by it."""

from dataclasses import dataclass
from datetime import datetime

from generations.catalog import ModelSpec, price_variant
from generations.models import Price
from generations.money import usd_at
from generations.services.errors import PriceMissing


@dataclass(frozen=True, slots=True)
class Quote:
    """What a request will cost, by the price row that says so."""

    price: Price
    micro_credits: int
    micro_usd: int


def usd_of(micro_credits: int, price: Price) -> int:
    """Answer micro-dollars for micro-credits at the price's rate, rounded half up.

    160 credits at $0.005 are $0.80: usd_of(160_000_000, …5_000 a credit…) == 800_000.
    """
    return usd_at(micro_credits, price.micro_usd_per_credit)


def quote(*, spec: ModelSpec, request_input: dict[str, object], now: datetime) -> Quote:
    """Answer what a normalised input costs now. Raises PriceMissing when no price row holds."""
    price = price_at(model=spec.id, variant=price_variant(spec, request_input), now=now)
    if price is None:
        raise PriceMissing
    return Quote(price, price.micro_credits, usd_of(price.micro_credits, price))


def price_at(*, model: str, variant: str, now: datetime) -> Price | None:
    """Answer the price row that holds at a moment: the latest that is valid and known by then."""
    return (
        Price.objects.filter(model=model, variant=variant, valid_from__lte=now, known_from__lte=now)
        .order_by("-valid_from", "-known_from", "-id")
        .first()
    )
