"""The audit: whether the rows, and the files, still say what the design's invariants demand.

Read-only, at one moment of the database, and in the database's own sums where that is possible:
100,000 generations take seconds. What a database cannot show is left to the tests: what KIE made
(I3, I4, I13), and whether a hard limit held at the time, since limits may be lowered later (I22).
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from generations.models import Generation, GenerationEvent, LedgerEntry
from generations.reports.audit import (
    budgets,
    files,
    inputs,
    ledger,
    messages,
    prices,
    refusals,
    sending,
    trail,
)
from generations.reports.audit.finding import Check, Finding
from generations.reports.audit.snapshot import snapshot

__all__ = ["Finding", "Report", "run"]

# So many findings of one check are named; the rest are the same damage.
MOST_OF_ONE = 100
CHECKS: tuple[Check, ...] = (
    refusals.missing,
    ledger.chain,
    ledger.postings,
    ledger.months,
    prices.quotes,
    prices.ambiguous,
    prices.wrong_row,
    prices.overcharges,
    budgets.holds,
    budgets.counters,
    budgets.uncounted,
    trail.numbering,
    trail.replay,
    trail.late_successes,
    trail.decisions,
    trail.retries,
    trail.successes,
    sending.attempts,
    sending.tasks,
    sending.turns,
    sending.stalled,
    inputs.frozen,
    messages.foreign,
    files.overdue,
)


@dataclass(frozen=True, slots=True)
class Report:
    """What was looked at and what was found. No finding means that all invariants hold."""

    findings: tuple[Finding, ...]
    generations: int
    events: int
    ledger_entries: int
    seconds: float


def run(*, now: datetime, how_many_files: int | None = files.SAMPLE) -> Report:
    """Check everything. `how_many_files` are read and hashed; all of them when None, none when 0.

    Raises a database error when it cannot be read.
    """
    began_s = time.monotonic()
    found: list[Finding] = []
    with snapshot():
        for check in CHECKS:
            found += _limited(list(islice(check(now), MOST_OF_ONE + 1)))
        counted = (
            Generation.objects.count(),
            GenerationEvent.objects.count(),
            LedgerEntry.objects.count(),
        )
        found += _limited(list(islice(files.damaged(how_many_files), MOST_OF_ONE + 1)))
    return Report(tuple(found), *counted, seconds=round(time.monotonic() - began_s, 2))


def _limited(found: Sequence[Finding]) -> Sequence[Finding]:
    if len(found) <= MOST_OF_ONE:
        return found
    first = found[0]
    more = Finding(first.invariant, first.table, "", f"More than {MOST_OF_ONE} rows like these.")
    return [*found[:MOST_OF_ONE], more]
