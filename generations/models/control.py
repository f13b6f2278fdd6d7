"""What all processes share: the submission lane, leases, the account's limits, heartbeats."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Lane(models.Model):
    """The one gate through which every submission goes (a single row, id 1)."""

    paused_at = models.DateTimeField(_("paused"), null=True)
    paused_by = models.CharField(max_length=150, default="")
    pause_reason = models.CharField(max_length=500, default="")
    # Set when KIE refuses the account itself (401, 402, 433): one probe a minute until it is accepted.
    blocked_code = models.IntegerField(null=True)
    blocked_message = models.CharField(max_length=500, default="")
    blocked_at = models.DateTimeField(null=True)
    probe_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("submission lane")
        verbose_name_plural = _("submission lane")

    def __str__(self) -> str:
        return "lane"


class Lease(models.Model):
    """The right to be the only one who does something, for a while."""

    name = models.CharField(max_length=60, primary_key=True)
    holder = models.CharField(max_length=120, default="")
    until = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("lease")
        verbose_name_plural = _("leases")

    def __str__(self) -> str:
        return self.name


class RateSlot(models.Model):
    """One of the N uses that a limit allows in its window; used again when its use is old enough."""

    limit = models.CharField(max_length=20)
    number = models.PositiveIntegerField()
    used_at = models.DateTimeField()

    class Meta:
        verbose_name = _("rate slot")
        verbose_name_plural = _("rate slots")
        constraints = [
            models.UniqueConstraint(fields=["limit", "number"], name="rate_slot_numbered")
        ]
        indexes = [models.Index(fields=["limit", "used_at"], name="rate_slot_oldest")]

    def __str__(self) -> str:
        return f"{self.limit} {self.number}"


class Heartbeat(models.Model):
    """When a cluster last proved, by running a task, that it takes work."""

    cluster = models.CharField(max_length=120, primary_key=True)
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("heartbeat")
        verbose_name_plural = _("heartbeats")

    def __str__(self) -> str:
        return self.cluster
