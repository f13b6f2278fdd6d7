"""The list of generations: what its columns show, what may be searched and filtered."""

from collections.abc import Iterable
from contextlib import suppress
from typing import Any
from uuid import UUID

from django.contrib.admin import SimpleListFilter
from django.contrib.auth.models import User
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.translation import gettext_lazy as _

from generations.admin import words
from generations.admin.bases import user_of
from generations.models import Generation, Status
from generations.services import visibility


class WhoseFilter(SimpleListFilter):
    """Mine or everybody's; offered only to those who see everybody's."""

    title = _("whose")
    parameter_name = "whose"

    def has_output(self) -> bool:
        return True

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, Any]]:
        return [("mine", _("Mine"))]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[Generation]
    ) -> QuerySet[Generation]:
        return queryset.filter(created_by=user_of(request)) if self.value() == "mine" else queryset


def search(rows: QuerySet[Generation], term: str) -> QuerySet[Generation]:
    """Answer the rows with this id, this task id, or a prompt that begins so.

    An exact id is asked for alone, because only that is found by an index.
    """
    term = term.strip()
    if not term:
        return rows
    exact = rows.filter(provider_task_id=term)
    with suppress(ValueError):
        exact = rows.filter(pk=UUID(term))
    if exact.exists():
        return exact
    # SQLite folds the case of ASCII letters alone, so the usual ways of writing are all tried.
    ways = {term, term.lower(), term.capitalize()}
    wanted = Q()
    for way in ways:
        wanted |= Q(prompt_start__istartswith=way)
    return rows.filter(wanted)


def badge(generation: Generation) -> str:
    status = Status(generation.status)
    colour, icon = words.BADGES[status]
    context = {"text": status.label, "type": colour, "icon": icon}
    return render_to_string("unfold/helpers/label.html", context)


def rows_of(user: User, ids: Iterable[UUID]) -> list[Generation]:
    """Answer those of the rows that a person has on screen, as they are now."""
    return list(visibility.generations(user).filter(pk__in=ids))
