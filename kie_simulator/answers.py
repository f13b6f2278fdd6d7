"""Faults in what is said: other codes, other pages, other files."""

import gzip
import json
from typing import Any

from kie_simulator.book import Hit
from kie_simulator.exchange import Answer, Request
from kie_simulator.wrong_files import wrong_file

GATEWAY_PAGE = b"""<!DOCTYPE html>
<html><head><title>502 Bad Gateway</title></head>
<body><center><h1>502 Bad Gateway</h1></center><hr><center>cloudflare</center></body></html>
"""


def reshaped(hit: Hit, request: Request, honest: Answer) -> Answer:
    """Will return what is said instead of the honest answer."""
    params = hit.params
    if hit.kind == "answer":
        return _answer(hit, honest)
    if hit.kind == "no_task_id":
        return _with_data(honest, {})
    if hit.kind == "odd_task_id":
        return _with_data(honest, {"taskId": params["value"], "recordId": params["value"]})
    if hit.kind == "html":
        return Answer(params["http_status"], GATEWAY_PAGE, "text/html; charset=utf-8")
    if hit.kind == "raw_body":
        text = params["text"] * params["repeat"]
        body = text.encode("utf-8", "surrogatepass")
        return Answer(params["http_status"], body, params["content_type"])
    if hit.kind in ("redirect", "redirect_loop"):
        location = params.get("location") or request.path
        return Answer(params["status"], b"", "text/plain", (("Location", location),))
    if hit.kind == "expired":
        if request.path.startswith("/fresh/"):
            return honest
        return Answer(params["http_status"], GATEWAY_PAGE, "text/html; charset=utf-8")
    return _file(hit, honest)


def _answer(hit: Hit, honest: Answer) -> Answer:
    params = hit.params
    told = _decoded(honest)
    data = told.get("data") if params["shows_task_id"] else None
    body = {"code": params["code"], "msg": params["msg"], "data": data}
    return Answer(params["http_status"], json.dumps(body).encode(), code=params["code"])


def _with_data(honest: Answer, data: dict[str, Any]) -> Answer:
    told = _decoded(honest)
    if not told.get("data"):
        return honest
    return Answer(honest.status, json.dumps(told | {"data": data}).encode(), code=honest.code)


def _decoded(answer: Answer) -> dict[str, Any]:
    value = json.loads(answer.body) if answer.body else {}
    return value if isinstance(value, dict) else {}


def _file(hit: Hit, honest: Answer) -> Answer:
    if honest.status >= 300:
        return honest
    if hit.kind == "wrong_type":
        return Answer(200, wrong_file(hit.params["variant"], honest.body), "video/mp4")
    if hit.kind == "cut_file":
        return Answer(
            200, honest.body[: int(len(honest.body) * hit.params["fraction"])], "video/mp4"
        )
    packed = gzip.compress(honest.body, mtime=0)
    return Answer(200, packed, "video/mp4", (("Content-Encoding", "gzip"),))
