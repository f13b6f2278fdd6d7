"""One HTTP request to KIE, under one deadline, with one fact that money hangs on: was it sent?

Each request runs in a thread of its own while the caller watches the clock: a socket's timeout
starts anew with every byte, and a name look-up has none. The adapter is used without a requests
Session on purpose: it knows no redirects, no cookies, no proxies and no netrc.
"""

import os
import socket
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3 import exceptions as urllib3_errors
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

_CHUNK_BYTES = 16 * 1024
_POOLED_CONNECTIONS = 64
_calls = threading.local()


@dataclass(frozen=True, slots=True)
class Exchange:
    """What one request came to.

    `sent` is False only if no byte of it was handed to a socket and none can be any more.
    `status` and `body` are as far as they arrived; `problem` says why that is not a whole answer.
    """

    sent: bool
    status: int | None
    body: bytes
    problem: str | None


class Transport:
    """Sends prepared requests; safe to share among threads and to carry through a fork."""

    def __init__(self, ca_file: Path | None) -> None:
        self._verify: bool | str = str(ca_file) if ca_file else True
        self._pooled: tuple[int, HTTPAdapter] | None = None

    def exchange(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        body: bytes | None,
        deadline_s: float,
        max_bytes: int,
        fresh_connection: bool,
    ) -> Exchange:
        """Do one request exactly once and return what came of it within `deadline_s`.

        Never raises; a SystemExit or KeyboardInterrupt in the calling thread passes through, after
        which nothing more of the request is sent.
        """
        call = _Call(max_bytes)
        thread = threading.Thread(
            target=self._run,
            args=(call, method, url, headers, body, deadline_s, fresh_connection),
            name="kie-request",
            daemon=True,
        )
        try:
            thread.start()
            call.finished.wait(deadline_s)
        except RuntimeError:
            # The system has no thread left.
            return call.end("no thread could be started")
        except BaseException:
            call.end("interrupted")
            raise
        return call.end(f"no whole answer within {deadline_s:g} s")

    def _run(
        self,
        call: "_Call",
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | None,
        deadline_s: float,
        fresh_connection: bool,
    ) -> None:
        _calls.current = call
        try:
            request = requests.Request(method, url, headers=dict(headers), data=body).prepare()
            adapter = _WatchedAdapter() if fresh_connection else self._pooled_adapter()
            try:
                response = adapter.send(
                    request, stream=True, timeout=deadline_s, verify=self._verify
                )
                try:
                    call.answered(response.status_code)
                    # Never decoded: identity was asked for, and a bomb stays packed.
                    while chunk := response.raw.read1(_CHUNK_BYTES, decode_content=False):
                        call.received(chunk)
                finally:
                    response.close()
            finally:
                if fresh_connection:
                    adapter.close()
            call.finish(None)
        except Exception as error:
            call.finish(_describe(error))
        finally:
            call.finish("the request's thread died")

    def _pooled_adapter(self) -> HTTPAdapter:
        # A connection opened before a fork would be shared by two processes. Two threads may both
        # make an adapter here: the loser's is used once and dropped.
        pooled = self._pooled
        if pooled is None or pooled[0] != os.getpid():
            pooled = (os.getpid(), _WatchedAdapter())
            self._pooled = pooled
        return pooled[1]


class _GivenUpError(Exception):
    """The caller has its outcome already: stop here."""


class _AnswerTooLongError(Exception):
    """More bytes came than were asked for."""


class _Call:
    """One request under way, seen from two threads.

    The flag and the giving up exclude each other: once `end` has returned `sent` False, the
    connection's thread can no longer write.
    """

    def __init__(self, max_bytes: int) -> None:
        self.finished = threading.Event()
        self._lock = threading.Lock()
        self._max_bytes = max_bytes
        self._given_up = False
        self._sent = False
        self._socket: socket.socket | None = None
        self._status: int | None = None
        self._body = bytearray()
        self._problem: str | None = None

    def about_to_write(self, connected: socket.socket) -> None:
        with self._lock:
            self._go_on()
            self._socket = connected
            self._sent = True

    def answered(self, status: int) -> None:
        with self._lock:
            self._go_on()
            self._status = status

    def received(self, chunk: bytes) -> None:
        with self._lock:
            self._go_on()
            room = self._max_bytes - len(self._body)
            self._body += chunk[:room]
            if len(chunk) > room:
                raise _AnswerTooLongError

    def finish(self, problem: str | None) -> None:
        with self._lock:
            if not self.finished.is_set():
                self._problem = problem
                self.finished.set()

    def end(self, problem: str) -> Exchange:
        """What is known now; if the request is still under way, stop it for `problem`."""
        with self._lock:
            if not self.finished.is_set():
                self._given_up = True
                self._problem = problem
                self.finished.set()
                _hang_up(self._socket)
            return Exchange(self._sent, self._status, bytes(self._body), self._problem)

    def _go_on(self) -> None:
        if self._given_up:
            raise _GivenUpError


def _hang_up(connected: socket.socket | None) -> None:
    if connected is None:
        return
    try:
        # The plain socket's shutdown: an SSLSocket's own would take the TLS layer away from the
        # thread that is using it.
        socket.socket.shutdown(connected, socket.SHUT_RDWR)
    except OSError:
        return


class _PlainConnection(HTTPConnection):
    def send(self, data: Any) -> None:
        _flag_and_connect(self)
        super().send(data)


class _TlsConnection(HTTPSConnection):
    def send(self, data: Any) -> None:
        _flag_and_connect(self)
        super().send(data)


def _flag_and_connect(connection: HTTPConnection) -> None:
    """The last step before bytes leave: connect (and shake hands) first, then raise the flag."""
    if connection.sock is None:
        connection.connect()
    call: _Call = _calls.current
    call.about_to_write(connection.sock)


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _PlainConnection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _TlsConnection


class _WatchedAdapter(HTTPAdapter):
    """requests' adapter over connections that raise the flag; nothing is ever repeated."""

    def __init__(self) -> None:
        super().__init__(pool_maxsize=_POOLED_CONNECTIONS, max_retries=0)
        self.poolmanager.pool_classes_by_scheme = {"http": _PlainPool, "https": _TlsPool}


# The first row that fits anything in the chain of an error counts, so the closer ones come first.
_PHRASES: tuple[tuple[type[BaseException], str], ...] = (
    (_AnswerTooLongError, "the answer is too long"),
    (urllib3_errors.NameResolutionError, "the host name was not resolved"),
    (urllib3_errors.NewConnectionError, "no connection could be made"),
    (urllib3_errors.ConnectTimeoutError, "no connection in time"),
    (urllib3_errors.SSLError, "TLS failed"),
    (urllib3_errors.ReadTimeoutError, "no answer in time"),
    (urllib3_errors.IncompleteRead, "the answer was cut short"),
    (urllib3_errors.ProtocolError, "the connection broke"),
)


def _describe(error: BaseException) -> str:
    """A phrase of ours: the errors' own texts hold addresses and headers."""
    chain: list[BaseException] = [error]
    for link in chain:
        nested = (*link.args, getattr(link, "reason", None), link.__cause__)
        chain += [one for one in nested if isinstance(one, BaseException) and one not in chain]
    for kind, phrase in _PHRASES:
        if any(isinstance(link, kind) for link in chain):
            return phrase
    return type(error).__name__
