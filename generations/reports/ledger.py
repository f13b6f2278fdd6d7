"""The ledger for reading: its entries by filters, the state of its chain, and all of it as a table."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import Count, Q, QuerySet, Sum

from generations.models import LedgerEntry, LedgerHead
from generations.money import credits_text, usd_text
from generations.reports.sheets import ROWS_PER_CHUNK, Cell, Table

COLUMNS = (
    "seq",
    "at",
    "transaction",
    "kind",
    "generation",
    "account",
    "period",
    "credits",
    "usd",
    "evidence",
    "actor",
    "note",
    "hash",
)


@dataclass(frozen=True, slots=True)
class Chain:
    """Where the chain ends. An empty ledger ends at 0."""

    last_seq: int
    hash: str


def chain() -> Chain:
    """Answer the last entry's number and hash."""
    head = LedgerHead.objects.filter(pk=1).first() or LedgerHead()
    return Chain(head.seq, head.hash)


def table(entries: QuerySet[LedgerEntry], *, now: datetime) -> Table:
    """Answer entries as a table, oldest first, its control row being counted by the database.

    What is posted while the table is being read is not in it: it ends where the ledger ends now.
    """
    entries = entries.filter(seq__lte=chain().last_seq).order_by("seq")
    sums = entries.order_by().aggregate(
        count=Count("pk"), credits=Sum("micro_credits"), usd=Sum("micro_usd")
    )
    control = dict.fromkeys(COLUMNS, None) | {
        "seq": "total",
        "transaction": sums["count"],
        "credits": Decimal(credits_text(sums["credits"] or 0)),
        "usd": Decimal(usd_text(sums["usd"] or 0)),
    }
    return Table(COLUMNS, _rows(entries), tuple(control.values()), now)


def _rows(entries: QuerySet[LedgerEntry]) -> Iterator[tuple[Cell, ...]]:
    """Read by the number of the entry, one short query a chunk: nothing stays open meanwhile."""
    last = 0
    names = (
        "seq",
        "at",
        "posting",
        "kind",
        "generation_id",
        "account",
        "period",
        "micro_credits",
        "micro_usd",
        "evidence",
        "actor",
        "note",
        "hash",
    )
    while chunk := list(entries.filter(Q(seq__gt=last)).values_list(*names)[:ROWS_PER_CHUNK]):
        for seq, at, posting, kind, generation, account, period, credits_, usd, *rest in chunk:
            yield (
                seq,
                at,
                str(posting),
                kind,
                str(generation) if generation else None,
                account,
                period,
                Decimal(credits_text(credits_)),
                Decimal(usd_text(usd)),
                *rest,
            )
        last = chunk[-1][0]
