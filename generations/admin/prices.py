"""Prices: what KIE charges, what it has really charged, and what another price would have cost.

Rows never change. A great change waits here for a second person.
"""

from collections.abc import Callable
from datetime import datetime, time, timedelta
from typing import Any

from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from generations.admin import faults, price_rows
from generations.admin.bases import RecordAdmin, demand
from generations.admin.price_forms import PriceForm, WhatIfForm, first_values, last_month
from generations.admin.words import dollars, short
from generations.models import Price, PriceProposal, ProposalState
from generations.money import credits_text
from generations.reports import price_book as book
from generations.services import price_book
from generations.services.errors import InvalidRequest, PlatformError
from generations.services.prices import usd_of

_LIST = "admin:generations_price_changelist"
_MOST_DIFFERENCES = 20


@admin.register(Price)
class PriceAdmin(RecordAdmin):
    fields = (
        "model", "variant", "credits", "usd", "rate", "valid_from", "known_from", "source_url",
        "note", "by",
    )  # fmt: skip
    readonly_fields = ("credits", "usd", "rate", "by")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(price_book.RIGHT_TO_ADD)

    def get_urls(self) -> list[URLPattern]:
        wrap, name = self.admin_site.admin_view, "generations_price_"
        own = [
            path("what-if/", wrap(self.what_if_view), name=f"{name}what_if"),
            path("proposal/<int:pk>/approve/", wrap(self.approve_view), name=f"{name}approve"),
            path("proposal/<int:pk>/refuse/", wrap(self.refuse_view), name=f"{name}refuse"),
        ]
        return own + super().get_urls()

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        user, now = demand(request, "view_price"), timezone.now()
        pending = PriceProposal.objects.filter(state=ProposalState.PENDING)
        different = book.charged_differently(most=_MOST_DIFFERENCES)
        return self.page(
            request,
            "platform/prices.html",
            title=_("Prices"),
            model_admin=None,
            variants=price_rows.by_variant(book.charged(), now=now),
            differences=[price_rows.difference(row) for row in different],
            proposals=[
                price_rows.proposal(row, user=user, now=now)
                for row in pending.select_related("proposed_by")
            ],
            can_add=self.has_add_permission(request),
        )

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        user, now = demand(request, "add_price"), timezone.now()
        data = request.POST if request.method == "POST" else None
        form = PriceForm(data, initial=first_values(request.GET.get("when")))
        if form.is_valid():
            try:
                made = price_book.add(
                    form.price(now=now), by=user, now=now, reason=form.cleaned_data["reason"]
                )
            except InvalidRequest as refusal:
                faults.show(form, refusal.faults)
            else:
                if isinstance(made, PriceProposal):
                    messages.warning(
                        request,
                        _(
                            "The price changes by more than 50%, so it waits for a second person. "
                            "Until then the old one holds."
                        ),
                    )
                else:
                    messages.success(request, _("The price is added. Old totals stay."))
                return redirect(_LIST)
        return self.page(request, "platform/price_add.html", title=_("New price"), form=form)

    def approve_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        user = demand(request, "approve_price")
        done = _("The price is approved and added.")
        return _decide(
            request, pk, done, lambda row: price_book.approve(row, by=user, now=timezone.now())
        )

    def refuse_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        user = demand(request, "view_price")
        done = _("The proposal is refused. Nothing has changed.")
        return _decide(
            request, pk, done, lambda row: price_book.refuse(row, by=user, now=timezone.now())
        )

    def what_if_view(self, request: HttpRequest) -> HttpResponse:
        demand(request, "view_price")
        since, until = last_month(now=timezone.now())
        initial = {"since": since, "until": until} | first_values(request.GET.get("when"))
        form = WhatIfForm(request.GET if "credits" in request.GET else None, initial=initial)
        found = _what_if(form) if form.is_valid() else None
        return self.page(
            request,
            "platform/price_what_if.html",
            title=_("What another price would have cost"),
            form=form,
            is_answered=found is not None,
            rows=[price_rows.what_if(row) for row in found or []],
            total=price_rows.what_if(book.total(found)) if found else None,
        )

    @display(description=gettext_lazy("Credits"))
    def credits(self, price: Price) -> str:
        return short(credits_text(price.micro_credits))

    @display(description=gettext_lazy("In dollars"))
    def usd(self, price: Price) -> str:
        return dollars(usd_of(price.micro_credits, price))

    @display(description=gettext_lazy("A credit costs"))
    def rate(self, price: Price) -> str:
        return price_rows.rate_text(price.micro_usd_per_credit)

    @display(description=gettext_lazy("By"))
    def by(self, price: Price) -> str:
        return price_rows.by_whom(price)


def _what_if(form: WhatIfForm) -> list[book.WhatIf]:
    zone = timezone.get_default_timezone()
    after = form.cleaned_data["until"] + timedelta(days=1)
    return book.what_if(
        since=datetime.combine(form.cleaned_data["since"], time.min, zone),
        until=datetime.combine(after, time.min, zone),
        other=form.other(),
    )


def _decide(
    request: HttpRequest, pk: int, done: str, decide: Callable[[PriceProposal], object]
) -> HttpResponse:
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    row = PriceProposal.objects.select_related("proposed_by").filter(pk=pk).first()
    if row is None:
        raise Http404
    try:
        decide(row)
    except InvalidRequest as refusal:
        messages.error(request, faults.text(refusal.faults))
    except PlatformError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, done)
    return redirect(_LIST)
