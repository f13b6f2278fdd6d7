"""A server made of raw sockets, so that a test decides every byte and every silence."""

import contextlib
import json
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator

Behaviour = Callable[["WireServer", socket.socket], None]


class WireServer:
    """Serves one `behaviour` a connection; `requests` holds what was read, `connections` counts."""

    def __init__(self, behaviour: Behaviour, tls: ssl.SSLContext | None = None) -> None:
        self.behaviour = behaviour
        self.requests: list[bytes] = []
        self.connections = 0
        self.stopping = threading.Event()
        self._tls = tls
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}"

    def read_request(self, connection: socket.socket) -> bytes:
        """One whole request; b"" when the client closed instead."""
        data = b""
        while b"\r\n\r\n" not in data:
            chunk = connection.recv(65536)
            if not chunk:
                return b""
            data += chunk
        head, _, body = data.partition(b"\r\n\r\n")
        length = 0
        for line in head.split(b"\r\n")[1:]:
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        while len(body) < length:
            body += connection.recv(65536)
        request = head + b"\r\n\r\n" + body
        self.requests.append(request)
        return request

    def stop(self) -> None:
        self.stopping.set()
        for one in (self._listener, *self._open):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        self._thread.join(5)

    def _accept(self) -> None:
        while not self.stopping.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._open.append(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError):
            if self._tls is not None:
                connection = self._tls.wrap_socket(connection, server_side=True)
                self._open.append(connection)
            with connection:
                self.behaviour(self, connection)


@contextlib.contextmanager
def serving(behaviour: Behaviour, tls: ssl.SSLContext | None = None) -> Iterator[WireServer]:
    server = WireServer(behaviour, tls)
    try:
        yield server
    finally:
        server.stop()


def http(status: int, body: bytes | object, *headers: str) -> bytes:
    """The bytes of a whole HTTP answer; a body that is not bytes goes as JSON."""
    payload = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = [f"HTTP/1.1 {status} Answer", f"Content-Length: {len(payload)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + payload


def answering(answer: bytes) -> Behaviour:
    """Read each request of a connection and give the same answer."""

    def behave(server: WireServer, connection: socket.socket) -> None:
        while server.read_request(connection):
            connection.sendall(answer)

    return behave


def dripping(start: bytes, drop: bytes, interval_s: float = 0.05) -> Behaviour:
    """Read the request, say `start`, then one `drop` after the other without end."""

    def behave(server: WireServer, connection: socket.socket) -> None:
        server.read_request(connection)
        connection.sendall(start)
        while not server.stopping.wait(interval_s):
            connection.sendall(drop)

    return behave


def reset(connection: socket.socket) -> None:
    """Close with RST instead of FIN."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def wait_for_no_request_thread(patience_s: float = 5.0) -> None:
    """Return when no request of the client is under way; fail when one never ends."""
    until = time.monotonic() + patience_s
    while any(thread.name == "kie-request" for thread in threading.enumerate()):
        assert time.monotonic() < until, "a request's thread is still alive"
        time.sleep(0.01)
