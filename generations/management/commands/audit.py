"""Checks the platform's invariants: exit 0 clean, 1 findings, 2 could not check."""

import json
import sys
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any, NoReturn

from django.core.management.base import BaseCommand
from django.db import Error as DatabaseTrouble
from django.utils import timezone

from generations.reports import audit
from generations.reports.audit.files import SAMPLE
from generations.services import repair

CLEAN, FINDINGS, COULD_NOT_CHECK = 0, 1, 2
_FILES = {"none": 0, "sample": SAMPLE, "all": None}


class Command(BaseCommand):
    help = (
        "Check that ledger, trail, budgets, quotes, sending and files still fit together."
        " Reads only. Ends with 0 when all is well, 1 with findings, 2 when it could not check."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="Print one JSON object.")
        parser.add_argument(
            "--files",
            choices=list(_FILES),
            default="sample",
            help=f"How many files to read: the {SAMPLE} newest of a kind (sample), all, or none.",
        )
        parser.add_argument(
            "--repair",
            action="store_true",
            help="First rebuild what is derived and no money: orders to copy results, search text.",
        )

    def handle(self, *args: object, **options: Any) -> None:
        now = timezone.now()
        try:
            repaired = repair.rebuild(now=now) if options["repair"] else ()
            report = audit.run(now=now, how_many_files=_FILES[options["files"]])
        except DatabaseTrouble as trouble:
            self._give_up(str(trouble).splitlines()[0], as_json=options["json"])
        if options["json"]:
            self.stdout.write(json.dumps(asdict(report) | {"repaired": list(repaired)}))
        else:
            self._print(report, repaired)
        sys.exit(FINDINGS if report.findings else CLEAN)

    def _print(self, report: audit.Report, repaired: tuple[str, ...]) -> None:
        for sentence in repaired:
            self.stdout.write(f"repaired: {sentence}")
        for found in report.findings:
            where = f"{found.table} {found.row}".strip()
            self.stdout.write(f"{found.invariant:<4} {where}: {found.sentence}")
        self.stdout.write(
            f"{len(report.findings)} findings in {report.generations} generations,"
            f" {report.events} events and {report.ledger_entries} ledger entries"
            f" ({report.seconds} s)"
        )

    def _give_up(self, why: str, *, as_json: bool) -> NoReturn:
        if as_json:
            self.stdout.write(json.dumps({"findings": [], "error": why}))
        else:
            self.stderr.write(f"could not check: {why}")
        sys.exit(COULD_NOT_CHECK)
