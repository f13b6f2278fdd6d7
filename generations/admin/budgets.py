"""Budgets: how each stands, its limit, a raise for a while, and its end."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext as _

from generations.admin import budget_rows, faults
from generations.admin.bases import RecordAdmin, demand, user_of
from generations.admin.budget_forms import LimitForm, NewBudgetForm, RaiseForm
from generations.models import Budget
from generations.services import budget_standing, budgets
from generations.services.errors import InvalidRequest

_LIST = "admin:generations_budget_changelist"
_FIELDS = {"/usd": "usd", "/warn": "warn", "/ends_at": "until", "/reason": "reason"}
_MOST_MONTHS = 12


@admin.register(Budget)
class BudgetAdmin(RecordAdmin):
    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("generations.change_budget")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Budget]:
        return Budget.objects.select_related("user", "project", "token__user")

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        own = [
            path("<int:pk>/raise/", wrap(self.raise_view), name="generations_budget_raise"),
            path("<int:pk>/end/", wrap(self.end_view), name="generations_budget_end"),
        ]
        return own + super().get_urls()

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        demand(request, "view_budget")
        rows = self.get_queryset(request).filter(ended_at=None).order_by("scope", "pk")
        standings = budget_standing.standings(rows, now=timezone.now())
        return self.page(
            request,
            "platform/budgets.html",
            title=_("Budgets"),
            model_admin=None,
            rows=[budget_rows.row(standing) for standing in standings],
            month=timezone.localtime(),
            can_change=self.has_add_permission(request),
        )

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        demand(request, "change_budget")
        form = NewBudgetForm(request.POST if request.method == "POST" else None)
        if form.is_valid() and self._set(request, form):
            return redirect(_LIST)
        return self.page(request, "platform/budget_add.html", title=_("New budget"), form=form)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        budget = self._budget_or_404(request, object_id)
        form = LimitForm(initial=LimitForm.values_of(budget))
        if request.method == "POST":
            demand(request, "change_budget")
            form = LimitForm(request.POST)
            if form.is_valid() and self._set(request, form, budget):
                return redirect(_LIST)
        return self._budget_page(request, budget, form, RaiseForm())

    def raise_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        user = demand(request, "add_budgetraise")
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        budget = self._budget_or_404(request, str(pk))
        form = RaiseForm(request.POST)
        if form.is_valid():
            try:
                budgets.raise_for_a_while(budget, by=user, now=timezone.now(), **form.raised())
            except InvalidRequest as refusal:
                faults.show(form, refusal.faults, fields=_FIELDS)
            else:
                messages.success(request, _("The budget is raised. It falls back by itself."))
                return redirect(_LIST)
        limit = LimitForm(initial=LimitForm.values_of(budget))
        return self._budget_page(request, budget, limit, form)

    def end_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        demand(request, "change_budget")
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        budgets.end(self._budget_or_404(request, str(pk)), now=timezone.now())
        messages.success(request, _("The budget has ended: it limits nothing any more."))
        return redirect(_LIST)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return request.user.has_perm("generations.view_budget")

    def _set(self, request: HttpRequest, form: LimitForm, budget: Budget | None = None) -> bool:
        """Set the limit that was typed; answer False with the form's faults when it is refused."""
        target: dict[str, Any] = {}
        if budget is not None:
            given = {"user": budget.user, "project": budget.project, "token": budget.token}
            target = {name: row for name, row in given.items() if row is not None}
        try:
            budgets.set_limit(
                by=user_of(request).get_username(), now=timezone.now(), **target, **form.limit()
            )
        except InvalidRequest as refusal:
            faults.show(form, refusal.faults, fields=_FIELDS)
            return False
        messages.success(request, _("The budget is set and holds at once."))
        return True

    def _budget_or_404(self, request: HttpRequest, object_id: str) -> Budget:
        demand(request, "view_budget")
        found = None
        if object_id.isascii() and object_id.isdigit() and len(object_id) < 19:
            rows = self.get_queryset(request).filter(ended_at=None)
            found = rows.filter(pk=int(object_id)).first()
        if found is None:
            raise Http404
        return found

    def _budget_page(
        self, request: HttpRequest, budget: Budget, limit: LimitForm, raising: RaiseForm
    ) -> HttpResponse:
        (standing,) = budget_standing.standings([budget], now=timezone.now())
        return self.page(
            request,
            "platform/budget.html",
            title=budget_rows.title(budget),
            budget=budget,
            row=budget_rows.row(standing),
            months=[
                budget_rows.month(row) for row in budget.months.order_by("-period")[:_MOST_MONTHS]
            ],
            past_raises=budget.raises.select_related("approved_by")[:_MOST_MONTHS],
            limit=limit,
            raising=raising,
            can_change=request.user.has_perm("generations.change_budget"),
            can_raise=request.user.has_perm("generations.add_budgetraise"),
        )
