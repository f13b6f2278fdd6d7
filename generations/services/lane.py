"""The lane: whether anything may be sent to KIE at all, by a person's word or by KIE's own."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q

from generations.models import Lane

PROBE_EVERY = timedelta(minutes=1)


def get() -> Lane:
    """Answer the lane; it is made when it is not there."""
    lane, _ = Lane.objects.get_or_create(pk=1)
    return lane


def pause(*, by: str, reason: str, now: datetime) -> None:
    """Stop all submissions from now on. What is being sent is waited for; nothing else changes."""
    get()
    Lane.objects.filter(pk=1).update(paused_at=now, paused_by=by, pause_reason=reason[:500])


def resume() -> None:
    """Let submissions go on, also when KIE had refused the account: the next one tells."""
    get()
    Lane.objects.filter(pk=1).update(paused_at=None, paused_by="", pause_reason="", **_UNBLOCKED)


def is_open(lane: Lane, *, now: datetime) -> bool:
    """Tell whether a submission may begin; while KIE refuses the account, one probe a minute may."""
    if lane.paused_at is not None:
        return False
    return lane.blocked_code is None or lane.probe_at is None or lane.probe_at <= now


@dataclass(frozen=True, slots=True)
class Turn:
    """The right to begin one submission; `is_probe` while KIE refuses the account."""

    is_probe: bool

    def still_holds(self) -> bool:
        """Tell whether it may be used: the account may have been refused to somebody meanwhile."""
        return self.is_probe or get().blocked_code is None


def take_turn(*, now: datetime) -> Turn | None:
    """Take the right to begin one submission; None when nothing may begin now."""
    lane = get()
    if not is_open(lane, now=now):
        return None
    if lane.blocked_code is None:
        return Turn(is_probe=False)
    due = Q(probe_at__isnull=True) | Q(probe_at__lte=now)
    probes = Lane.objects.filter(due, pk=1, paused_at__isnull=True)
    return Turn(is_probe=True) if probes.update(probe_at=now + PROBE_EVERY) else None


def block(*, code: int, message: str, now: datetime) -> None:
    """Hold all submissions back because KIE refused the account itself.

    The next probe stays where it is: reads that are refused every few seconds must not put it off.
    """
    get()
    Lane.objects.filter(pk=1, blocked_code__isnull=True).update(
        blocked_at=now, probe_at=now + PROBE_EVERY
    )
    Lane.objects.filter(pk=1).update(blocked_code=code, blocked_message=message[:500])


def unblock() -> None:
    """KIE takes submissions of this account again."""
    Lane.objects.filter(pk=1, blocked_code__isnull=False).update(**_UNBLOCKED)


_UNBLOCKED = {"blocked_code": None, "blocked_message": "", "blocked_at": None, "probe_at": None}
