import gzip
import hashlib
import socket
import time

import pytest

from generations.media import Downloaded, FetchFailed, FetchRefused, FetchStopped
from tests.media.downloads import BODY, WHOLE, download, fetcher_for
from tests.media.servers import dripping, head, host, redirecting, saying

pytestmark = pytest.mark.no_database


def chunked(*pieces: bytes, ending: bytes = b"0\r\n\r\n") -> bytes:
    body = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces)
    return head(200, transfer_encoding="chunked") + body + ending


GOOD = {
    "with a length": WHOLE,
    "in chunks": chunked(BODY[:1000], BODY[1000:]),
    "until the host hangs up": head(200) + BODY,
    "encoded as itself": head(200, content_encoding="identity") + BODY,
}


@pytest.mark.parametrize("answer", GOOD.values(), ids=GOOD)
def test_a_file_is_written_and_hashed(target, answer):
    with host(saying(answer)) as server:
        done = download(fetcher_for(server), server.url(), target)

    assert target.read_bytes() == BODY
    assert done == Downloaded(len(BODY), hashlib.sha256(BODY).hexdigest())


def test_a_host_that_keeps_the_connection_open_is_not_waited_for(target):
    def answer(line: socket.socket, _head: bytes) -> None:
        line.sendall(WHOLE)
        line.recv(1)

    with host(answer) as server:
        started_at = time.monotonic()
        download(fetcher_for(server), server.url(), target)

    assert time.monotonic() - started_at < 2


def test_nothing_of_ours_goes_along(target, monkeypatch, tmp_path):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password secret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")

    with (
        host(saying(head(200, set_cookie="a=b") + BODY)) as server,
        host(saying(head(302, location=server.url("/x?y=z"), set_cookie="c=d"))) as first,
    ):
        download(fetcher_for(server, first), first.url(), target)

    (sent,) = server.requests
    names = {line.split(b":")[0].lower() for line in sent.split(b"\r\n")[1:] if line}
    assert sent.startswith(b"GET /x?y=z HTTP/1.1\r\n")
    assert names == {b"host", b"user-agent", b"accept", b"accept-encoding", b"connection"}
    assert b"Accept-Encoding: identity" in sent
    assert b"Mozilla/5.0" in sent


BAD = {
    "shorter than announced": head(200, content_length=1000) + bytes(999),
    "empty instead of announced": head(200, content_length=1000),
    "longer than announced": head(200, content_length=1000) + bytes(100_000),
    "announced too large": head(200, content_length=10**9) + bytes(1000),
    "chunked past the cap": chunked(*[bytes(100_000)] * 20),
    "past the cap until the end": head(200) + bytes(1_000_001),
    "a chunk cut short": chunked(bytes(1000), ending=b"ff\r\n" + bytes(20)),
    "chunks without an end": chunked(bytes(1000), ending=b""),
    "a chunk of nonsense": chunked(bytes(1000), ending=b"zz\r\n"),
    "two lengths": head(200, content_length="5\r\ncontent-length: 6") + bytes(6),
    "a length of words": head(200, content_length="many") + bytes(6),
    "a length below zero": head(200, content_length="-1") + bytes(6),
    "a length in other digits": head(200, content_length="²") + bytes(6),
    "gzip": head(200, content_encoding="gzip") + gzip.compress(BODY),
    "gzip bomb": head(200, content_encoding="gzip") + gzip.compress(bytes(50_000_000)),
    "deflate": head(200, content_encoding="deflate") + BODY,
    "gzip as transfer": head(200, transfer_encoding="gzip, chunked") + BODY,
    "no head": b"",
    "not http": b"SSH-2.0-OpenSSH_9.2\r\n",
    "half a head": b"HTTP/1.1 200 OK\r\nContent-Le",
    "a header without end": b"HTTP/1.1 200 OK\r\nX: " + b"a" * 200_000,
    "partial content": head(206, content_length=3) + b"abc",
    "no content": head(204),
    "an empty file": head(200, content_length=0),
    "a head cut between lines": b"HTTP/1.1 200 OK\r\nServer: x\r\n",
    "a redirect to nowhere": head(302),
}


