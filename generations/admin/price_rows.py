"""Prices as the pages show them: by variant, proposals with what they follow, and what-if rows."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from django.contrib.auth.models import User
from django.utils.translation import gettext as _

from generations.admin.parameters import choice_text
from generations.admin.words import dollars, short
from generations.catalog import get_model
from generations.models import Generation, Price, PriceProposal
from generations.money import credits_text, usd_at, usd_text
from generations.reports.price_book import Charged, WhatIf
from generations.services import price_book
from generations.services.price_book import NewPrice


@dataclass(frozen=True, slots=True)
class Row:
    """One price row with what was charged by it; `state` is "now", "ahead" or "past"."""

    price: Price
    charged: Charged
    state: str
    credits: str
    usd: str
    rate: str
    by: str
    range: str
    mean: str


@dataclass(frozen=True, slots=True)
class VariantRows:
    """The rows of one variant, newest first; `now` is None where no price holds."""

    title: str
    text: str
    variant: str
    key: str
    rows: tuple[Row, ...]

    @property
    def now(self) -> Row | None:
        return next((row for row in self.rows if row.state == "now"), None)


@dataclass(frozen=True, slots=True)
class Proposal:
    """A proposal, the row that it follows, and what the person who looks at it may do."""

    row: PriceProposal
    title: str
    price: str
    before: str
    is_own: bool
    can_approve: bool
    can_refuse: bool


@dataclass(frozen=True, slots=True)
class Difference:
    """A generation that KIE charged otherwise than quoted."""

    generation: Generation
    quoted: str
    charged: str


@dataclass(frozen=True, slots=True)
class WhatIfRow:
    title: str
    generations: int
    cost: str
    would: str
    difference: str


def variant_text(variant: str) -> str:
    """Answer a variant in the words of the interface: "5 seconds" for "duration=5"."""
    pairs = (pair.partition("=") for pair in variant.split("&") if pair)
    return ", ".join(choice_text(name, value) for name, _equals, value in pairs)


def by_variant(charged: Iterable[Charged], *, now: datetime) -> list[VariantRows]:
    """Answer the price book by variant, with the row that holds at the moment marked."""
    found = []
    for (model, variant), rows in groupby(charged, lambda c: (c.price.model, c.price.variant)):
        listed, has_now = [], False
        for row in rows:
            state = "ahead" if row.price.valid_from > now else "past" if has_now else "now"
            has_now = has_now or state == "now"
            listed.append(_row(row, state))
        title, text = _title(model), variant_text(variant)
        found.append(VariantRows(title, text, variant, f"{model}|{variant}", tuple(listed)))
    return sorted(found, key=lambda group: (group.title, len(group.variant), group.variant))


def proposal(row: PriceProposal, *, user: User, now: datetime) -> Proposal:
    """Answer a proposal as a person sees it."""
    holds_right = user.has_perm(price_book.RIGHT_TO_APPROVE)
    is_own = row.proposed_by_id == user.pk
    new = NewPrice(
        row.model, row.variant, row.micro_credits, row.micro_usd_per_credit, row.valid_from
    )
    old = price_book.followed(new, now=now)
    return Proposal(
        row=row,
        title=f"{_title(row.model)} · {variant_text(row.variant)}",
        price=_price_text(row.micro_credits, row.micro_usd_per_credit),
        before=_price_text(old.micro_credits, old.micro_usd_per_credit) if old else "—",
        is_own=is_own,
        can_approve=holds_right and not is_own,
        can_refuse=holds_right or is_own,
    )


def difference(generation: Generation) -> Difference:
    return Difference(
        generation,
        short(credits_text(generation.quote_micro_credits)),
        short(credits_text(generation.cost_micro_credits or 0)),
    )


def what_if(row: WhatIf) -> WhatIfRow:
    """Answer a row of the what-if table; the sum has no model."""
    more = row.difference_micro_usd
    return WhatIfRow(
        title=f"{_title(row.model)} · {variant_text(row.variant)}" if row.model else _("Together"),
        generations=row.generations,
        cost=dollars(row.micro_usd),
        would=dollars(row.would_micro_usd),
        difference=("+" if more > 0 else "") + dollars(more),
    )


def rate_text(micro_usd_per_credit: int) -> str:
    return f"${short(usd_text(micro_usd_per_credit), places=2)}"


def by_whom(price: Price) -> str:
    return price.created_by.get_username() if price.created_by else _("the platform")


def _row(charged: Charged, state: str) -> Row:
    price = charged.price
    lowest, highest = charged.lowest, charged.highest
    shown = ""
    if lowest is not None and highest is not None:
        ends = dict.fromkeys(short(credits_text(amount)) for amount in (lowest, highest))
        shown = " – ".join(ends)
    return Row(
        price=price,
        charged=charged,
        state=state,
        credits=short(credits_text(price.micro_credits)),
        usd=dollars(usd_at(price.micro_credits, price.micro_usd_per_credit)),
        rate=rate_text(price.micro_usd_per_credit),
        by=by_whom(price),
        range=shown,
        mean="" if charged.mean is None else short(credits_text(_hundredths(charged.mean))),
    )


def _hundredths(micro_credits: int) -> int:
    """Rounded half up to what a person reads; the report has the exact one."""
    return (micro_credits + 5_000) // 10_000 * 10_000


def _price_text(micro_credits: int, micro_usd_per_credit: int) -> str:
    usd = dollars(usd_at(micro_credits, micro_usd_per_credit))
    return _("%(credits)s credits (%(usd)s)") % {
        "credits": short(credits_text(micro_credits)),
        "usd": usd,
    }


def _title(model: str) -> str:
    spec = get_model(model)
    return spec.title if spec else model
