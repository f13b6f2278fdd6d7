"""The generation: one request of one video, from its quote to its end.

`status` is written by generations.models.transition alone.
"""

import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from generations.catalog import get_model
from generations.models.image import SourceImage
from generations.models.preset import PresetVersion
from generations.models.price import Price
from generations.models.project import Project, Tag


class Status(models.TextChoices):
    QUEUED = "queued", _("Queued")
    SUBMITTING = "submitting", _("Being sent")
    UNKNOWN = "unknown", _("Answer lost")
    RUNNING = "running", _("Running")
    NEEDS_REVIEW = "needs_review", _("Needs review")
    SUCCEEDED = "succeeded", _("Succeeded")
    FAILED = "failed", _("Failed")
    CANCELLED = "cancelled", _("Cancelled")


class FailureCode(models.TextChoices):
    REJECTED = "rejected", _("Refused by KIE")
    PROVIDER_FAILED = "provider_failed", _("Failed at KIE")
    MODERATION = "moderation", _("Stopped by KIE's moderation")
    NOT_CREATED = "not_created", _("Never created at KIE")
    WRITTEN_OFF = "written_off", _("Written off")
    PROVIDER_LOST = "provider_lost", _("Lost by KIE")
    SOURCE_UNAVAILABLE = "source_unavailable", _("Picture unavailable")


class Evidence(models.TextChoices):
    """How a cost is known."""

    NONE = "none", _("Not known yet")
    QUOTE = "quote", _("Our quote")
    PROVIDER = "provider", _("KIE's record")
    PERSON = "person", _("A person's decision")


TERMINAL = frozenset({Status.SUCCEEDED, Status.FAILED, Status.CANCELLED})
WITH_TASK = frozenset({Status.RUNNING, Status.NEEDS_REVIEW, Status.SUCCEEDED})
WITHOUT_TASK = frozenset({Status.QUEUED, Status.SUBMITTING, Status.UNKNOWN, Status.CANCELLED})
DECIDED_BY_A_PERSON = frozenset({FailureCode.NOT_CREATED, FailureCode.WRITTEN_OFF})


