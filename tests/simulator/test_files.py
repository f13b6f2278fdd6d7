"""Result files, fresh links, uploads and the catalogue."""

import base64
import hashlib
import json
import struct
from pathlib import Path

import pytest

from kie_simulator.testing import Simulator
from tests.simulator.plain_client import MODEL, PlainClient, Reply

pytestmark = pytest.mark.no_database

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))


def boxes(content: bytes) -> list[tuple[str, int]]:
    """Will walk the mp4's boxes to the very end of the file."""
    found, at = [], 0
    while at < len(content):
        size, name = struct.unpack(">I4s", content[at : at + 8])
        assert size >= 8
        assert at + size <= len(content)
        found.append((name.decode("ascii"), size))
        at += size
    return found


def duration_s(content: bytes) -> float:
    """Will read the movie header's duration."""
    at = content.index(b"mvhd") + 4
    scale, length = struct.unpack(">II", content[at + 12 : at + 20])
    return float(length / scale)


class TestResults:
    def finished(self, kie: Simulator, client: PlainClient, duration: str = "5") -> str:
        task_id = client.made(duration=duration)
        kie.advance(300)
        return client.result_url(task_id)

    @pytest.mark.parametrize("duration", ["5", "10"])
    def test_the_file_is_a_video_of_the_length_ordered(
        self, kie: Simulator, client: PlainClient, duration: str
    ) -> None:
        reply = client.get(self.finished(kie, client, duration))
        assert (reply.status, reply.headers["content-type"]) == (200, "video/mp4")
        assert [name for name, _ in boxes(reply.body)] == ["ftyp", "moov", "free", "mdat", "free"]
        assert b"avc1" in reply.body
        assert duration_s(reply.body) == pytest.approx(float(duration), abs=0.2)

    def test_every_result_is_unique(self, kie: Simulator, client: PlainClient) -> None:
        files = [client.get(self.finished(kie, client)).body for _ in range(3)]
        assert len(set(files)) == 3

    def test_the_file_is_not_there_before_success(
        self, kie: Simulator, client: PlainClient
    ) -> None:
        url = self.finished(kie, client)
        waiting = client.made()
        name = url.rpartition("/")[2]
        assert client.get(url.replace(name[:32], waiting)).status == 404

    def test_head_tells_the_length_and_sends_nothing(
        self, kie: Simulator, client: PlainClient
    ) -> None:
        url = self.finished(kie, client)
        whole = client.get(url)
        reply = client.call("HEAD", url.removeprefix(kie.url))
        assert reply.headers["content-length"] == str(len(whole.body))
        assert reply.body == b""

    @pytest.mark.parametrize(
        ("asked", "expected"),
        [
            ("bytes=0-9", slice(0, 10)),
            ("bytes=100-", slice(100, None)),
            ("bytes=-7", slice(-7, None)),
        ],
    )
    def test_a_byte_range_is_served(
        self, kie: Simulator, client: PlainClient, asked: str, expected: slice
    ) -> None:
        url = self.finished(kie, client)
        whole = client.get(url).body
        part = client.get(url, Range=asked)
        assert (part.status, part.body) == (206, whole[expected])
        assert part.headers["content-range"].endswith(f"/{len(whole)}")

    def test_a_range_behind_the_end_is_416(self, kie: Simulator, client: PlainClient) -> None:
        assert client.get(self.finished(kie, client), Range="bytes=9999999-").status == 416

    def test_a_link_dies_with_time(self, kie: Simulator, client: PlainClient) -> None:
        url = self.finished(kie, client)
        kie.settings(result_ttl_s=0)
        assert client.get(url).status == 404

    def test_a_fresh_link_is_a_bare_text_that_outlives_the_first(
        self, kie: Simulator, client: PlainClient
    ) -> None:
        url = self.finished(kie, client)
        told = client.call("POST", "/api/v1/common/download-url", {"url": url}).json
        assert (told["code"], told["msg"], type(told["data"])) == (200, "success", str)
        kie.settings(result_ttl_s=0)
        assert client.get(told["data"]).status == 200

    def test_a_fresh_link_expires_too(self, kie: Simulator, client: PlainClient) -> None:
        url = self.finished(kie, client)
        kie.settings(link_ttl_s=0)
        told = client.call("POST", "/api/v1/common/download-url", {"url": url}).json
        assert client.get(told["data"]).status == 403
        assert client.get(told["data"].replace("/fresh/", "/fresh/1")).status == 404

    @pytest.mark.parametrize("url", ["https://example.org/a.mp4", "", None, 7])
    def test_a_foreign_address_gets_no_link(self, client: PlainClient, url: object) -> None:
        reply = client.call("POST", "/api/v1/common/download-url", {"url": url})
        assert reply.status == 200
        assert (reply.json["code"], reply.json["msg"]) == (422, "url is wrong")


def _multipart(**parts: str | tuple[str, bytes]) -> tuple[bytes, dict[str, str]]:
    pieces = []
    for name, value in parts.items():
        if isinstance(value, str):
            head, content = f'form-data; name="{name}"', value.encode()
        else:
            head, content = f'form-data; name="{name}"; filename="{value[0]}"', value[1]
        pieces.append(f"--xYz\r\nContent-Disposition: {head}\r\n\r\n".encode() + content + b"\r\n")
    body = b"".join(pieces) + b"--xYz--\r\n"
    return body, {"Content-Type": "multipart/form-data; boundary=xYz"}


