"""The trail of a generation: append-only, one row for whatever happened."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from generations.models.generation import Generation, Status


class EventKind(models.TextChoices):
    REQUESTED = "requested", _("Requested")
    PICTURE_SENT = "picture_sent", _("Picture sent to KIE")
    SENDING = "sending", _("Sending to KIE")
    ACCEPTED = "accepted", _("Accepted by KIE")
    REFUSED = "refused", _("Refused by KIE")
    UNSENT = "unsent", _("Proved unsent")
    ANSWER_LOST = "answer_lost", _("Answer lost")
    POSTPONED = "postponed", _("Postponed")
    CALLBACK = "callback", _("Callback received")
    ATTACHED = "attached", _("Task found")
    PROVIDER_STATE = "provider_state", _("State at KIE")
    FAIL_SEEN = "fail_seen", _("Failure reported, to be confirmed")
    SUCCEEDED = "succeeded", _("Succeeded")
    FAILED = "failed", _("Failed")
    NEEDS_REVIEW = "needs_review", _("Success without a usable result")
    CANCELLED = "cancelled", _("Cancelled")
    DECIDED = "decided", _("Decided by a person")
    COST_CHANGED = "cost_changed", _("Charge at KIE changed")
    VIDEO_ARCHIVED = "video_archived", _("Video archived")
    VIDEO_AT_RISK = "video_at_risk", _("Video at risk")
    VIDEO_LOST = "video_lost", _("Video lost")


class GenerationEvent(models.Model):
    generation = models.ForeignKey(Generation, models.PROTECT, related_name="events")
    seq = models.PositiveIntegerField()
    at = models.DateTimeField(_("at"))
    actor = models.CharField(_("actor"), max_length=150)
    kind = models.CharField(_("what"), max_length=24, choices=EventKind)
    from_status = models.CharField(_("from"), max_length=16, choices=Status, default="")
    to_status = models.CharField(_("to"), max_length=16, choices=Status, default="")
    detail = models.JSONField(_("detail"), default=dict)

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        ordering = ["generation", "seq"]
        constraints = [
            models.UniqueConstraint(fields=["generation", "seq"], name="event_numbered"),
        ]

    def __str__(self) -> str:
        return f"{self.generation_id} #{self.seq} {self.kind}"
