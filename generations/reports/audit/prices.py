"""Prices and quotes: every quote is what its price row says, and every row says one thing."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db.models import Count, Exists, F, Max, Min, OuterRef, Q

from generations.models import Evidence, Generation, Incident, IncidentKind, Price
from generations.money import MICRO, credits_text
from generations.reports.audit.finding import Finding, finding

# A price that was being stored, or came into force, while somebody asked was not there for him yet.
_SLACK = timedelta(minutes=1)
_RIGHT = Q(
    model=F("price__model"),
    quote_micro_credits=F("price__micro_credits"),
    quote_micro_usd=(F("price__micro_credits") * F("price__micro_usd_per_credit") + MICRO // 2)
    / MICRO,
)


def quotes(now: datetime) -> Iterator[Finding]:
    """I25, I26: the quotes that their price row does not make; the row, where all of them differ."""
    wrong = Generation.objects.exclude(_RIGHT)
    rows = (
        wrong.order_by()
        .values_list("price")
        .annotate(Count("pk"), Min("quote_micro_credits"), Max("quote_micro_credits"))
    )
    for price_id, count, least, most in rows:
        price = Price.objects.get(pk=price_id)
        quoted = Generation.objects.filter(price=price).count()
        if quoted == count > 1 and least == most:
            sentence = (
                f"The price says {credits_text(price.micro_credits)} credits, yet all {count}"
                f" generations were quoted {credits_text(least)} by it: it has been changed."
            )
            yield finding("I26", Price, price_id, sentence)
            continue
        for pk, quote in wrong.filter(price=price).values_list("pk", "quote_micro_credits"):
            sentence = (
                f"It was quoted {credits_text(quote)} credits by price {price_id},"
                f" which says {credits_text(price.micro_credits)} for {price.model}."
            )
            yield finding("I25", Generation, pk, sentence)


def ambiguous(now: datetime) -> Iterator[Finding]:
    """I26: rows that are valid and known from the same moments, and differ."""
    twin = Price.objects.filter(
        model=OuterRef("model"),
        variant=OuterRef("variant"),
        valid_from=OuterRef("valid_from"),
        known_from=OuterRef("known_from"),
        pk__lt=OuterRef("pk"),
    ).exclude(
        micro_credits=OuterRef("micro_credits"),
        micro_usd_per_credit=OuterRef("micro_usd_per_credit"),
    )
    for price in Price.objects.filter(Exists(twin)):
        sentence = f"Another price of {price} is valid and known from the same moments."
        yield finding("I26", Price, price.pk, sentence)


def wrong_row(now: datetime) -> Iterator[Finding]:
    """I25: generations quoted by a row that did not hold when they were asked for."""
    later = Price.objects.filter(
        model=OuterRef("model"),
        variant=OuterRef("price__variant"),
        valid_from__lte=OuterRef("created_at") - _SLACK,
        known_from__lte=OuterRef("created_at") - _SLACK,
    ).filter(
        Q(valid_from__gt=OuterRef("price__valid_from"))
        | Q(
            valid_from=OuterRef("price__valid_from"),
            known_from__gt=OuterRef("price__known_from"),
        )
    )
    early = Q(created_at__lt=F("price__valid_from")) | Q(created_at__lt=F("price__known_from"))
    for pk, price_id in Generation.objects.filter(early | Exists(later)).values_list("pk", "price"):
        sentence = f"It was quoted by price {price_id}, which did not hold when it was asked for."
        yield finding("I25", Generation, pk, sentence)


def overcharges(now: datetime) -> Iterator[Finding]:
    """I23: charges above the hold that nobody was told of."""
    told = Incident.objects.filter(
        generation=OuterRef("pk"), kind__in=[IncidentKind.OVERCHARGE, IncidentKind.REFUND_KEPT]
    )
    silent = Generation.objects.filter(
        ~Exists(told),
        cost_micro_credits__gt=F("quote_micro_credits"),
        cost_evidence=Evidence.PROVIDER,
    )
    for pk, cost, quote in silent.values_list("pk", "cost_micro_credits", "quote_micro_credits"):
        sentence = (
            f"It cost {credits_text(cost or 0)} credits where {credits_text(quote)} were held,"
            " and no incident says so."
        )
        yield finding("I23", Generation, pk, sentence)
