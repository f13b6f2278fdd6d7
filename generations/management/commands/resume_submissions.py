"""Lets submissions go on."""

from django.core.management.base import BaseCommand

from generations.services import lane


class Command(BaseCommand):
    help = "Send to KIE again, after a pause or after KIE had refused the account."

    def handle(self, *args: object, **options: object) -> None:
        lane.resume()
        self.stdout.write("Submissions go on.")