@pytest.mark.parametrize("answer", BAD.values(), ids=BAD)
def test_a_bad_answer_fails_and_leaves_no_file(target, answer):
    with host(saying(answer)) as server, pytest.raises(FetchFailed) as failure:
        download(fetcher_for(server), server.url("/secret-path"), target)

    assert not target.exists()
    assert "secret-path" not in str(failure.value)


@pytest.mark.parametrize("status", [400, 403, 404, 410, 429, 500, 503])
def test_a_status_is_told(target, status):
    answer = saying(head(status, content_length=0))
    with host(answer) as server, pytest.raises(FetchFailed) as failure:
        download(fetcher_for(server), server.url(), target)

    assert failure.value.http_status == status


def test_a_refused_connection_fails_without_a_status(target):
    with host(saying(b"")) as server:
        pass

    with pytest.raises(FetchFailed) as failure:
        download(fetcher_for(server), server.url(), target)

    assert failure.value.http_status is None


def test_exactly_the_cap_is_allowed(target):
    with host(saying(WHOLE)) as server:
        done = download(fetcher_for(server), server.url(), target, max_bytes=len(BODY))

    assert done.bytes == len(BODY)


def test_an_endless_body_is_cut_at_the_cap(target):
    too_large = pytest.raises(FetchFailed, match="larger than 1000000 bytes")
    with host(dripping(head(200), bytes(65536), 0)) as server, too_large:
        download(fetcher_for(server), server.url(), target)

    assert not target.exists()


def test_a_stop_is_obeyed_between_chunks(target):
    answers = iter([False, False])
    with host(dripping(head(200), bytes(1000), 0.01)) as server, pytest.raises(FetchStopped):
        download(fetcher_for(server), server.url(), target, should_stop=lambda: next(answers, True))

    assert not target.exists()


def test_a_full_disk_is_the_callers_to_know(tmp_path):
    with host(saying(WHOLE)) as server, pytest.raises(OSError, match="No such file"):
        download(fetcher_for(server), server.url(), tmp_path / "missing" / "part")


def test_three_redirects_are_followed_relative_ones_too(target):
    def answer(line: socket.socket, request: bytes) -> None:
        hop = int(request.split(b"/hop")[1][:1])
        places = {0: "hop1", 1: "/hop2?a=1", 2: f"//{server.name}/hop3"}
        line.sendall(head(302, location=places[hop]) if hop in places else WHOLE)

    with host(answer) as server:
        download(fetcher_for(server), server.url("/hop0"), target)

    assert target.read_bytes() == BODY
    assert server.connections == 4


def test_a_redirect_loop_ends_after_three(target):
    with host(redirecting("/again")) as server, pytest.raises(FetchFailed):
        download(fetcher_for(server), server.url(), target)

    assert server.connections == 4


@pytest.mark.parametrize("location", ["https://[::1", "http://x:99999/", "javascript:alert(1)"])
def test_a_redirect_to_nonsense_is_refused(target, location):
    with host(redirecting(location)) as server, pytest.raises(FetchRefused):
        download(fetcher_for(server), server.url(), target)

    assert not target.exists()


def test_letters_outside_ascii_are_sent_quoted():
    with host(saying(head(200), b"ok")) as server:
        fetcher_for(server).read(server.url("/видео%20a.mp4?q=ё+%2F"), max_bytes=10, deadline_s=5)

    expected = b"GET /%D0%B2%D0%B8%D0%B4%D0%B5%D0%BE%20a.mp4?q=%D1%91+%2F HTTP/1.1"
    assert server.requests[0].split(b"\r\n")[0] == expected


def test_read_gives_the_bytes_and_keeps_to_its_cap():
    with host(saying(WHOLE)) as server:
        fetcher = fetcher_for(server)

        assert fetcher.read(server.url(), max_bytes=len(BODY), deadline_s=5) == BODY
        with pytest.raises(FetchFailed):
            fetcher.read(server.url(), max_bytes=len(BODY) - 1, deadline_s=5)
