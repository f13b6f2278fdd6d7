"""The one place that fetches what somebody else's address names."""

import hashlib
import os
import socket
from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin

import certifi

from generations.media.address import permitted_address
from generations.media.errors import FetchFailed, FetchRefused, FetchStopped
from generations.media.exchange import Resolver, opened
from generations.media.watch import Pace, Watch

MAX_REDIRECTS = 3
_ORDINARY_PACE = Pace()


@dataclass(frozen=True, slots=True)
class Downloaded:
    """What was written: the number of bytes and their sha256 in lower-case hex."""

    bytes: int
    sha256: str


def system_resolver(host: str, port: int) -> list[str]:
    """Give the IP addresses of a host. Raises OSError when it has none."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class Fetcher:
    """Fetches over https from the public internet, and from a few named hosts besides.

    `allow_hosts` are exact "host:port" in lower case which may be private and speak http. No key,
    cookie, proxy or setting of the machine ever goes along, and at most MAX_REDIRECTS redirects
    are followed, each judged like a first address. Safe to share among threads.
    """

    def __init__(
        self,
        allow_hosts: frozenset[str],
        *,
        resolve: Resolver = system_resolver,
        pace: Pace = _ORDINARY_PACE,
        ca_file: str | None = None,
    ) -> None:
        self._allow_hosts = allow_hosts
        self._resolve = resolve
        self._pace = pace
        self._ca_file = ca_file or certifi.where()

    def download(
        self,
        url: str,
        target: Path,
        *,
        max_bytes: int,
        deadline_s: float,
        min_bytes_per_s: float,
        should_stop: Callable[[], bool],
    ) -> Downloaded:
        """Fetch a file into `target`, written through to the disk; renaming it is the caller's.

        Nothing is left at `target` on any failure. Raises FetchRefused when the address may never
        be fetched, FetchFailed when a later attempt may do better, FetchStopped when `should_stop`
        (asked between the chunks) says so, and OSError when the disk refuses.
        """
        watch = Watch(deadline_s=deadline_s, min_bytes_per_s=min_bytes_per_s, pace=self._pace)
        digest = hashlib.sha256()
        try:
            with (
                target.open("wb") as file,
                watch,
                closing(self._chunks(url, max_bytes, watch)) as chunks,
            ):
                _unless_stopped(should_stop)
                for chunk in chunks:
                    _unless_stopped(should_stop)
                    digest.update(chunk)
                    file.write(chunk)
                file.flush()
                os.fsync(file.fileno())
        except BaseException:
            target.unlink(missing_ok=True)
            raise
        return Downloaded(watch.bytes_read, digest.hexdigest())

    def read(self, url: str, *, max_bytes: int, deadline_s: float) -> bytes:
        """Fetch a small thing into memory. Raises FetchRefused and FetchFailed as download does."""
        with Watch(deadline_s=deadline_s, min_bytes_per_s=0, pace=self._pace) as watch:
            return b"".join(self._chunks(url, max_bytes, watch))

    def _chunks(self, url: str, max_bytes: int, watch: Watch) -> Generator[bytes, None, None]:
        for _ in range(MAX_REDIRECTS + 1):
            address = permitted_address(url, self._allow_hosts)
            with opened(address, watch, resolve=self._resolve, ca_file=self._ca_file) as exchange:
                if exchange.redirect is None:
                    yield from exchange.body(max_bytes)
                    return
                url = _joined(url, exchange.redirect)
        raise FetchFailed(f"more than {MAX_REDIRECTS} redirects")


def _unless_stopped(should_stop: Callable[[], bool]) -> None:
    if should_stop():
        raise FetchStopped


def _joined(url: str, location: str) -> str:
    try:
        return urljoin(url, location)
    except ValueError as error:
        raise FetchRefused("a redirect to something that is no address") from error
