"""Stops all submissions until they are resumed."""

from argparse import ArgumentParser

from django.core.management.base import BaseCommand
from django.utils import timezone

from generations.services import lane


class Command(BaseCommand):
    help = "Send nothing to KIE until resume_submissions. What has been sent goes on."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--reason", default="", help="Shown beside the pause.")

    def handle(self, *args: object, **options: object) -> None:
        lane.pause(by="command line", reason=str(options["reason"]), now=timezone.now())
        self.stdout.write("Submissions are paused.")
