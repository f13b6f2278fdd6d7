import shutil
import ssl
import subprocess
from pathlib import Path

import pytest

from generations.media import Fetcher, FetchFailed
from tests.media.downloads import BODY, WHOLE, download
from tests.media.servers import dripping, head, host, saying

pytestmark = pytest.mark.no_database

needs_openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl makes the key")


_SELF_SIGNED = (
    "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 "
    "-subj /CN=files.example -addext subjectAltName=DNS:files.example"
)


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    """A certificate for files.example that signs itself, and its key."""
    made, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    subprocess.run(
        [*_SELF_SIGNED.split(), "-keyout", key, "-out", made],
        check=True,
        capture_output=True,
    )
    return made, key


def tls_context(certificate: tuple[Path, Path], names: list[str]) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    context.sni_callback = lambda _line, name, _context: names.append(name)
    return context


@needs_openssl
def test_tls_is_spoken_with_the_name_that_was_asked_for(target, certificate):
    names: list[str] = []
    with host(saying(WHOLE), tls=tls_context(certificate, names)) as server:
        fetcher = Fetcher(
            frozenset({f"files.example:{server.port}"}),
            resolve=lambda _name, _port: ["127.0.0.1"],
            ca_file=str(certificate[0]),
        )
        done = download(fetcher, f"https://files.example:{server.port}/a", target)

    assert done.bytes == len(BODY)
    assert names == ["files.example"]
    assert f"Host: files.example:{server.port}\r\n".encode() in server.requests[0]


@needs_openssl
@pytest.mark.parametrize(("name", "is_known"), [("other.example", True), ("files.example", False)])
def test_a_certificate_of_another_name_or_maker_fails(target, certificate, name, is_known):
    with host(saying(WHOLE), tls=tls_context(certificate, [])) as server:
        fetcher = Fetcher(
            frozenset({f"{name}:{server.port}"}),
            resolve=lambda _name, _port: ["127.0.0.1"],
            ca_file=str(certificate[0]) if is_known else None,
        )
        with pytest.raises(FetchFailed, match="SSLCertVerificationError"):
            download(fetcher, f"https://{name}:{server.port}/a", target)

    assert server.requests == []


@needs_openssl
def test_a_drip_over_tls_ends_at_the_deadline(target, certificate):
    with host(dripping(head(200), b"x", 0.05), tls=tls_context(certificate, [])) as server:
        fetcher = Fetcher(
            frozenset({f"files.example:{server.port}"}),
            resolve=lambda _name, _port: ["127.0.0.1"],
            ca_file=str(certificate[0]),
        )
        with pytest.raises(FetchFailed, match="not finished within"):
            download(fetcher, f"https://files.example:{server.port}/", target, deadline_s=0.5)