class Generation(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="generations",
        verbose_name=_("author"),
    )
    created_at = models.DateTimeField(_("created"))
    model = models.CharField(_("model"), max_length=120)
    # The five keys as normalised at request; with an uploaded picture image_url stays null here.
    input = models.JSONField(_("input"))
    input_sha256 = models.CharField(max_length=64)
    prompt_start = models.CharField(_("prompt"), max_length=200)
    warnings = models.JSONField(default=list)
    image = models.ForeignKey(
        SourceImage,
        models.PROTECT,
        null=True,
        related_name="generations",
        verbose_name=_("picture"),
    )
    uploaded_url = models.CharField(max_length=2048, default="")
    uploaded_at = models.DateTimeField(null=True)
    preset_version = models.ForeignKey(
        PresetVersion,
        models.PROTECT,
        null=True,
        related_name="generations",
        verbose_name=_("preset"),
    )
    project = models.ForeignKey(
        Project, models.PROTECT, null=True, related_name="generations", verbose_name=_("project")
    )
    tags = models.ManyToManyField(Tag, related_name="generations", verbose_name=_("tags"))
    note = models.TextField(_("note"), default="")
    retry_of = models.ForeignKey(
        "self", models.PROTECT, null=True, related_name="retries", verbose_name=_("retry of")
    )

    status = models.CharField(_("status"), max_length=16, choices=Status, default=Status.QUEUED)
    # Grows with every event; also the number of the last event.
    version = models.PositiveIntegerField(default=1)

    # The month, in the platform's zone, in which the money was held: its cost belongs to it for good.
    period = models.CharField(_("month"), max_length=7, default="")
    token = models.ForeignKey(
        settings.KNOX_TOKEN_MODEL, models.SET_NULL, null=True, related_name="generations"
    )
    price = models.ForeignKey(Price, models.PROTECT, related_name="generations")
    quote_micro_credits = models.BigIntegerField()
    quote_micro_usd = models.BigIntegerField()
    # What KIE's record last said it took, whatever became of the job.
    reported_micro_credits = models.BigIntegerField(null=True)
    cost_micro_credits = models.BigIntegerField(null=True)
    cost_micro_usd = models.BigIntegerField(null=True)
    cost_evidence = models.CharField(max_length=8, choices=Evidence, default=Evidence.NONE)

    dispatch_at = models.DateTimeField(null=True)
    send_tries = models.PositiveIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    submitted_at = models.DateTimeField(_("submitted"), null=True)
    provider_task_id = models.CharField(_("KIE task"), max_length=128, null=True, unique=True)
    # A task id that some evidence names and that KIE's own record has not confirmed yet.
    candidate_task_id = models.CharField(max_length=128, default="")
    candidate_from = models.CharField(max_length=8, default="")
    provider_state = models.CharField(max_length=16, default="")
    next_poll_at = models.DateTimeField(null=True)
    last_poll_at = models.DateTimeField(null=True)
    fail_seen_at = models.DateTimeField(null=True)
    result_url = models.TextField(default="")
    finished_at = models.DateTimeField(_("finished"), null=True)

    failure_code = models.CharField(_("reason"), max_length=24, choices=FailureCode, default="")
    failure_detail = models.TextField(default="")
    provider_code = models.CharField(max_length=32, default="")
    provider_message = models.TextField(default="")
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="decisions"
    )
    decided_at = models.DateTimeField(null=True)
    decision_note = models.TextField(default="")

    class Meta:
        verbose_name = _("generation")
        verbose_name_plural = _("generations")
        ordering = ["-created_at", "-id"]
        permissions = [
            ("view_all_generations", _("Can see everybody's generations")),
            ("pause_submissions", _("Can pause and resume submissions")),
            ("decide_unknown", _("Can decide about lost answers and empty successes")),
        ]
        indexes = [
            models.Index(F("created_at").desc(), F("id").desc(), name="gen_newest"),
            models.Index("created_by", F("created_at").desc(), name="gen_author_newest"),
            models.Index("status", F("created_at").desc(), name="gen_status_newest"),
            models.Index(
                fields=["next_poll_at"],
                condition=Q(next_poll_at__isnull=False),
                name="gen_due_poll",
            ),
            models.Index(
                fields=["dispatch_at", "created_at"],
                condition=Q(status="queued"),
                name="gen_due_send",
            ),
            models.Index(
                fields=["lease_until"], condition=Q(status="submitting"), name="gen_due_lease"
            ),
        ]
        constraints = [
            models.CheckConstraint(
                name="gen_status_known", condition=Q(status__in=[str(s) for s in Status])
            ),
            models.CheckConstraint(
                name="gen_task_id_by_status",
                condition=Q(status__in=sorted(WITH_TASK), provider_task_id__isnull=False)
                | Q(status__in=sorted(WITHOUT_TASK), provider_task_id__isnull=True)
                | Q(status="failed"),
            ),
            models.CheckConstraint(
                name="gen_running_is_polled",
                condition=~Q(status__in=["running", "needs_review"])
                | Q(next_poll_at__isnull=False),
            ),
            models.CheckConstraint(
                name="gen_queued_has_turn",
                condition=~Q(status="queued") | Q(dispatch_at__isnull=False),
            ),
            models.CheckConstraint(
                name="gen_submitting_has_lease",
                condition=Q(status="submitting", lease_until__isnull=False)
                | (~Q(status="submitting") & Q(lease_until__isnull=True)),
            ),
            models.CheckConstraint(
                name="gen_end_is_dated",
                condition=Q(status__in=sorted(TERMINAL), finished_at__isnull=False)
                | (~Q(status__in=sorted(TERMINAL)) & Q(finished_at__isnull=True)),
            ),
            models.CheckConstraint(
                name="gen_failure_is_named",
                condition=Q(status="failed", failure_code__in=[str(c) for c in FailureCode])
                | (~Q(status="failed") & Q(failure_code="")),
            ),
            models.CheckConstraint(
                name="gen_success_has_result", condition=~Q(status="succeeded") | ~Q(result_url="")
            ),
            models.CheckConstraint(
                name="gen_decision_is_signed",
                condition=~Q(failure_code__in=sorted(DECIDED_BY_A_PERSON))
                | (Q(decided_by__isnull=False, decided_at__isnull=False) & ~Q(decision_note="")),
            ),
            models.CheckConstraint(
                name="gen_quote_not_negative",
                condition=Q(quote_micro_credits__gt=0, quote_micro_usd__gt=0),
            ),
            models.CheckConstraint(
                name="gen_cost_has_evidence",
                condition=Q(
                    cost_evidence="none",
                    cost_micro_credits__isnull=True,
                    cost_micro_usd__isnull=True,
                )
                # A check that comes to NULL passes, so that there is a figure is said too.
                | (
                    ~Q(cost_evidence="none")
                    & Q(cost_micro_credits__isnull=False, cost_micro_usd__isnull=False)
                    & Q(cost_micro_credits__gte=0, cost_micro_usd__gte=0)
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pk}"

    @property
    def is_terminal(self) -> bool:
        return self.status in TERMINAL

    @property
    def wire_input(self) -> dict[str, Any]:
        """The input as KIE gets it, in the catalogue's order, with the uploaded picture's address.

        That address is None until the picture has been uploaded.
        """
        given = dict(self.input)
        if self.image_id is not None:
            given["image_url"] = self.uploaded_url or None
        spec = get_model(self.model)
        # PostgreSQL does not keep the order of keys.
        names = [parameter.name for parameter in spec.fields] if spec else sorted(given)
        return {name: given[name] for name in names if name in given}
