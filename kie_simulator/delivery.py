"""Putting an answer on the wire, whole or in one of the ways in which wires fail."""

import gzip
import random
import select
import socket
import struct
import threading
import time
from email.utils import formatdate
from functools import cache
from http import HTTPStatus

from kie_simulator.book import Hit
from kie_simulator.exchange import Answer

_PIECE = b"\x00" * 65_536


class Line:
    """One client's connection, as far as answering needs it."""

    def __init__(self, connection: socket.socket, stopping: threading.Event, seed: str) -> None:
        self._socket = connection
        self._stopping = stopping
        self._seed = seed

    def deliver(self, answer: Answer, hit: Hit | None, *, head_only: bool, close: bool) -> bool:
        """Will send the answer; True when the connection may serve another request."""
        if hit is None:
            body = b"" if head_only else answer.body
            self._socket.sendall(_head(answer, len(answer.body), close=close) + body)
            return not close
        getattr(self, "_" + hit.kind)(answer, hit)
        return False

    def hold(self, seconds: float) -> None:
        """Will keep silent until the time is up, the client has gone or the simulator stops."""
        until = time.monotonic() + seconds
        while time.monotonic() < until and not self._stopping.is_set():
            readable, _, _ = select.select([self._socket], [], [], 0.05)
            if readable:
                try:
                    if not self._socket.recv(65_536, socket.MSG_DONTWAIT):
                        return
                except OSError:
                    return

    def reset(self) -> None:
        """Will arrange that the coming close sends RST."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def _close_after_read(self, answer: Answer, hit: Hit) -> None:
        pass

    def _accept_then_silence(self, answer: Answer, hit: Hit) -> None:
        self.hold(hit.params["seconds"])

    def _reset_after(self, answer: Answer, hit: Hit) -> None:
        self.reset()

    def _half_close(self, answer: Answer, hit: Hit) -> None:
        self._socket.shutdown(socket.SHUT_WR)
        self.hold(hit.params["seconds"])

    def _drip_headers(self, answer: Answer, hit: Hit) -> None:
        self._drip(_head(answer, len(answer.body)), 1, hit.params["interval_s"])
        self._socket.sendall(answer.body)

    def _drip_body(self, answer: Answer, hit: Hit) -> None:
        self._socket.sendall(_head(answer, len(answer.body)))
        self._drip(answer.body, hit.params["piece_bytes"], hit.params["interval_s"])

    def _drip(self, content: bytes, size: int, interval_s: float) -> None:
        for start in range(0, len(content), size):
            self._socket.sendall(content[start : start + size])
            if self._stopping.wait(interval_s):
                return

    def _truncate(self, answer: Answer, hit: Hit) -> None:
        kept = int(len(answer.body) * hit.params["fraction"])
        self._socket.sendall(_head(answer, len(answer.body)) + answer.body[:kept])

    def _garbage(self, answer: Answer, hit: Hit) -> None:
        self._socket.sendall(random.Random(self._seed).randbytes(hit.params["size"]))

    def _wrong_length(self, answer: Answer, hit: Hit) -> None:
        claimed = max(0, len(answer.body) + hit.params["by"])
        self._socket.sendall(_head(answer, claimed) + answer.body)

    def _bad_chunks(self, answer: Answer, hit: Hit) -> None:
        self._socket.sendall(_head(answer, None) + b"zz\r\n" + answer.body + b"\r\n0\r\n\r\n")

    def _gzip_bomb(self, answer: Answer, hit: Hit) -> None:
        bomb = _bomb(hit.params["megabytes"])
        packed = Answer(200, bomb, answer.content_type, (("Content-Encoding", "gzip"),))
        self._socket.sendall(_head(packed, len(bomb)) + bomb)

    def _endless(self, answer: Answer, hit: Hit) -> None:
        self._socket.sendall(_head(answer, None) + _chunk(answer.body))
        while not self._stopping.is_set():
            self._socket.sendall(_chunk(_PIECE))


def _chunk(content: bytes) -> bytes:
    return f"{len(content):x}\r\n".encode() + content + b"\r\n"


@cache
def _bomb(megabytes: int) -> bytes:
    return gzip.compress(b" " * (1024 * 1024), mtime=0) * megabytes


def _head(answer: Answer, length: int | None, *, close: bool = True) -> bytes:
    known = HTTPStatus.__members__.values()
    phrase = next((each.phrase for each in known if each == answer.status), "Unknown")
    lines = [
        f"HTTP/1.1 {answer.status} {phrase}",
        f"Date: {formatdate(usegmt=True)}",
        f"Content-Type: {answer.content_type}",
        "Transfer-Encoding: chunked" if length is None else f"Content-Length: {length}",
        f"Connection: {'close' if close else 'keep-alive'}",
        *(f"{name}: {value}" for name, value in answer.headers),
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")
