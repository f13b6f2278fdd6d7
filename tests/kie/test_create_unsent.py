"""createTask on real sockets: what proves that nothing was sent, and that nothing will be."""

import contextlib
import socket
import threading
import time

import pytest

from generations.kie import Unsent
from tests.kie.conftest import ACCEPTED, TASK, Certificate, MakeClient
from tests.kie.wire_server import (
    WireServer,
    answering,
    http,
    serving,
    wait_for_no_request_thread,
)

pytestmark = pytest.mark.no_database


def test_a_host_name_that_does_not_resolve_is_unsent(client_for: MakeClient) -> None:
    outcome = client_for("http://kie.invalid", create_deadline_s=2.0).create_task(TASK)
    assert isinstance(outcome, Unsent)


def test_a_refused_connection_is_unsent(client_for: MakeClient) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    outcome = client_for(f"http://127.0.0.1:{port}").create_task(TASK)
    assert outcome == Unsent("no connection could be made")


def test_a_connection_that_is_never_taken_up_is_unsent(client_for: MakeClient) -> None:
    with contextlib.ExitStack() as stack:
        full = stack.enter_context(socket.socket())
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for _ in range(4):  # fill the queue, so that the next SYN stays unanswered
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(full.getsockname())
        started = time.monotonic()
        client = client_for(f"http://127.0.0.1:{full.getsockname()[1]}", create_deadline_s=0.5)
        assert isinstance(client.create_task(TASK), Unsent)
        assert time.monotonic() - started < 2


def test_a_certificate_we_do_not_trust_is_unsent(
    client_for: MakeClient, certificate: Certificate
) -> None:
    with serving(answering(http(200, ACCEPTED)), certificate.server) as server:
        assert client_for(server.url).create_task(TASK) == Unsent("TLS failed")
        assert server.requests == []


def test_a_certificate_of_another_host_is_unsent(
    client_for: MakeClient, certificate: Certificate
) -> None:
    with serving(answering(http(200, ACCEPTED)), certificate.server) as server:
        url = f"https://localhost:{server.port}"
        outcome = client_for(url, ca_file=certificate.ca_file).create_task(TASK)
        assert outcome == Unsent("TLS failed")
        assert server.requests == []


def test_a_server_that_speaks_no_tls_is_unsent(client_for: MakeClient) -> None:
    def talk_nonsense(_server: WireServer, connection: socket.socket) -> None:
        connection.sendall(b"SSH-2.0-nonsense\r\n")
        connection.recv(65536)

    with serving(talk_nonsense) as server:
        outcome = client_for(f"https://127.0.0.1:{server.port}").create_task(TASK)
        assert outcome == Unsent("TLS failed")


def test_a_handshake_that_never_ends_is_unsent_and_nothing_is_sent_afterwards(
    client_for: MakeClient, certificate: Certificate
) -> None:
    go_on = threading.Event()
    seen: list[bytes] = []

    def shake_hands_late(_server: WireServer, connection: socket.socket) -> None:
        go_on.wait(5)
        with certificate.server.wrap_socket(connection, server_side=True) as secured:
            seen.append(secured.recv(65536))

    with serving(shake_hands_late) as server:
        client = client_for(
            f"https://127.0.0.1:{server.port}",
            ca_file=certificate.ca_file,
            create_deadline_s=0.3,
        )
        assert isinstance(client.create_task(TASK), Unsent)
        go_on.set()
        wait_for_no_request_thread()
    assert b"".join(seen) == b""


def test_a_deadline_that_strikes_while_connecting_forbids_the_request_for_good(
    client_for: MakeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The look-up hangs beyond the deadline and then succeeds: still nothing may be sent."""
    go_on = threading.Event()
    look_up = socket.getaddrinfo

    def slow_look_up(*args: object, **kwargs: object) -> object:
        go_on.wait(5)
        return look_up(*args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", slow_look_up)
    with serving(answering(http(200, ACCEPTED))) as server:
        started = time.monotonic()
        outcome = client_for(server.url, create_deadline_s=0.3).create_task(TASK)
        assert outcome == Unsent("no whole answer within 0.3 s")
        assert time.monotonic() - started < 1.5
        go_on.set()
        wait_for_no_request_thread()
        assert server.requests == []
