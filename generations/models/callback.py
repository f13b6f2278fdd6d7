"""What was posted to our callback address. Kept as a trace; nothing in it is believed."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from generations.models.attempt import SubmissionAttempt


class CallbackHit(models.Model):
    attempt = models.ForeignKey(SubmissionAttempt, models.PROTECT, related_name="callbacks")
    received_at = models.DateTimeField()
    named_task_id = models.CharField(max_length=128, default="")
    is_signed = models.BooleanField(default=False)
    body_sha256 = models.CharField(max_length=64)
    repeats = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("callback")
        verbose_name_plural = _("callbacks")
        ordering = ["-received_at"]
        constraints = [
            models.UniqueConstraint(fields=["attempt", "body_sha256"], name="callback_once"),
        ]

    def __str__(self) -> str:
        return f"{self.attempt_id} {self.received_at:%Y-%m-%d %H:%M:%S}"
