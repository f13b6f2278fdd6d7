"""Where a benchmark runs: its environment, its database, and Django made ready in its process."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import django
import psycopg
from django.core.management import call_command

from kling_platform.launch.suites import reachable_postgres

ROOT = Path(__file__).resolve().parent.parent.parent
# What a shell may hold and a benchmark must not inherit: it measures the shipped settings.
_OURS = (
    *("KIE_MODE", "KIE_API_KEY", "KIE_API_KEY_FILE", "KIE_BASE_URL", "KIE_UPLOAD_BASE_URL"),
    *("KIE_WEBHOOK_HMAC_KEY", "KIE_WEBHOOK_HMAC_KEY_FILE", "PUBLIC_BASE_URL", "POLL_SECONDS"),
    *("KIE_CREATES_PER_10S", "KIE_READS_PER_SECOND", "FETCH_ALLOW_HOSTS", "CHECK_IMAGE_URLS"),
    *("SECRET_KEY", "SECRET_KEY_FILE", "DEBUG", "ALLOWED_HOSTS", "CSRF_TRUSTED_ORIGINS"),
    *("REDIS_URL", "API_REQUESTS_PER_MINUTE", "LANGUAGE_CODE", "TIME_ZONE", "HOST", "PORT"),
    *("LOG_FORMAT", "WORKER_STOP_FILE", "HEARTBEAT_FILE", "SIMULATOR_SPEED", "SIMULATOR_PORT"),
)


def clean_environ(folder: Path, database: str) -> dict[str, str]:
    """Answer the environment of one benchmark: the shipped settings over a folder of its own."""
    kept = {name: value for name, value in os.environ.items() if name not in _OURS}
    return kept | {
        "DJANGO_SETTINGS_MODULE": "kling_platform.settings",
        "DATA_DIR": str(folder / "data"),
        "DATABASE_URL": database,
        "MIN_FREE_MB": "0",
        "PYTHONUNBUFFERED": "1",
    }


def set_up_django() -> None:
    """Load the platform's settings and make the tables. Models can be imported only afterwards."""
    django.setup()
    call_command("bootstrap", verbosity=0)


@contextlib.contextmanager
def own_postgres() -> Iterator[str]:
    """Make a database of our own and hand out its address; "" when no server may be used."""
    server = os.environ.get("TEST_DATABASE") or reachable_postgres()
    if urlsplit(server).scheme not in {"postgres", "postgresql"}:
        yield ""
        return
    admin = urlsplit(server)._replace(path="/postgres").geturl()
    name = f"kling_bench_{os.getpid()}"
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    try:
        yield urlsplit(server)._replace(path=f"/{name}").geturl()
    finally:
        with psycopg.connect(admin, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
