import socket
import time

import pytest

from generations.media import Fetcher, FetchFailed
from generations.media.watch import Pace
from tests.media.downloads import download, fetcher_for
from tests.media.servers import dripping, head, host

pytestmark = pytest.mark.no_database

DRIPS = {
    "headers": (b"HTTP/1.1 200 OK\r\n", b"X-A: b\r\n"),
    "status line": (b"HTTP/1.1 ", b"2"),
    "body with a length": (head(200, content_length=100_000), b"x"),
    "body in chunks": (head(200, transfer_encoding="chunked"), b"1\r\nx\r\n"),
    "body without a length": (head(200), b"x"),
    "continue for ever": (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
}


@pytest.mark.parametrize(("first", "drop"), DRIPS.values(), ids=DRIPS)
def test_a_drip_ends_at_the_deadline(target, first, drop):
    with host(dripping(first, drop, 0.05)) as server:
        started_at = time.monotonic()
        with pytest.raises(FetchFailed, match=r"not finished within 0\.5 s"):
            download(fetcher_for(server), server.url(), target, deadline_s=0.5)

    assert time.monotonic() - started_at < 1.5
    assert not target.exists()


def test_silence_ends_at_the_deadline(target):
    def silent(line: socket.socket, _head: bytes) -> None:
        line.recv(1)

    with host(silent) as server, pytest.raises(FetchFailed):
        download(fetcher_for(server), server.url(), target, deadline_s=0.3)


def test_a_name_look_up_ends_at_the_deadline():
    def slow(_name: str, _port: int) -> list[str]:
        time.sleep(1)
        return ["8.8.8.8"]

    started_at = time.monotonic()
    with pytest.raises(FetchFailed):
        Fetcher(frozenset(), resolve=slow).read(
            "https://cdn.example/", max_bytes=10, deadline_s=0.2
        )

    assert time.monotonic() - started_at < 0.8


@pytest.mark.parametrize(("first", "drop"), [DRIPS["headers"], DRIPS["body without a length"]])
def test_a_host_below_the_floor_is_left_long_before_the_deadline(target, first, drop):
    pace = Pace(grace_s=0.2, window_s=0.4)
    too_slow = pytest.raises(FetchFailed, match="slower than 20000 bytes a second")
    with host(dripping(first, drop, 0.05)) as server, too_slow:
        download(
            fetcher_for(server, pace=pace),
            server.url(),
            target,
            deadline_s=30,
            min_bytes_per_s=20_000,
        )

    assert not target.exists()


def test_a_host_above_the_floor_is_waited_for(target):
    def steady(line: socket.socket, _head: bytes) -> None:
        line.sendall(head(200, content_length=200_000))
        for _ in range(20):
            line.sendall(bytes(10_000))
            time.sleep(0.05)

    pace = Pace(grace_s=0.1, window_s=0.3)
    with host(steady) as server:
        done = download(
            fetcher_for(server, pace=pace), server.url(), target, min_bytes_per_s=20_000
        )

    assert done.bytes == 200_000
