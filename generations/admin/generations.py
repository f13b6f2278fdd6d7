"""Generations in the admin: a list that follows by itself, and the pages hung below it."""

from typing import Any
from uuid import UUID

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from generations.admin import words
from generations.admin.bases import PlatformAdmin, QuietChangeList, demand, user_of
from generations.admin.create import create_page
from generations.admin.desk import desk_urls
from generations.admin.generation_actions import cancel_view, retry_view
from generations.admin.generation_list import (
    WhoseFilter,
    badge,
    rows_of,
    search,
)
from generations.admin.generation_page import generation_page, live_part
from generations.admin.pictures import picture, small_picture
from generations.models import Generation
from generations.services import visibility

MOST_FOLLOWED = 50


class GenerationChangeList(QuietChangeList):
    """Knows which of the shown rows still move, for the page to follow."""

    @property
    def moving_ids(self) -> list[str]:
        return [str(row.pk) for row in self.result_list if words.is_moving(row)]


@admin.register(Generation)
class GenerationAdmin(PlatformAdmin):
    list_display = ("thumbnail", "prompt", "status_badge", "length", "money", "author", "created")
    list_display_links = ("prompt",)
    list_filter = ("status", WhoseFilter, "created_at")
    list_before_template = "platform/generation/list_before.html"
    search_fields = ("provider_task_id__exact",)
    search_help_text = _("Id, KIE task or beginning of the prompt")
    ordering = ("-created_at", "-id")
    sortable_by = ("created",)
    add_text = _("Create a video")
    empty_icon = "movie"
    empty_title = _("No videos yet")
    empty_text = _(
        "Drop a picture, say what should move, and the video appears here in a few minutes."
    )

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return GenerationChangeList

    def get_queryset(self, request: HttpRequest) -> QuerySet[Generation]:
        return visibility.generations(user_of(request))

    def get_list_filter(self, request: HttpRequest) -> tuple[Any, ...]:
        filters = super().get_list_filter(request)
        if visibility.sees_all(user_of(request)):
            return tuple(filters)
        return tuple(entry for entry in filters if entry is not WhoseFilter)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Generation], search_term: str
    ) -> tuple[QuerySet[Generation], bool]:
        return search(queryset, search_term), False

    # A generation is made by the create page and by nothing else, and never changed by hand.

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        return create_page(self, request)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        try:
            pk = UUID(object_id)
        except ValueError:
            raise Http404 from None
        return generation_page(self, request, pk)

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        own = [
            path("live/", wrap(self.live_rows), name="generations_live_rows"),
            *desk_urls(self),
            path(
                "<uuid:pk>/live/",
                wrap(lambda request, pk: live_part(self, request, pk)),
                name="generations_generation_live",
            ),
            path(
                "<uuid:pk>/cancel/",
                wrap(lambda request, pk: cancel_view(self, request, pk)),
                name="generations_generation_cancel",
            ),
            path(
                "<uuid:pk>/retry/",
                wrap(lambda request, pk: retry_view(self, request, pk)),
                name="generations_generation_retry",
            ),
            path("picture/<uuid:pk>/", wrap(picture), name="generations_picture"),
            path("picture/<uuid:pk>/small/", wrap(small_picture), name="generations_small_picture"),
        ]
        return own + super().get_urls()

    def live_rows(self, request: HttpRequest) -> HttpResponse:
        """Answer the moving cells of the rows on screen, and what to follow from now on."""
        user = demand(request, "view_generation")
        rows = rows_of(user, _ids(request.GET.get("ids", "")))
        context = {
            "rows": [(row, badge(row), _money(row)) for row in rows],
            "moving_ids": [str(row.pk) for row in rows if words.is_moving(row)],
        }
        return render(request, "platform/generation/live_rows.html", context)

    @display(description=_("Picture"))
    def thumbnail(self, generation: Generation) -> str:
        return render_to_string("platform/generation/thumbnail.html", {"generation": generation})

    @display(description=_("Prompt"))
    def prompt(self, generation: Generation) -> str:
        return render_to_string("platform/generation/prompt_cell.html", {"generation": generation})

    @display(description=_("Status"))
    def status_badge(self, generation: Generation) -> str:
        context = {"row": generation, "badge": badge(generation)}
        return render_to_string("platform/generation/status_cell.html", context)

    @display(description=_("Length"))
    def length(self, generation: Generation) -> str:
        seconds = generation.input.get("duration")
        return str(_("%(seconds)s s") % {"seconds": seconds}) if seconds else "—"

    @display(description=_("Price"))
    def money(self, generation: Generation) -> str:
        context = {"row": generation, "money": _money(generation)}
        return render_to_string("platform/generation/money_cell.html", context)

    @display(description=_("Author"))
    def author(self, generation: Generation) -> str:
        return generation.created_by.get_username()

    @display(description=_("Created"), ordering="created_at")
    def created(self, generation: Generation) -> str:
        return render_to_string("platform/generation/created_cell.html", {"row": generation})


def _money(generation: Generation) -> dict[str, str]:
    """Answer what it cost, or else what it will cost by its quote."""
    cost = words.cost_text(generation)
    if cost:
        return {"text": cost, "is": "cost"}
    return {"text": words.quote_text(generation), "is": "quote"}


def _ids(text: str) -> list[UUID]:
    found = []
    for part in text.split(",")[:MOST_FOLLOWED]:
        try:
            found.append(UUID(part))
        except ValueError:
            continue
    return found
