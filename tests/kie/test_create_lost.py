"""createTask on real sockets: a lost answer is unknown, in time, and nothing goes out twice."""

import gzip
import os
import socket
import time
from pathlib import Path

import pytest

from generations.kie import Accepted, Unknown
from tests.kie.conftest import ACCEPTED, API_KEY, TASK, TASK_ID, Certificate, MakeClient
from tests.kie.lost_answers import LOST_ANSWERS
from tests.kie.wire_server import (
    Behaviour,
    WireServer,
    answering,
    dripping,
    http,
    serving,
    wait_for_no_request_thread,
)

pytestmark = pytest.mark.no_database


@pytest.mark.parametrize("behaviour", LOST_ANSWERS.values(), ids=LOST_ANSWERS)
def test_a_lost_answer_is_unknown_within_the_deadline_and_sent_once(
    client_for: MakeClient, behaviour: Behaviour
) -> None:
    with serving(behaviour) as server:
        started = time.monotonic()
        outcome = client_for(server.url, create_deadline_s=0.6).create_task(TASK)
        taken_s = time.monotonic() - started
        assert isinstance(outcome, Unknown), outcome
        assert outcome.candidate_task_id is None
        assert taken_s < 2
        wait_for_no_request_thread()
        assert server.connections == 1
        assert len(server.requests) <= 1


@pytest.mark.parametrize("behaviour", LOST_ANSWERS.values(), ids=LOST_ANSWERS)
def test_a_lost_answer_is_unknown_over_tls_too(
    client_for: MakeClient, certificate: Certificate, behaviour: Behaviour
) -> None:
    with serving(behaviour, certificate.server) as server:
        client = client_for(server.url, ca_file=certificate.ca_file, create_deadline_s=0.6)
        assert isinstance(client.create_task(TASK), Unknown)
        assert len(server.requests) <= 1


def test_junk_instead_of_tls_after_the_request_is_unknown(
    client_for: MakeClient, certificate: Certificate
) -> None:
    """The same exception class as a bad certificate, and the opposite meaning."""

    def answer_beside_tls(server: WireServer, connection: socket.socket) -> None:
        server.read_request(connection)
        raw = socket.socket(fileno=os.dup(connection.fileno()))
        raw.sendall(b"this is no TLS record at all")
        server.stopping.wait(2)

    with serving(answer_beside_tls, certificate.server) as server:
        outcome = client_for(server.url, ca_file=certificate.ca_file).create_task(TASK)
        assert len(server.requests) == 1
    assert isinstance(outcome, Unknown)
    assert outcome.reason == "TLS failed"


def test_an_answer_cut_short_after_the_task_id_names_the_candidate(client_for: MakeClient) -> None:
    whole = http(200, ACCEPTED)
    claimed = whole.replace(b"Content-Length: ", b"Content-Length: 1")
    for start in (answering(claimed), dripping(claimed, b" ")):
        with serving(start) as server:
            outcome = client_for(server.url, create_deadline_s=0.5).create_task(TASK)
        assert isinstance(outcome, Unknown)
        assert outcome.candidate_task_id == TASK_ID


def test_a_compressed_answer_is_never_unpacked(client_for: MakeClient) -> None:
    packed = gzip.compress(b'{"code":422,"msg":"no"}')
    with serving(answering(http(200, packed, "Content-Encoding: gzip"))) as server:
        assert isinstance(client_for(server.url).create_task(TASK), Unknown)


@pytest.mark.parametrize("status", [301, 302, 303, 305, 307, 308])
@pytest.mark.parametrize("target", ["same host", "other host", "nonsense"])
def test_a_redirect_is_unknown_and_never_followed(
    client_for: MakeClient, status: int, target: str
) -> None:
    with serving(answering(http(200, ACCEPTED))) as other:

        def redirect(server: WireServer, connection: socket.socket) -> None:
            server.read_request(connection)
            url = {"same host": server.url, "other host": other.url, "nonsense": "http://[x"}
            body = {"code": 422, "msg": "moved"}
            connection.sendall(http(status, body, f"Location: {url[target]}/elsewhere"))

        with serving(redirect) as server:
            outcome = client_for(server.url).create_task(TASK)
            assert isinstance(outcome, Unknown)
            assert "redirects" in outcome.reason
            assert len(server.requests) == 1
        assert other.connections == 0


def test_proxies_and_netrc_of_the_environment_are_not_used(
    client_for: MakeClient, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "missing.pem"))
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    with (
        serving(answering(http(200, ACCEPTED))) as proxy,
        serving(answering(http(200, ACCEPTED))) as server,
    ):
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        assert isinstance(client_for(server.url).create_task(TASK), Accepted)
        assert proxy.connections == 0
    assert f"Authorization: Bearer {API_KEY}".encode() in server.requests[0]
