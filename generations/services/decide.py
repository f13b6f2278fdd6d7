"""What a person decides where no program may: about lost answers, and successes without a result.

Each decision is signed on the generation (who, when, why), stands in its trail as DECIDED, and moves
money through the transition alone. KIE's own evidence, however late, still wins over a decision.

attach         unknown                this task is its task: proved by KIE's record, read now
never_created  unknown                KIE never got it: the money is released
write_off      unknown, needs_review  it is given up; what it cost is the quote, what KIE reported, or
                                      an amount that the person names
provider_lost  needs_review           KIE's record will never name a result
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Protocol

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext as _

from generations.kie import NotVisible, ReadFailed, TaskRecord, is_task_id
from generations.models import (
    AttemptState,
    EventKind,
    FailureCode,
    Generation,
    Status,
    SubmissionAttempt,
)
from generations.models.transition import record, transition
from generations.money import credits_text
from generations.services import attach, candidate, verdict
from generations.services import settle as money
from generations.services.errors import DecisionRefused, WrongState

# A sender that was frozen may send late; nothing is released before the last of them must be dead.
QUARANTINE = timedelta(minutes=30)
LONGEST_REASON = 2000


class Client(Protocol):
    def read_task(self, task_id: str) -> TaskRecord: ...


def attach_task(
    generation: Generation, *, task_id: str, reason: str, by: User, client: Client, now: datetime
) -> Generation:
    """Join an unknown generation and the task that a person found in KIE's log, and read it.

    Returns the generation as KIE's record leaves it. Raises WrongState, and DecisionRefused when the
    id is another generation's, KIE cannot show it, or its record is of another request.
    """
    why, task_id = _reason(reason), task_id.strip()
    if generation.status != Status.UNKNOWN:
        raise WrongState
    if not is_task_id(task_id):
        raise DecisionRefused(_("This is no task id: KIE's ids are 6 to 128 letters and digits."))
    _refuse_taken(task_id)
    task = _read(client, task_id)
    with transaction.atomic():
        rows = Generation.objects.select_related("price").select_for_update(of=("self",))
        locked = rows.get(pk=generation.pk)
        attempt = attach.attempt_of_echo(locked, task.echo, is_named_by_person=True)
        moved = attempt and attach.accept(attempt, task_id, now=now, evidence="person")
        if moved:
            detail = {"decision": "attached", "task_id": task_id, "evidence": "echo", "why": why}
            signed = record(
                moved.pk,
                kind=EventKind.DECIDED,
                actor=by.get_username(),
                now=now,
                detail=detail,
                changes=_signature(by, why, now),
            )
            assert signed is not None, "the row is locked"
            verdict.apply(signed, task, now=now)
            return Generation.objects.get(pk=generation.pk)
    if attempt is None:
        raise DecisionRefused(
            _("KIE's record of this task is of another request: it does not repeat what we sent.")
        )
    raise WrongState


def never_created(generation: Generation, *, reason: str, by: User, now: datetime) -> Generation:
    """Declare that KIE never made a task of an unknown generation, and release its money.

    Raises WrongState, and DecisionRefused while `why_not_never_created` has something to say.
    """
    why = _reason(reason)
    with transaction.atomic():
        locked = _locked(generation, [Status.UNKNOWN])
        refusal = why_not_never_created(locked, now=now)
        if refusal is not None:
            raise refusal
        return _fail(
            locked,
            FailureCode.NOT_CREATED,
            money.stated(locked, 0),
            why,
            by,
            now,
        )


def write_off(
    generation: Generation,
    *,
    reason: str,
    by: User,
    now: datetime,
    charged_micro_credits: int | None = None,
) -> Generation:
    """Give up an unknown generation, or one without a result, and say what it cost.

    `charged_micro_credits` is 0 to twice the quote; without it the cost is what KIE reported, or the
    quote. Naming less than the quote of an unknown one releases money, so it has to wait as long as
    `never_created` has. Raises WrongState and DecisionRefused.
    """
    why = _reason(reason)
    with transaction.atomic():
        locked = _locked(generation, [Status.UNKNOWN, Status.NEEDS_REVIEW])
        charged = charged_micro_credits
        if charged is None:
            charged = probable_charge(locked)
        if not 0 <= charged <= 2 * locked.quote_micro_credits:
            raise DecisionRefused(
                _("The amount must lie between 0 and %(most)s credits, twice the quote.")
                % {"most": credits_text(2 * locked.quote_micro_credits)}
            )
        if locked.status == Status.UNKNOWN and charged < locked.quote_micro_credits:
            refusal = why_not_never_created(locked, now=now)
            if refusal is not None:
                raise refusal
        cost = money.stated(locked, charged)
        return _fail(locked, FailureCode.WRITTEN_OFF, cost, why, by, now)


def provider_lost(generation: Generation, *, reason: str, by: User, now: datetime) -> Generation:
    """Declare that KIE's record of a success will never name a result. What KIE took is the cost.

    Raises WrongState.
    """
    why = _reason(reason)
    with transaction.atomic():
        locked = _locked(generation, [Status.NEEDS_REVIEW])
        cost = money.succeeded(locked, None)
        return _fail(locked, FailureCode.PROVIDER_LOST, cost, why, by, now)


def probable_charge(generation: Generation) -> int:
    """Answer, in micro-credits, what a write-off costs when the person names no amount."""
    if generation.status == Status.NEEDS_REVIEW and generation.reported_micro_credits is not None:
        return generation.reported_micro_credits
    return generation.quote_micro_credits


def why_not_never_created(generation: Generation, *, now: datetime) -> DecisionRefused | None:
    """Answer why an unknown generation may not be declared never created yet; None when it may."""
    attempt = generation.attempts.filter(state=AttemptState.UNKNOWN).first()
    closed_at = attempt.closed_at if attempt is not None else None
    if closed_at is None:
        return DecisionRefused(_("There is no lost answer here to decide about."))
    if generation.candidate_task_id and now < closed_at + candidate.QUARANTINE:
        return DecisionRefused(
            _(
                "KIE's record of a task that a callback or KIE's answer named is still being read. "
                "While it is not disproved, the task may exist."
            ),
            until=closed_at + candidate.QUARANTINE,
        )
    if now < closed_at + QUARANTINE:
        return DecisionRefused(
            _("Not before 30 minutes after the answer was lost: the task may still show up."),
            until=closed_at + QUARANTINE,
        )
    return None


def _fail(
    generation: Generation,
    code: FailureCode,
    cost: dict[str, Any],
    why: str,
    by: User,
    now: datetime,
) -> Generation:
    moved = transition(
        generation.pk,
        sources=[Status(generation.status)],
        to=Status.FAILED,
        kind=EventKind.DECIDED,
        actor=by.get_username(),
        now=now,
        detail={
            "decision": str(code),
            "evidence": str(cost["cost_evidence"]),
            "credits": credits_text(cost["cost_micro_credits"]),
            "why": why,
        },
        changes={"failure_code": code, "failure_detail": why} | cost | _signature(by, why, now),
    )
    if moved is None:
        raise WrongState
    SubmissionAttempt.objects.filter(generation=moved, state=AttemptState.UNKNOWN).update(
        state=AttemptState.RESOLVED
    )
    return moved


def _locked(generation: Generation, statuses: Iterable[Status]) -> Generation:
    rows = Generation.objects.select_related("price").select_for_update(of=("self",))
    locked = rows.get(pk=generation.pk)
    if locked.status not in set(statuses):
        raise WrongState
    return locked


def _signature(by: User, why: str, now: datetime) -> dict[str, Any]:
    return {"decided_by": by, "decided_at": now, "decision_note": why}


def _reason(reason: str) -> str:
    said = reason.strip()
    if not said:
        raise DecisionRefused(_("Say why: a decision about money needs its reason."))
    return said[:LONGEST_REASON]


def _refuse_taken(task_id: str) -> None:
    owner = Generation.objects.filter(provider_task_id=task_id).first()
    if owner is not None:
        raise DecisionRefused(
            _("This task belongs to another generation, %(id)s.") % {"id": str(owner.pk)[:8]}
        )


def _read(client: Client, task_id: str) -> TaskRecord:
    try:
        return client.read_task(task_id)
    except NotVisible as absent:
        raise DecisionRefused(_("KIE knows no task with this id.")) from absent
    except ReadFailed as failure:
        raise DecisionRefused(
            _("KIE's record cannot be read now (%(why)s). Try again in a minute.")
            % {"why": failure.reason}
        ) from failure
