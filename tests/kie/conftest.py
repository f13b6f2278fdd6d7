"""A client of the real kind, and a certificate made for the run."""

import ssl
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from generations.kie import CreateTask, KieClient, KieConfig

API_KEY = "canary-key-5f0e7b1c"
TOKEN = "canary-token-8a1d66e0c2b94f"
MODEL = "kling/v2-1-master-image-to-video"
TASK = CreateTask(
    model=MODEL,
    input={
        "prompt": "Кот",
        "image_url": "https://pictures.example/cat.jpg",
        "duration": "5",
        "negative_prompt": "",
        "cfg_scale": 0.3,
    },
    callback_url=f"https://ours.example/callbacks/kie/{TOKEN}/",
)
TASK_ID = "281e5b0f39b94b57a1c2d3e4f5a6b7c8"
ACCEPTED = {"code": 200, "msg": "success", "data": {"taskId": TASK_ID, "recordId": TASK_ID}}

MakeClient = Callable[..., KieClient]


@pytest.fixture
def client_for() -> MakeClient:
    """A client of one base address; short deadlines so that silence costs no test a second."""

    def make(url: str, **changes: object) -> KieClient:
        settings: dict[str, object] = {
            "base_url": url,
            "upload_base_url": url,
            "api_key": API_KEY,
            "create_deadline_s": 5.0,
            "read_deadline_s": 5.0,
            "upload_deadline_s": 5.0,
        }
        return KieClient(KieConfig(**(settings | changes)))  # type: ignore[arg-type]

    return make


@dataclass(frozen=True, slots=True)
class Certificate:
    ca_file: Path
    server: ssl.SSLContext


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    """A self-signed certificate for 127.0.0.1 and a server's TLS settings with it."""
    folder = tmp_path_factory.mktemp("certificate")
    key, pem = folder / "key.pem", folder / "certificate.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
         "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1",
         "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", pem],
        check=True, capture_output=True,
    )  # fmt: skip
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(pem, key)
    return Certificate(pem, server)
