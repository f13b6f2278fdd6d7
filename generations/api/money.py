"""Budgets and the ledger: reading them. Money is moved by generations alone, never by a call."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import ClassVar

from django.contrib.auth.models import User
from django.db.models import Q
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from generations.api import filters, pages, present
from generations.api.base import ApiView
from generations.api.reading import as_uuid
from generations.models import Account, LedgerEntry, Scope
from generations.services import budget_standing, visibility

_BY_NUMBER = pages.Order("seq", int)


class BudgetsView(ApiView):
    """The budgets in force and how they stand this month; an operator's own and own tokens' ones."""

    scopes: ClassVar = {"GET": Scope.USAGE_READ}

    def get(self, request: Request) -> Response:
        filters.allow_none(request.query_params)
        budgets = budget_standing.visible(self.caller)
        rows = budget_standing.standings(budgets, now=timezone.now())
        return Response(pages.whole([present.budget(row) for row in rows]))


class LedgerView(ApiView):
    """The ledger by number; an operator's own generations' entries only."""

    scopes: ClassVar = {"GET": Scope.LEDGER_READ}

    def get(self, request: Request) -> Response:
        query, user = request.query_params, self.caller
        rows = LedgerEntry.objects.filter(filters.condition(query, user, _FILTERS))
        if not visibility.sees_all(user):
            rows = rows.filter(generation__created_by=user)
        return Response(pages.page(request, rows, _BY_NUMBER, present.ledger_entry))


def _generation(value: str, user: User) -> Q:
    generation_id = as_uuid(value)
    if generation_id is None:
        raise filters.Unknown
    return Q(generation=generation_id)


def _account(value: str, user: User) -> Q:
    if value not in Account.values:
        raise filters.Unknown
    return Q(account=value)


def _from(value: str, user: User) -> Q:
    return Q(at__gte=filters.moment(value))


def _to(value: str, user: User) -> Q:
    """Until before a moment, or with all of a day."""
    until = filters.moment(value)
    if len(value) == len("2026-01-31"):
        try:
            # Not 24 hours on: a day in which the clocks change is longer or shorter.
            until = filters.moment(str(date.fromisoformat(value) + timedelta(days=1)))
        except OverflowError:
            raise filters.Unknown("not_a_moment") from None
    return Q(at__lt=until)


_FILTERS: Mapping[str, filters.Reader] = {
    "generation": _generation,
    "account": _account,
    "from": _from,
    "to": _to,
}
