"""One GET on one socket: connecting only to an IP address that was checked, and reading the answer.

It speaks through http.client on a socket of its own because everything a comfortable client does
unasked is a danger here: following redirects, cookies, netrc and proxy settings, unzipping, and
looking a name up once more after it was checked.
"""

import http.client
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from queue import Empty, SimpleQueue

from generations.media.address import Address, refuse_private
from generations.media.errors import FetchFailed
from generations.media.watch import Watch

Resolver = Callable[[str, int], list[str]]

_OK = 200
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MAX_TRIED_IPS = 4
_CHUNK_BYTES = 64 * 1024
# How long to look for bytes behind the announced end. Only a host that ignores
# "Connection: close" makes us wait for it.
_AFTERMATH_S = 0.1
_HEADERS = {
    "User-Agent": "Mozilla/5.0 (compatible; kling-platform/1.0)",
    "Accept": "*/*",
    "Accept-Encoding": "identity",
    "Connection": "close",
}


class Exchange:
    """The answer to one GET: either `redirect` is set, or `body` gives the bytes."""

    def __init__(
        self, line: socket.socket, response: http.client.HTTPResponse, watch: Watch
    ) -> None:
        self._line = line
        self._response = response
        self._watch = watch

    @property
    def redirect(self) -> str | None:
        """Where the host sends us, or None for any other answer."""
        if self._response.status not in _REDIRECTS:
            return None
        location = self._response.getheader("Location")
        if not location:
            raise FetchFailed("a redirect to nowhere", self._response.status)
        return location

    def body(self, max_bytes: int) -> Iterator[bytes]:
        """Give the body piece by piece as it arrives.

        Raises FetchFailed for any status but 200, an encoded body, more than `max_bytes`, or a
        length other than the one announced.
        """
        self._judge_head()
        announced = self._announced_length()
        limit = max_bytes if announced is None else announced
        if limit > max_bytes:
            raise FetchFailed(f"larger than {max_bytes} bytes")
        # http.client would stop at the announced length, so a longer body would pass for whole.
        self._response.length = None
        while chunk := self._next_chunk(is_complete=self._watch.bytes_read == announced):
            self._watch.bytes_read += len(chunk)
            if self._watch.bytes_read > limit:
                raise FetchFailed(
                    f"larger than {max_bytes} bytes"
                    if announced is None
                    else "more bytes than announced"
                )
            yield chunk
        if announced is not None and self._watch.bytes_read != announced:
            raise FetchFailed("fewer bytes than announced")
        if self._watch.bytes_read == 0:
            # A host that hangs up in the middle of its head reads like an empty file.
            raise FetchFailed("an empty body")

    def _judge_head(self) -> None:
        response = self._response
        if response.status != _OK:
            raise FetchFailed(f"the host answered {response.status}", response.status)
        if (response.getheader("Content-Encoding") or "identity").strip().lower() != "identity":
            raise FetchFailed("the body is encoded although asked not to be")
        if (response.getheader("Transfer-Encoding") or "chunked").strip().lower() != "chunked":
            raise FetchFailed("the body is encoded although asked not to be")

    def _announced_length(self) -> int | None:
        announced = set(self._response.headers.get_all("Content-Length") or ())
        if not announced:
            return None
        text = announced.pop().strip()
        if announced or not (text.isascii() and text.isdigit() and len(text) < 20):
            raise FetchFailed("the announced length makes no sense")
        return int(text)

    def _next_chunk(self, *, is_complete: bool) -> bytes:
        if is_complete:
            self._line.settimeout(_AFTERMATH_S)
        try:
            return self._response.read1(_CHUNK_BYTES)
        except TimeoutError:
            if is_complete:
                return b""
            raise


@contextmanager
def opened(
    address: Address, watch: Watch, *, resolve: Resolver, ca_file: str
) -> Iterator[Exchange]:
    """Send one GET and give its answer; the connection is closed at the end.

    Raises FetchRefused when the host is not public, and FetchFailed for whatever goes wrong on the
    way, the watch's verdict among it. What the block raises of other kinds passes through.
    """
    line: socket.socket | None = None
    try:
        line = _connected(address, watch, resolve)
        if address.scheme == "https":
            line = _tls(ca_file).wrap_socket(line, server_hostname=address.host)
        response = _asked(address, line)
        with response:
            yield Exchange(line, response, watch)
        if watch.verdict is not None:
            # A socket shut down by the watch reads like one that ended well.
            raise FetchFailed(watch.verdict)
    except (OSError, http.client.HTTPException, ValueError, FetchFailed) as error:
        if watch.verdict is not None:
            raise FetchFailed(watch.verdict) from error
        if isinstance(error, FetchFailed):
            raise
        raise FetchFailed(f"the connection failed ({type(error).__name__})") from error
    finally:
        if line is not None:
            line.close()


def _asked(address: Address, line: socket.socket) -> http.client.HTTPResponse:
    kind = http.client.HTTPSConnection if address.scheme == "https" else http.client.HTTPConnection
    connection = kind(address.host, address.port)
    # With a socket in place it neither resolves nor connects by itself.
    connection.sock = line
    connection.request("GET", address.target, headers=_HEADERS)
    return connection.getresponse()


def _connected(address: Address, watch: Watch, resolve: Resolver) -> socket.socket:
    ips = _resolved(address, watch, resolve)
    if not address.is_trusted:
        # One private address among public ones is refused too: it is how rebinding begins.
        for ip in ips:
            refuse_private(ip)
    problem = OSError("no address")
    for ip in ips[:_MAX_TRIED_IPS]:
        try:
            line = socket.create_connection((ip, address.port), timeout=watch.left_s or 0.001)
        except OSError as error:
            problem = error
            continue
        watch.guard(line)
        if not address.is_trusted:
            refuse_private(line.getpeername()[0])
        return line
    raise problem


def _resolved(address: Address, watch: Watch, resolve: Resolver) -> list[str]:
    """Look the host up in a thread of its own, because a look-up knows no time limit."""
    answer: SimpleQueue[list[str] | OSError] = SimpleQueue()

    def look_up() -> None:
        try:
            answer.put(resolve(address.host, address.port))
        except (OSError, UnicodeError) as error:
            answer.put(OSError(str(error)))

    threading.Thread(target=look_up, name="fetch-resolve", daemon=True).start()
    try:
        found = answer.get(timeout=watch.left_s)
    except Empty as error:
        raise FetchFailed("the host's name was not found in time") from error
    if isinstance(found, OSError) or not found:
        raise FetchFailed("the host's name was not found")
    return found


@cache
def _tls(ca_file: str) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=ca_file)
