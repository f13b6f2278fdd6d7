"""Which room answers what, and where faults step in between a request and its answer."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass

from kie_simulator import api, control, kinds, result_files, uploads
from kie_simulator.answers import GATEWAY_PAGE, reshaped
from kie_simulator.book import Hit
from kie_simulator.exchange import Answer, Request, envelope
from kie_simulator.kinds import Stage
from kie_simulator.loopback import is_loopback
from kie_simulator.world import World

_Handler = Callable[[World, Request], Answer]
_BODY_KEPT = 20_000

_EXACT: dict[tuple[str, str], tuple[str, _Handler]] = {
    ("POST", "/api/v1/jobs/createTask"): (kinds.CREATE, api.create_task),
    ("GET", "/api/v1/jobs/recordInfo"): (kinds.READ, api.read_task),
    ("GET", "/api/v1/chat/credit"): (kinds.CREDIT, api.credit),
    ("POST", "/api/v1/common/download-url"): ("", api.download_url),
    ("POST", "/api/file-base64-upload"): (kinds.UPLOAD, uploads.from_base64),
    ("POST", "/api/file-stream-upload"): (kinds.UPLOAD, uploads.from_stream),
    ("POST", "/api/file-url-upload"): (kinds.UPLOAD, uploads.from_url),
}
_PREFIXES: tuple[tuple[str, str, _Handler], ...] = (
    ("/api/v1/models", "", api.catalogue),
    ("/files/k/", kinds.RESULT, result_files.serve),
    ("/fresh/", kinds.RESULT, result_files.serve_fresh),
    ("/kieai/", "", uploads.serve),
)


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer, how long to sit on it, and the fault of its delivery if there is one."""

    answer: Answer
    pause_s: float = 0.0
    wire: Hit | None = None


def place_of(method: str, path: str) -> str:
    """Will return the place of faults an address belongs to, or '' for none."""
    return _route(method, path)[0]


def _route(method: str, path: str) -> tuple[str, _Handler]:
    if (method, path) in _EXACT:
        return _EXACT[method, path]
    if method in ("GET", "HEAD"):
        for prefix, place, handler in _PREFIXES:
            if path.startswith(prefix):
                return place, handler
    if path.startswith("/api/file-"):
        return "", uploads.wrong_method
    return "", _elsewhere


def _elsewhere(world: World, request: Request) -> Answer:
    if request.path.startswith("/elsewhere/"):
        return Answer(200, GATEWAY_PAGE, "video/mp4")
    return envelope(404, "Not Found", status=404)


def respond(world: World, request: Request) -> Reply:
    """Will answer one request, log it, and tell how the answer is to be delivered."""
    if request.path.startswith("/_simulator/"):
        if not is_loopback(request.peer):
            return Reply(envelope(404, "Not Found", status=404))
        return Reply(control.respond(world, request))
    place, handler = _route(request.method, request.path)
    prompt, task_id = prompt_and_task(world, place, request)
    said, wire, pause = (
        world.book.draw_first(place, stage, prompt=prompt, task_id=task_id)
        for stage in (Stage.ANSWER, Stage.WIRE, Stage.PAUSE)
    )
    works = all(hit is None or hit.params["with_task"] for hit in (said, wire))
    answer = handler(world, request) if works else Answer(200, b"")
    if said is not None:
        answer = reshaped(said, request, answer)
    log(world, request, answer, [hit.kind for hit in (said, wire, pause) if hit])
    return Reply(answer, pause.params["seconds"] if pause else 0.0, wire)


def prompt_and_task(world: World, place: str, request: Request) -> tuple[str | None, str | None]:
    """Will return the prompt and the task id a request is about, as far as it says."""
    if place == kinds.CREATE:
        body = request.json()
        given = body.get("input") if isinstance(body, dict) else None
        return (str(given.get("prompt")) if isinstance(given, dict) else None), None
    task = None
    if place == kinds.READ:
        task = world.ledger.task(request.query.get("taskId", ""))
    elif place == kinds.RESULT:
        task = result_files.task_of(world, request.path)
    return (task.prompt, task.id) if task else (None, None)


def log(world: World, request: Request, answer: Answer | None, faults: list[str]) -> None:
    """Will write the request into the ledger, without the key it carried."""
    headers = dict(request.headers)
    if "authorization" in headers:
        headers["authorization"] = "redacted"
    world.ledger.add_request(
        {
            "real_s": time.time(),
            "method": request.method,
            "path": request.path,
            "query": json.dumps(dict(request.query)),
            "headers": json.dumps(headers),
            "body": request.body[:_BODY_KEPT].decode("utf-8", "replace"),
            "body_bytes": len(request.body),
            "http_status": answer.status if answer else None,
            "code": json.dumps(answer.code) if answer and answer.code is not None else None,
            "faults": json.dumps(faults),
        }
    )
