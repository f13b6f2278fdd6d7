"""Uploading a picture: what is sent, and which answers are worth another try."""

import pytest

from generations.kie import UploadFailed, UploadRefused
from tests.kie.conftest import API_KEY, MakeClient
from tests.kie.lost_answers import LOST_ANSWERS
from tests.kie.wire_server import Behaviour, answering, http, serving

pytestmark = pytest.mark.no_database

ADDRESS = "https://tempfile.redpandaai.co/kieai/1/kling-platform/cat.jpg"
PICTURE = bytes(range(256)) * 400


def uploaded(**changes: object) -> dict[str, object]:
    body = {"success": True, "code": 200, "msg": "File uploaded", "data": {"downloadUrl": ADDRESS}}
    return body | changes


def test_a_picture_goes_as_multipart_and_its_address_comes_back(client_for: MakeClient) -> None:
    with serving(answering(http(200, uploaded()))) as server:
        client = client_for("http://127.0.0.1:1", upload_base_url=server.url)
        assert client.upload_image(PICTURE, "cat.jpg", "image/jpeg") == ADDRESS
    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /api/file-stream-upload HTTP/1.1\r\n")
    assert f"Authorization: Bearer {API_KEY}".encode() in head
    assert b"Content-Type: multipart/form-data; boundary=" in head
    assert PICTURE in body
    assert b'name="file"; filename="cat.jpg"\r\nContent-Type: image/jpeg' in body
    assert b'name="uploadPath"\r\n\r\nkling-platform\r\n' in body
    assert b'name="fileName"\r\n\r\ncat.jpg\r\n' in body


@pytest.mark.parametrize(
    ("status", "code", "account"),
    [
        (200, 400, False), (400, 400, False), (200, 404, False), (200, 405, False),
        (200, 413, False), (200, 422, False), (200, 451, False),
        (200, 401, True), (401, 401, True), (200, 402, True), (200, 433, True),
    ],
)  # fmt: skip
def test_a_refusal(client_for: MakeClient, status: int, code: int, account: bool) -> None:
    answer = http(status, {"success": False, "code": code, "msg": f"no {API_KEY}"})
    with serving(answering(answer)) as server:
        with pytest.raises(UploadRefused) as caught:
            client_for(server.url).upload_image(PICTURE, "cat.jpg", "image/jpeg")
        assert len(server.requests) == 1
    assert caught.value.account is account
    assert caught.value.code == code
    assert API_KEY not in str(caught.value)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, {"code": 500, "msg": "server is busy"}),
        (200, {"code": 429}),
        (200, {"code": 455}),
        (200, {"code": 408}),
        (500, uploaded()),
        (302, uploaded()),
        (200, uploaded(success=False)),
        (200, uploaded(data=None)),
        (200, uploaded(data={"downloadUrl": "javascript:alert(1)"})),
        (200, uploaded(data={"fileUrl": ADDRESS})),
        (200, uploaded(code="200")),
        (403, b"error code: 1010"),
        (413, b"<html>too large</html>"),
        (200, b""),
    ],
)
def test_everything_else_is_a_failure_worth_another_try(
    client_for: MakeClient, status: int, body: object
) -> None:
    with serving(answering(http(status, body))) as server, pytest.raises(UploadFailed):
        client_for(server.url).upload_image(PICTURE, "cat.jpg", "image/jpeg")


@pytest.mark.parametrize("behaviour", LOST_ANSWERS.values(), ids=LOST_ANSWERS)
def test_a_lost_answer_is_a_failure_within_the_deadline(
    client_for: MakeClient, behaviour: Behaviour
) -> None:
    with serving(behaviour) as server, pytest.raises(UploadFailed):
        client_for(server.url, upload_deadline_s=0.4).upload_image(PICTURE, "c.jpg", "image/jpeg")
