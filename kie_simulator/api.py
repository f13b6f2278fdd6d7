"""KIE's API host: createTask, recordInfo, credit, download-url and the model catalogue."""

import random
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from kie_simulator import account, callbacks, models, records, result_files
from kie_simulator.exchange import Answer, Request, envelope
from kie_simulator.kinds import READ, Stage
from kie_simulator.limits import Window
from kie_simulator.rows import CREDIT
from kie_simulator.world import World

_NO_ACCESS = "You do not have access permissions"
_TOO_OFTEN = "Your call frequency is too high. Please try again later."
_NOTHING_GIVEN = "不能为空"


def _refusal(
    world: World, request: Request, window: Window | None = None, limit: int = 0
) -> Answer | None:
    """Will return the answer that stops a request at the door, or None to let it in."""
    settings = world.settings
    agent = request.headers.get("user-agent", "").lower()
    if settings.block_library_agents and (not agent or agent.startswith("python")):
        return Answer(403, b"error code: 1010", "text/plain")
    if not has_key(world, request):
        return envelope(401, _NO_ACCESS, status=settings.auth_http_status)
    if window is not None and not window.admits(limit):
        return envelope(429, _TOO_OFTEN, status=settings.limit_http_status)
    return None


def has_key(world: World, request: Request) -> bool:
    """Will say whether the request carries the account's bearer token."""
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    wanted = world.settings.api_key
    return scheme == "Bearer" and (key == wanted if wanted is not None else bool(key.strip()))


def create_task(world: World, request: Request) -> Answer:
    settings = world.settings
    refusal = _refusal(world, request, world.creates, settings.creates_per_10s)
    if refusal:
        return refusal
    body = request.json()
    if not isinstance(body, dict):
        return envelope(400, "Bad Request")
    problem = _problem(world, body)
    if problem:
        return envelope(settings.validation_code or problem.code, problem.message)
    callback_url = body.get("callBackUrl") or None
    try:
        task, tell_first = account.create(
            world,
            model=body["model"],
            given=models.accepted_input(body["input"]),
            callback_url=callback_url,
        )
    except account.CreditsInsufficient:
        return envelope(settings.no_credit_code, "Credits insufficient")
    if tell_first:
        account.settle(world, task, world.clock.now(), tell=False)
        callbacks.post_now(world, task)
    return envelope(200, "success", {"taskId": task.id, "recordId": task.id})


def _problem(world: World, body: dict[str, object]) -> models.Complaint | None:
    if not body.get("model"):
        return models.Complaint(500, models.REQUIRED)
    if body["model"] != models.MODEL:
        return models.Complaint(422, models.UNSUPPORTED)
    if not isinstance(body.get("callBackUrl") or "", str):
        return models.Complaint(422, "Please enter callBackUrl.")
    refuse = world.settings.unknown_fields == "refuse"
    return models.complaint(body.get("input"), refuse_unknown=refuse)


def read_task(world: World, request: Request) -> Answer:
    settings = world.settings
    refusal = _refusal(world, request, world.reads, settings.reads_per_second)
    if refusal:
        return refusal
    task_id = request.query.get("taskId", "")
    if not task_id:
        return envelope(400, _NOTHING_GIVEN)
    account.settle_due(world)
    task = world.ledger.task(task_id)
    unknown = envelope(422, "recordInfo is null")
    if settings.unknown_task_code == 404:
        unknown = envelope(404, "Task not found")
    if task is None or time.time() - task.created_real_s < settings.visible_after_s:
        return unknown
    hits = world.book.draw(READ, Stage.RECORD, prompt=task.prompt, task_id=task.id)
    if any(hit.kind == "invisible" for hit in hits):
        return unknown
    data = records.distorted(world, task, records.record(world, task), hits)
    return envelope(200, "success", data)


def credit(world: World, request: Request) -> Answer:
    refusal = _refusal(world, request)
    if refusal:
        return refusal
    account.settle_due(world)
    return envelope(200, "success", world.ledger.balance / CREDIT)


def download_url(world: World, request: Request) -> Answer:
    refusal = _refusal(world, request)
    if refusal:
        return refusal
    body = request.json()
    url = body.get("url") if isinstance(body, dict) else None
    name = urlsplit(url).path.rpartition("/")[2] if isinstance(url, str) else ""
    task = world.ledger.task_by_result(name)
    if task is None or records.result_url(world, task) != url:
        return envelope(422, "url is wrong")
    return envelope(200, "success", result_files.fresh_link(world, name))


def catalogue(world: World, request: Request) -> Answer:
    """Will answer ``/api/v1/models…``; the model's slash is kept as it is in the path."""
    settings = world.settings
    refusal = _refusal(world, request, world.catalogue, settings.catalogue_per_second)
    if refusal:
        return refusal
    rest = request.path.removeprefix("/api/v1/models").strip("/")
    if not rest:
        rows = [models.catalogue_row(settings.prices)]
        wanted = {key: request.query.get(key, "") for key in ("taskType", "provider", "q")}
        rows = [row for row in rows if _is_wanted(row, wanted)]
        return envelope(200, "success", {"total": len(rows), "models": rows})
    model, _, part = rest.rpartition("/")
    if model != models.MODEL or part not in ("schema", "price", "success-rate"):
        return envelope(404, models.UNSUPPORTED)
    if part == "schema":
        return envelope(200, "success", {"model": model, "openapi": models.openapi()})
    if part == "price":
        text = models.price_text(settings.prices)
        return envelope(200, "success", {"model": model, "pricingDesc": text})
    return envelope(200, "success", {"model": model, "points": _success_points(world)})


def _is_wanted(row: Mapping[str, Any], wanted: Mapping[str, str]) -> bool:
    if wanted["taskType"] and wanted["taskType"] not in row["taskType"]:
        return False
    if wanted["provider"] and wanted["provider"] != row["provider"]:
        return False
    return wanted["q"].lower() in f"{row['model']} {row['title']}".lower()


def _success_points(world: World) -> list[dict[str, Any]]:
    """Will return a day of ten-minute buckets; how KIE writes start and end is not recorded."""
    last = int(time.time()) // 600 * 600
    points = []
    for start in range(last - 144 * 600, last, 600):
        rate = random.Random(f"{world.seed}:{start}").uniform(0.96, 1.0)
        points.append(
            {
                "start": start * 1000,
                "end": (start + 600) * 1000,
                "successRate": round(rate, 4),
                "errorRate": round(1 - rate, 4),
                "isNormal": True,
            }
        )
    return points
