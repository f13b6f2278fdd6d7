"""When a generation is read next, and writing that down."""

from datetime import datetime, timedelta

from django.conf import settings

from generations.models import Generation

LONGEST_S = 6 * 3600


def next_read(generation: Generation, now: datetime, wait: timedelta | None) -> None:
    """Set the next read; None for a generation that is over and needs no more.

    Nothing is written when the generation's status has changed since it was loaded.
    """
    Generation.objects.filter(pk=generation.pk, status=generation.status).update(
        next_poll_at=None if wait is None else now + wait, last_poll_at=now
    )


def usual_wait(generation: Generation, now: datetime) -> timedelta:
    """Answer the interval that the generation's age asks for."""
    return timedelta(seconds=interval_s(age_s(generation, now), settings.POLL_SECONDS))


def age_s(generation: Generation, now: datetime) -> float:
    """Answer the seconds since the generation was submitted, never less than 0."""
    return max(0.0, (now - (generation.submitted_at or generation.created_at)).total_seconds())


def interval_s(age_s: float, steps: tuple[int, int, int]) -> int:
    """Answer the seconds until the next read of a generation submitted `age_s` seconds ago.

    With steps (5, 10, 30): every 5 s up to 60 s of age, every 10 s up to 5 min, every 30 s up to
    15 min; then 60, 120, 240 … s, at most 6 h. So at 900 s of age the answer is 60, at 960 s 120.
    """
    first, second, third = steps
    if age_s < 60:
        return first
    if age_s < 300:
        return second
    if age_s < 900:
        return third
    wait_s, reached_s = third, 900
    while reached_s <= age_s:
        wait_s = min(LONGEST_S, wait_s * 2)
        reached_s += wait_s
    return wait_s
