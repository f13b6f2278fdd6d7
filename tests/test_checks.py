"""The start-up checks: settings under which a paid task could run twice stop the start."""

from typing import Any

import pytest
from django.contrib.admin import site
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django_q.models import Schedule

from generations.checks import queue_admin_is_hidden, queue_is_safe, sqlite_is_durable
from kling_platform.settings.database import SQLITE_OPTIONS
from kling_platform.settings.queue import Q_CLUSTER

pytestmark = pytest.mark.no_database


def test_the_queue_as_shipped_is_safe() -> None:
    assert queue_is_safe(None) == []


@pytest.mark.parametrize(
    ("changes", "number"),
    [
        ({"timeout": None}, "E001"),
        ({"timeout": 0}, "E001"),
        ({"retry": 190}, "E002"),
        ({"queue_limit": 50, "retry": 900}, "E002"),
        ({"workers": 1}, "E002"),
        ({"timeout": 60, "retry": 900}, "E003"),
        ({"ack_failures": False}, "E004"),
        ({"max_attempts": 0}, "E004"),
        ({"max_attempts": 3}, "E004"),
        ({"catch_up": True}, "E005"),
        ({"orm": None}, "E006"),
    ],
)
def test_an_unsafe_queue_is_refused(settings: Any, changes: dict[str, Any], number: str) -> None:
    settings.Q_CLUSTER = Q_CLUSTER | changes
    assert [error.id for error in queue_is_safe(None)] == [f"generations.{number}"]


def test_an_unsafe_queue_stops_every_command(settings: Any) -> None:
    settings.Q_CLUSTER = Q_CLUSTER | {"max_attempts": 5}
    with pytest.raises(SystemCheckError):
        call_command("check")


def test_the_queues_own_pages_are_not_in_the_admin() -> None:
    assert not [model for model in site._registry if model._meta.app_label == "django_q"]
    assert queue_admin_is_hidden(None) == []


def test_a_page_of_the_queue_in_the_admin_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(site._registry, Schedule, object())
    assert [error.id for error in queue_admin_is_hidden(None)] == ["generations.E007"]


@pytest.mark.parametrize(
    "options",
    [
        {},
        SQLITE_OPTIONS | {"transaction_mode": "DEFERRED"},
        SQLITE_OPTIONS | {"timeout": 5},
        SQLITE_OPTIONS | {"init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"},
        SQLITE_OPTIONS | {"init_command": "PRAGMA synchronous=FULL;"},
    ],
)
def test_a_forgetful_sqlite_is_refused(settings: Any, options: dict[str, Any]) -> None:
    engine = "django.db.backends.sqlite3"
    settings.DATABASES = {"default": {"ENGINE": engine, "OPTIONS": options}}
    assert [error.id for error in sqlite_is_durable(None)] == ["generations.E008"]
    settings.DATABASES = {"default": {"ENGINE": engine, "OPTIONS": SQLITE_OPTIONS}}
    assert sqlite_is_durable(None) == []
