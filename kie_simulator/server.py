"""Threads and sockets: HTTP/1.1 in, one reply out, with faults that begin before the reading."""

import re
import socket
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from kie_simulator.callbacks import Conductor
from kie_simulator.delivery import Line
from kie_simulator.exchange import Request
from kie_simulator.kinds import Stage
from kie_simulator.site import log, place_of, prompt_and_task, respond
from kie_simulator.world import World

_PEEK = 65_536
_PEEK_WAIT_S = 1.0


class Server(ThreadingHTTPServer):
    """Will serve a world until stopped. Raises OSError when the port is taken."""

    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, world: World, host: str, port: int) -> None:
        super().__init__((host, port), _Handler)
        self.world = world
        shown = f"[{host}]" if ":" in host else host
        world.base_url = f"http://{shown}:{self.server_port}"
        self._conductor = Conductor(world)

    def server_bind(self) -> None:
        # The inherited one asks the resolver for this machine's name, which may take seconds.
        socket_name = self.server_address
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(socket_name)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = str(socket_name[0]), int(self.server_address[1])

    def run(self) -> None:
        """Will serve in this thread until ``stop`` is called from another one."""
        self._conductor.start()
        self.serve_forever(poll_interval=0.02)

    def stop(self) -> None:
        """Will end serving, silence included, and close the books."""
        self.world.stopping.set()
        self.shutdown()
        self.server_close()
        self._conductor.stop()
        self.world.close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        problem = sys.exc_info()[1]
        # Clients hang up in the middle of faults, and stragglers find the books closed.
        if not isinstance(problem, OSError) and not self.world.stopping.is_set():
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Server

    def handle_one_request(self) -> None:
        if self.server.world.book.watches(Stage.CONNECTION) and self._ends_unread():
            self.close_connection = True
            return
        super().handle_one_request()

    def _ends_unread(self) -> bool:
        """Will look at the request without reading it; True when it is never to be read."""
        request = _peeked(self.connection, str(self.client_address[0]))
        if request is None:
            return False
        world = self.server.world
        place = place_of(request.method, request.path)
        prompt, task_id = prompt_and_task(world, place, request)
        hit = world.book.draw_first(place, Stage.CONNECTION, prompt=prompt, task_id=task_id)
        if hit is None:
            return False
        if hit.kind == "slow_accept":
            world.stopping.wait(hit.params["seconds"])
            return False
        log(world, request, None, [hit.kind])
        if hit.kind == "reset_before":
            self._line().reset()
        self._hang_up()
        return True

    def _serve(self) -> None:
        if "Transfer-Encoding" in self.headers:
            self.send_error(411)
            return
        length = self.headers.get("Content-Length", "0")
        body = self.rfile.read(int(length) if length.isdecimal() else 0)
        request = _request(self.command, self.path, self.headers.items(), body, self._peer())
        reply = respond(self.server.world, request)
        if reply.pause_s:
            self.server.world.stopping.wait(reply.pause_s)
        close = self.close_connection
        head_only = self.command == "HEAD"
        try:
            kept = self._line().deliver(reply.answer, reply.wire, head_only=head_only, close=close)
        except OSError:
            kept = False
        if not kept:
            self.close_connection = True
        if reply.wire is not None:
            self._hang_up()

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = _serve  # noqa: N815

    def _peer(self) -> str:
        return str(self.client_address[0])

    def _line(self) -> Line:
        world = self.server.world
        return Line(self.connection, world.stopping, world.seed)

    def _hang_up(self) -> None:
        # The reader shares the descriptor: only when both are closed does the kernel act.
        self.rfile.close()
        self.connection.close()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the inherited name
        """The ledger keeps the requests; standard output stays for the ready line."""


def _request(method: str, target: str, headers: Any, body: bytes, peer: str) -> Request:
    parts = urlsplit(target)
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    named = {name.lower(): value for name, value in headers}
    return Request(method, parts.path, query, named, body, peer)


def _peeked(connection: socket.socket, peer: str) -> Request | None:
    """Will return what the waiting bytes say, leaving them unread; None when nobody speaks."""
    until = time.monotonic() + _PEEK_WAIT_S
    seen = connection.recv(_PEEK, socket.MSG_PEEK)
    while seen and time.monotonic() < until:
        head, blank, body = seen.partition(b"\r\n\r\n")
        length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
        if blank and (len(body) >= int(length[1] if length else 0) or len(seen) >= _PEEK):
            break
        time.sleep(0.002)
        seen = connection.recv(_PEEK, socket.MSG_PEEK)
    words = seen.split(b"\r\n", 1)[0].decode("latin-1").split()
    if len(words) != 3:
        return None
    return _request(words[0], words[1], (), seen.partition(b"\r\n\r\n")[2], peer)


def start_in_thread(world: World, host: str, port: int) -> tuple[Server, threading.Thread]:
    """Will bind at once and serve in a daemon thread. Raises OSError when the port is taken."""
    server = Server(world, host, port)
    thread = threading.Thread(target=server.run, name="kie-simulator", daemon=True)
    thread.start()
    return server, thread
