"""Reconciliation: KIE's balance against the ledger; breaks, top-ups, and the days behind us."""

import json
from datetime import date, datetime, time, timedelta
from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from generations import provider
from generations.admin.bases import RecordAdmin, demand
from generations.admin.reconciliation_rows import (
    break_row,
    chart_data,
    credits_of,
    day_row,
    policy_sentence,
)
from generations.kie import ReadFailed
from generations.models import (
    BalanceBreak,
    BalanceSnapshot,
    Generation,
    SnapshotSource,
    SubmissionAttempt,
    TopUp,
)
from generations.money import micro
from generations.services import movement, reconcile
from generations.services.errors import DecisionRefused

DAYS_SHOWN = 31
MOST_ROWS = 20
PAGE = "admin:generations_balancebreak_changelist"


@admin.register(BalanceBreak)
class ReconciliationAdmin(RecordAdmin):
    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        own = [
            path("read/", wrap(self.read_view), name="generations_balance_read"),
            path("top-up/", wrap(self.top_up_view), name="generations_balance_top_up"),
            path("<int:pk>/explain/", wrap(self.explain_view), name="generations_break_explain"),
            path("<int:pk>/take/", wrap(self.take_view), name="generations_break_take"),
        ]
        return own + super().get_urls()

    def changelist_view(
        self,
        request: HttpRequest,
        extra_context: Any = None,
        refused: str = "",
        given: Any = None,
    ) -> HttpResponse:
        user = demand(request, "view_balancebreak")
        now = timezone.now()
        moved = movement.of(now=now, start=_first_day(now))
        breaks = _breaks()
        policy = reconcile.refund_policy(now=now)
        return self.page(
            request,
            "platform/reconciliation.html",
            status=422 if refused else 200,
            title=_("Reconciliation"),
            model_admin=None,
            newest=BalanceSnapshot.objects.order_by("at").last(),
            balance=_newest_balance(),
            compared_until=moved.pairs[-1].last.at if moved.pairs else None,
            open_breaks=[break_row(row, now) for row in breaks.filter(explained_at=None)],
            explained=[
                break_row(row, now) for row in breaks.exclude(explained_at=None)[:MOST_ROWS]
            ],
            days=[day_row(day) for day in movement.days(moved)][:DAYS_SHOWN],
            chart=json.dumps(chart_data(moved.snapshots)),
            has_chart=len(moved.snapshots) > 1,
            policy=policy_sentence(policy),
            top_ups=[
                (row, credits_of(row.micro_credits))
                for row in TopUp.objects.select_related("by")[:MOST_ROWS]
            ],
            can_act=user.has_perm("generations.change_balancebreak"),
            can_top_up=user.has_perm("generations.add_topup"),
            refused=refused,
            given=given or {"at": f"{timezone.localtime(now):%Y-%m-%dT%H:%M}"},
        )

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: Any = None,
        refused: str = "",
    ) -> HttpResponse:
        user = demand(request, "view_balancebreak")
        found = _break_or_404(object_id)
        return self.page(
            request,
            "platform/break.html",
            status=422 if refused else 200,
            title=_("Break %(number)s") % {"number": found.pk},
            row=break_row(found, timezone.now()),
            sent=_sent_between(found),
            can_act=user.has_perm("generations.change_balancebreak"),
            can_see_all=user.has_perm("generations.view_all_generations"),
            can_top_up=user.has_perm("generations.add_topup"),
            refused=refused,
            explanation=request.POST.get("explanation", ""),
            longest=reconcile.LONGEST_TEXT,
        )

    def read_view(self, request: HttpRequest) -> HttpResponse:
        """Read the balance now and compare."""
        demand(request, "change_balancebreak")
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        now = timezone.now()
        try:
            reconcile.take_snapshot(client=provider.client(), now=now, source=SnapshotSource.MANUAL)
        except (ReadFailed, ValueError) as failure:
            messages.error(
                request, _("KIE's balance cannot be read now: %(why)s.") % {"why": failure}
            )
            return redirect(PAGE)
        found = reconcile.judge(now=now).found
        if found:
            messages.warning(request, _("The balance is read, and it does not match the ledger."))
        else:
            messages.success(request, _("The balance is read; nothing new is unexplained."))
        return redirect(PAGE)

    def top_up_view(self, request: HttpRequest) -> HttpResponse:
        user = demand(request, "add_topup")
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        names = ("at", "credits", "reference", "note")
        given = {name: request.POST.get(name, "").strip() for name in names}
        try:
            _record_top_up(given, user)
        except DecisionRefused as refusal:
            return self.changelist_view(request, refused=str(refusal), given=given)
        messages.success(request, _("The top-up is recorded."))
        return redirect(PAGE)

    def explain_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        user = demand(request, "change_balancebreak")
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        found = _break_or_404(str(pk))
        said = request.POST.get("explanation", "")
        try:
            reconcile.explain(found, explanation=said, by=user, now=timezone.now())
        except DecisionRefused as refusal:
            return self.change_view(request, str(pk), refused=str(refusal))
        messages.success(request, _("The break is explained."))
        return redirect(PAGE)

    def take_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        user = demand(request, "change_balancebreak")
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        reconcile.take_over(_break_or_404(str(pk)), by=user)
        messages.success(request, _("The break is yours to explain."))
        return redirect("admin:generations_balancebreak_change", pk)


def _record_top_up(given: dict[str, str], user: User) -> None:
    try:
        amount = micro(given["credits"].replace(",", "."))
    except ValueError as odd:
        refusal = _("This is no amount of credits: %(given)s.") % {"given": given["credits"][:40]}
        raise DecisionRefused(refusal) from odd
    try:
        at = parse_datetime(given["at"])
    except ValueError:
        at = None
    if at is None:
        raise DecisionRefused(_("Say when it was paid in: date and time."))
    if timezone.is_naive(at):
        at = timezone.make_aware(at)
    reconcile.record_top_up(
        micro_credits=amount,
        at=at,
        by=user,
        now=timezone.now(),
        reference=given["reference"],
        note=given["note"],
    )


def _first_day(now: datetime) -> datetime:
    first: date = timezone.localdate(now) - timedelta(days=DAYS_SHOWN - 1)
    return timezone.make_aware(datetime.combine(first, time.min))


def _newest_balance() -> str:
    newest = BalanceSnapshot.objects.order_by("at").last()
    return credits_of(newest.micro_credits) if newest else ""


def _breaks() -> QuerySet[BalanceBreak]:
    related = ("from_snapshot", "to_snapshot", "owner", "explained_by")
    return BalanceBreak.objects.select_related(*related).order_by("-opened_at", "-pk")


def _break_or_404(object_id: str) -> BalanceBreak:
    found = None
    if object_id.isascii() and object_id.isdigit() and len(object_id) < 19:
        found = _breaks().filter(pk=int(object_id)).first()
    if found is None:
        raise Http404
    return found


def _sent_between(found: BalanceBreak) -> list[Generation]:
    """What we had sent between the two readings: the difference hides among it, or is not ours."""
    attempts = SubmissionAttempt.objects.select_related("generation__created_by").filter(
        opened_at__gte=found.from_snapshot.at, opened_at__lte=found.to_snapshot.at
    )
    return [attempt.generation for attempt in attempts.order_by("opened_at")[:MOST_ROWS]]
