"""One attempt to have KIE create a task: written before the request, closed by its outcome."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from generations.models.generation import Generation


class AttemptState(models.TextChoices):
    OPEN = "open", _("Being sent")
    ACCEPTED = "accepted", _("Accepted")
    REFUSED = "refused", _("Refused")
    UNSENT = "unsent", _("Proved unsent")
    UNKNOWN = "unknown", _("Answer lost")
    RESOLVED = "resolved", _("Decided by a person")


MAY_HAVE_A_TASK = (AttemptState.OPEN, AttemptState.ACCEPTED, AttemptState.UNKNOWN)


class SubmissionAttempt(models.Model):
    generation = models.ForeignKey(Generation, models.PROTECT, related_name="attempts")
    seq = models.PositiveIntegerField()
    state = models.CharField(max_length=8, choices=AttemptState, default=AttemptState.OPEN)
    # The sha256 of the token in this attempt's callback address; the token itself is never stored.
    token_sha256 = models.CharField(max_length=64, unique=True)
    has_callback = models.BooleanField(default=False)
    request_sha256 = models.CharField(max_length=64)
    worker = models.CharField(max_length=120, default="")
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    http_status = models.PositiveIntegerField(null=True)
    provider_code = models.IntegerField(null=True)
    provider_message = models.TextField(default="")
    outcome = models.CharField(max_length=200, default="")
    answer_excerpt = models.TextField(default="")

    class Meta:
        verbose_name = _("submission attempt")
        verbose_name_plural = _("submission attempts")
        ordering = ["generation", "seq"]
        constraints = [
            models.UniqueConstraint(fields=["generation", "seq"], name="attempt_numbered"),
            # The heart of "never paid twice": a second attempt needs proof that the first made nothing.
            models.UniqueConstraint(
                fields=["generation"],
                condition=Q(state__in=[str(s) for s in MAY_HAVE_A_TASK]),
                name="attempt_one_that_may_have_a_task",
            ),
            models.CheckConstraint(
                name="attempt_closed_is_dated",
                condition=Q(state="open", closed_at__isnull=True)
                | (~Q(state="open") & Q(closed_at__isnull=False)),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.generation_id} #{self.seq}"
