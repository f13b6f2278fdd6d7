"""How KIE writes a task down: the recordInfo answer and the callback body."""

import json
from typing import Any

from kie_simulator.book import Hit
from kie_simulator.hostile import fail_message, result_json
from kie_simulator.models import with_defaults
from kie_simulator.rows import CREDIT, Task
from kie_simulator.world import World


def dumps(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def result_url(world: World, task: Task) -> str:
    return f"{world.base_url}/files/k/{task.result_name}"


def foreign_url(world: World) -> str:
    """Will return an address that is no result of KIE's, for bodies that lie."""
    return f"{world.base_url}/elsewhere/evil.mp4"


def record(world: World, task: Task) -> dict[str, Any]:
    """Will return ``data`` of recordInfo: the keys and types recorded live in 2026.

    Times are Unix milliseconds, costTime whole seconds, credits a float that is there from the
    start and 0.0 after a refund.
    """
    state = task.state(world.clock.now())
    over = state in ("success", "fail")
    done_s = task.completed_real_s
    return {
        "taskId": task.id,
        "model": task.model,
        "state": state,
        "param": _param(world, task),
        "resultJson": _result(world, task) if state == "success" else "",
        "failCode": task.fail_code if state == "fail" else None,
        "failMsg": task.fail_message if state == "fail" else None,
        "costTime": round(done_s - task.created_real_s) if over and done_s else None,
        "completeTime": int(done_s * 1000) if over and done_s else None,
        "createTime": int(task.created_real_s * 1000),
        "creditsConsumed": task.consumed / CREDIT,
    }


def _param(world: World, task: Task) -> str:
    given = with_defaults(task.input) if world.settings.echo_adds_defaults else task.input
    whole: dict[str, Any] = {"model": task.model}
    if task.callback_url is not None:
        whole["callBackUrl"] = task.callback_url
    # A string in a string: recorded, although the documents show objects.
    return dumps(whole | {"input": dumps(given)})


def _result(world: World, task: Task) -> str:
    return dumps({"resultUrls": [result_url(world, task)]})


def distorted(world: World, task: Task, data: dict[str, Any], hits: list[Hit]) -> dict[str, Any]:
    """Will return the record with the faults of its reading applied in their order."""
    for hit in hits:
        data = data | _changes(world, task, data, hit)
    return data


def _changes(world: World, task: Task, data: dict[str, Any], hit: Hit) -> dict[str, Any]:
    params = hit.params
    if hit.kind == "state":
        return {"state": params["value"]}
    if hit.kind == "states":
        values = params["values"]
        return _as_state(world, task, values[hit.turn]) if hit.turn < len(values) else {}
    if hit.kind == "hostile_fail_message":
        message = fail_message(params["variant"], params["value"])
        return _as_state(world, task, "fail") | {"failMsg": message}
    if hit.kind == "hostile_result":
        text = params["text"] or result_json(params["variant"], result_url(world, task))
        return _as_state(world, task, "success") | {"resultJson": text}
    if hit.kind == "result_urls":
        text = dumps({"resultUrls": params["urls"]})
        return _as_state(world, task, "success") | {"resultJson": text}
    if hit.kind == "wrong_echo":
        return {"param": dumps(json.loads(data["param"]) | params["param"])}
    return {}


def _as_state(world: World, task: Task, state: Any) -> dict[str, Any]:
    failed = state == "fail"
    return {
        "state": state,
        "resultJson": _result(world, task) if state == "success" else "",
        "failCode": (task.fail_code or "500") if failed else None,
        "failMsg": (task.fail_message or "Internal Error, Please try again later.")
        if failed
        else None,
    }


def callback_body(world: World, task: Task) -> dict[str, Any]:
    """Will return the body posted to the callback address of a task that is over."""
    data = record(world, task)
    # Live values end in 000: callbacks carry whole seconds.
    for name in ("createTime", "completeTime"):
        data[name] = (data[name] or data["createTime"]) // 1000 * 1000
    data["updateTime"] = data["completeTime"]
    if data["state"] == "fail":
        return {"code": 501, "msg": "Playground task failed.", "data": data}
    return {"code": 200, "msg": "Playground task completed successfully.", "data": data}
