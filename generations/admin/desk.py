"""The unknown desk: what waits for a person, with its evidence and the safe actions."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.timesince import timesince
from django.utils.translation import gettext as _

from generations import provider
from generations.admin import scope, words
from generations.admin.bases import PlatformAdmin, demand
from generations.admin.desk_words import Sentence, evidence_of
from generations.models import Generation, Status
from generations.money import credits_text, micro
from generations.reports import unknowns
from generations.services import decide
from generations.services.errors import DecisionRefused, PlatformError

NAME = "admin:generations_desk"
Decision = Callable[[HttpRequest, Generation, datetime], str]


@dataclass(frozen=True, slots=True)
class Refused:
    """A decision that was not to be had, shown again with what the person had written."""

    pk: UUID
    decision: str
    why: str
    reason: str
    task_id: str
    credits: str


@dataclass(frozen=True, slots=True)
class Card:
    """One generation on the desk. `not_yet` says why it may not be declared never created now."""

    generation: Generation
    is_unknown: bool
    age: str
    amount: str
    evidence: list[Sentence]
    not_yet: str
    not_yet_until: str
    charge: str
    most: str
    refused: Refused | None


def desk_urls(admin: PlatformAdmin) -> list[URLPattern]:
    wrap = admin.admin_site.admin_view
    return [
        path("undecided/", wrap(partial(desk_view, admin)), name="generations_desk"),
        path(
            "<uuid:pk>/decide/<str:decision>/",
            wrap(partial(decide_view, admin)),
            name="generations_decide",
        ),
    ]


def desk_view(
    admin: PlatformAdmin, request: HttpRequest, refused: Refused | None = None
) -> HttpResponse:
    """Show everything that waits, the oldest first."""
    user = demand(request, "view_all_generations")
    now = timezone.now()
    return admin.page(
        request,
        "platform/desk.html",
        title=_("Undecided"),
        model_admin=None,
        status=200 if refused is None else 422,
        cards=[_card(found, now, refused) for found in unknowns.waiting()],
        count=unknowns.count_waiting(),
        can_decide=user.has_perm("generations.decide_unknown"),
        longest_reason=decide.LONGEST_REASON,
    )


def decide_view(
    admin: PlatformAdmin, request: HttpRequest, pk: UUID, decision: str
) -> HttpResponse:
    """Take one decision and say what came of it."""
    user = demand(request, "decide_unknown")
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    if decision not in _DECISIONS:
        raise Http404
    generation = scope.generation_or_404(user, pk)
    try:
        messages.success(request, _DECISIONS[decision](request, generation, timezone.now()))
    except DecisionRefused as refusal:
        given = [request.POST.get(name, "") for name in ("reason", "task_id", "credits")]
        return desk_view(admin, request, Refused(pk, decision, _said(refusal), *given))
    except PlatformError:
        messages.warning(
            request, _("Somebody, or KIE itself, was quicker: this generation is decided.")
        )
    return redirect(NAME)


def _attach(request: HttpRequest, generation: Generation, now: datetime) -> str:
    decided = decide.attach_task(
        generation,
        task_id=request.POST.get("task_id", ""),
        reason=_reason(request),
        by=demand(request, "decide_unknown"),
        client=provider.client(),
        now=now,
    )
    return _("The task is attached. The generation is now: %(status)s.") % {
        "status": Status(decided.status).label
    }


def _never_created(request: HttpRequest, generation: Generation, now: datetime) -> str:
    by = demand(request, "decide_unknown")
    decide.never_created(generation, reason=_reason(request), by=by, now=now)
    return _("Declared never created. The money is released.")


def _write_off(request: HttpRequest, generation: Generation, now: datetime) -> str:
    given = request.POST.get("credits", "").strip().replace(",", ".")
    try:
        charged = micro(given) if given else None
    except ValueError as odd:
        refusal = _("This is no amount of credits: %(given)s.") % {"given": given[:40]}
        raise DecisionRefused(refusal) from odd
    decided = decide.write_off(
        generation,
        reason=_reason(request),
        by=demand(request, "decide_unknown"),
        now=now,
        charged_micro_credits=charged,
    )
    return _("Written off. It counts as %(cost)s.") % {"cost": words.cost_text(decided)}


def _provider_lost(request: HttpRequest, generation: Generation, now: datetime) -> str:
    by = demand(request, "decide_unknown")
    decided = decide.provider_lost(generation, reason=_reason(request), by=by, now=now)
    return _("Declared lost by KIE. It counts as %(cost)s.") % {"cost": words.cost_text(decided)}


_DECISIONS: dict[str, Decision] = {
    "attach": _attach,
    "never-created": _never_created,
    "write-off": _write_off,
    "provider-lost": _provider_lost,
}


def _card(found: unknowns.Waiting, now: datetime, refused: Refused | None) -> Card:
    generation = found.generation
    is_unknown = generation.status == Status.UNKNOWN
    refusal = decide.why_not_never_created(generation, now=now) if is_unknown else None
    until = refusal.until if refusal is not None else None
    return Card(
        generation=generation,
        is_unknown=is_unknown,
        age=timesince(generation.submitted_at or generation.created_at, now, depth=1),
        amount=words.quote_text(generation),
        evidence=evidence_of(found),
        not_yet=str(refusal) if refusal is not None else "",
        not_yet_until=_moment(until) if until is not None else "",
        charge=words.short(credits_text(decide.probable_charge(generation))),
        most=words.short(credits_text(2 * generation.quote_micro_credits)),
        refused=refused if refused is not None and refused.pk == generation.pk else None,
    )


def _reason(request: HttpRequest) -> str:
    return request.POST.get("reason", "")


def _said(refusal: DecisionRefused) -> str:
    if refusal.until is None:
        return str(refusal)
    return _("%(why)s Possible from %(time)s.") % {
        "why": refusal,
        "time": _moment(refusal.until),
    }


def _moment(at: datetime) -> str:
    return date_format(timezone.localtime(at), "DATETIME_FORMAT")
