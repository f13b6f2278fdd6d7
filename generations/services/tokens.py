"""API tokens. The token itself is shown once and never stored."""

from contextlib import suppress
from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.db import OperationalError, transaction

from generations.models import ApiToken, Budget, Scope
from generations.services import budgets

# `last_used_at` is for people; a write for every call would cost more than it tells.
NOTE_USE_EVERY = timedelta(minutes=1)


def create(
    *,
    user: User,
    name: str = "",
    scopes: tuple[str, ...] = tuple(Scope.values),
    expires_in: timedelta | None = None,
    cap_micro_usd: int | None = None,
    now: datetime,
) -> tuple[ApiToken, str]:
    """Make a token and answer its record and the token itself; `cap_micro_usd` is its own month's.

    Raises ValueError for odd scopes, and InvalidRequest for a cap that is no budget.
    """
    odd = sorted(set(scopes) - set(Scope.values))
    if odd:
        raise ValueError(f"unknown scope {odd[0]!r}; known are {', '.join(Scope.values)}")
    with transaction.atomic():
        record, token = ApiToken.objects.create(user=user, expiry=expires_in)
        record.name = name
        record.scopes = sorted(set(scopes))
        record.save(update_fields=["name", "scopes"])
        if cap_micro_usd is not None:
            budgets.set_limit(
                limit_micro_usd=cap_micro_usd,
                by=user.get_username(),
                now=now,
                token=record,
            )
    return record, token


def note_use(token: ApiToken, *, now: datetime) -> None:
    """Remember that a token was used; written once a minute at most, and not at any price."""
    if token.last_used_at is None or now - token.last_used_at >= NOTE_USE_EVERY:
        # A database that is busy for long must not fail the call that the note is about.
        with suppress(OperationalError):
            ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)


def revoke(token: ApiToken, *, now: datetime) -> None:
    """Make a token useless from now on, and end its budget. Safe to repeat."""
    with transaction.atomic():
        Budget.objects.filter(token=token.pk, ended_at=None).update(ended_at=now)
        ApiToken.objects.filter(pk=token.pk).delete()
