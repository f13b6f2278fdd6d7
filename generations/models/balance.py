"""KIE's balance as it was read, what was paid in, and what nobody can explain."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


class SnapshotSource(models.TextChoices):
    PLATFORM = "platform", _("By the platform")
    STARTUP = "startup", _("After a pause of the platform")
    MANUAL = "manual", _("By a person")


class BalanceSnapshot(models.Model):
    at = models.DateTimeField(_("at"))
    micro_credits = models.BigIntegerField()
    source = models.CharField(_("source"), max_length=8, choices=SnapshotSource)

    class Meta:
        verbose_name = _("balance at KIE")
        verbose_name_plural = _("balances at KIE")
        ordering = ["-at", "-id"]
        indexes = [models.Index(fields=["at"], name="balance_by_moment")]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.micro_credits}"


class TopUp(models.Model):
    """Credits paid in at KIE; negative for what KIE has taken back of a payment."""

    at = models.DateTimeField(_("paid in"))
    micro_credits = models.BigIntegerField()
    # The number of the payment or the invoice at KIE.
    reference = models.CharField(_("reference"), max_length=200, default="")
    note = models.CharField(_("note"), max_length=500, default="")
    # Null where the command line recorded it.
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("by")
    )
    recorded_at = models.DateTimeField(_("recorded"))
    # The first snapshot whose balance has it; null until it shows.
    shown_in = models.ForeignKey(BalanceSnapshot, models.PROTECT, null=True, related_name="+")

    class Meta:
        verbose_name = _("top-up")
        verbose_name_plural = _("top-ups")
        ordering = ["-at", "-id"]
        indexes = [models.Index(fields=["at"], name="top_up_by_moment")]
        constraints = [
            models.CheckConstraint(name="top_up_is_something", condition=~Q(micro_credits=0)),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d} {self.micro_credits}"


class BreakGuess(models.TextChoices):
    """What a difference looks like. A person says what it was."""

    SECOND_TASK = "second_task", _("A task was paid that is not ours, at the price of ours")
    REFUND_MISSING = "refund_missing", _("A failed task was not refunded")
    WRONG_DECISION = "wrong_decision", _("A task that a person declared never created was paid")
    FOREIGN = "foreign", _("Somebody else spends on the account")
    PRICE = "price", _("KIE charged another price than its records say")
    TOP_UP = "top_up", _("A payment that nobody has recorded")
    NOT_CHARGED = "not_charged", _("Something that we count as paid was not charged")


class BalanceBreak(models.Model):
    """One difference between KIE's balance and our books; negative when credits are missing."""

    from_snapshot = models.ForeignKey(BalanceSnapshot, models.PROTECT, related_name="+")
    to_snapshot = models.ForeignKey(BalanceSnapshot, models.PROTECT, related_name="+")
    expected_micro_credits = models.BigIntegerField()
    actual_micro_credits = models.BigIntegerField()
    difference_micro_credits = models.BigIntegerField()
    guess = models.CharField(_("looks like"), max_length=16, choices=BreakGuess)
    opened_at = models.DateTimeField(_("found"))
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="balance_breaks"
    )
    explanation = models.TextField(default="")
    explained_at = models.DateTimeField(_("explained"), null=True)
    # Null where later evidence explained it: then the explanation is what the difference was.
    explained_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )

    class Meta:
        verbose_name = _("break")
        verbose_name_plural = _("Reconciliation")
        ordering = ["-opened_at", "-id"]
        constraints = [
            models.CheckConstraint(
                name="break_is_what_differs",
                condition=Q(
                    difference_micro_credits=F("actual_micro_credits") - F("expected_micro_credits")
                ),
            ),
            models.CheckConstraint(
                name="break_explained_in_words",
                condition=Q(explained_at__isnull=True) | ~Q(explanation=""),
            ),
            models.UniqueConstraint(
                fields=["from_snapshot", "to_snapshot"],
                condition=Q(explained_at__isnull=True),
                name="break_open_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pk} {self.difference_micro_credits}"
