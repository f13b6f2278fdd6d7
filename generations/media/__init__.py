"""Pictures and videos as files: judged by their bytes, rebuilt, and fetched under guard."""

from generations.media.address import is_result_url
from generations.media.errors import FetchFailed, FetchRefused, FetchStopped
from generations.media.fetch import Downloaded, Fetcher
from generations.media.image import ImageFacts, RebuiltImage, inspect_image, rebuild_image
from generations.media.messages import ImageRefused
from generations.media.mp4 import Mp4Facts, NotAVideo, inspect_mp4

__all__ = [
    "Downloaded",
    "FetchFailed",
    "FetchRefused",
    "FetchStopped",
    "Fetcher",
    "ImageFacts",
    "ImageRefused",
    "Mp4Facts",
    "NotAVideo",
    "RebuiltImage",
    "inspect_image",
    "inspect_mp4",
    "is_result_url",
    "rebuild_image",
]
