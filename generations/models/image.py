"""A source picture that somebody uploaded, as rebuilt and stored by us."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class SourceImage(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="images", verbose_name=_("owner")
    )
    created_at = models.DateTimeField(_("uploaded"))
    mime = models.CharField(max_length=16)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    bytes = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    original_sha256 = models.CharField(max_length=64)
    original_name = models.CharField(_("file"), max_length=200, default="")

    class Meta:
        verbose_name = _("picture")
        verbose_name_plural = _("pictures")
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                name="image_kind_known", condition=Q(mime__in=["image/jpeg", "image/png"])
            ),
        ]

    def __str__(self) -> str:
        return f"{self.original_name or self.pk} ({self.width}×{self.height})"
