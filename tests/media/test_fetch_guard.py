"""No notation of a private place gets a connection, asked directly or by redirect."""

import pytest
from pytest_socket import SocketConnectBlockedError

from generations.media import Fetcher, FetchFailed, FetchRefused, is_result_url
from generations.media.address import refuse_private
from tests.media.servers import head, host, redirecting, saying

pytestmark = pytest.mark.no_database

# {port} is the canary's port; with none the default port of the scheme is meant.
NOTATIONS = [
    "https://127.0.0.1/",
    "https://127.0.0.1:{port}/",
    "http://127.0.0.1:{port}/",
    "http://localhost:{port}/",
    "https://localhost/",
    "https://localhost./",
    "https://LOCALHOST/",
    "https://127.1/",
    "https://127.0.1/",
    "https://2130706433/",
    "https://0x7f000001/",
    "https://0x7f.0.0.1/",
    "https://0x7F.1/",
    "https://0177.0.0.1/",
    "https://017700000001/",
    "https://127.0.0.1./",
    "https://0/",
    "https://0.0.0.0/",
    "https://127.0.0.0x1/",
    "https://①②⑦.⓪.⓪.①/",
    "https://１２７.０.０.１/",
    "https://127。0。0。1/",
    "https://ｌｏｃａｌｈｏｓｔ/",
    "https://[::1]/",
    "https://[::]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[::ffff:7f00:1]/",
    "https://[::127.0.0.1]/",
    "https://[64:ff9b::7f00:1]/",
    "https://[64:ff9b:1::7f00:1]/",
    "https://[2002:7f00:1::]/",
    "https://[2001:0:7f00:1::80ff:fffe]/",
    "https://[fe80::1]/",
    "https://[fe80::1%25lo]/",
    "https://[fec0::1]/",
    "https://[fd00::1]/",
    "https://[ff02::1]/",
    "https://10.0.0.1/",
    "https://172.16.0.1/",
    "https://192.168.0.1/",
    "https://100.64.0.1/",
    "https://169.254.169.254/latest/meta-data/",
    "https://2852039166/",
    "https://0xa9fea9fe/",
    "https://[64:ff9b::a9fe:a9fe]/",
    "https://[2002:a9fe:a9fe::]/",
    "https://224.0.0.1/",
    "https://255.255.255.255/",
    "https://240.0.0.1/",
    "https://192.0.2.1/",
    "https://user@127.0.0.1/",
    "https://example.com@127.0.0.1/",
    "https://user:pw@example.com:{port}/",
    "http://example.com\\@127.0.0.1:{port}/",
    "https://127.0.0.1:{port}\\.example.com/",
    "https://127.0.0.1%2f.example.com/",
    "https://127.0.0.1\t/",
    "https://127.0.0.1\n.example.com/",
    " https://127.0.0.1/",
    "https://127.0.0.1\x00.example.com/",
    "https:127.0.0.1/",
    "https:///127.0.0.1/",
    "//127.0.0.1:{port}/",
    "ftp://127.0.0.1:{port}/",
    "file:///etc/passwd",
    "gopher://127.0.0.1:{port}/_x",
    "https://8.8.8.8:22/",
    "https://example.com:{port}/",
    "http://example.com/",
    "https://",
    "",
]


def by_name(host_name: str, port: int) -> list[str]:
    """Resolve as a friendly system would; the names no look-up knows are private by intent."""
    numbers = host_name.replace(".", "").replace(":", "")
    is_number = all(char in "0123456789abcdef" for char in numbers)
    return [host_name] if is_number else ["127.0.0.1"]


@pytest.mark.parametrize("notation", NOTATIONS)
def test_a_private_place_asked_for_directly_gets_no_connection(notation):
    with host(saying(head(200), b"secret")) as canary:
        url = notation.replace("{port}", str(canary.port))

        with pytest.raises(FetchRefused):
            Fetcher(frozenset(), resolve=by_name).read(url, max_bytes=100, deadline_s=5)

    assert canary.connections == 0


