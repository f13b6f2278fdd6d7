"""Which answer an Idempotency-Key has got. Written in the transaction that makes the generation."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from generations.models.generation import Generation


class IdempotencyRecord(models.Model):
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    # The call that the key was used with: "create" or "retry:<id>".
    call = models.CharField(max_length=60)
    key = models.CharField(max_length=255)
    body_sha256 = models.CharField(max_length=64)
    created_at = models.DateTimeField()
    generation = models.OneToOneField(Generation, models.PROTECT, related_name="idempotency")
    # The first answer, byte for byte; empty until the edge has rendered it.
    answer = models.TextField(default="")

    class Meta:
        verbose_name = _("idempotency key")
        verbose_name_plural = _("idempotency keys")
        constraints = [
            models.UniqueConstraint(fields=["user", "call", "key"], name="idempotency_key_once"),
        ]

    def __str__(self) -> str:
        return self.key
