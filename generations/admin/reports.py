"""The reports' page: who spent what, on what, what is at risk, and how each figure is known."""

from collections.abc import Callable, Iterator, Sequence

from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from generations.admin import report_rows, words
from generations.admin.bases import PlatformAdmin, demand
from generations.admin.report_query import CUSTOM, KEYS, RANGES, ReportQuery, read
from generations.admin.report_rows import spaced
from generations.models import Evidence
from generations.money import credits_text
from generations.reports import risk, sheets
from generations.reports.usage import Key, Usage, as_table, usage

MOST_RISKS = 50
FILES: dict[str, tuple[str, Callable[[sheets.Table], Iterator[bytes]]]] = {
    "csv": ("text/csv; charset=utf-8", sheets.csv_chunks),
    "xlsx": (
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        sheets.xlsx_chunks,
    ),
}


def report_urls(admin: PlatformAdmin) -> list[URLPattern]:
    wrap = admin.admin_site.admin_view
    return [
        path(
            "reports/",
            wrap(lambda request: reports_page(admin, request)),
            name="generations_reports",
        ),
        path("reports/<str:form>/", wrap(export), name="generations_reports_export"),
    ]


def reports_page(admin: PlatformAdmin, request: HttpRequest) -> HttpResponse:
    demand(request, "view_reports")
    now = timezone.now()
    query = read(request.GET, now=now)
    by_day = usage(days=query.days, keys=[Key.DAY], now=now)
    is_by_day = query.keys == (Key.DAY,)
    grouped = by_day if is_by_day else usage(days=query.days, keys=query.keys, now=now)
    risks = risk.at_risk()
    shares = risk.evidence_shares(days=query.days)
    return admin.page(
        request,
        "platform/reports.html",
        title=_("Reports"),
        model_admin=None,
        query=query,
        ranges=[(title, f"?{_in_range(query, name)}", name) for name, title in RANGES.items()],
        is_custom=query.range == CUSTOM,
        keys=[(key, title, key in query.keys) for key, title in KEYS.items()],
        is_empty=not by_day.rows,
        figures=_figures(by_day, risks, shares),
        day_chart=report_rows.day_chart(by_day),
        day_grid=report_rows.grid(by_day),
        is_by_day=is_by_day,
        group_chart=report_rows.group_chart(grouped),
        group_grid=report_rows.grid(grouped),
        group_title=" · ".join([_("Spent"), *(str(KEYS[key]) for key in query.keys)]),
        evidence=report_rows.evidence_lines(shares),
        risks=[report_rows.risk_line(found) for found in risks[:MOST_RISKS]],
        risks_left_out=max(0, len(risks) - MOST_RISKS),
        as_of=now,
    )


def export(request: HttpRequest, form: str) -> StreamingHttpResponse:
    """Answer the report that the page shows, as a file."""
    demand(request, "view_reports")
    now = timezone.now()
    query = read(request.GET, now=now)
    report = usage(days=query.days, keys=query.keys, now=now)
    return file_answer(as_table(report), form, name=f"usage-{query.days.first}-{query.days.last}")


def file_answer(table: sheets.Table, form: str, *, name: str) -> StreamingHttpResponse:
    """Answer a table as a file to keep. Raises Http404 for a form that there is not."""
    if form not in FILES:
        raise Http404
    kind, write = FILES[form]
    answer = StreamingHttpResponse(write(table), content_type=kind)
    answer["Content-Disposition"] = f'attachment; filename="{name}.{form}"'
    answer["Cache-Control"] = "private, no-store"
    return answer


def _in_range(query: ReportQuery, name: str) -> str:
    return ReportQuery(query.days, query.keys, name).address()


def _figures(
    by_day: Usage, risks: Sequence[risk.AtRisk], shares: Sequence[risk.EvidenceShare]
) -> list[dict[str, str]]:
    total, held = by_day.total, risk.held()
    rate = total.micro_usd_per_second
    known = sum(share.share for share in shares if share.evidence == Evidence.PROVIDER)
    at_risk = sum(found.micro_usd for found in risks)
    return [
        {
            "title": _("Spent"),
            "value": spaced(words.dollars(total.micro_usd)),
            "note": ngettext(
                "%(credits)s credits, %(count)s generation",
                "%(credits)s credits, %(count)s generations",
                total.generations,
            )
            % {
                "credits": spaced(words.short(credits_text(total.micro_credits))),
                "count": spaced(str(total.generations)),
            },
        },
        {
            "title": _("Held now"),
            "value": spaced(words.dollars(held.micro_usd)),
            "note": ngettext(
                "for %(count)s generation under way",
                "for %(count)s generations under way",
                held.generations,
            )
            % {"count": held.generations},
        },
        {
            "title": _("At risk now"),
            "value": spaced(words.dollars(at_risk)),
            "note": ngettext(
                "%(count)s generation, of any day",
                "%(count)s generations, of any day",
                len(risks),
            )
            % {"count": len(risks)},
            "colour": "odd" if at_risk else "",
        },
        {
            "title": _("A second of video"),
            "value": "—" if rate is None else report_rows.rate_text(rate),
            "note": _("%(length)s archived")
            % {"length": report_rows.seconds_text(total.milliseconds)},
        },
        {
            "title": _("By KIE's own record"),
            "value": report_rows.percent_text(known) if total.micro_usd else "—",
            "note": _("of what was spent"),
        },
    ]
