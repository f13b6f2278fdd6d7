"""One Idempotency-Key, one generation: kept in the transaction that makes it, for as long as it."""

import hashlib
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from generations.models import Generation, IdempotencyRecord, Lease
from generations.services import leases
from generations.services.errors import KeyInUse, KeyReused

# A request that has died leaves its key to others after this long; what is slow in one takes 5 s.
_LEASE_S = 15


@dataclass(frozen=True, slots=True)
class Outcome:
    """The generation behind a key, the answer first given for it, and whether that is a replay."""

    generation: Generation
    answer: str
    is_replay: bool


def once(
    *,
    user: User,
    call: str,
    key: str,
    body_sha256: str,
    now: datetime,
    make: Callable[[], Generation],
    render: Callable[[Generation], str] = lambda generation: "",
) -> Outcome:
    """Make a generation for a key, or answer what the key has made before.

    `make` runs in one transaction with the record of the key and with the rendered answer, so a
    crash leaves all of it or nothing. What `make` raises passes through and leaves the key free.
    Raises KeyReused when the key came with another body before.
    """
    known = find(user=user, call=call, key=key, body_sha256=body_sha256)
    if known is not None:
        return known
    try:
        with transaction.atomic():
            generation = make()
            answer = render(generation)
            IdempotencyRecord.objects.create(
                user=user,
                call=call,
                key=key,
                body_sha256=body_sha256,
                created_at=now,
                generation=generation,
                answer=answer,
            )
    except IntegrityError:
        # Another request with this key was first; ours has been rolled back whole.
        known = find(user=user, call=call, key=key, body_sha256=body_sha256)
        if known is None:
            raise
        return known
    return Outcome(generation, answer, is_replay=False)


@contextmanager
def alone(*, user: User, call: str, key: str, now: datetime) -> Iterator[None]:
    """Keep other requests with the same key out while something slow is done before `once`.

    Raises KeyInUse while another request is in here.
    """
    name = f"key:{hashlib.sha256(f'{user.pk} {call} {key}'.encode()).hexdigest()[:40]}"
    holder = secrets.token_hex(8)
    if not leases.take(name, holder=holder, now=now, seconds=_LEASE_S):
        raise KeyInUse
    try:
        yield
    finally:
        Lease.objects.filter(name=name, holder=holder).delete()


def find(*, user: User, call: str, key: str, body_sha256: str) -> Outcome | None:
    """Answer what a key has made, or None. Raises KeyReused when the body differs."""
    record = (
        IdempotencyRecord.objects.select_related("generation")
        .filter(user=user, call=call, key=key)
        .first()
    )
    if record is None:
        return None
    if record.body_sha256 != body_sha256:
        raise KeyReused
    return Outcome(record.generation, record.answer, is_replay=True)
