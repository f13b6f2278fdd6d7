"""Our copy of a result. Whether KIE made a video and whether we hold it are separate facts."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from generations.models.generation import Generation


class VideoState(models.TextChoices):
    PENDING = "pending", _("Waiting to be copied")
    ARCHIVED = "archived", _("Archived")
    AT_RISK = "at_risk", _("At risk")
    LOST = "lost", _("Lost")


class Video(models.Model):
    generation = models.OneToOneField(
        Generation, models.PROTECT, primary_key=True, related_name="video"
    )
    state = models.CharField(
        _("copy"), max_length=8, choices=VideoState, default=VideoState.PENDING
    )
    created_at = models.DateTimeField()
    tries = models.PositiveIntegerField(default=0)
    next_try_at = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True)
    problem = models.TextField(default="")
    bytes = models.BigIntegerField(null=True)
    sha256 = models.CharField(max_length=64, default="")
    duration_s = models.FloatField(null=True)
    archived_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("video")
        verbose_name_plural = _("videos")
        indexes = [
            models.Index(
                fields=["next_try_at"], condition=Q(next_try_at__isnull=False), name="video_due"
            ),
        ]
        constraints = [
            models.CheckConstraint(
                name="video_waiting_has_turn",
                condition=~Q(state__in=["pending", "at_risk"]) | Q(next_try_at__isnull=False),
            ),
            models.CheckConstraint(
                name="video_archived_is_described",
                condition=~Q(state="archived")
                | (
                    Q(bytes__isnull=False, duration_s__isnull=False, archived_at__isnull=False)
                    & Q(bytes__gt=0, duration_s__gt=0)
                    & ~Q(sha256="")
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.generation_id}"
