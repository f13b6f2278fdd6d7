"""What must be true of our books, by themselves and against KIE's own."""

from collections import Counter
from datetime import datetime

from django.db.models import Sum

from generations.models import Account, Evidence, Generation, LedgerEntry, Status
from generations.reports import audit
from tests.faults.invariants import is_accounted_for
from tests.money.truth import TrueKie, TrueTask

CREDIT = 1_000_000
# Whether somebody works at the moment, which is the machine's own choice.
LIVENESS = {"I8", "I34", "I36", "I40"}


def check(kie: TrueKie, *, now: datetime) -> None:
    """Assert what holds after every step."""
    report = audit.run(now=now, how_many_files=0)
    assert [one for one in report.findings if one.invariant not in LIVENESS] == []
    again = {url: times for url, times in Counter(kie.posted).items() if times > 1}
    assert not again, f"I13: sent more than once: {again}"
    rows = {row.input["prompt"]: row for row in Generation.objects.all()}
    made = Counter(task.prompt for task in kie.tasks.values())
    assert all(times == 1 for times in made.values()), f"I3: paid twice: {made}"
    for task in kie.tasks.values():
        row = rows[task.prompt]
        assert _is_decided(row) or is_accounted_for(row, task.task_id), f"I4: {task.task_id}"
    for row in rows.values():
        own = next(
            (task for task in kie.tasks.values() if task.prompt == row.input["prompt"]), None
        )
        _check_sources(row, own)


def check_the_end(kie: TrueKie) -> None:
    """Assert that, when all is over, what KIE keeps is what we have spent, or a declared break."""
    charged = {task.prompt: task.charged * CREDIT for task in kie.tasks.values()}
    breaks = 0
    for row in Generation.objects.all():
        assert row.is_terminal, f"{row.pk} is still {row.status}"
        difference = charged.get(row.input["prompt"], 0) - (row.cost_micro_credits or 0)
        if difference:
            # Only a cost that does not claim to be KIE's own word may differ from it.
            assert row.cost_evidence != Evidence.PROVIDER, f"{row.pk}: {difference} is unexplained"
            breaks += difference
    assert kie.charged() * CREDIT == _sum(Account.SPENT) + _sum(Account.SUSPENSE) + breaks
    assert (_sum(Account.HELD), _sum(Account.SUSPENSE)) == (0, 0)


def _check_sources(row: Generation, own: TrueTask | None) -> None:
    """I16, I17: what a row says comes from KIE's record of its own task, never from a callback."""
    if row.provider_task_id is not None:
        assert own is not None, f"I16: {row.pk} has a task that KIE never made"
        assert row.provider_task_id == own.task_id, f"I16: {row.pk} has another's task"
    assert "evil" not in row.result_url + row.failure_detail + row.provider_message, (
        f"I17: {row.pk}"
    )
    assert row.reported_micro_credits != 987_654 * CREDIT, f"I17: {row.pk}"
    if row.status == Status.SUCCEEDED:
        assert own is not None
        assert row.result_url in own.record().result_urls, f"I17: {row.pk}"


def _is_decided(row: Generation) -> bool:
    return row.status == Status.FAILED and row.decided_at is not None


def _sum(account: Account) -> int:
    found = LedgerEntry.objects.filter(account=account).aggregate(sum=Sum("micro_credits"))
    return int(found["sum"] or 0)
