"""Leases: the right to be the only one who does a thing, for a while, across all processes."""

from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Q

from generations.models import Lease


def take(name: str, *, holder: str, now: datetime, seconds: int) -> bool:
    """Take or renew a lease. False when somebody else holds it."""
    mine_or_over = Q(holder=holder) | Q(until__isnull=True) | Q(until__lte=now)
    # A lease that ends later than any lease may was written before the clock jumped back.
    absurd = Q(until__gt=now + timedelta(hours=1))
    until = now + timedelta(seconds=seconds)
    if Lease.objects.filter(mine_or_over | absurd, name=name).update(holder=holder, until=until):
        return True
    try:
        with transaction.atomic():
            Lease.objects.create(name=name, holder=holder, until=until)
    except IntegrityError:
        return False
    return True


def release(name: str, *, holder: str) -> None:
    """Give a lease up, if it is still ours."""
    Lease.objects.filter(name=name, holder=holder).update(until=None, holder="")


def is_held(name: str, *, now: datetime) -> bool:
    """Tell whether anybody holds the lease."""
    return Lease.objects.filter(name=name, until__gt=now).exists()
