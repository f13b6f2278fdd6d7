"""Adds a price: a new row, never a change of an old one."""

import json
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from generations.catalog import get_model
from generations.management.arguments import amount, moment, sentences
from generations.models import Price
from generations.money import credits_text, micro, usd_text
from generations.services import price_book
from generations.services.errors import InvalidRequest
from generations.services.price_book import NewPrice
from generations.services.prices import usd_of


class Command(BaseCommand):
    help = (
        "Add a price of a model and variant. Old prices, and what was quoted by them, stay. "
        "A change of more than 50 % needs --reason."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("model", help="The model's id.")
        parser.add_argument(
            "--when",
            type=_pair,
            action="append",
            default=[],
            metavar="NAME=VALUE",
            help="What the price depends on, such as duration=5; once for each parameter.",
        )
        parser.add_argument("--credits", type=amount, required=True, help="For one generation.")
        parser.add_argument(
            "--from", dest="since", type=moment, metavar="DATE", help="Now if not given."
        )
        parser.add_argument(
            "--usd-per-credit", type=amount, metavar="USD", help="The catalogue's if not given."
        )
        parser.add_argument("--source", default="", metavar="LINK", help="The page that says so.")
        parser.add_argument("--note", default="")
        parser.add_argument("--reason", default="", help="Why it changes by more than 50 %%.")
        parser.add_argument("--user", help="The login of whoever adds it.")
        parser.add_argument("--json", action="store_true", help="Print one JSON object.")

    def handle(self, *args: object, **options: Any) -> None:
        now = timezone.now()
        by = User.objects.filter(username=options["user"]).first() if options["user"] else None
        if options["user"] and by is None:
            raise CommandError(f"There is no user {options['user']!r}.")
        try:
            price = price_book.add_at_once(
                _new_price(options, now), by=by, now=now, reason=options["reason"]
            )
        except InvalidRequest as refusal:
            raise CommandError(sentences(refusal.faults)) from refusal
        shown = _shown(price)
        self.stdout.write(
            json.dumps(shown)
            if options["json"]
            else f"{price.model} {price.variant}: {shown['credits']} credits (${shown['usd']})"
            f" from {shown['valid_from']}, price {price.pk}"
        )


def _new_price(options: Mapping[str, Any], now: datetime) -> NewPrice:
    spec = get_model(options["model"])
    if spec is None:
        raise CommandError(f"There is no model {options['model']!r} in the catalogue.")
    when = dict(options["when"])
    if sorted(when) != sorted(spec.price_keys):
        wanted = " ".join(f"--when {key}=…" for key in spec.price_keys)
        raise CommandError(f"The price of {spec.id} depends on {wanted}; give just these.")
    rate = options["usd_per_credit"]
    return NewPrice(
        model=spec.id,
        variant="&".join(f"{key}={when[key]}" for key in spec.price_keys),
        micro_credits=options["credits"],
        micro_usd_per_credit=micro(spec.usd_per_credit) if rate is None else rate,
        valid_from=options["since"] or now,
        source_url=options["source"],
        note=options["note"],
    )


def _shown(price: Price) -> dict[str, object]:
    return {
        "id": price.pk,
        "model": price.model,
        "when": dict(pair.split("=", 1) for pair in price.variant.split("&")),
        "credits": credits_text(price.micro_credits),
        "usd": usd_text(usd_of(price.micro_credits, price)),
        "usd_per_credit": usd_text(price.micro_usd_per_credit),
        "valid_from": price.valid_from.isoformat(),
        "known_from": price.known_from.isoformat(),
        "source_url": price.source_url,
        "note": price.note,
    }


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not name or not equals or not value:
        raise ArgumentTypeError(f"{text!r} is not of the form duration=5")
    return name, value