class TestUploads:
    def check(self, kie: Simulator, client: PlainClient, reply: Reply, name: str) -> None:
        told = reply.json
        assert (told["success"], told["code"]) == (True, 200)
        assert told["msg"] == "File uploaded successfully"
        data = told["data"]
        assert (data["success"], data["fileName"], data["fileSize"]) == (True, name, len(PNG))
        assert data["mimeType"] == "image/png"
        assert data["filePath"].startswith("kieai/")
        assert "uploadedAt" in data
        served = client.get(data["downloadUrl"])
        assert (served.body, served.headers["content-type"]) == (PNG, "image/png")
        seen = kie.ledger().uploads
        assert [each.sha256 for each in seen] == [hashlib.sha256(PNG).hexdigest()]

    @pytest.mark.parametrize("prefix", ["", "data:image/png;base64,"])
    def test_base64(self, kie: Simulator, client: PlainClient, prefix: str) -> None:
        text = prefix + base64.b64encode(PNG).decode()
        body = {"base64Data": text, "uploadPath": "images", "fileName": "cat.png"}
        self.check(kie, client, client.call("POST", "/api/file-base64-upload", body), "cat.png")

    def test_stream(self, kie: Simulator, client: PlainClient) -> None:
        body, headers = _multipart(file=("cat.png", PNG), uploadPath="images")
        reply = client.call("POST", "/api/file-stream-upload", body, headers)
        self.check(kie, client, reply, "cat.png")

    def test_url(self, kie: Simulator, client: PlainClient) -> None:
        body, headers = _multipart(file=("cat.png", PNG), uploadPath="a", fileName="dog.png")
        first = client.call("POST", "/api/file-stream-upload", body, headers).json["data"]
        kie_url = {"fileUrl": first["downloadUrl"], "uploadPath": "b", "fileName": "two.png"}
        told = client.call("POST", "/api/file-url-upload", kie_url).json
        assert (told["code"], told["data"]["fileSize"]) == (200, len(PNG))

    def test_the_simulator_fetches_from_nowhere_but_this_machine(self, client: PlainClient) -> None:
        body = {"fileUrl": "http://example.org/cat.png", "uploadPath": "b"}
        assert client.call("POST", "/api/file-url-upload", body).json["code"] == 400

    @pytest.mark.parametrize(
        ("body", "text"),
        [
            ({"base64Data": "aGk="}, "Missing required parameter: uploadPath"),
            ({"uploadPath": "a"}, "Missing required parameter: base64Data"),
            (
                {"base64Data": "%%", "uploadPath": "a"},
                "Base64 decoding failed: Invalid Base64 format",
            ),
        ],
    )
    def test_a_bad_upload_is_refused_inside_200(
        self, client: PlainClient, body: object, text: str
    ) -> None:
        reply = client.call("POST", "/api/file-base64-upload", body)
        assert reply.status == 200
        assert (reply.json["success"], reply.json["code"], reply.json["msg"]) == (False, 400, text)

    def test_the_key_is_wanted(self, kie: Simulator) -> None:
        told = PlainClient(kie, key=None).call("POST", "/api/file-base64-upload", {}).json
        assert (told["code"], told["msg"]) == (401, "Authentication failed: Invalid API Key")

    def test_the_wrong_method_is_405(self, client: PlainClient) -> None:
        assert client.call("GET", "/api/file-base64-upload").json["code"] == 405

    def test_an_upload_disappears_with_time(self, kie: Simulator, client: PlainClient) -> None:
        body = {"base64Data": "aGk=", "uploadPath": "a", "fileName": "../../x.png"}
        url = client.call("POST", "/api/file-base64-upload", body).json["data"]["downloadUrl"]
        assert client.get(url).body == b"hi"
        kie.settings(upload_ttl_s=0)
        assert client.get(url).status == 404


class TestCatalogue:
    @pytest.fixture(autouse=True)
    def _unhurried(self, kie: Simulator) -> None:
        kie.settings(catalogue_per_second=0)

    def test_the_model_is_listed(self, client: PlainClient) -> None:
        told = client.call("GET", "/api/v1/models").json["data"]
        assert told["total"] == 1
        (row,) = told["models"]
        assert row["model"] == MODEL
        assert row["taskType"] == ["image-to-video"]
        assert "160 credits" in row["pricingDesc"]

    def test_the_list_can_be_narrowed(self, client: PlainClient) -> None:
        for query, total in (("q=kling", 1), ("q=veo", 0), ("provider=kling", 1)):
            assert client.call("GET", f"/api/v1/models?{query}").json["data"]["total"] == total

    def test_schema_price_and_success_rate(self, client: PlainClient) -> None:
        schema = client.call("GET", f"/api/v1/models/{MODEL}/schema").json["data"]
        assert schema["openapi"]["openapi"] == "3.1.0"
        assert '"maxLength": 500}' in json.dumps(schema)
        price = client.call("GET", f"/api/v1/models/{MODEL}/price").json["data"]
        assert set(price) == {"model", "pricingDesc"}
        points = client.call("GET", f"/api/v1/models/{MODEL}/success-rate").json["data"]["points"]
        assert len(points) == 144
        assert set(points[0]) == {"start", "end", "successRate", "errorRate", "isNormal"}

    def test_an_unknown_model_is_404_in_the_same_words(self, client: PlainClient) -> None:
        told = client.call("GET", "/api/v1/models/kling/none/price").json
        assert told["code"] == 404
        assert told["msg"].startswith("The model name you specified is not supported")

    def test_one_request_a_second(self, kie: Simulator, client: PlainClient) -> None:
        kie.settings(catalogue_per_second=1)
        codes = [client.call("GET", "/api/v1/models").json["code"] for _ in range(2)]
        assert codes == [200, 429]


def test_the_clips_are_part_of_the_package() -> None:
    clips = Path(__file__).parents[2] / "kie_simulator" / "clips"
    assert sorted(path.name for path in clips.iterdir()) == ["sim10.mp4", "sim5.mp4"]
