"""Statuses in plain words: what a status means and what happens next, for people."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from generations.models import Evidence, FailureCode, Generation, Lane, Status, VideoState
from generations.models.generation import TERMINAL
from generations.money import credits_text, usd_short, usd_text

# Unfold's label colours, and an icon of its own for each status: colour never speaks alone.
BADGES: dict[Status, tuple[str, str]] = {
    Status.QUEUED: ("default", "schedule"),
    Status.SUBMITTING: ("info", "send"),
    Status.UNKNOWN: ("warning", "help"),
    Status.RUNNING: ("info", "progress_activity"),
    Status.NEEDS_REVIEW: ("warning", "flag"),
    Status.SUCCEEDED: ("success", "check_circle"),
    Status.FAILED: ("danger", "error"),
    Status.CANCELLED: ("default", "block"),
}


@dataclass(frozen=True, slots=True)
class Explanation:
    """What a status means, and what happens next ("" when nothing does)."""

    meaning: str
    next: str


def explain(generation: Generation, *, lane: Lane, now: datetime) -> Explanation:
    """Say where a generation stands, in the language of the interface."""
    match generation.status:
        case Status.QUEUED:
            meaning = _("Accepted here. The money is held, nothing has been spent yet.")
            return Explanation(meaning, _what_a_queued_one_waits_for(generation, lane, now))
        case Status.SUBMITTING:
            return Explanation(
                _("The request is on its way to KIE. It is sent exactly once."),
                _("KIE's answer is expected within 20 seconds."),
            )
        case Status.UNKNOWN:
            return Explanation(
                _("The request was sent, but KIE's answer was lost. A paid task may exist."),
                _(
                    "We look for traces of the task and never send again by ourselves, so that "
                    "nothing is paid twice. If none are found, a person decides."
                ),
            )
        case Status.RUNNING:
            return Explanation(_running(generation), _("This page follows by itself."))
        case Status.NEEDS_REVIEW:
            return Explanation(
                _("KIE reports success, but names no usable video."),
                _("We go on reading KIE's record. If no video appears, a person decides."),
            )
        case Status.SUCCEEDED:
            return _succeeded(generation)
        case Status.FAILED:
            return Explanation(_failed(generation), _("Nothing more happens here. You can retry."))
        case _:
            return Explanation(_("Stopped before it was sent. It cost nothing."), "")


def is_moving(generation: Generation) -> bool:
    """Tell whether a page about the generation may still change by itself."""
    if generation.status not in TERMINAL:
        return True
    video = getattr(generation, "video", None)
    return video is not None and video.state in {VideoState.PENDING, VideoState.AT_RISK}


def quote_text(generation: Generation) -> str:
    return money_text(generation.quote_micro_credits, generation.quote_micro_usd)


def cost_text(generation: Generation) -> str:
    """Answer what it cost, or "" while that is not known."""
    if generation.cost_micro_credits is None or generation.cost_micro_usd is None:
        return ""
    return money_text(generation.cost_micro_credits, generation.cost_micro_usd)


def money_text(micro_credits: int, micro_usd: int) -> str:
    """Answer credits and dollars for people: "160 credits ($0.80)"."""
    return _("%(credits)s credits ($%(usd)s)") % {
        "credits": short(credits_text(micro_credits)),
        "usd": short(usd_text(micro_usd), places=2),
    }


def dollars(micro_usd: int) -> str:
    """Answer dollars for people: "$0.80", "−$12.50", and more places where there are more."""
    amount = usd_short(abs(micro_usd))
    return f"−${amount}" if micro_usd < 0 else f"${amount}"


def short(amount: str, *, places: int = 0) -> str:
    """Answer a decimal without needless zeros: "160.00" is "160", "0.8000" with 2 places "0.80"."""
    whole, _point, fraction = amount.partition(".")
    fraction = fraction.rstrip("0").ljust(places, "0")
    return f"{whole}.{fraction}" if fraction else whole


def evidence_text(generation: Generation) -> str:
    """Say how the cost is known."""
    return {
        Evidence.NONE: _("Not known yet."),
        Evidence.QUOTE: _("By our own quote: KIE's record names no charge."),
        Evidence.PROVIDER: _("By KIE's own record of the task."),
        Evidence.PERSON: _("By a person's decision."),
    }[Evidence(generation.cost_evidence)]


def _what_a_queued_one_waits_for(generation: Generation, lane: Lane, now: datetime) -> str:
    if lane.paused_at is not None:
        return _("Sending is paused by %(who)s. It goes on when somebody resumes it.") % {
            "who": lane.paused_by
        }
    if lane.blocked_code is not None:
        return _(
            "KIE refuses the whole account at the moment (code %(code)s). We try once a minute."
        ) % {"code": lane.blocked_code}
    turn = generation.dispatch_at
    if turn is not None and turn > now + timedelta(seconds=2):
        return _("The next try to send is at %(time)s.") % {
            "time": date_format(timezone.localtime(turn), "H:i:s")
        }
    return _(
        "It is sent as soon as its turn comes, usually within seconds. Until then you can cancel."
    )


def _running(generation: Generation) -> str:
    return {
        "waiting": _("KIE has the task and it waits in KIE's own queue."),
        "queuing": _("KIE has the task and it waits in KIE's own queue."),
        "generating": _("KIE is making the video. This usually takes a few minutes."),
        "success": _("KIE has finished and we are reading the result."),
        "fail": _("KIE reports a failure. We look once more before we believe it."),
    }.get(generation.provider_state, _("KIE has accepted the task."))


def _succeeded(generation: Generation) -> Explanation:
    video = getattr(generation, "video", None)
    state = video.state if video is not None else VideoState.PENDING
    return {
        VideoState.PENDING: Explanation(
            _("KIE has made the video."),
            _("We are copying it to us. It can be watched here in a moment."),
        ),
        VideoState.ARCHIVED: Explanation(_("The video is made and our copy is safe."), ""),
        VideoState.AT_RISK: Explanation(
            _("KIE has made the video, but copying it fails."),
            _("We go on trying while KIE keeps the file. Look at the trail for the reason."),
        ),
        VideoState.LOST: Explanation(
            _("KIE has made the video, but it could not be copied before KIE deleted it."),
            "",
        ),
    }[VideoState(state)]


def _failed(generation: Generation) -> str:
    code = FailureCode(generation.failure_code)
    return {
        FailureCode.REJECTED: _(
            "KIE refused this request. No task was made and nothing was spent."
        ),
        FailureCode.PROVIDER_FAILED: _("KIE took the task but could not make the video."),
        FailureCode.MODERATION: _("KIE's moderation stopped the task because of its content."),
        FailureCode.NOT_CREATED: _("A person has decided that KIE never made this task."),
        FailureCode.WRITTEN_OFF: _("A person has written this generation off."),
        FailureCode.PROVIDER_LOST: _("KIE no longer knows this task."),
        FailureCode.SOURCE_UNAVAILABLE: _(
            "The picture could not be handed to KIE. Nothing was sent."
        ),
    }[code]
