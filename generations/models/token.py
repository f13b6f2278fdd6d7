"""API tokens: hashed by knox, named, scoped, expiring."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from knox.models import AbstractAuthToken


class Scope(models.TextChoices):
    GENERATIONS_READ = "generations:read", _("Read generations")
    GENERATIONS_WRITE = "generations:write", _("Create generations")
    PRESETS_WRITE = "presets:write", _("Change presets")
    USAGE_READ = "usage:read", _("Read usage and prices")
    LEDGER_READ = "ledger:read", _("Read the ledger")


class ApiToken(AbstractAuthToken):
    name = models.CharField(_("name"), max_length=120, default="")
    scopes = models.JSONField(_("scopes"), default=list)
    last_used_at = models.DateTimeField(_("last used"), null=True)

    class Meta:
        verbose_name = _("API token")
        verbose_name_plural = _("API tokens")
        ordering = ["-created"]

    def __str__(self) -> str:
        return self.name or self.token_key
