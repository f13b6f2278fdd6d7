"""Makes an API token and prints it, once, as the last line."""

from argparse import ArgumentParser
from datetime import timedelta

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from generations.management.arguments import amount
from generations.models import Scope
from generations.services import tokens


class Command(BaseCommand):
    help = "Make an API token for a user. The last line of the output is the token, shown once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("user", help="The user's login.")
        parser.add_argument(
            "--scope", action="append", choices=Scope.values, help="May be repeated; default: all."
        )
        parser.add_argument("--expires", type=int, metavar="DAYS", help="Default: never.")
        parser.add_argument(
            "--cap-usd", type=amount, metavar="USD", help="What it may spend in a month."
        )
        parser.add_argument("--name", default="", help="What the token is for.")

    def handle(self, *args: object, **options: object) -> None:
        user = get_user_model().objects.filter(username=options["user"]).first()
        if user is None:
            raise CommandError(f"There is no user {options['user']!r}.")
        days = options["expires"]
        if isinstance(days, int) and days < 1:
            raise CommandError("--expires takes a number of days of at least 1.")
        scopes = options["scope"] or Scope.values
        record, token = tokens.create(
            user=user,
            name=str(options["name"]),
            scopes=tuple(scopes),  # type: ignore[arg-type]
            expires_in=timedelta(days=days) if isinstance(days, int) else None,
            cap_micro_usd=options["cap_usd"],  # type: ignore[arg-type]
            now=timezone.now(),
        )
        self.stdout.write(f"Token for {user.get_username()}: {', '.join(record.scopes)}")
        self.stdout.write(token)
