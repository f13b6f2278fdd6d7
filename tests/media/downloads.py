"""A file to fetch, and fetching it with ordinary limits."""

from pathlib import Path
from typing import Any

from generations.media import Downloaded, Fetcher
from generations.media.watch import Pace
from tests.media.servers import Host, head

BODY = bytes(range(256)) * 1000
WHOLE = head(200, content_length=len(BODY)) + BODY


def fetcher_for(*hosts: Host, pace: Pace | None = None) -> Fetcher:
    return Fetcher(frozenset(each.name for each in hosts), pace=pace or Pace())


def download(fetcher: Fetcher, url: str, target: Path, **changes: Any) -> Downloaded:
    options: dict[str, Any] = {
        "max_bytes": 1_000_000,
        "deadline_s": 10.0,
        "min_bytes_per_s": 0,
        "should_stop": lambda: False,
    }
    return fetcher.download(url, target, **(options | changes))
