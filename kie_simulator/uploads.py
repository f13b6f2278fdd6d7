"""The upload host: three ways in, one way out. Files are public to whoever has the address."""

import base64
import binascii
import hashlib
import http.client
import mimetypes
import re
import secrets
import time
from datetime import UTC, datetime
from email.message import Message
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from kie_simulator import api
from kie_simulator.exchange import Answer, Request, json_answer
from kie_simulator.loopback import is_loopback
from kie_simulator.result_files import ranged
from kie_simulator.rows import Upload
from kie_simulator.world import World

_URL_LIMIT = 100 * 1024 * 1024
_MISSING = "Missing required parameter: {}"


class _Refused(Exception):
    """The upload is refused with code 400; the text is KIE's message."""


def from_base64(world: World, request: Request) -> Answer:
    def read() -> tuple[dict[str, Any], bytes]:
        body = _json_body(request)
        text = str(_needed(body, "base64Data"))
        try:
            return body, base64.b64decode(text.partition(",")[2] or text, validate=True)
        except binascii.Error:
            raise _Refused("Base64 decoding failed: Invalid Base64 format") from None

    return _stored(world, request, read)


def from_stream(world: World, request: Request) -> Answer:
    def read() -> tuple[dict[str, Any], bytes]:
        parts = _multipart(request)
        content, file_name = parts.pop("file", (None, ""))
        if content is None:
            raise _Refused(_MISSING.format("file"))
        body = {name: value.decode("utf-8", "replace") for name, (value, _) in parts.items()}
        body.setdefault("fileName", Path(file_name).name)
        return body, content

    return _stored(world, request, read)


def from_url(world: World, request: Request) -> Answer:
    def read() -> tuple[dict[str, Any], bytes]:
        body = _json_body(request)
        return body, _fetched(str(_needed(body, "fileUrl")))

    return _stored(world, request, read)


def serve(world: World, request: Request) -> Answer:
    """Will answer with an uploaded file; its type follows the extension, as KIE's does."""
    upload = world.ledger.upload(unquote(request.path).lstrip("/"))
    if upload is None or time.time() - upload.stored_real_s > world.settings.upload_ttl_s:
        return Answer(404, b"Not Found", "text/plain")
    return ranged(request, _file(world, upload.path).read_bytes(), upload.mime)


def wrong_method(world: World, request: Request) -> Answer:
    return json_answer({"success": False, "code": 405, "msg": "Method Not Allowed"}, status=405)


def _stored(world: World, request: Request, read: Any) -> Answer:
    if not api.has_key(world, request):
        return _refusal(401, "Authentication failed: Invalid API Key")
    try:
        body, content = read()
        folder = str(_needed(body, "uploadPath")).strip("/")
    except _Refused as refused:
        return _refusal(400, str(refused))
    name = str(body.get("fileName") or secrets.token_hex(8))
    mime = mimetypes.guess_type(name)[0] or "application/octet-stream"
    path = f"kieai/{world.account}/{folder}/{name}"
    target = _file(world, path)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    now = time.time()
    world.ledger.add_upload(Upload(path, now, mime, len(content), digest))
    data = {
        "success": True,
        "fileName": name,
        "filePath": path,
        "downloadUrl": f"{world.base_url}/{quote(path)}",
        "fileSize": len(content),
        "mimeType": mime,
        "uploadedAt": datetime.fromtimestamp(now, UTC).isoformat().replace("+00:00", "Z"),
    }
    told = {"success": True, "code": 200, "msg": "File uploaded successfully", "data": data}
    return json_answer(told)


def _file(world: World, path: str) -> Path:
    # Names come from clients: only their digest ever reaches the disk.
    return world.data_dir / "uploads" / hashlib.sha256(path.encode()).hexdigest()


def _refusal(code: int, message: str) -> Answer:
    return json_answer({"success": False, "code": code, "msg": message, "data": None})


def _json_body(request: Request) -> dict[str, Any]:
    body = request.json()
    return body if isinstance(body, dict) else {}


def _needed(body: dict[str, Any], name: str) -> Any:
    if not body.get(name):
        raise _Refused(_MISSING.format(name))
    return body[name]


def _multipart(request: Request) -> dict[str, tuple[bytes, str]]:
    """Will return the parts by name, each with its content and its file name or ''."""
    header = Message()
    header["Content-Type"] = request.headers.get("content-type", "")
    boundary = header.get_boundary()
    parts: dict[str, tuple[bytes, str]] = {}
    if boundary is None:
        return parts
    for piece in (b"\r\n" + request.body).split(b"\r\n--" + boundary.encode())[1:-1]:
        head, _, content = piece.partition(b"\r\n\r\n")
        text = head.decode("utf-8", "replace")
        name = re.search(r'[;\s]name="([^"]*)"', text)
        file_name = re.search(r'filename="([^"]*)"', text)
        if name:
            parts[name[1]] = (content, file_name[1] if file_name else "")
    return parts


def _fetched(url: str) -> bytes:
    parts = urlsplit(url)
    if parts.scheme != "http" or not is_loopback(parts.hostname):
        raise _Refused("url is wrong")
    link = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
    try:
        link.request("GET", parts._replace(scheme="", netloc="").geturl() or "/")
        answer = link.getresponse()
        content = answer.read(_URL_LIMIT + 1)
    except (OSError, http.client.HTTPException):
        raise _Refused("url is wrong") from None
    finally:
        link.close()
    if answer.status != 200 or len(content) > _URL_LIMIT:
        raise _Refused("url is wrong")
    return content
