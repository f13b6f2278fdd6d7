"""The forms of the budget pages: a limit, and a raise for a while."""

from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from generations.models import ApiToken, Budget, Project
from generations.money import micro, usd_text
from generations.services import budgets

_EVERYTHING = "global"


def _dollars(label: Any) -> forms.DecimalField:
    return forms.DecimalField(
        label=label,
        min_value=0,
        max_digits=16,
        decimal_places=6,
        localize=True,
        widget=UnfoldAdminTextInputWidget({"inputmode": "decimal"}),
    )


class LimitForm(forms.Form):
    """How much a month; what a budget is for is chosen once and stays."""

    usd = _dollars(_("Dollars a month"))
    is_hard = forms.BooleanField(
        label=_("Refuse what goes above the limit"),
        required=False,
        initial=True,
        widget=UnfoldBooleanSwitchWidget(),
    )
    warn = forms.CharField(
        label=_("Warn at, in percent"),
        required=False,
        max_length=60,
        initial=", ".join(map(str, budgets.DEFAULT_WARN_AT_PERCENT)),
        help_text=_("Separated by commas. Each is told once a month, as an incident."),
        widget=UnfoldAdminTextInputWidget(),
    )

    @staticmethod
    def values_of(budget: Budget) -> dict[str, Any]:
        """Answer what the form begins with for a budget that is there."""
        return {
            "usd": usd_text(budget.limit_micro_usd).rstrip("0").rstrip("."),
            "is_hard": budget.is_hard,
            "warn": ", ".join(map(str, budget.warn_at_percent)),
        }

    def clean_warn(self) -> tuple[int, ...]:
        parts = self.cleaned_data["warn"].replace(",", " ").replace("%", " ").split()
        if not all(part.isascii() and part.isdigit() and len(part) <= 3 for part in parts):
            raise forms.ValidationError(_("Whole percentages, separated by commas."))
        return tuple(int(part) for part in parts)

    def limit(self) -> dict[str, Any]:
        """Answer what was typed, as `budgets.set_limit` wants it."""
        return {
            "limit_micro_usd": micro(self.cleaned_data["usd"]),
            "is_hard": self.cleaned_data["is_hard"],
            "warn_at_percent": self.cleaned_data["warn"],
        }


class NewBudgetForm(LimitForm):
    target = forms.ChoiceField(label=_("For"), widget=UnfoldAdminSelectWidget())
    field_order = ("target", "usd", "is_hard", "warn")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        field = self.fields["target"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = field.widget.choices = _targets()

    def limit(self) -> dict[str, Any]:
        kind, _apart, key = self.cleaned_data["target"].partition(":")
        rows = {"user": User.objects, "project": Project.objects, "token": ApiToken.objects}
        target = {} if kind == _EVERYTHING else {kind: rows[kind].get(pk=key)}
        return super().limit() | target


class RaiseForm(forms.Form):
    """More until the end of a day."""

    prefix = "raise"

    usd = _dollars(_("Dollars more"))
    until = forms.DateField(
        label=_("Until the end of"), widget=UnfoldAdminTextInputWidget({"type": "date"})
    )
    reason = forms.CharField(
        label=_("Reason"),
        max_length=budgets.LONGEST_REASON,
        widget=UnfoldAdminTextInputWidget(),
    )

    def raised(self) -> dict[str, Any]:
        """Answer what was typed, as `budgets.raise_for_a_while` wants it."""
        after = self.cleaned_data["until"] + timedelta(days=1)
        return {
            "micro_usd": micro(self.cleaned_data["usd"]),
            "reason": self.cleaned_data["reason"],
            "ends_at": datetime.combine(after, time.min, timezone.get_default_timezone()),
        }


def _targets() -> list[Any]:
    """Answer everything that has no budget yet, in groups."""
    taken = Budget.objects.filter(ended_at=None)
    users = User.objects.filter(is_active=True).exclude(budgets__in=taken).order_by("username")
    projects = Project.objects.filter(archived_at=None).exclude(budgets__in=taken)
    tokens = ApiToken.objects.select_related("user").exclude(budgets__in=taken)
    groups = [
        (_("Person"), [(f"user:{user.pk}", user.get_username()) for user in users]),
        (_("Project"), [(f"project:{row.pk}", row.name) for row in projects]),
        (
            _("API token"),
            [(f"token:{row.pk}", f"{row} ({row.user.get_username()})") for row in tokens],
        ),
    ]
    everything = [(_EVERYTHING, _("Everything"))] if not taken.filter(scope="1_global") else []
    return [*everything, *((name, rows) for name, rows in groups if rows)]
