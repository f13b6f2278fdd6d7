"""The database: SQLite in DATA_DIR, or PostgreSQL by DATABASE_URL."""

from typing import Any

import environ

from kling_platform import env
from kling_platform.settings.paths import DATA_DIR

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# WAL lets readers go on while one writes; IMMEDIATE makes writers queue instead of failing at once;
# FULL keeps a committed task id through a power cut, and that id is money.
SQLITE_OPTIONS = {
    "timeout": 30,
    "transaction_mode": "IMMEDIATE",
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-16000;",
}


def _read() -> dict[str, Any]:
    value = env.text("DATABASE_URL")
    if not value:
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": DATA_DIR / "platform.sqlite3",
            "OPTIONS": SQLITE_OPTIONS,
        }
    allowed = "must be postgres://user:password@host:port/name or sqlite:///path"
    if value.split(":", 1)[0] not in {"postgres", "postgresql", "sqlite"}:
        raise env.BadSetting("DATABASE_URL", allowed)
    try:
        config = dict(environ.Env.db_url_config(value))
    except (ValueError, TypeError):
        raise env.BadSetting("DATABASE_URL", allowed) from None
    if config["ENGINE"].endswith("sqlite3"):
        config["OPTIONS"] = SQLITE_OPTIONS
    return config


DATABASES = {
    # A connection for each broker call would be the queue's largest cost (design: performance B1).
    "default": _read() | {"CONN_MAX_AGE": None, "CONN_HEALTH_CHECKS": True},
}

REDIS_URL = env.text("REDIS_URL")
if REDIS_URL and not REDIS_URL.startswith(("redis://", "rediss://", "unix://")):
    raise env.BadSetting("REDIS_URL", "must begin with redis://, rediss:// or unix://")
CACHES: dict[str, dict[str, Any]] = {
    "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}
    if REDIS_URL
    else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
}
