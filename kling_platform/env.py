"""Reads the environment and refuses nonsense.

Every function takes the variable's name and answers its value, or stops the start with one line
that names the variable, what it holds and what is allowed.
"""

import ipaddress
import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

T = TypeVar("T")


class BadSetting(SystemExit):
    """A variable holds what it may not. Ends the process with one line and no traceback."""

    def __init__(self, name: str, allowed: str, value: str | None = None) -> None:
        got = "" if value is None else f" (got {value[:80]!r})"
        super().__init__(f"{name}: {allowed}{got}")


def text(name: str, default: str = "") -> str:
    return os.environ.get(name, "").strip() or default


def secret(name: str) -> str:
    """Answer the secret in NAME, or in the file that NAME_FILE points to, or "" if neither is set."""
    path = text(f"{name}_FILE")
    if not path:
        return text(name)
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise BadSetting(
            f"{name}_FILE", f"must be a readable file: {error.strerror}", path
        ) from None


def flag(name: str, default: bool = False) -> bool:
    value = text(name, "1" if default else "0").lower()
    if value in {"1", "true", "yes", "on"}:
        return True
    if value in {"0", "false", "no", "off"}:
        return False
    raise BadSetting(name, "must be 0 or 1", value)


def whole(name: str, default: int, *, least: int, most: int) -> int:
    value = text(name, str(default))
    if not (value.isascii() and value.isdigit()) or not least <= int(value) <= most:
        raise BadSetting(name, f"must be a whole number from {least} to {most}", value)
    return int(value)


def choice(name: str, default: str, allowed: tuple[str, ...]) -> str:
    value = text(name, default)
    if value not in allowed:
        raise BadSetting(name, "must be " + " or ".join(allowed), value)
    return value


def listed(name: str, default: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Answer the comma-separated entries of NAME, without blanks."""
    value = text(name)
    if not value:
        return default
    return tuple(entry.strip() for entry in value.split(",") if entry.strip())


def parsed(name: str, default: str, parse: Callable[[str], T], allowed: str) -> T:
    """Answer `parse(value)`; a ValueError of it is reported as `allowed`."""
    value = text(name, default)
    try:
        return parse(value)
    except (ValueError, KeyError):
        raise BadSetting(name, allowed, value) from None


def url(name: str, default: str = "") -> str:
    """Answer an https address (plain http for loopback hosts only) without a trailing slash."""
    value = text(name, default)
    if not value:
        return ""
    parts = parsed(name, value, urlsplit, "must be an address such as https://example.com")
    allowed = "must be an https address (plain http for loopback hosts only), without query"
    host = parts.hostname or ""
    sound = bool(host) and not parts.query and not parts.fragment and "@" not in parts.netloc
    try:
        sound = sound and (parts.port is None or parts.port > 0)
    except ValueError:
        sound = False
    if any(ch.isspace() or ch == "\\" for ch in value):
        sound = False
    if not sound or parts.scheme not in {"http", "https"}:
        raise BadSetting(name, allowed, value)
    if parts.scheme == "http" and not is_loopback(host):
        raise BadSetting(name, allowed, value)
    return value.rstrip("/")


def is_loopback(host: str) -> bool:
    """Tell whether a host name or address can only be this machine."""
    if host.rstrip(".").lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def zone(name: str, default: str) -> str:
    parsed(name, default, ZoneInfo, "must be a time zone such as Europe/Moscow")
    return text(name, default)
