"""What may be done to one generation: cancel it while it waits, make it again when it is over."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from generations.admin import scope, words
from generations.admin.bases import PlatformAdmin, demand
from generations.admin.create_form import fresh_key
from generations.services import cancel, idempotency, retry
from generations.services.errors import InvalidRequest, PlatformError, WrongState
from generations.services.request import judge


def cancel_view(admin: PlatformAdmin, request: HttpRequest, pk: UUID) -> HttpResponse:
    user = demand(request, "add_generation")
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    generation = scope.generation_or_404(user, pk)
    try:
        cancel.cancel(generation, by=user.get_username(), now=timezone.now())
    except WrongState:
        messages.warning(
            request, _("It is too late to cancel: the generation is no longer waiting to be sent.")
        )
    else:
        messages.success(request, _("The generation is cancelled. It cost nothing."))
    return redirect(scope.address_of(generation))


def retry_view(admin: PlatformAdmin, request: HttpRequest, pk: UUID) -> HttpResponse:
    """Ask before spending again, then make a new generation like the old one."""
    user = demand(request, "add_generation")
    generation = scope.generation_or_404(user, pk)
    now = timezone.now()
    if not generation.is_terminal:
        messages.warning(
            request,
            _("A generation can be retried only when it is over; this one may still succeed."),
        )
        return redirect(scope.address_of(generation))
    try:
        judged = judge(retry.request_of(generation), user=user, now=now)
        if request.method == "POST":
            made = idempotency.once(
                user=user,
                call=f"retry:{generation.pk}",
                key=request.POST.get("key", "")[:64] or fresh_key(),
                body_sha256="",
                now=now,
                make=lambda: retry.retry(generation, user=user, now=now),
            )
            if not made.is_replay:
                messages.success(request, _("A new generation is accepted."))
            return redirect(scope.address_of(made.generation))
    except PlatformError as refusal:
        messages.error(request, _why(refusal))
        return redirect(scope.address_of(generation))
    return admin.page(
        request,
        "platform/generation/retry.html",
        title=_("Retry the generation"),
        generation=generation,
        price=words.money_text(judged.quote.micro_credits, judged.quote.micro_usd),
        key=fresh_key(),
    )


def _why(refusal: PlatformError) -> str:
    if isinstance(refusal, InvalidRequest):
        language = (get_language() or "ru")[:2]
        return " ".join(fault.sentence(language) for fault in refusal.faults)
    return str(refusal)
