"""Brings the database to what the code needs: migrations, schedules, roles, first prices."""

import secrets
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractUser, Group
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError, connection
from django.utils import timezone

from generations import storage
from generations.services.bootstrap import bootstrap

# Any number will do, as long as nothing else in the database locks the same one.
_LOCK = 7_202_116_001
DEMO_USER = "demo"


class Command(BaseCommand):
    help = "Migrate and install schedules, roles and first prices. Safe to repeat, also at once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--demo", action="store_true", help="Also make the demo login (simulator mode only)."
        )

    def handle(self, *args: object, **options: object) -> None:
        try:
            connection.ensure_connection()
        except OperationalError as error:
            why = str(error).strip().splitlines()[0]
            raise CommandError(f"DATABASE_URL: the database cannot be reached: {why}") from error
        with _alone():
            call_command("migrate", verbosity=0, interactive=False)
            bootstrap(now=timezone.now())
        if not settings.MODE_FILE.exists():
            storage.put(settings.MODE_FILE, settings.KIE_MODE.encode())
        if options["demo"] and settings.KIE_MODE == "simulator":
            _make_demo_user(Path(settings.DATA_DIR) / "demo_password")


@contextmanager
def _alone() -> Iterator[None]:
    """Let one host at a time migrate a PostgreSQL database; SQLite has one parent anyway."""
    if connection.vendor != "postgresql":
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [_LOCK])
        try:
            yield
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])


def _make_demo_user(password_file: Path) -> None:
    user: AbstractUser
    user, is_new = get_user_model().objects.get_or_create(
        username=DEMO_USER, defaults={"is_staff": True, "is_superuser": True}
    )
    if is_new or not password_file.exists():
        password = secrets.token_urlsafe(9)
        storage.put(password_file, password.encode())
        password_file.chmod(0o600)
        user.set_password(password)
        user.save(update_fields=["password"])
    user.groups.add(Group.objects.get(name="administrator"))
