"""Presets: named sets of parameters. Each change makes a new version; versions never change."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class Preset(models.Model):
    slug = models.SlugField(_("slug"), max_length=80, unique=True)
    name = models.CharField(_("name"), max_length=120)
    model = models.CharField(_("model"), max_length=120)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="presets", verbose_name=_("owner")
    )
    is_shared = models.BooleanField(_("shared with everybody"), default=False)
    created_at = models.DateTimeField(_("created"))
    archived_at = models.DateTimeField(_("archived"), null=True)

    class Meta:
        verbose_name = _("preset")
        verbose_name_plural = _("presets")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class PresetVersion(models.Model):
    preset = models.ForeignKey(Preset, models.PROTECT, related_name="versions")
    version = models.PositiveIntegerField(_("version"))
    input = models.JSONField(_("parameters"))
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(_("created"))

    class Meta:
        verbose_name = _("preset version")
        verbose_name_plural = _("preset versions")
        ordering = ["preset", "-version"]
        constraints = [
            models.UniqueConstraint(fields=["preset", "version"], name="preset_version_numbered"),
        ]

    def __str__(self) -> str:
        return f"{self.preset} v{self.version}"
