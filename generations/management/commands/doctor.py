"""`./run doctor`, second half: database, queue, provider and disk, each ok or what to do."""

import platform
from collections.abc import Iterator
from dataclasses import dataclass

import django
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from generations import provider, queue, storage
from generations.kie import AccountRefused, ReadFailed
from generations.services import heartbeat, lane


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at; `advice` is empty when all is well."""

    topic: str
    detail: str
    advice: str = ""

    def __str__(self) -> str:
        verdict = "!!" if self.advice else "ok"
        return (
            f"{verdict}  {self.topic:<12} {self.detail}{': ' if self.advice else ''}{self.advice}"
        )


class Command(BaseCommand):
    help = "Look at database, queue, provider and disk, and say what to do."

    def handle(self, *args: object, **options: object) -> None:
        broken = False
        for finding in _findings():
            self.stdout.write(str(finding))
            broken = broken or bool(finding.advice)
        if broken:
            raise CommandError("Something must be done: see the lines marked !!")


def _findings() -> Iterator[Finding]:
    yield Finding("versions", f"Python {platform.python_version()}, Django {django.__version__}")
    yield _disk()
    database = _database()
    yield database
    if not database.advice:
        yield _queue()
        yield _lane()
    yield _provider()


def _disk() -> Finding:
    detail = f"{storage.free_mb()} MB free under {settings.DATA_DIR}"
    advice = "" if storage.has_room() else f"free some: MIN_FREE_MB is {settings.MIN_FREE_MB}"
    return Finding("disk", detail, advice)


def _database() -> Finding:
    detail = f"{connection.vendor}, {connection.settings_dict['NAME']}"
    try:
        executor = MigrationExecutor(connection)
        waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError as error:
        return Finding("database", detail, f"cannot be reached: {str(error).splitlines()[0]}")
    advice = f"{len(waiting)} migrations wait; ./run manage bootstrap" if waiting else ""
    return Finding("database", detail, advice)


def _queue() -> Finding:
    age_s = heartbeat.newest_age_s(now=timezone.now())
    detail = f"{queue.waiting()} messages wait"
    if age_s is None or age_s > heartbeat.FRESH_FOR.total_seconds():
        last = "never" if age_s is None else f"{age_s:.0f} s ago"
        return Finding("queue", f"{detail}, last task {last}", "start ./run serve or ./run worker")
    return Finding("queue", f"{detail}, last task {age_s:.0f} s ago")


def _lane() -> Finding:
    gate = lane.get()
    if gate.paused_at is not None:
        why = f"paused by {gate.paused_by or 'somebody'}"
        return Finding("submissions", why, "./run manage resume_submissions")
    if gate.blocked_code is not None:
        advice = "look at credits and key at KIE; one probe a minute goes out"
        return Finding("submissions", f"KIE refuses the account ({gate.blocked_code})", advice)
    return Finding("submissions", "open")


def _provider() -> Finding:
    where = f"{settings.KIE_MODE}, {settings.KIE_BASE_URL}"
    try:
        balance = provider.client().credit_balance()
    except AccountRefused as refusal:
        return Finding("provider", where, f"KIE refuses the key: {refusal.reason}")
    except ReadFailed as failure:
        starts = "; ./run starts a simulator" if settings.KIE_MODE == "simulator" else ""
        return Finding("provider", where, f"no answer: {failure.reason}{starts}")
    return Finding("provider", f"{where}, {balance} credits")
