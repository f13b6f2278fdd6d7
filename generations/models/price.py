"""What KIE charges: immutable, dated rows by model and variant. A new price is a new row."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


class Price(models.Model):
    model = models.CharField(_("model"), max_length=120)
    # Canonical "key=value" pairs of the parameters that the price depends on: "duration=5".
    variant = models.CharField(_("variant"), max_length=120)
    micro_credits = models.BigIntegerField()
    micro_usd_per_credit = models.BigIntegerField()
    valid_from = models.DateTimeField(_("valid from"))
    known_from = models.DateTimeField(_("known from"))
    source_url = models.CharField(_("source"), max_length=500, default="")
    note = models.CharField(_("note"), max_length=500, default="")
    # Null for the rows that came with the platform.
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("by")
    )

    class Meta:
        verbose_name = _("price")
        verbose_name_plural = _("prices")
        ordering = ["model", "variant", "-valid_from", "-id"]
        permissions = [("approve_price", _("Can approve a price that another person proposes"))]
        indexes = [models.Index(fields=["model", "variant", "valid_from"], name="price_lookup")]
        constraints = [
            models.CheckConstraint(
                name="price_is_positive",
                condition=Q(micro_credits__gt=0, micro_usd_per_credit__gt=0),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.model} {self.variant}"


class ProposalState(models.TextChoices):
    PENDING = "pending", _("Waits for a second person")
    APPROVED = "approved", _("Approved")
    REFUSED = "refused", _("Refused")


class PriceProposal(models.Model):
    """A price so far from the one it follows that a second person must look at it first."""

    model = models.CharField(_("model"), max_length=120)
    variant = models.CharField(_("variant"), max_length=120)
    micro_credits = models.BigIntegerField()
    micro_usd_per_credit = models.BigIntegerField()
    valid_from = models.DateTimeField(_("valid from"))
    source_url = models.CharField(_("source"), max_length=500, default="")
    note = models.CharField(_("note"), max_length=500, default="")
    reason = models.CharField(_("reason"), max_length=500, default="")
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField(_("proposed"))
    state = models.CharField(
        _("state"), max_length=8, choices=ProposalState, default=ProposalState.PENDING
    )
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    decided_at = models.DateTimeField(_("decided"), null=True)
    # The row that the approval made.
    price = models.OneToOneField(Price, models.PROTECT, null=True, related_name="proposal")

    class Meta:
        verbose_name = _("proposed price")
        verbose_name_plural = _("proposed prices")
        ordering = ["-proposed_at", "-id"]
        constraints = [
            models.CheckConstraint(
                name="proposal_is_positive",
                condition=Q(micro_credits__gt=0, micro_usd_per_credit__gt=0),
            ),
            models.CheckConstraint(
                name="proposal_decision_is_whole",
                condition=Q(state="pending", decided_by=None, decided_at=None, price=None)
                | Q(state="refused", decided_by__isnull=False, decided_at__isnull=False, price=None)
                | Q(
                    state="approved",
                    decided_by__isnull=False,
                    decided_at__isnull=False,
                    price__isnull=False,
                ),
            ),
            models.CheckConstraint(
                name="proposal_needs_two_people",
                condition=~Q(state="approved") | ~Q(decided_by=F("proposed_by")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.model} {self.variant}"