@pytest.mark.parametrize(
    "notation",
    [
        url
        for url in NOTATIONS
        # What no header can carry, and what a redirect reads as a path or our own host.
        if url.isascii()
        and url.isprintable()
        and url[:2] != "//"
        and "://" in url
        and url[0] != " "
    ],
)
def test_a_private_place_named_by_a_redirect_gets_no_connection(notation):
    with host(saying(head(200), b"secret")) as canary:
        url = notation.replace("{port}", str(canary.port))
        with host(redirecting(url)) as trusted:
            fetcher = Fetcher(frozenset({trusted.name}), resolve=by_name)

            with pytest.raises(FetchRefused):
                fetcher.read(trusted.url(), max_bytes=100, deadline_s=5)

    assert canary.connections == 0


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_without_a_host_does_not_leave_the_guard(status):
    with (
        host(saying(head(200), b"secret")) as canary,
        host(redirecting(f"//127.0.0.1:{canary.port}/", status)) as trusted,
        pytest.raises(FetchRefused),
    ):
        Fetcher(frozenset({trusted.name})).read(trusted.url(), max_bytes=100, deadline_s=5)

    assert canary.connections == 0


@pytest.mark.parametrize(
    "answers",
    [
        ["127.0.0.1"],
        ["8.8.8.8", "127.0.0.1"],
        ["127.0.0.1", "8.8.8.8"],
        ["2606:4700::1111", "::1"],
        ["8.8.8.8", "::ffff:10.0.0.1"],
    ],
)
def test_a_public_name_with_any_private_address_is_refused(answers):
    def resolve(_name: str, _port: int) -> list[str]:
        return answers

    with pytest.raises(FetchRefused):
        Fetcher(frozenset(), resolve=resolve).read(
            "https://cdn.example/", max_bytes=100, deadline_s=5
        )


def test_a_name_is_resolved_once_and_that_very_address_is_connected():
    asked = []

    def rebinding(name: str, _port: int) -> list[str]:
        asked.append(name)
        return ["8.8.8.8"] if len(asked) == 1 else ["127.0.0.1"]

    # The suite's own fence stops the connection and tells where it was going.
    with pytest.raises(SocketConnectBlockedError, match=r"8\.8\.8\.8"):
        Fetcher(frozenset(), resolve=rebinding).read(
            "https://cdn.example/", max_bytes=100, deadline_s=5
        )

    assert asked == ["cdn.example"]


PUBLIC = ["8.8.8.8", "1.1.1.1", "104.16.0.1", "2606:4700:4700::1111", "2a00:1450:4001::1"]


@pytest.mark.parametrize("ip", PUBLIC)
def test_public_addresses_pass(ip):
    refuse_private(ip)


@pytest.mark.parametrize(
    "allowed", ["127.0.0.1:1", "localhost:{port}", "127.0.0.1", "*", "127.0.0.1:*"]
)
def test_only_the_exact_host_and_port_is_allowed(allowed):
    with host(saying(head(200), b"secret")) as canary:
        fetcher = Fetcher(frozenset({allowed.replace("{port}", str(canary.port))}))

        with pytest.raises(FetchRefused):
            fetcher.read(canary.url(), max_bytes=100, deadline_s=5)

    assert canary.connections == 0


def test_a_name_nobody_knows_is_a_failure_for_now():
    def unknown(_name: str, _port: int) -> list[str]:
        raise OSError("no such host")

    with pytest.raises(FetchFailed):
        Fetcher(frozenset(), resolve=unknown).read(
            "https://nowhere.example/", max_bytes=100, deadline_s=5
        )


SOUND = [
    "https://tempfile.example.com/a/b.mp4?X-Sig=a%2Fb+c&x=1#part",
    "http://127.0.0.1:8000/files/a.mp4",
    "https://[2606:4700::1111]/a",
    "https://cdn_1.example.com/видео.mp4",
    "HTTPS://Example.COM",
]
UNSOUND = [
    None,
    7,
    b"https://example.com/",
    ["https://example.com/"],
    "",
    "example.com/a.mp4",
    "ftp://example.com/a",
    "javascript:alert(1)",
    "data:video/mp4;base64,AAAA",
    "https://",
    "https://user@example.com/",
    "https://exa mple.com/",
    "https://example.com/a b",
    "https://example.com/\x7f",
    "https://example.com/\ud800",
    "https://good.com\\@evil.com/",
    "https://example.com:99999/",
    "https://example.com:0/",
    "https://example.com:x/",
    "https://[::1/",
    "https://пример.рф/",
    "https://example.com/" + "a" * 9000,
]


@pytest.mark.parametrize("url", SOUND)
def test_a_sound_result_address_is_one(url):
    assert is_result_url(url)


@pytest.mark.parametrize("value", UNSOUND)
def test_an_unsound_result_address_is_none(value):
    assert not is_result_url(value)
