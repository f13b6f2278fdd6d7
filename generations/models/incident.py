"""What must not pass unseen: contradictions, odd answers, alarms. Closed by a person."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from generations.models.generation import Generation


class IncidentKind(models.TextChoices):
    ODD_ANSWER = "odd_answer", _("Odd answer to createTask")
    ANSWER_LOST = "answer_lost", _("Answer to createTask lost")
    SECOND_TASK = "second_task", _("A second task may exist")
    WRONG_ECHO = "wrong_echo", _("KIE's record does not match our request")
    CONTRADICTION = "contradiction", _("KIE's records contradict each other")
    ODD_STATE = "odd_state", _("Unknown state at KIE")
    LATE_SUCCESS = "late_success", _("Success after failure")
    OVERCHARGE = "overcharge", _("Charged differently from the quote")
    REFUND_KEPT = "refund_kept", _("Charged although it failed")
    UNDECIDED = "undecided", _("Undecided for more than a day")
    BALANCE_BREAK = "balance_break", _("KIE's balance moved without a reason of ours")
    BUDGET_WARNING = "budget_warning", _("A share of a budget is gone")


class Incident(models.Model):
    generation = models.ForeignKey(Generation, models.PROTECT, null=True, related_name="incidents")
    kind = models.CharField(_("what"), max_length=16, choices=IncidentKind)
    # One row for one cause: the same thing seen again raises `seen_count`.
    cause = models.CharField(max_length=200)
    detail = models.JSONField(default=dict)
    opened_at = models.DateTimeField(_("opened"))
    last_seen_at = models.DateTimeField(_("last seen"))
    seen_count = models.PositiveIntegerField(default=1)
    closed_at = models.DateTimeField(_("closed"), null=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    closing_note = models.TextField(default="")

    class Meta:
        verbose_name = _("incident")
        verbose_name_plural = _("incidents")
        ordering = ["-opened_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["generation", "kind", "cause"], name="incident_once_per_cause"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.generation_id}"
