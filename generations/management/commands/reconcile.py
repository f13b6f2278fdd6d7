"""Reads KIE's balance now and says what our books cannot explain."""

import json
import sys
from argparse import ArgumentParser

from django.core.management.base import BaseCommand
from django.db import DatabaseError
from django.utils import timezone

from generations import provider
from generations.kie import ReadFailed
from generations.models import BalanceBreak, BalanceSnapshot, SnapshotSource
from generations.money import credits_text
from generations.services import reconcile
from generations.services.reconcile import Findings

CLEAN, BREAKS, NOT_CHECKED = 0, 1, 2


class Command(BaseCommand):
    help = (
        "Read KIE's balance, compare it with the ledger, and list what is unexplained. "
        "Exit status: 0 no open break, 1 open breaks, 2 could not check."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="Print one JSON object.")

    def handle(self, *args: object, **options: object) -> None:
        try:
            now = timezone.now()
            snapshot = reconcile.take_snapshot(
                client=provider.client(), now=now, source=SnapshotSource.MANUAL
            )
            findings = reconcile.judge(now=now)
            report = _report(snapshot, findings)
        except (ReadFailed, ValueError, DatabaseError) as trouble:
            report = {"status": "not_checked", "reason": str(trouble).splitlines()[0]}
            self._say(report, as_json=bool(options["json"]))
            sys.exit(NOT_CHECKED)
        self._say(report, as_json=bool(options["json"]))
        sys.exit(BREAKS if findings.open_breaks else CLEAN)

    def _say(self, report: dict[str, object], *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps(report, ensure_ascii=False))
            return
        if report["status"] == "not_checked":
            self.stdout.write(f"Could not check: {report['reason']}")
            return
        self.stdout.write(f"Balance at KIE: {report['balance_credits']} credits")
        until = report["compared_until"]
        self.stdout.write(f"Compared until {until}" if until else "Nothing to compare with yet")
        breaks = report["breaks"]
        assert isinstance(breaks, list)
        for found in breaks:
            self.stdout.write(
                f"Break {found['id']}: {found['difference_credits']} credits between"
                f" {found['from']} and {found['to']}, looks like {found['looks_like']},"
                f" owner {found['owner'] or 'nobody'}"
            )
        if not breaks:
            self.stdout.write("No open break.")


def _report(snapshot: BalanceSnapshot, findings: Findings) -> dict[str, object]:
    related = ("from_snapshot", "to_snapshot", "owner")
    rows = BalanceBreak.objects.select_related(*related).filter(explained_at__isnull=True)
    until = findings.compared_until
    return {
        "status": "breaks" if findings.open_breaks else "clean",
        "at": snapshot.at.isoformat(),
        "balance_credits": credits_text(snapshot.micro_credits),
        "compared_until": until.isoformat() if until else None,
        "breaks": [_told(found) for found in rows.order_by("pk")],
    }


def _told(found: BalanceBreak) -> dict[str, object]:
    return {
        "id": found.pk,
        "from": found.from_snapshot.at.isoformat(),
        "to": found.to_snapshot.at.isoformat(),
        "expected_credits": credits_text(found.expected_micro_credits),
        "actual_credits": credits_text(found.actual_micro_credits),
        "difference_credits": credits_text(found.difference_micro_credits),
        "looks_like": found.guess,
        "opened_at": found.opened_at.isoformat(),
        "owner": found.owner.get_username() if found.owner else None,
    }
