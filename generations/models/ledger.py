"""The ledger: append-only double entry in integers, each row chained to the one before by its hash.

The database itself refuses to change or delete a row (migration ledger_stays). `append` is the only
way in; it holds the head's row until the transaction ends, so rows are numbered without gaps.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID, uuid4

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from generations.models.generation import Evidence, Generation


class Account(models.TextChoices):
    AVAILABLE = "available", _("Available")
    HELD = "held", _("Held")
    SPENT = "spent", _("Spent")
    SUSPENSE = "suspense", _("In suspense")
    DRIFT = "drift", _("Unexplained")


class PostingKind(models.TextChoices):
    HOLD = "hold", _("Hold")
    SETTLE = "settle", _("Settlement")
    RELEASE = "release", _("Release")
    SUSPECT = "suspect", _("Into suspense")
    LATE = "late", _("Late settlement")
    CORRECT = "correct", _("Correction")


CLOSING = (PostingKind.SETTLE, PostingKind.RELEASE)
GENESIS = "0" * 64
# Made once: the audit asks it about every entry there is.
_JSON = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


class LedgerHead(models.Model):
    """The end of the chain (a single row, id 1)."""

    seq = models.BigIntegerField(default=0)
    hash = models.CharField(max_length=64, default=GENESIS)

    class Meta:
        verbose_name = _("end of the ledger")
        verbose_name_plural = _("end of the ledger")

    def __str__(self) -> str:
        return f"{self.seq}"


class LedgerEntry(models.Model):
    seq = models.BigIntegerField(primary_key=True)
    at = models.DateTimeField(_("at"))
    posting = models.UUIDField(_("posting"), db_index=True)
    kind = models.CharField(_("what"), max_length=8, choices=PostingKind)
    generation = models.ForeignKey(
        Generation, models.PROTECT, null=True, related_name="ledger", verbose_name=_("generation")
    )
    account = models.CharField(_("account"), max_length=10, choices=Account)
    # The month, in the platform's zone, that the money belongs to: fixed when it was held.
    period = models.CharField(_("month"), max_length=7)
    micro_credits = models.BigIntegerField()
    micro_usd = models.BigIntegerField()
    evidence = models.CharField(_("evidence"), max_length=8, choices=Evidence)
    actor = models.CharField(_("actor"), max_length=150)
    note = models.CharField(_("note"), max_length=500, default="")
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64, unique=True)

    class Meta:
        verbose_name = _("ledger entry")
        verbose_name_plural = _("ledger")
        ordering = ["-seq"]
        permissions = [("view_reports", _("Can see usage, money at risk and exports"))]
        indexes = [
            models.Index(fields=["period", "account"], name="ledger_by_month"),
            models.Index(fields=["at"], name="ledger_by_moment"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["generation", "account"], condition=Q(kind="hold"), name="ledger_held_once"
            ),
            models.UniqueConstraint(
                fields=["generation", "account"],
                condition=Q(kind__in=[str(kind) for kind in CLOSING]),
                name="ledger_closed_once",
            ),
            models.UniqueConstraint(
                fields=["generation", "account"],
                condition=Q(kind="suspect"),
                name="ledger_suspected_once",
            ),
            models.UniqueConstraint(
                fields=["generation", "account"], condition=Q(kind="late"), name="ledger_late_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.seq} {self.kind} {self.account}"


@dataclass(frozen=True, slots=True)
class Leg:
    """One side of a posting: what an account gains, in micro-units; losses are negative."""

    account: Account
    micro_credits: int
    micro_usd: int


@dataclass(frozen=True, slots=True)
class Posting:
    """One balanced move of money. Legs that move nothing are left out."""

    kind: PostingKind
    legs: tuple[Leg, ...]
    period: str
    evidence: Evidence
    actor: str
    generation_id: UUID | None = None
    note: str = ""


def lock() -> LedgerHead:
    """Keep the ledger to this transaction until it ends, and answer where the chain ends.

    Whoever also writes budgets takes this first: one order of locks, no circle.
    """
    LedgerHead.objects.get_or_create(pk=1)
    return LedgerHead.objects.select_for_update().get(pk=1)


def append(posting: Posting, *, now: datetime) -> Sequence[LedgerEntry]:
    """Write a posting at the end of the ledger, within the caller's transaction.

    Raises ValueError when it does not balance to zero in both units, and IntegrityError when the
    generation has had this posting before.
    """
    if sum(leg.micro_credits for leg in posting.legs) or sum(leg.micro_usd for leg in posting.legs):
        raise ValueError(f"a {posting.kind} does not balance")
    head = lock()
    number, entries = uuid4(), []
    for leg in posting.legs:
        entry = LedgerEntry(
            seq=head.seq + 1,
            at=now,
            posting=number,
            kind=posting.kind,
            generation_id=posting.generation_id,
            account=leg.account,
            period=posting.period,
            micro_credits=leg.micro_credits,
            micro_usd=leg.micro_usd,
            evidence=posting.evidence,
            actor=posting.actor[:150],
            note=posting.note[:500],
            previous_hash=head.hash,
        )
        entry.hash = hash_of(entry)
        head.seq, head.hash = entry.seq, entry.hash
        entries.append(entry)
    LedgerEntry.objects.bulk_create(entries)
    LedgerHead.objects.filter(pk=1).update(seq=head.seq, hash=head.hash)
    return entries


def hash_of(entry: LedgerEntry) -> str:
    """Answer the sha256 that an entry must carry: of the one before it and of all its own columns."""
    return digest(
        (
            entry.previous_hash,
            entry.seq,
            entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
            str(entry.posting),
            str(entry.kind),
            str(entry.generation_id or ""),
            str(entry.account),
            entry.period,
            entry.micro_credits,
            entry.micro_usd,
            str(entry.evidence),
            entry.actor,
            entry.note,
        )
    )


def digest(content: tuple[str | int, ...]) -> str:
    """Answer the sha256 of an entry's columns, given as text and whole numbers in `hash_of`'s order."""
    return hashlib.sha256(_JSON.encode(content).encode()).hexdigest()
