"""The forms of the price pages: a new price, and a price that is only asked about."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from generations.admin.price_rows import variant_text
from generations.catalog import list_models
from generations.money import micro
from generations.reports.price_book import OtherPrice
from generations.services import price_book
from generations.services.periods import bounds, period_of
from generations.services.price_book import NewPrice

DEFAULT_RATE = "0.005"
_APART = "|"


def variant_choices() -> list[tuple[str, str]]:
    return [
        (f"{spec.id}{_APART}{variant}", f"{spec.title} · {variant_text(variant)}")
        for spec in list_models()
        for variant in price_book.variants(spec)
    ]


class _VariantForm(forms.Form):
    """A variant of a model, and a price of it."""

    when = forms.ChoiceField(label=_("For"), widget=UnfoldAdminSelectWidget())
    credits = forms.DecimalField(
        label=_("Credits for one video"),
        max_digits=16,
        decimal_places=6,
        localize=True,
        widget=UnfoldAdminTextInputWidget({"inputmode": "decimal"}),
    )
    usd_per_credit = forms.DecimalField(
        label=_("Dollars for a credit"),
        max_digits=16,
        decimal_places=6,
        localize=True,
        initial=DEFAULT_RATE,
        widget=UnfoldAdminTextInputWidget({"inputmode": "decimal"}),
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["when"].choices = variant_choices()  # type: ignore[attr-defined]
        self.fields["when"].widget.choices = variant_choices()

    @property
    def _model_and_variant(self) -> tuple[str, str]:
        model, _apart, variant = self.cleaned_data["when"].partition(_APART)
        return model, variant


class PriceForm(_VariantForm):
    valid_from = forms.DateTimeField(
        label=_("Valid from"),
        required=False,
        help_text=_("Empty: from now on. May lie ahead."),
        widget=UnfoldAdminTextInputWidget({"type": "datetime-local"}),
    )
    source_url = forms.CharField(
        label=_("Link to the source"),
        max_length=price_book.LONGEST_TEXT,
        required=False,
        help_text=_("The page on which KIE says so."),
        widget=UnfoldAdminTextInputWidget({"placeholder": "https://"}),
    )
    note = forms.CharField(
        label=_("Note"),
        max_length=price_book.LONGEST_TEXT,
        required=False,
        widget=UnfoldAdminTextInputWidget(),
    )
    reason = forms.CharField(
        label=_("Reason"),
        max_length=price_book.LONGEST_TEXT,
        required=False,
        help_text=_("Needed when the price changes by more than 50%."),
        widget=UnfoldAdminTextareaWidget({"rows": 2}),
    )

    def price(self, *, now: datetime) -> NewPrice:
        """Answer the price that was typed."""
        model, variant = self._model_and_variant
        return NewPrice(
            model=model,
            variant=variant,
            micro_credits=micro(self.cleaned_data["credits"]),
            micro_usd_per_credit=micro(self.cleaned_data["usd_per_credit"]),
            valid_from=self.cleaned_data["valid_from"] or now,
            source_url=self.cleaned_data["source_url"],
            note=self.cleaned_data["note"],
        )


class WhatIfForm(_VariantForm):
    since = forms.DateField(label=_("From"), widget=UnfoldAdminTextInputWidget({"type": "date"}))
    until = forms.DateField(
        label=_("To, that day included"), widget=UnfoldAdminTextInputWidget({"type": "date"})
    )

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get("since") and given.get("until") and given["since"] > given["until"]:
            self.add_error("until", _("The end is before the beginning."))
        return given

    def clean_credits(self) -> Any:
        return self._within("credits", price_book.MOST_MICRO_CREDITS)

    def clean_usd_per_credit(self) -> Any:
        return self._within("usd_per_credit", price_book.MOST_MICRO_USD_PER_CREDIT)

    def other(self) -> OtherPrice:
        """Answer the price that is asked about."""
        model, variant = self._model_and_variant
        return OtherPrice(
            model,
            variant,
            micro(self.cleaned_data["credits"]),
            micro(self.cleaned_data["usd_per_credit"]),
        )

    def _within(self, name: str, most_micro: int) -> Any:
        value = self.cleaned_data[name]
        if not 0 < micro(value) <= most_micro:
            raise forms.ValidationError(_("This is no sane price."))
        return value


def last_month(*, now: datetime) -> tuple[str, str]:
    """Answer the first and the last day of the month before, as a form wants them."""
    zone = ZoneInfo(settings.TIME_ZONE)
    this_month = bounds(period_of(now))[0]
    last = datetime.fromtimestamp(this_month.timestamp() - 1, zone).date()
    return last.replace(day=1).isoformat(), last.isoformat()


def first_values(variant: str | None) -> dict[str, str]:
    """Answer what a form begins with when its link names a variant."""
    return {"when": variant} if variant else {}
