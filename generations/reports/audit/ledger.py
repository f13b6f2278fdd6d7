"""The ledger: its chain, its balance, and that each generation's money went one of the right ways."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Count, Max, Min, Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from generations.models import Account, Generation, LedgerEntry, LedgerHead, PostingKind, Status
from generations.models.generation import TERMINAL
from generations.models.ledger import CLOSING, GENESIS, digest
from generations.money import credits_text, usd_text
from generations.reports.audit.finding import Finding, beside, finding

_CHUNK = 5000
_COLUMNS = (
    "previous_hash, seq, {at}, {posting}, kind, {generation}, account, period,"
    " micro_credits, micro_usd, evidence, actor, note, hash"
)
# As text, in the database: making moments and keys of half a million rows takes longer than all else.
_AS_TEXT = {
    "sqlite": {"at": "CAST(at AS text)", "posting": "posting", "generation": "generation_id"},
    "postgresql": {
        "at": "to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US')",
        "posting": "posting::text",
        "generation": "generation_id::text",
    },
}


def chain(now: datetime) -> Iterator[Finding]:
    """I39, I19: name the first row that is not as it was written, and postings out of balance.

    After the first broken row nothing of the chain is proved, so nothing more is said of it.
    """
    number, hash_, is_whole = 0, GENESIS, True
    posting, credits_, usd = "", 0, 0
    for row in _rows():
        if is_whole:
            number += 1
            problem = _problem(row, number, hash_)
            if problem:
                is_whole = False
                yield finding("I39", LedgerEntry, row[1], problem)
            hash_ = row[13]
        if row[3] != posting:
            yield from _unbalanced(posting, credits_, usd)
            posting, credits_, usd = row[3], 0, 0
        credits_ += row[8]
        usd += row[9]
    yield from _unbalanced(posting, credits_, usd)
    head = LedgerHead.objects.first() or LedgerHead()
    if is_whole and (head.seq, head.hash) != (number, hash_):
        sentence = f"The ledger ends at entry {number}, but should end at {head.seq}."
        yield finding("I39", LedgerHead, head.pk or "", sentence)


def postings(now: datetime) -> Iterator[Finding]:
    """I20, I24: one hold, one closing when it is over, the hold's month, and cost as spent."""
    for row, sums in beside(_COLUMNS_OF_GENERATION, _sums()):
        if sums is None:
            yield finding("I20", Generation, row["pk"], "The ledger holds no money for it.")
            continue
        for invariant, sentence in _problems(row, sums):
            yield finding(invariant, Generation, row["pk"], sentence)


def months(now: datetime) -> Iterator[Finding]:
    """I28: the sums that reports add up, month by month: what generations cost is what was spent."""
    cost = Coalesce(Sum("cost_micro_usd"), 0)
    told = dict(Generation.objects.order_by().values_list("period").annotate(sum=cost))
    spent = LedgerEntry.objects.filter(account=Account.SPENT, generation__isnull=False)
    booked = dict(spent.order_by().values_list("period").annotate(Sum("micro_usd")))
    for period in sorted(told.keys() | booked.keys()):
        ours, theirs = told.get(period, 0), booked.get(period, 0)
        if ours != theirs:
            sentence = (
                f"Generations of {period or 'no month'} cost ${usd_text(ours)},"
                f" the ledger has spent ${usd_text(theirs)}."
            )
            yield Finding("I28", LedgerEntry._meta.db_table, period, sentence)


def _rows() -> Iterator[tuple[Any, ...]]:
    """The ledger in its order, raw: half a million rows through the models would take too long."""
    with connection.chunked_cursor() as cursor:
        columns = _COLUMNS.format(**_AS_TEXT[connection.vendor])
        cursor.execute(f"SELECT {columns} FROM {LedgerEntry._meta.db_table} ORDER BY seq")  # noqa: S608
        while rows := cursor.fetchmany(_CHUNK):
            yield from rows


