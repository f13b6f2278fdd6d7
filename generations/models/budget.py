"""Budgets: how much may be spent in a month, by whom or on what, and how much of it is gone.

Money held counts as gone. The counters are written in the ledger's own transactions; `audit` adds the
ledger up and compares.
"""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from generations.models.generation import Generation
from generations.models.project import Project
from generations.models.token import ApiToken


class BudgetScope(models.TextChoices):
    """In the order in which budgets are asked, which keeps two requests from waiting on each other."""

    GLOBAL = "1_global", _("Everything")
    PROJECT = "2_project", _("Project")
    USER = "3_user", _("Person")
    TOKEN = "4_token", _("API token")


class Budget(models.Model):
    scope = models.CharField(_("for"), max_length=10, choices=BudgetScope)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="budgets"
    )
    project = models.ForeignKey(Project, models.PROTECT, null=True, related_name="budgets")
    token = models.ForeignKey(ApiToken, models.SET_NULL, null=True, related_name="budgets")
    limit_micro_usd = models.BigIntegerField()
    # A soft budget warns only; a hard one refuses before anything is sent.
    is_hard = models.BooleanField(_("refuse above the limit"), default=True)
    warn_at_percent = models.JSONField(default=list)
    created_at = models.DateTimeField(_("created"))
    created_by = models.CharField(max_length=150, default="")
    ended_at = models.DateTimeField(_("ended"), null=True)

    class Meta:
        verbose_name = _("budget")
        verbose_name_plural = _("budgets")
        ordering = ["scope", "id"]
        constraints = [
            models.CheckConstraint(
                name="budget_names_its_scope",
                condition=Q(scope="1_global", user=None, project=None, token=None)
                | Q(scope="2_project", user=None, token=None, project__isnull=False)
                | Q(scope="3_user", project=None, token=None, user__isnull=False)
                | Q(scope="4_token", project=None, user=None),
            ),
            models.CheckConstraint(
                name="budget_limit_not_negative", condition=Q(limit_micro_usd__gte=0)
            ),
            models.UniqueConstraint(
                fields=["scope"],
                condition=Q(scope="1_global", ended_at=None),
                name="budget_one_global",
            ),
            models.UniqueConstraint(
                fields=["user"],
                condition=Q(scope="3_user", ended_at=None),
                name="budget_one_per_user",
            ),
            models.UniqueConstraint(
                fields=["project"],
                condition=Q(scope="2_project", ended_at=None),
                name="budget_one_per_project",
            ),
            models.UniqueConstraint(
                fields=["token"],
                condition=Q(scope="4_token", ended_at=None),
                name="budget_one_per_token",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """What people and programs call it: "global", "user:olga", "project:spring", "token:ci"."""
        match self.scope:
            case BudgetScope.USER:
                return f"user:{self.user.get_username() if self.user else ''}"
            case BudgetScope.PROJECT:
                return f"project:{self.project.slug if self.project else ''}"
            case BudgetScope.TOKEN:
                return f"token:{self.token.name or self.token.token_key if self.token else ''}"
        return "global"


class BudgetRaise(models.Model):
    """More for a while, with a reason and an approver."""

    budget = models.ForeignKey(Budget, models.PROTECT, related_name="raises")
    micro_usd = models.BigIntegerField()
    reason = models.CharField(_("reason"), max_length=500)
    approved_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("until"))

    class Meta:
        verbose_name = _("temporary raise")
        verbose_name_plural = _("temporary raises")
        ordering = ["-starts_at"]
        constraints = [
            models.CheckConstraint(
                name="raise_is_reasoned",
                condition=Q(micro_usd__gt=0, ends_at__gt=F("starts_at")) & ~Q(reason=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.budget} +{self.micro_usd}"


class BudgetMonth(models.Model):
    """One budget in one month: the counters that a reservation must win."""

    budget = models.ForeignKey(Budget, models.PROTECT, related_name="months")
    period = models.CharField(_("month"), max_length=7)
    held_micro_usd = models.BigIntegerField(default=0)
    spent_micro_usd = models.BigIntegerField(default=0)
    # The highest of the budget's warning percentages that was passed and told in this month.
    warned_percent = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("month of a budget")
        verbose_name_plural = _("months of budgets")
        constraints = [
            models.UniqueConstraint(fields=["budget", "period"], name="budget_month_once"),
            models.CheckConstraint(
                name="budget_counters_not_negative",
                condition=Q(held_micro_usd__gte=0, spent_micro_usd__gte=0),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.budget} {self.period}"


class BudgetHold(models.Model):
    """What one generation holds, or has spent, of one month of one budget."""

    generation = models.ForeignKey(Generation, models.PROTECT, related_name="budget_holds")
    month = models.ForeignKey(BudgetMonth, models.PROTECT, related_name="holds")
    held_micro_usd = models.BigIntegerField()
    spent_micro_usd = models.BigIntegerField(default=0)

    class Meta:
        verbose_name = _("hold on a budget")
        verbose_name_plural = _("holds on budgets")
        constraints = [
            models.UniqueConstraint(fields=["generation", "month"], name="budget_hold_once"),
            models.CheckConstraint(
                name="budget_hold_not_negative",
                condition=Q(held_micro_usd__gte=0, spent_micro_usd__gte=0),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.generation_id} {self.month_id}"
