"""The ledger: every move of money, read-only, with the state of its chain."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.db.models import Max, Min, QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from generations.admin.bases import RecordAdmin, demand
from generations.admin.reports import file_answer, report_urls
from generations.admin.scope import address_of_id
from generations.admin.words import dollars, short
from generations.models import LedgerEntry
from generations.money import credits_text
from generations.reports import ledger
from generations.reports.days import month_days


class PeriodFilter(admin.SimpleListFilter):
    title = _("month")
    parameter_name = "period"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, Any]]:
        edges = LedgerEntry.objects.aggregate(first=Min("period"), last=Max("period"))
        return [(period, period) for period in _months(edges["first"], edges["last"])]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[LedgerEntry]
    ) -> QuerySet[LedgerEntry]:
        return queryset.filter(period=self.value()) if self.value() else queryset


@admin.register(LedgerEntry)
class LedgerAdmin(RecordAdmin):
    list_display = ("number", "moment", "kind", "account", "money", "how", "about", "actor")
    list_display_links = ("number",)
    list_filter = ("account", "kind", PeriodFilter)
    list_before_template = "platform/ledger_chain.html"
    search_fields = ("posting__exact",)
    search_help_text = _("Posting or generation, the whole id")
    ordering = ("-seq",)
    sortable_by = ()
    empty_icon = "receipt_long"
    empty_title = _("No money has moved yet")
    empty_text = _("The first request holds its price here.")
    fields = (
        "number", "moment", "posting", "kind", "about", "account", "period", "money", "how", "actor",
        "note", "hash_before", "own_hash",
    )  # fmt: skip
    readonly_fields = ("number", "moment", "about", "money", "how", "hash_before", "own_hash")

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        file = path(
            "export/<str:form>/", wrap(self.export_view), name="generations_ledgerentry_export"
        )
        return [*report_urls(self), file, *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        query = request.GET.urlencode()
        extra = {"chain": ledger.chain(), "export_query": f"?{query}" if query else ""}
        return super().changelist_view(request, (extra_context or {}) | extra)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[LedgerEntry], search_term: str
    ) -> tuple[QuerySet[LedgerEntry], bool]:
        if not search_term.strip():
            return queryset, False
        try:
            wanted = UUID(search_term.strip())
        except ValueError:
            return queryset.none(), False
        of_posting = queryset.filter(posting=wanted)
        return of_posting if of_posting.exists() else queryset.filter(generation=wanted), False

    def export_view(self, request: HttpRequest, form: str) -> StreamingHttpResponse:
        """Answer what the list shows, all of it, as a file."""
        demand(request, "view_ledgerentry")
        now = timezone.now()
        entries = self.get_changelist_instance(request).queryset
        name = f"ledger-{timezone.localtime(now):%Y-%m-%d}"
        return file_answer(ledger.table(entries, now=now), form, name=name)

    @display(description=_("Entry"))
    def number(self, entry: LedgerEntry) -> int:
        return entry.seq

    @display(description=_("When"))
    def moment(self, entry: LedgerEntry) -> str:
        return date_format(timezone.localtime(entry.at), "d.m.Y H:i:s")

    @display(description=_("Amount"))
    def money(self, entry: LedgerEntry) -> str:
        sign = "+" if entry.micro_usd >= 0 else ""
        credits_ = short(credits_text(entry.micro_credits)).replace("-", "−")
        return format_html(
            '<span class="kp-money">{}{}<small>{}</small></span>',
            sign,
            dollars(entry.micro_usd),
            credits_,
        )

    @display(description=_("Evidence"))
    def how(self, entry: LedgerEntry) -> str:
        return entry.get_evidence_display()

    @display(description=_("Hash of the entry before"))
    def hash_before(self, entry: LedgerEntry) -> str:
        return entry.previous_hash

    @display(description=_("Hash"))
    def own_hash(self, entry: LedgerEntry) -> str:
        return entry.hash

    @display(description=_("Generation"))
    def about(self, entry: LedgerEntry) -> str:
        if entry.generation_id is None:
            return "—"
        address, name = address_of_id(entry.generation_id), str(entry.generation_id)[:8]
        return format_html('<a class="kp-link" href="{}">{}</a>', address, name)


def _months(first: str | None, last: str | None) -> list[str]:
    """Answer the months from the newest to the oldest."""
    found: list[str] = []
    while first is not None and last is not None and first <= last:
        found.append(first)
        first = f"{month_days(first).end_at.astimezone(timezone.get_default_timezone()):%Y-%m}"
    return found[::-1]
