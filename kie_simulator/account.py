"""The account's business: a task is made and charged in one step, and settled exactly once."""

import hashlib
import random
import time
from collections.abc import Mapping
from typing import Any

from kie_simulator import records
from kie_simulator.book import Hit
from kie_simulator.kinds import CALLBACK, CREATE, Stage
from kie_simulator.rows import CREDIT, Task
from kie_simulator.world import World


class CreditsInsufficient(Exception):
    """The balance does not cover the price; nothing was made and nothing taken."""


def create(
    world: World, *, model: str, given: Mapping[str, Any], callback_url: str | None
) -> tuple[Task, bool]:
    """Will make a task and take its price; True when its callback must precede the answer.

    Raises CreditsInsufficient.
    """
    prompt = str(given.get("prompt", ""))
    fates = {hit.kind: hit for hit in world.book.draw(CREATE, Stage.FATE, prompt=prompt)}
    early = {}
    if callback_url:
        hits = world.book.draw(CALLBACK, Stage.EARLY, prompt=prompt)
        early = {hit.kind: hit for hit in hits}
    with world.ledger as ledger:
        price = round(world.settings.prices[given.get("duration", "5")] * CREDIT)
        if ledger.balance < price:
            raise CreditsInsufficient
        if "charged_differently" in fates:
            price = round(fates["charged_differently"].params["credits"] * CREDIT)
        task = _task(
            world, model, given, callback_url, price, fates, at_once="before_answer" in early
        )
        ledger.add_task(task)
        ledger.move("charge", -price, task_id=task.id)
        if "forged" in early:
            _plan_forged(world, task, early["forged"])
    world.woken.set()
    return task, "before_answer" in early


def _task(
    world: World,
    model: str,
    given: Mapping[str, Any],
    callback_url: str | None,
    price: int,
    fates: Mapping[str, Hit],
    *,
    at_once: bool,
) -> Task:
    number = world.ledger.task_count() + 1
    task_id = hashlib.sha256(f"{world.seed}:task:{number}".encode()).hexdigest()[:32]
    dice = random.Random(f"{world.seed}:task:{number}")
    now, real_s = world.clock.now(), time.time()
    settings = world.settings
    seconds = settings.job_seconds[given.get("duration", "5")]
    seconds *= 1 + settings.jitter * dice.uniform(-1, 1)
    queues, generates = dice.random() < 0.05, dice.random() < settings.generating_share
    if "long_job" in fates:
        seconds = fates["long_job"].params["seconds"]
    if at_once:
        seconds = 0.0
    stuck = "stuck" in fates
    fail = fates.get("fail")
    return Task(
        id=task_id,
        number=number,
        model=model,
        input=given,
        callback_url=callback_url,
        created_at=now,
        created_real_s=real_s,
        queuing_at=now + 0.1 * seconds if queues else None,
        generating_at=now + 0.6 * seconds if generates or stuck else None,
        finish_at=None if stuck else now + seconds,
        outcome="fail" if fail else "success",
        fail_code=fail.params["code"] if fail else None,
        fail_message=fail.params["msg"] if fail else None,
        refunds=settings.refund == "refund" and "refund_kept" not in fates,
        charge=price,
        consumed=price,
        result_name=f"{task_id}_1_{int(real_s)}_{dice.randrange(1000, 10_000)}.mp4",
    )


def _plan_forged(world: World, task: Task, hit: Hit) -> None:
    result = {"resultUrls": [records.foreign_url(world)]}
    claim = {"state": "success", "resultJson": records.dumps(result)} | hit.params["data"]
    due_at = task.created_at + hit.params["seconds"]
    world.ledger.plan_callback(task, due_at=due_at, forged=True, altered=claim)


def settle_due(world: World) -> None:
    """Will close every task whose time has come: refund what failed, plan its callbacks."""
    now = world.clock.now()
    for task in world.ledger.due_tasks(now):
        settle(world, task, now)


def settle(world: World, task: Task, now: float, *, tell: bool = True) -> None:
    """Will close one task; ``tell=False`` leaves the callback to the caller."""
    finished_s = time.time() - (now - (task.finish_at or now)) / world.clock.speed
    refund = task.consumed if task.outcome == "fail" and task.refunds else 0
    with world.ledger as ledger:
        closed = ledger.settle_task(
            task.id,
            consumed=task.consumed - refund,
            completed_real_s=max(finished_s, task.created_real_s + 0.001),
        )
        if not closed:
            return
        if refund:
            ledger.move("refund", refund, task_id=task.id)
        if tell and task.callback_url and world.settings.callbacks == "send":
            _plan_callbacks(world, task, now)


def _plan_callbacks(world: World, task: Task, now: float) -> None:
    hits = world.book.draw(CALLBACK, Stage.CALLBACK, prompt=task.prompt, task_id=task.id)
    found = {hit.kind: hit.params for hit in hits}
    if "never" in found:
        return
    due_at = now + found["late"]["seconds"] if "late" in found else now
    altered: dict[str, Any] = {}
    if "altered" in found:
        result = {"resultUrls": [records.foreign_url(world)]}
        altered = {"state": "success", "resultJson": records.dumps(result)}
        altered |= found["altered"]["data"]
    for _ in range(found["duplicate"]["times"] if "duplicate" in found else 1):
        world.ledger.plan_callback(task, due_at=due_at, altered=altered)
    world.woken.set()
