"""The admin's sidebar and the badge that says whether money is real."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from generations.reports import price_book, unknowns


@dataclass(frozen=True, slots=True)
class Page:
    """One line of the sidebar; shown to those with the permission ("" is everybody)."""

    title: str | Promise
    icon: str
    address: str
    permission: str = ""
    # What the page is for, on the cards of the home page.
    about: str | Promise = ""
    # How many things wait there for a person; shown as a badge unless it is none.
    count: Callable[[], int] | None = None


GROUPS: tuple[tuple[str | Promise, tuple[Page, ...]], ...] = (
    (
        _("Work"),
        (
            Page(
                _("Create"),
                "add_circle",
                "admin:generations_generation_add",
                "generations.add_generation",
                _("A new video from a picture and a prompt."),
            ),
            Page(
                _("Generations"),
                "movie",
                "admin:generations_generation_changelist",
                "generations.view_generation",
                _("What is running, what is done, what it cost."),
            ),
            Page(
                _("Presets"),
                "tune",
                "admin:generations_preset_changelist",
                "generations.view_preset",
                _("Named sets of parameters, with versions."),
            ),
            Page(
                _("Projects"),
                "folder",
                "admin:generations_project_changelist",
                "generations.view_project",
                _("What work and spending are filed under."),
            ),
        ),
    ),
    (
        _("Money"),
        (
            Page(
                _("Reports"),
                "bar_chart",
                "admin:generations_reports",
                "generations.view_reports",
                _("Who spent what, on what, and how it is known."),
            ),
            Page(
                _("Ledger"),
                "receipt_long",
                "admin:generations_ledgerentry_changelist",
                "generations.view_ledgerentry",
                _("Every move of money, in order, for good."),
            ),
            Page(
                _("Prices"),
                "payments",
                "admin:generations_price_changelist",
                "generations.view_price",
                _("What KIE charges, since when, and whether it does."),
                price_book.count_proposed,
            ),
            Page(
                _("Budgets"),
                "account_balance_wallet",
                "admin:generations_budget_changelist",
                "generations.view_budget",
                _("How much may be spent in a month, and what is left of it."),
            ),
            Page(
                _("Undecided"),
                "help",
                "admin:generations_desk",
                "generations.view_all_generations",
                _("Lost answers and successes without a video, which wait for a person."),
                unknowns.count_waiting,
            ),
            Page(
                _("Reconciliation"),
                "account_balance",
                "admin:generations_balancebreak_changelist",
                "generations.view_balancebreak",
                _("KIE's balance against our ledger."),
                unknowns.count_open_breaks,
            ),
        ),
    ),
    (
        _("Operations"),
        (
            Page(
                _("Submission lane"),
                "traffic",
                "admin:generations_lane_changelist",
                "generations.view_generation",
                _("Whether anything is being sent, and the switch for it."),
            ),
            Page(
                _("Incidents"),
                "report",
                "admin:generations_incident_changelist",
                "generations.view_incident",
                _("What must not pass unseen."),
            ),
            Page(
                _("API tokens"),
                "key",
                "admin:generations_apitoken_changelist",
                "",
                _("For programs that work here."),
            ),
            Page(
                _("Users"),
                "person",
                "admin:auth_user_changelist",
                "auth.view_user",
                _("Who may log in."),
            ),
            Page(
                _("Roles"),
                "group",
                "admin:auth_group_changelist",
                "auth.view_group",
                _("What each role may do."),
            ),
        ),
    ),
)


_BELOW_A_LIST = ("generation_add", "desk", "reports")


def environment(request: HttpRequest) -> list[str]:
    """Answer the badge's text and colour."""
    if settings.KIE_MODE == "live":
        return [str(_("Live: real money")), "danger"]
    return [str(_("Simulator: no money is spent")), "info"]


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    return [
        {"title": title, "items": [_item(page, request) for page in pages]}
        for title, pages in GROUPS
    ]


def _item(page: Page, request: HttpRequest) -> dict[str, Any]:
    address = reverse(page.address)
    return {
        "title": page.title,
        "icon": page.icon,
        "link": address,
        "about": page.about,
        "active": _is_active(address, request.path),
        "permission": _may(page.permission),
    } | _badge(page, request)


def _badge(page: Page, request: HttpRequest) -> dict[str, Any]:
    if page.count is None or not _may(page.permission)(request):
        return {}
    waiting = page.count()
    return {"badge": str(waiting), "badge_variant": "warning"} if waiting else {}


def _is_active(address: str, path: str) -> bool:
    # These pages lie below a list of records and are places of their own.
    own = {reverse(f"admin:generations_{name}") for name in _BELOW_A_LIST}
    if path in own or address in own:
        return path == address
    return path.startswith(address)


def _may(permission: str) -> Callable[[HttpRequest], bool]:
    return lambda request: not permission or request.user.has_perm(permission)
