"""The other side of the counter: what tests and people ask of the simulator itself."""

import json
from collections.abc import Callable
from typing import Any

from kie_simulator import account, records
from kie_simulator.book import BadFault
from kie_simulator.exchange import Answer, Request, json_answer
from kie_simulator.kinds import KINDS
from kie_simulator.rows import CREDIT, Task
from kie_simulator.settings import BadSetting
from kie_simulator.world import World


class _BadRequest(ValueError):
    """The body is not what this address takes."""


def respond(world: World, request: Request) -> Answer:
    """Will answer ``/_simulator/…``; a mistake is HTTP 400 with ``error`` saying what is allowed."""
    handler = _ROUTES.get((request.method, request.path.removeprefix("/_simulator/")))
    if handler is None:
        return json_answer({"error": "no such control"}, status=404)
    try:
        return json_answer(handler(world, request))
    except (BadFault, BadSetting, _BadRequest) as problem:
        return json_answer({"error": str(problem)}, status=400)


def _health(world: World, request: Request) -> Any:
    return {"ok": True, "speed": world.clock.speed, "seed": world.seed}


def _ledger(world: World, request: Request) -> Any:
    account.settle_due(world)
    with world.ledger as ledger:
        return {
            "balance": ledger.balance / CREDIT,
            "tasks": [_task(world, task) for task in ledger.tasks()],
            "requests": ledger.request_counts(),
            "uploads": [
                {"path": up.path, "mime": up.mime, "size": up.size, "sha256": up.sha256}
                for up in ledger.uploads()
            ],
            "callbacks": [_callback(row) for row in ledger.callbacks()],
            "movements": [
                {
                    "kind": row["kind"],
                    "credits": row["delta"] / CREDIT,
                    "task_id": row["task_id"],
                    "reason": row["reason"],
                    "at": row["real_s"],
                }
                for row in ledger.movements()
            ],
        }


def _task(world: World, task: Task) -> dict[str, Any]:
    state = task.state(world.clock.now())
    return {
        "task_id": task.id,
        "model": task.model,
        "input": task.input,
        "callback_url": task.callback_url,
        "state": state,
        "charge": task.charge / CREDIT,
        "consumed": task.consumed / CREDIT,
        "created_at": task.created_real_s,
        "completed_at": task.completed_real_s,
        "result_url": records.result_url(world, task) if state == "success" else None,
    }


def _callback(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "task_id": row["task_id"],
        "url": row["url"],
        "attempt": row["attempt"],
        "forged": bool(row["forged"]),
        "sent_at": row["sent_real_s"],
        "body": json.loads(row["body"]) if row["body"] else None,
        "headers": json.loads(row["headers"]) if row["headers"] else {},
        "http_status": row["http_status"],
        "error": row["error"],
    }


def _requests(world: World, request: Request) -> Any:
    wanted = request.query.get("path")
    rows = [row for row in world.ledger.requests() if wanted in (None, row["path"])]
    for row in rows:
        for name in ("query", "headers", "faults", "code"):
            row[name] = json.loads(row[name]) if row[name] is not None else None
        row["at"] = row.pop("real_s")
    return {"requests": rows}


def _kinds(world: World, request: Request) -> Any:
    return {
        name: {"on": sorted(kind.places), "about": kind.about, "params": kind.params}
        for name, kind in sorted(KINDS.items())
    }


def _add_fault(world: World, request: Request) -> Any:
    return {"number": world.book.add(request.json())}


def _clear_faults(world: World, request: Request) -> Any:
    world.book.clear()
    return {"ok": True}


def _list_faults(world: World, request: Request) -> Any:
    return {"faults": world.book.listed()}


def _balance(world: World, request: Request) -> Any:
    body = _object(request)
    delta = body.get("delta")
    if isinstance(delta, bool) or not isinstance(delta, int | float):
        raise _BadRequest(f"delta must be a number of credits, not {delta!r}")
    kind = "topup" if delta > 0 else "foreign"
    world.ledger.move(kind, round(delta * CREDIT), reason=str(body.get("reason", "")))
    return {"balance": world.ledger.balance / CREDIT}


def _settings(world: World, request: Request) -> Any:
    world.change(_object(request))
    return _shown_settings(world, request)


def _shown_settings(world: World, request: Request) -> Any:
    return {"speed": world.clock.speed} | world.settings.as_dict()


def _reset(world: World, request: Request) -> Any:
    body = _object(request)
    if not set(body) <= {"balance", "seed"}:
        raise _BadRequest("reset takes balance and seed")
    balance, seed = body.get("balance", 0.0), body.get("seed", "seed")
    if not isinstance(balance, int | float) or not isinstance(seed, str) or not seed:
        raise _BadRequest("balance must be a number of credits, seed a text")
    world.reset(**body)
    return {"ok": True}


def _object(request: Request) -> dict[str, Any]:
    body = request.json() if request.body else {}
    if not isinstance(body, dict):
        raise _BadRequest("the body must be a JSON object")
    return body


_ROUTES: dict[tuple[str, str], Callable[[World, Request], Any]] = {
    ("GET", "health"): _health,
    ("GET", "ledger"): _ledger,
    ("GET", "requests"): _requests,
    ("GET", "kinds"): _kinds,
    ("GET", "faults"): _list_faults,
    ("POST", "faults"): _add_fault,
    ("DELETE", "faults"): _clear_faults,
    ("POST", "balance"): _balance,
    ("GET", "settings"): _shown_settings,
    ("POST", "settings"): _settings,
    ("POST", "reset"): _reset,
}
