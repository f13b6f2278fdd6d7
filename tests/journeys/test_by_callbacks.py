"""Whole ways of a generation where KIE calls back: REST, queue, client, callback, read, copy."""

import base64
import hashlib
import hmac
import json
import time
import urllib.error
import urllib.request
import uuid
from datetime import datetime

import pytest

from kie_simulator.testing import SeenTask, Simulator
from tests.factories import picture
from tests.journeys.conftest import HMAC_KEY
from tests.journeys.machine import wait_for
from tests.journeys.platform import Platform

PROMPT_S = 3.0


@pytest.fixture
def prompt() -> str:
    """Words that only this test uses: faults are set for them alone."""
    return f"a slow pan {uuid.uuid4().hex}"


def tasks_of(kie: Simulator, prompt: str) -> list[SeenTask]:
    return [task for task in kie.ledger().tasks if task.input["prompt"] == prompt]


def test_an_uploaded_picture_becomes_a_video(
    by_callbacks: Platform, kie: Simulator, prompt: str
) -> None:
    image = by_callbacks.upload(picture())
    asked = by_callbacks.request(prompt, image=image["id"], duration="10", cfg_scale=0.3)
    assert (asked["status"], asked["input"]["image_url"]) == ("queued", None)
    done = by_callbacks.wait_for_video(asked)

    (task,) = tasks_of(kie, prompt)
    assert done["provider_task_id"] == task.task_id
    assert task.input == done["input"]
    assert (task.input["duration"], task.input["cfg_scale"]) == ("10", 0.3)
    assert image["sha256"] in {upload.sha256 for upload in kie.ledger().uploads}
    assert done["cost"] == {"credits": "320.00", "usd": "1.6000", "evidence": "provider"}
    kinds = [event["kind"] for event in by_callbacks.events(done)]
    assert kinds[:4] == ["requested", "picture_sent", "sending", "accepted"]
    assert sorted(kinds[4:]) == ["callback", "succeeded", "video_archived"]

    whole = by_callbacks.ask("GET", f"/api/v1/generations/{done['id']}/video/")
    assert hashlib.sha256(whole.body).hexdigest() == done["video"]["sha256"]
    part = by_callbacks.ask(
        "GET", f"/api/v1/generations/{done['id']}/video/", Range="bytes=100-199"
    )
    assert (part.status, part.body) == (206, whole.body[100:200])


def test_a_callback_is_acted_on_within_three_seconds(
    by_callbacks: Platform, kie: Simulator, prompt: str
) -> None:
    asked = by_callbacks.request(prompt)
    done = by_callbacks.wait(asked, "succeeded")
    (sent,) = [call for call in kie.ledger().callbacks if call.task_id == done["provider_task_id"]]
    assert sent.sent_at
    assert sent.http_status == 200
    took_s = datetime.fromisoformat(done["finished_at"]).timestamp() - sent.sent_at
    assert took_s < PROMPT_S
    (read,) = reads_of(kie, done["provider_task_id"])
    assert read >= sent.sent_at


def test_a_lost_answer_is_found_by_its_callback(
    by_callbacks: Platform, kie: Simulator, prompt: str
) -> None:
    kie.fault("close_after_read", on="create", match={"prompt_contains": prompt})
    done = by_callbacks.wait(by_callbacks.request(prompt), "succeeded")
    assert [event["to"] for event in by_callbacks.events(done) if event["to"]] == [
        *("queued", "submitting", "unknown", "running", "succeeded"),
    ]
    (task,) = tasks_of(kie, prompt)
    assert done["provider_task_id"] == task.task_id


def test_a_refused_prompt_fails_and_costs_nothing(
    by_callbacks: Platform, kie: Simulator, prompt: str
) -> None:
    kie.fault("answer", code=422, msg="no cats", on="create", match={"prompt_contains": prompt})
    done = by_callbacks.wait(by_callbacks.request(prompt), "failed")
    assert (done["failure"]["code"], done["failure"]["provider_message"]) == ("rejected", "no cats")
    assert (done["cost"]["credits"], done["cost"]["evidence"]) == ("0.00", "provider")
    assert tasks_of(kie, prompt) == []


