"""Whether the database still refuses to rewrite history (I2, I26, I39)."""

from collections.abc import Iterator
from datetime import datetime

from django.db import connection

from generations.reports.audit.finding import Finding

TRIGGERS = {
    "generation_task_id_stays": ("I2", "generations_generation"),
    "generations_generationevent_stays": ("I39", "generations_generationevent"),
    "events_never_shrink": ("I39", "generations_generationevent"),
    "generations_price_stays": ("I26", "generations_price"),
    "generations_presetversion_stays": ("I39", "generations_presetversion"),
    "ledger_never_changes": ("I39", "generations_ledgerentry"),
    "ledger_never_shrinks": ("I39", "generations_ledgerentry"),
}
_INSTALLED = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'",
    "postgresql": "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled <> 'D'",
}


def missing(now: datetime) -> Iterator[Finding]:
    """Name the triggers that are not there, or switched off."""
    with connection.cursor() as cursor:
        cursor.execute(_INSTALLED[connection.vendor])
        there = {name for (name,) in cursor.fetchall()}
    for name, (invariant, table) in TRIGGERS.items():
        if name not in there:
            yield Finding(invariant, table, "", f"The trigger {name} is missing or switched off.")
