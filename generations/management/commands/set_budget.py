"""Sets a budget: how much may be spent in a month, by whom or on what."""

import json
from argparse import ArgumentParser, ArgumentTypeError
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from generations.management.arguments import amount, sentences
from generations.models import ApiToken, Project
from generations.money import usd_text
from generations.services import budgets
from generations.services.errors import InvalidRequest


class Command(BaseCommand):
    help = "Make the budget of a person, project, API token or of everything, or replace its limit."

    def add_arguments(self, parser: ArgumentParser) -> None:
        target = parser.add_mutually_exclusive_group(required=True)
        target.add_argument("--global", action="store_true", help="All spending.")
        target.add_argument("--user", metavar="LOGIN")
        target.add_argument("--project", metavar="SLUG")
        target.add_argument("--token", metavar="NAME", help="A token's name or first characters.")
        parser.add_argument("--period", choices=["month"], default="month")
        parser.add_argument("--usd", type=amount, required=True, help="The limit in dollars.")
        parser.add_argument("--soft", action="store_true", help="Only warn, never refuse.")
        parser.add_argument(
            "--warn",
            type=_percentages,
            default=budgets.DEFAULT_WARN_AT_PERCENT,
            metavar="50,80,95",
            help="At which percentages of the limit to warn.",
        )
        parser.add_argument("--json", action="store_true", help="Print one JSON object.")

    def handle(self, *args: object, **options: Any) -> None:
        now = timezone.now()
        try:
            budget = budgets.set_limit(
                limit_micro_usd=options["usd"],
                by="command line",
                now=now,
                is_hard=not options["soft"],
                warn_at_percent=options["warn"],
                **_target(options),
            )
        except InvalidRequest as refusal:
            raise CommandError(sentences(refusal.faults)) from refusal
        left = budgets.left(budget, now=now)
        shown = {
            "name": budget.name,
            "period": left.period,
            "limit_usd": usd_text(left.limit_micro_usd),
            "left_usd": usd_text(left.left_micro_usd),
            "hard": budget.is_hard,
            "warn_at_percent": budget.warn_at_percent,
        }
        self.stdout.write(
            json.dumps(shown)
            if options["json"]
            else f"{budget.name}: ${shown['limit_usd']} a month,"
            f" ${shown['left_usd']} left of {left.period}"
        )


def _target(options: dict[str, Any]) -> dict[str, Any]:
    if options["user"]:
        return {"user": _found(User.objects.filter(username=options["user"]), "user", options)}
    if options["project"]:
        projects = Project.objects.filter(slug=options["project"])
        return {"project": _found(projects, "project", options)}
    if options["token"]:
        named = ApiToken.objects.filter(name=options["token"])
        tokens = named or ApiToken.objects.filter(token_key=options["token"])
        return {"token": _found(tokens, "token", options)}
    return {}


def _found(rows: Any, what: str, options: dict[str, Any]) -> Any:
    found = list(rows[:2])
    if len(found) != 1:
        how_many = "more than one" if found else "no"
        raise CommandError(f"There is {how_many} {what} {options[what]!r}.")
    return found[0]


def _percentages(text: str) -> tuple[int, ...]:
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if not all(part.isascii() and part.isdigit() and len(part) <= 3 for part in parts):
        raise ArgumentTypeError(f"{text!r} are no whole percentages such as 50,80,95")
    return tuple(int(part) for part in parts)
