"""Every way to lose the answer to a request that was sent, as a server plays it."""

import gzip
import socket

from tests.kie.conftest import ACCEPTED
from tests.kie.wire_server import (
    Behaviour,
    WireServer,
    answering,
    dripping,
    http,
    reset,
)


def _close_before_reading(_server: WireServer, connection: socket.socket) -> None:
    connection.close()


def _close_after_reading(server: WireServer, connection: socket.socket) -> None:
    server.read_request(connection)
    connection.close()


def _reset_after_reading(server: WireServer, connection: socket.socket) -> None:
    server.read_request(connection)
    reset(connection)


def _answer_half(server: WireServer, connection: socket.socket) -> None:
    server.read_request(connection)
    connection.sendall(http(200, ACCEPTED)[:-40])


def _break_off_a_chunk(server: WireServer, connection: socket.socket) -> None:
    server.read_request(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n{")


def say_nothing(server: WireServer, connection: socket.socket) -> None:
    server.read_request(connection)
    server.stopping.wait(10)


def _send_fifty_megabytes(server: WireServer, connection: socket.socket) -> None:
    server.read_request(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 52428800\r\n\r\n")
    for _ in range(50):
        connection.sendall(b" " * 1024 * 1024)


LOST_ANSWERS: dict[str, Behaviour] = {
    "closed before it was read": _close_before_reading,
    "closed after it was read": _close_after_reading,
    "reset after it was read": _reset_after_reading,
    "half an answer": _answer_half,
    "half a chunk": _break_off_a_chunk,
    "silence": say_nothing,
    "dripping status line": dripping(b"HTTP/1.1", b" "),
    "dripping headers": dripping(b"HTTP/1.1 200 OK\r\n", b"X-Drop: 1\r\n"),
    "dripping body": dripping(b"HTTP/1.1 200 OK\r\nContent-Length: 90000\r\n\r\n", b" "),
    "endless interim answers": dripping(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "fifty megabytes": _send_fifty_megabytes,
    "gzip nobody asked for": answering(
        http(200, gzip.compress(b" " * 20_000_000), "Content-Encoding: gzip")
    ),
    "no http": answering(b"\x00\xff garbage \r\n\r\n"),
    "a header without end": answering(b"HTTP/1.1 200 OK\r\nX: " + b"a" * 100_000 + b"\r\n\r\n"),
    "two lengths": answering(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}"),
    "utf-16": answering(http(200, '{"code":422,"msg":"no"}'.encode("utf-16"))),
    "empty": answering(http(200, b"")),
}  # fmt: skip
