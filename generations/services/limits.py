"""The account's limits, held across all processes by rows: N uses in any window, exactly."""

import threading
import time
from collections import deque
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet

from generations.models import RateSlot

CREATES = "creates"
READS = "reads"

# Half a second more than KIE's ten: a use is dated when it is taken, and KIE counts arrivals.
_WINDOW = {CREATES: timedelta(seconds=10.5), READS: timedelta(seconds=1)}
# A use dated further ahead than this was written before the clock jumped back; it counts as free.
_CLOCK_SLACK = timedelta(seconds=30)
_LONG_AGO = datetime.fromisoformat("2000-01-01T00:00:00+00:00")


def take(limit: str, *, now: datetime, most: int = 1) -> int:
    """Take up to `most` uses of a limit and answer how many were free. Never waits."""
    if most <= 0:
        return 0
    _fit(limit)
    with transaction.atomic():
        # Two takers at once pass each other by (PostgreSQL) or follow each other (SQLite).
        free = list(
            _free(limit, now)
            .select_for_update(skip_locked=True)
            .values_list("pk", flat=True)[:most]
        )
        return RateSlot.objects.filter(pk__in=free).update(used_at=now) if free else 0


class Pace:
    """Spaces out what one process begins: at most `most` in any second, by when each really begins.

    `take` dates a use by the moment it is granted. A busy machine may begin late what was granted in
    one second, and in time what was granted in the next; KIE would see both at once.
    """

    def __init__(self, most: int) -> None:
        self._begun_s: deque[float] = deque(maxlen=most)
        self._turn = threading.Lock()

    def wait(self) -> None:
        """Wait until one more may begin; those who wait follow each other."""
        with self._turn:
            if len(self._begun_s) == self._begun_s.maxlen:
                time.sleep(max(0.0, self._begun_s[0] + 1.0 - time.monotonic()))
            self._begun_s.append(time.monotonic())


def free(limit: str, *, now: datetime) -> int:
    """Answer how many uses are free now."""
    _fit(limit)
    return _free(limit, now).count()


def give_back(limit: str, *, used_at: datetime) -> None:
    """Return one use that was taken at `used_at` and not needed: nothing was sent."""
    slot = RateSlot.objects.filter(limit=limit, used_at=used_at).first()
    if slot is not None:
        RateSlot.objects.filter(pk=slot.pk, used_at=used_at).update(used_at=_LONG_AGO)


def _free(limit: str, now: datetime) -> QuerySet[RateSlot]:
    old = Q(used_at__lte=now - _WINDOW[limit]) | Q(used_at__gt=now + _CLOCK_SLACK)
    return RateSlot.objects.filter(old, limit=limit).order_by("used_at")


def _allowed(limit: str) -> int:
    return settings.KIE_CREATES_PER_10S if limit == CREATES else settings.KIE_READS_PER_SECOND


def _fit(limit: str) -> None:
    """Make the number of slots the number that the settings allow."""
    allowed = _allowed(limit)
    have = RateSlot.objects.filter(limit=limit).count()
    if have < allowed:
        RateSlot.objects.bulk_create(
            [
                RateSlot(limit=limit, number=number, used_at=_LONG_AGO)
                for number in range(have, allowed)
            ],
            ignore_conflicts=True,
        )
    elif have > allowed:
        RateSlot.objects.filter(limit=limit, number__gte=allowed).delete()
