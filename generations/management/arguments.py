"""What the commands' arguments are read with, and how they say what a service refuses."""

from argparse import ArgumentTypeError
from collections.abc import Iterable
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from django.conf import settings

from generations.money import micro
from generations.services.errors import Fault


def amount(text: str) -> int:
    """Read credits or dollars such as "160" or "0.005" as millionths."""
    try:
        return micro(text)
    except ValueError as error:
        raise ArgumentTypeError(f"{text!r} is no amount such as 160 or 0.005") from error


def moment(text: str) -> datetime:
    """Read a date, its first moment in TIME_ZONE, or a moment; a moment without a zone is there too."""
    zone = ZoneInfo(settings.TIME_ZONE)
    try:
        if len(text) == len("2026-01-31"):
            return datetime.combine(date.fromisoformat(text), time.min, zone)
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise ArgumentTypeError(f"{text!r} is no date such as 2026-01-31") from error
    return found if found.tzinfo else found.replace(tzinfo=zone)


def sentences(faults: Iterable[Fault]) -> str:
    """Answer what is wrong, a sentence a fault."""
    return " ".join(f"{fault.pointer.strip('/')}: {fault.sentence('en')}" for fault in faults)
