"""Hosts that answer with whatever bytes a test wants, on loopback."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

Answer = Callable[[socket.socket, bytes], None]


@dataclass
class Host:
    """A listener; `requests` are the raw heads it was sent, `connections` counts who came."""

    port: int
    requests: list[bytes] = field(default_factory=list)
    connections: int = 0

    @property
    def name(self) -> str:
        return f"127.0.0.1:{self.port}"

    def url(self, path: str = "/file.mp4") -> str:
        return f"http://{self.name}{path}"


@contextmanager
def host(answer: Answer, tls: ssl.SSLContext | None = None) -> Iterator[Host]:
    """Run a listener that lets `answer` deal with each connection, over TLS if asked."""
    listener = socket.create_server(("127.0.0.1", 0))
    running = Host(listener.getsockname()[1])

    def serve(line: socket.socket) -> None:
        line.settimeout(5)
        try:
            with tls.wrap_socket(line, server_side=True) if tls else line as line:
                head = b""
                while b"\r\n\r\n" not in head and (piece := line.recv(65536)):
                    head += piece
                running.requests.append(head)
                answer(line, head)
        except OSError:
            line.close()

    def listen() -> None:
        while True:
            try:
                line, _ = listener.accept()
            except OSError:
                return
            running.connections += 1
            threading.Thread(target=serve, args=(line,), daemon=True).start()

    thread = threading.Thread(target=listen, daemon=True)
    thread.start()
    try:
        yield running
    finally:
        # Closing alone would not wake the thread that waits in accept().
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()
        listener.close()


def saying(*pieces: bytes) -> Answer:
    """Send these bytes and hang up."""

    def answer(line: socket.socket, _head: bytes) -> None:
        for piece in pieces:
            line.sendall(piece)

    return answer


def dripping(first: bytes, drop: bytes, every_s: float) -> Answer:
    """Send `first`, then one `drop` at a time until the other side has had enough."""

    def answer(line: socket.socket, _head: bytes) -> None:
        line.sendall(first)
        while True:
            line.sendall(drop)
            if threading.Event().wait(every_s):
                return

    return answer


def head(status: int = 200, **headers: object) -> bytes:
    """A response head; `content_length=3` becomes `content-length: 3`."""
    lines = [f"HTTP/1.1 {status} Whatever"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def redirecting(location: str, status: int = 302) -> Answer:
    return saying(head(status, location=location, content_length=0))
