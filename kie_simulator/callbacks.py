"""Telling the client: callbacks go out when a task is over, signed, a few times, to loopback."""

import base64
import hashlib
import hmac
import http.client
import json
import secrets
import sqlite3
import threading
import time
from queue import SimpleQueue
from urllib.parse import urlsplit

from kie_simulator import account, records
from kie_simulator.loopback import is_loopback
from kie_simulator.rows import Callback, Task
from kie_simulator.world import World

_SENDERS = 8


def signature(key: str, task_id: str, timestamp: str) -> str:
    """Will return KIE's header: base64 of HMAC-SHA256 over ``taskId.timestamp``; no body in it."""
    digest = hmac.new(key.encode(), f"{task_id}.{timestamp}".encode(), hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


class Conductor:
    """Will settle tasks and post callbacks when their time comes, until the world stops."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._queue: SimpleQueue[Callback | None] = SimpleQueue()
        self._threads = [threading.Thread(target=self._conduct, name="conductor", daemon=True)]

    def start(self) -> None:
        self._threads[0].start()

    def stop(self) -> None:
        """Will return when nothing more is planned; a callback under way is given up."""
        self._world.woken.set()
        self._threads[0].join(timeout=5)
        for _ in self._threads[1:]:
            self._queue.put(None)

    def _conduct(self) -> None:
        world = self._world
        while not world.stopping.is_set():
            world.woken.clear()
            account.settle_due(world)
            for callback in world.ledger.due_callbacks(world.clock.now()):
                # Noted first: a killed simulator loses a callback, as a killed KIE would.
                world.ledger.close_callback(callback.number, sent_real_s=time.time())
                self._hire()
                self._queue.put(callback)
            due_at = world.ledger.next_due_at()
            wait_s = 60.0 if due_at is None else world.clock.real_seconds_until(due_at)
            world.woken.wait(min(max(wait_s, 0.002), 60.0))

    def _hire(self) -> None:
        if len(self._threads) <= _SENDERS:
            thread = threading.Thread(target=self._send, name="callbacks", daemon=True)
            self._threads.append(thread)
            thread.start()

    def _send(self) -> None:
        while (callback := self._queue.get()) is not None:
            if self._world.stopping.is_set():
                return
            try:
                _deliver(self._world, callback)
            except sqlite3.ProgrammingError:
                # The books were closed while the answer was awaited.
                if not self._world.stopping.is_set():
                    raise


def post_now(world: World, task: Task) -> None:
    """Will post the task's callback and return when it has been answered (or has failed)."""
    if task.callback_url is None:
        return
    with world.ledger as ledger:
        callback = ledger.plan_callback(task, due_at=world.clock.now())
        ledger.close_callback(callback.number, sent_real_s=time.time())
    _deliver(world, callback)


def _deliver(world: World, callback: Callback) -> None:
    task = world.ledger.task(callback.task_id)
    if task is None:
        return
    message = records.callback_body(world, task)
    message["data"] |= callback.altered
    body = json.dumps(message)
    headers = {"Content-Type": "application/json"} | _signed(world, callback)
    status, error = _post(callback.url, body, headers, world.settings.callback_timeout_s)
    if world.stopping.is_set():
        return
    world.ledger.close_callback(
        callback.number, body=body, headers=json.dumps(headers), http_status=status, error=error
    )
    may_retry = not callback.forged and callback.attempt <= world.settings.callback_retries
    if status != 200 and error != _NOT_LOOPBACK and may_retry:
        world.ledger.plan_callback(
            task,
            due_at=world.clock.now() + world.settings.callback_retry_s,
            attempt=callback.attempt + 1,
            altered=callback.altered,
        )
        world.woken.set()


_NOT_LOOPBACK = "refused: not a loopback address"


def _signed(world: World, callback: Callback) -> dict[str, str]:
    key = world.settings.hmac_key
    if callback.forged:
        key = secrets.token_hex(16)
    if key is None:
        return {}
    timestamp = str(int(time.time()))
    return {
        "X-Webhook-Timestamp": timestamp,
        "X-Webhook-Signature": signature(key, callback.task_id, timestamp),
    }


def _post(
    url: str, body: str, headers: dict[str, str], timeout_s: float
) -> tuple[int | None, str | None]:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as problem:
        return None, repr(problem)
    if parts.scheme != "http" or not is_loopback(host):
        return None, _NOT_LOOPBACK
    link = http.client.HTTPConnection(host or "", port, timeout=timeout_s)
    try:
        target = parts._replace(scheme="", netloc="", fragment="").geturl() or "/"
        link.request("POST", target, body.encode(), headers)
        return link.getresponse().status, None
    except (OSError, http.client.HTTPException, ValueError) as problem:
        return None, repr(problem)
    finally:
        link.close()
