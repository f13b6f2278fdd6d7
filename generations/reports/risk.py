"""Where money is in doubt, what is held, and how each figure is known."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from django.contrib.auth.models import User
from django.db.models import F, Q, QuerySet, Sum

from generations.models import Account, Evidence, Generation, LedgerEntry, Status, VideoState
from generations.models.generation import TERMINAL
from generations.reports.days import Days
from generations.reports.spent import afterwards, asked_with_settlement


class Doubt(StrEnum):
    """Why money is at risk; a generation has one doubt at most."""

    UNKNOWN = "unknown"
    SUSPENSE = "suspense"
    NEEDS_REVIEW = "needs_review"
    NOT_ARCHIVED = "not_archived"


@dataclass(frozen=True, slots=True)
class AtRisk:
    """A generation whose money is in doubt: what the ledger holds, suspects or has spent for it."""

    generation: Generation
    doubt: Doubt
    micro_credits: int
    micro_usd: int


@dataclass(frozen=True, slots=True)
class Amount:
    """How many, and how much."""

    generations: int = 0
    micro_credits: int = 0
    micro_usd: int = 0


@dataclass(frozen=True, slots=True)
class EvidenceShare:
    """What is known in this way; `share` is its part of all that was spent, 0 to 1."""

    evidence: Evidence
    micro_credits: int
    micro_usd: int
    share: float


def at_risk() -> tuple[AtRisk, ...]:
    """Answer every generation whose money is in doubt now, the oldest first.

    Unknown (the answer was lost), in suspense (unknown for a day), needs review (KIE names no usable
    result), and charged without an archived video. What is on its ordinary way is not among them.
    """
    doubtful = [*_open_doubts(), *_charged_without_video()]
    amounts = _amounts([generation.pk for generation in doubtful])
    found = []
    for generation in doubtful:
        held, suspense, spent = (
            amounts.get((generation.pk, account), (0, 0))
            for account in (Account.HELD, Account.SUSPENSE, Account.SPENT)
        )
        if any(suspense):
            doubt = Doubt.SUSPENSE
        elif generation.status in {Status.UNKNOWN, Status.NEEDS_REVIEW}:
            doubt = Doubt(str(generation.status))
        else:
            doubt = Doubt.NOT_ARCHIVED
        credits_, usd = (sum(pair) for pair in zip(held, suspense, spent, strict=True))
        if credits_ or usd:
            found.append(AtRisk(generation, doubt, credits_, usd))
    return tuple(sorted(found, key=lambda risk: (risk.generation.created_at, risk.generation.pk)))


def sums_of(risks: Sequence[AtRisk]) -> dict[Doubt, Amount]:
    """Add up what is at risk, by doubt; every doubt is named."""
    sums = {doubt: Amount() for doubt in Doubt}
    for risk in risks:
        had = sums[risk.doubt]
        sums[risk.doubt] = Amount(
            had.generations + 1,
            had.micro_credits + risk.micro_credits,
            had.micro_usd + risk.micro_usd,
        )
    return sums


def held() -> Amount:
    """Answer what is held now for generations that are not over."""
    rows = LedgerEntry.objects.filter(
        account=Account.HELD, generation__in=Generation.objects.exclude(status__in=TERMINAL)
    )
    sums = rows.aggregate(credits=Sum("micro_credits"), usd=Sum("micro_usd"))
    count = Generation.objects.exclude(status__in=TERMINAL).count()
    return Amount(count, sums["credits"] or 0, sums["usd"] or 0)


def evidence_shares(*, days: Days, only: User | None = None) -> tuple[EvidenceShare, ...]:
    """Answer how what was spent on the days is known, every kind of evidence named but "none".

    The amounts add up to the usage's total of the same days. Shares are 0 where nothing was spent.
    """
    asked = asked_with_settlement(days, only).annotate(how=F("settled__evidence"))
    rows = asked.values_list("how")
    sums = {
        evidence: (credits_, usd)
        for evidence, credits_, usd in rows.annotate(
            credits=Sum("settled__micro_credits"), usd=Sum("settled__micro_usd")
        )
        if evidence
    }
    for entry in afterwards(days, only):
        had = sums.get(entry.evidence, (0, 0))
        sums[entry.evidence] = had[0] + entry.micro_credits, had[1] + entry.micro_usd
    total = sum(usd for _, usd in sums.values())
    kinds = [kind for kind in Evidence if kind != Evidence.NONE or any(sums.get(kind, ()))]
    return tuple(
        EvidenceShare(
            kind, *sums.get(kind, (0, 0)), sums.get(kind, (0, 0))[1] / total if total else 0
        )
        for kind in kinds
    )


def _open_doubts() -> QuerySet[Generation]:
    doubtful = [Status.UNKNOWN, Status.NEEDS_REVIEW]
    return Generation.objects.filter(status__in=doubtful).select_related("created_by")


def _charged_without_video() -> QuerySet[Generation]:
    charged = Generation.objects.filter(
        status__in=[Status.SUCCEEDED, Status.FAILED], cost_micro_credits__gt=0
    )
    unsafe = Q(video=None) | ~Q(video__state=VideoState.ARCHIVED)
    return charged.filter(unsafe).select_related("created_by", "video")


def _amounts(ids: Sequence[UUID]) -> dict[tuple[UUID, str], tuple[int, int]]:
    """Answer the sums of the ledger by generation and account."""
    found = {}
    for begin in range(0, len(ids), 500):  # SQLite takes only so many parameters
        entries = LedgerEntry.objects.order_by().filter(generation__in=ids[begin : begin + 500])
        sums = entries.values_list("generation_id", "account")
        for generation_id, account, *pair in sums.annotate(Sum("micro_credits"), Sum("micro_usd")):
            found[generation_id, account] = pair[0], pair[1]
    return found
