"""Prints where a generation's archived video lies."""

from argparse import ArgumentParser
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from generations import storage
from generations.models import Video, VideoState


class Command(BaseCommand):
    help = "Print the path of a generation's archived video."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("generation_id", metavar="ID", type=UUID, help="The generation's id.")

    def handle(self, *args: object, generation_id: UUID, **options: object) -> None:
        video = Video.objects.filter(pk=generation_id, state=VideoState.ARCHIVED).first()
        if video is None:
            raise CommandError("This generation has no archived video.")
        self.stdout.write(str(storage.video_path(video.pk)))
