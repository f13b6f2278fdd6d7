"""What must hold before the platform may start: settings that would cost money if they were wrong."""

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.core.checks import Error, register

from generations.services import archive, submit, sweep

CREATE_DEADLINE_S = 20


@register()
def queue_is_safe(app_configs: Any, **kwargs: Any) -> list[Error]:
    """The queue must never run a paid task twice by itself: docs/decisions/0002-queue.md."""
    q: dict[str, Any] = settings.Q_CLUSTER
    found = []
    workers, limit = q.get("workers", 0), q.get("queue_limit", 0)
    timeout, retry = q.get("timeout"), q.get("retry", 60)
    if not isinstance(timeout, int) or timeout <= 0:
        found.append(_error("E001", "timeout must be a whole number of seconds"))
    elif workers < 2 or limit < 1 or retry < (limit / max(workers, 1) + 1) * timeout + 30:
        found.append(
            _error(
                "E002",
                "retry must be at least (queue_limit / workers + 1) * timeout + 30, with 2 workers",
            )
        )
    else:
        longest = max(archive.LEASE.total_seconds(), sweep.TURN_S + 20)
        if not CREATE_DEADLINE_S < submit.LEASE.total_seconds() < timeout or longest >= timeout:
            found.append(_error("E003", "timeout must be above every lease and every task's turn"))
    if not q.get("ack_failures") or q.get("max_attempts") != 1:
        found.append(_error("E004", "ack_failures must be True and max_attempts 1"))
    if q.get("catch_up", True):
        found.append(_error("E005", "catch_up must be False"))
    if q.get("orm") != "default":
        found.append(_error("E006", "orm must be 'default': bells must commit with the rows"))
    return found


@register()
def queue_admin_is_hidden(app_configs: Any, **kwargs: Any) -> list[Error]:
    """django-q2's own pages can run paid tasks again and unpickle whatever lies in the table."""
    shown = [model for model in admin.site._registry if model._meta.app_label == "django_q"]
    return [_error("E007", f"{model.__name__} may not be in the admin") for model in shown]


@register()
def sqlite_is_durable(app_configs: Any, **kwargs: Any) -> list[Error]:
    """On SQLite a committed task id must survive a power cut, and writers must queue."""
    database: dict[str, Any] = settings.DATABASES["default"]
    if not database["ENGINE"].endswith("sqlite3"):
        return []
    options = database.get("OPTIONS", {})
    pragmas = options.get("init_command", "").replace(" ", "").lower()
    sound = (
        options.get("transaction_mode") == "IMMEDIATE"
        and options.get("timeout", 0) >= 20
        and "journal_mode=wal" in pragmas
        and "synchronous=full" in pragmas
    )
    return [] if sound else [_error("E008", "SQLite must run with WAL, IMMEDIATE and FULL")]


def _error(number: str, message: str) -> Error:
    return Error(message, id=f"generations.{number}")