def _problem(row: tuple[Any, ...], number: int, hash_: str) -> str:
    seq = row[1]
    if seq != number:
        return f"Entry {number} is missing: entry {seq} follows {number - 1}."
    if row[0] != hash_:
        return f"Entry {seq} does not continue the entry before it."
    if (
        digest((row[0], seq, _moment(row[2]), _uuid(row[3]), row[4], _uuid(row[5]), *row[6:13]))
        != (row[13])
    ):
        return f"Entry {seq} has been changed since it was written."
    return ""


def _moment(stored: str) -> str:
    """A moment as `hash_of` writes it; SQLite leaves microseconds out where there are none."""
    text = stored.replace(" ", "T")
    return (text if "." in text else text + ".000000") + "+00:00"


def _uuid(stored: Any) -> str:
    """A key as `hash_of` writes it; SQLite keeps 32 digits."""
    text = str(stored or "")
    if len(text) != 32:
        return text
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def _unbalanced(posting: Any, credits_: int, usd: int) -> Iterator[Finding]:
    if credits_ or usd:
        sentence = (
            f"The posting does not balance: {credits_text(credits_)} credits"
            f" and ${usd_text(usd)} are left over."
        )
        yield finding("I19", LedgerEntry, f"posting {_uuid(posting)}", sentence)


def _sums() -> QuerySet[Any, Any]:
    def of(column: str, *accounts: Account) -> Any:
        return Coalesce(Sum(column, filter=Q(account__in=accounts)), 0)

    # Every hold, and every end, has one leg that brings the quote to where it is held, or takes it.
    is_quote = Q(account__in=_HELD_IN)
    return LedgerEntry.objects.values("generation_id").annotate(
        holds=Count("pk", filter=is_quote & Q(kind=PostingKind.HOLD, micro_credits__gt=0)),
        closings=Count("pk", filter=is_quote & Q(kind__in=CLOSING, micro_credits__lt=0)),
        held=of("micro_credits", *_HELD_IN),
        held_usd=of("micro_usd", *_HELD_IN),
        spent=of("micro_credits", Account.SPENT),
        spent_usd=of("micro_usd", Account.SPENT),
        first_period=Min("period"),
        last_period=Max("period"),
    )


_HELD_IN = (Account.HELD, Account.SUSPENSE)
_COLUMNS_OF_GENERATION = (
    "pk",
    "status",
    "period",
    "quote_micro_credits",
    "quote_micro_usd",
    "cost_micro_credits",
    "cost_micro_usd",
)


def _problems(row: dict[str, Any], sums: dict[str, Any]) -> Iterator[tuple[str, str]]:
    is_over = row["status"] in TERMINAL
    if sums["holds"] != 1:
        yield "I20", f"Its money was held {sums['holds']} times; once is right."
    if sums["closings"] != int(is_over):
        status = Status(row["status"]).value
        yield "I20", f"It is {status}, and its hold was closed {sums['closings']} times."
    quote = (row["quote_micro_credits"], row["quote_micro_usd"])
    held = (sums["held"], sums["held_usd"])
    if held != ((0, 0) if is_over else quote):
        yield (
            "I20",
            f"The ledger still holds {credits_text(held[0])} credits for it"
            f" (${usd_text(held[1])}) while it is {Status(row['status']).value}.",
        )
    cost = (row["cost_micro_credits"] or 0, row["cost_micro_usd"] or 0)
    spent = (sums["spent"], sums["spent_usd"])
    if cost != spent:
        yield (
            "I20",
            f"It says that it cost {credits_text(cost[0])} credits (${usd_text(cost[1])}),"
            f" the ledger has spent {credits_text(spent[0])} (${usd_text(spent[1])}).",
        )
    if {sums["first_period"], sums["last_period"]} != {row["period"]}:
        yield "I24", f"Some of its postings are not of its month, {row['period']}."
