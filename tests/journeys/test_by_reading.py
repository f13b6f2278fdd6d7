"""Whole ways of a generation where no callback comes: live mode, on another KIE than the simulator."""

import hashlib
import uuid

import pytest

from tests.factories import picture
from tests.journeys.another_kie import CLIP, AnotherKie
from tests.journeys.platform import Platform


@pytest.mark.parametrize("words", ["a slow pan", "asked too often"])
def test_a_picture_becomes_a_video_by_reading_alone(
    by_reading: Platform, other_kie: AnotherKie, words: str
) -> None:
    """An HTTP 429 means that nothing was made: the same generation is sent once more."""
    prompt = f"{words} {uuid.uuid4().hex}"
    image = by_reading.upload(picture())
    done = by_reading.wait_for_video(by_reading.request(prompt, image=image["id"]))
    (task,) = other_kie.tasks_of(prompt)
    assert done["provider_task_id"] == task.id
    name = task.asked["input"]["image_url"].rpartition("/")[2]
    assert hashlib.sha256(other_kie.uploads[name]).hexdigest() == image["sha256"]
    assert "callBackUrl" not in task.asked
    assert done["video"]["sha256"] == hashlib.sha256(CLIP.read_bytes()).hexdigest()
    # This KIE does not say what it took, so the cost is our quote and says so.
    assert done["cost"] == {"credits": "160.00", "usd": "0.8000", "evidence": "quote"}


def test_an_address_of_a_picture_is_sent_as_it_is(
    by_reading: Platform, other_kie: AnotherKie
) -> None:
    prompt = f"an address {uuid.uuid4().hex}"
    by_reading.wait(by_reading.request(prompt), "succeeded")
    (task,) = other_kie.tasks_of(prompt)
    assert task.asked["input"]["image_url"] == "https://files.example.com/a.png"


@pytest.mark.parametrize(
    ("words", "code", "tasks"), [("unwanted", "rejected", 0), ("broken", "provider_failed", 1)]
)
def test_what_fails_there_fails_here(
    by_reading: Platform, other_kie: AnotherKie, words: str, code: str, tasks: int
) -> None:
    prompt = f"{words} {uuid.uuid4().hex}"
    done = by_reading.wait(by_reading.request(prompt), "failed")
    assert done["failure"]["code"] == code
    assert len(other_kie.tasks_of(prompt)) == tasks


def test_a_success_without_a_result_becomes_one_by_a_later_read(
    by_reading: Platform, other_kie: AnotherKie
) -> None:
    asked = by_reading.request(f"a slow file {uuid.uuid4().hex}")
    by_reading.wait(asked, "needs_review")
    done = by_reading.wait_for_video(asked)
    assert [event["to"] for event in by_reading.events(done) if event["to"]] == [
        *("queued", "submitting", "running", "needs_review", "succeeded"),
    ]