def test_a_failing_task_is_read_twice_before_it_counts_and_can_be_tried_again(
    by_callbacks: Platform, kie: Simulator, prompt: str
) -> None:
    kie.fault("fail", match={"prompt_contains": prompt, "times": 1})
    done = by_callbacks.wait(by_callbacks.request(prompt), "failed")
    assert done["failure"]["code"] == "provider_failed"
    assert (done["cost"]["credits"], done["cost"]["evidence"]) == ("0.00", "provider")
    first, second = reads_of(kie, done["provider_task_id"])
    assert second - first >= 3

    again = by_callbacks.post(f"generations/{done['id']}/retry/")
    assert again["retry_of"] == done["id"]
    assert by_callbacks.wait(again, "succeeded")["cost"]["credits"] == "160.00"
    assert len(tasks_of(kie, prompt)) == 2


def test_a_pause_holds_everything_until_it_is_lifted_and_what_waits_can_be_cancelled(
    by_callbacks: Platform, kie: Simulator, prompt: str
) -> None:
    by_callbacks.manage("pause_submissions", "--reason", "stocktaking")
    try:
        asked = [by_callbacks.request(prompt) for _ in range(5)]
        cancelled = by_callbacks.post(f"generations/{asked[0]['id']}/cancel/")
        assert cancelled["status"] == "cancelled"
        time.sleep(1)
        assert tasks_of(kie, prompt) == []
        assert {by_callbacks.look(one)["status"] for one in asked[1:]} == {"queued"}
    finally:
        by_callbacks.manage("resume_submissions")
    for one in asked[1:]:
        by_callbacks.wait(one, "succeeded")
    assert by_callbacks.look(asked[0])["status"] == "cancelled"
    assert len(tasks_of(kie, prompt)) == 4


def test_a_success_without_a_result_waits_for_review_until_kie_names_one(
    by_callbacks: Platform, kie: Simulator, prompt: str
) -> None:
    # Tasks are found by the words of their prompt here too.
    kie.fault("hostile_result", variant="empty", match={"prompt_contains": prompt, "times": 1})
    held = by_callbacks.wait(by_callbacks.request(prompt), "needs_review")
    assert held["video"] is None
    (task,) = tasks_of(kie, prompt)
    assert post_callback(task) == 200
    done = by_callbacks.wait(held, "succeeded", within_s=PROMPT_S + 1)
    assert done["cost"]["credits"] == "160.00"


@pytest.mark.parametrize("key", ["", "another key"])
def test_a_callback_that_is_not_signed_as_it_must_be_causes_nothing(
    by_callbacks: Platform, kie: Simulator, prompt: str, key: str
) -> None:
    done = by_callbacks.wait(by_callbacks.request(prompt), "succeeded")
    before = len(reads_of(kie, done["provider_task_id"]))
    (task,) = tasks_of(kie, prompt)
    assert post_callback(task, key=key) in {401, 404}
    time.sleep(1)
    assert len(reads_of(kie, done["provider_task_id"])) == before


def test_nothing_but_the_generations_asked_for_was_ever_paid(
    by_callbacks: Platform, kie: Simulator, prompt: str
) -> None:
    """KIE's books of the whole session against ours."""
    done = by_callbacks.wait(by_callbacks.request(prompt), "succeeded")
    ours, address = {}, "generations/?page_size=100"
    while address:
        page = by_callbacks.get(address)
        ours |= {row["provider_task_id"]: row for row in page["results"] if row["provider_task_id"]}
        address = (page["next"] or "").partition("/api/v1/")[2]
    assert done["provider_task_id"] in ours
    paid = {task.task_id: task for task in kie.ledger().tasks}
    wait_for(lambda: set(paid) <= set(ours) or None, "a task is not ours", 1)
    assert set(ours) <= set(paid)


def reads_of(kie: Simulator, task_id: str) -> list[float]:
    """Answer when KIE's record of the task was read."""
    reads = kie.requests("/api/v1/jobs/recordInfo")
    return [read.at for read in reads if read.query.get("taskId") == task_id]


def post_callback(task: SeenTask, *, key: str = HMAC_KEY) -> int:
    """Call back as KIE would, once more, and answer the status met."""
    stamp = str(int(time.time()))
    digest = hmac.new(key.encode(), f"{task.task_id}.{stamp}".encode(), hashlib.sha256).digest()
    headers = {
        "X-Webhook-Timestamp": stamp,
        "X-Webhook-Signature": base64.b64encode(digest).decode(),
    }
    body = json.dumps({"code": 200, "data": {"taskId": task.task_id, "again": stamp}}).encode()
    assert task.callback_url
    request = urllib.request.Request(task.callback_url, body, headers if key else {})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as refusal:
        return refusal.code
