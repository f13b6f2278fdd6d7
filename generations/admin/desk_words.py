"""The evidence about a lost answer, or a success without a result, in plain sentences."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from generations.admin.words import short
from generations.models import Status
from generations.money import credits_text
from generations.reports.unknowns import BalanceWitness, Waiting

# How the client begins to say that its deadline was over.
_TIMED_OUT = "no whole answer within"
# What the client and the services note as the cause, for people; any other cause is shown as it is.
_CAUSES = {
    "no answer in time": gettext_lazy("no answer in time"),
    "the connection broke": gettext_lazy("the connection broke"),
    "the answer was cut short": gettext_lazy("the answer was cut short"),
    "the answer is too long": gettext_lazy("the answer is too long"),
    "the answer can be read in two ways": gettext_lazy("the answer can be read in two ways"),
    "code 200 without a task id": gettext_lazy("code 200 without a task id"),
    "the sender died before it could note an answer": gettext_lazy(
        "the sender died before it could note an answer"
    ),
    "resultJson is empty": gettext_lazy("the list of results is missing"),
    "resultUrls is empty": gettext_lazy("the list of results is empty"),
    "resultUrls holds no http(s) address": gettext_lazy("the results are no addresses"),
}


@dataclass(frozen=True, slots=True)
class Sentence:
    """One thing known. `tone` is good (it speaks for a task), bad (against one), or plain."""

    text: str
    tone: str = "plain"


def evidence_of(waiting: Waiting) -> list[Sentence]:
    """Say what is known, in the order in which it happened."""
    if waiting.generation.status == Status.UNKNOWN:
        return [*_sending(waiting), *_callbacks(waiting), *_balance(waiting), *_money(waiting)]
    return [*_reviewing(waiting), *_money(waiting)]


def clock(moment: datetime, *, seconds: bool = True) -> str:
    """Answer a moment's time of day in the platform's zone."""
    return date_format(timezone.localtime(moment), "H:i:s" if seconds else "H:i")


def _sending(waiting: Waiting) -> Iterator[Sentence]:
    attempt = waiting.attempt
    if attempt is None:
        return
    closed_at = attempt.closed_at or attempt.opened_at
    seconds = round((closed_at - attempt.opened_at).total_seconds())
    names = {"time": clock(attempt.opened_at), "seconds": seconds, "why": _cause(waiting)}
    if attempt.http_status is not None:
        yield Sentence(
            _("Sent %(time)s; KIE's answer is neither a yes nor a no (HTTP %(status)s): %(why)s.")
            % (names | {"status": attempt.http_status})
        )
    elif waiting.why.startswith(_TIMED_OUT):
        yield Sentence(_("Sent %(time)s, no answer within %(seconds)s s.") % names)
    else:
        yield Sentence(_("Sent %(time)s, no answer after %(seconds)s s: %(why)s.") % names)


def _cause(waiting: Waiting) -> str:
    return str(_CAUSES.get(waiting.why, waiting.why)) or "?"


def _callbacks(waiting: Waiting) -> Iterator[Sentence]:
    attempt, candidate = waiting.attempt, waiting.generation.candidate_task_id
    if attempt is not None and not attempt.has_callback:
        yield Sentence(
            _("No callback address was sent along, so KIE cannot tell us about its task.")
        )
    elif not waiting.callbacks:
        yield Sentence(_("KIE has not called back."), "bad")
    for hit in waiting.callbacks:
        if hit.task_id in waiting.disproved:
            text = _("%(time)s: KIE called back naming task %(task)s; its record did not match.")
            yield Sentence(text % {"time": clock(hit.at), "task": hit.task_id})
        elif hit.task_id:
            text = _("%(time)s: KIE called back naming task %(task)s.")
            yield Sentence(text % {"time": clock(hit.at), "task": hit.task_id}, "good")
        else:
            yield Sentence(
                _("%(time)s: KIE called back and named no task.") % {"time": clock(hit.at)}, "good"
            )
    if candidate:
        yield Sentence(
            _("KIE's record of task %(task)s is being read; it has not shown up yet.")
            % {"task": candidate},
            "good",
        )


def _balance(waiting: Waiting) -> Iterator[Sentence]:
    witness = waiting.balance
    if witness is None:
        yield Sentence(_("KIE's balance was not read close enough to the sending to say anything."))
        return
    names = {
        "from": clock(witness.before_at, seconds=False),
        "to": clock(witness.after_at, seconds=False),
        "credits": short(credits_text(abs(witness.change))),
    }
    others = _others(witness)
    if witness.change < 0:
        text = _(
            "KIE's balance fell by %(credits)s credits between %(from)s and %(to)s %(others)s."
        )
        yield Sentence(text % (names | {"others": others}), "plain" if witness.others else "good")
    elif witness.change == 0:
        text = _("KIE's balance did not move between %(from)s and %(to)s %(others)s.")
        yield Sentence(text % (names | {"others": others}), "plain" if witness.others else "bad")
    else:
        text = _(
            "KIE's balance rose by %(credits)s credits between %(from)s and %(to)s %(others)s."
        )
        yield Sentence(text % (names | {"others": others}))


def _others(witness: BalanceWitness) -> str:
    if not witness.others:
        return _("with no other submission")
    return ngettext(
        "with %(count)s other submission", "with %(count)s other submissions", witness.others
    ) % {"count": witness.others}


def _reviewing(waiting: Waiting) -> Iterator[Sentence]:
    generation = waiting.generation
    if waiting.lost_at is not None:
        text = _("%(time)s: KIE said success, but its record names no usable video: %(why)s.")
        yield Sentence(text % {"time": clock(waiting.lost_at), "why": _cause(waiting)})
    if generation.last_poll_at is not None:
        text = _("KIE's record was last read at %(time)s and is read again by itself.")
        yield Sentence(text % {"time": clock(generation.last_poll_at)})
    if generation.reported_micro_credits is not None:
        text = _("KIE's record says that it took %(credits)s credits.")
        amount = short(credits_text(generation.reported_micro_credits))
        yield Sentence(text % {"credits": amount})


def _money(waiting: Waiting) -> Iterator[Sentence]:
    if waiting.is_in_suspense:
        yield Sentence(_("It has waited for more than a day: the money is in suspense."))
