"""Stopping, repeating, and the trail of events."""

import pytest

from generations.models import Generation, Status
from tests.api.calling import calling, faults, problem
from tests.cast import Cast
from tests.factories import make_generation, make_image, make_preset, make_project

OVER = {Status.SUCCEEDED, Status.FAILED, Status.CANCELLED}


@pytest.mark.parametrize("status", Status)
def test_only_what_is_queued_can_be_cancelled(cast: Cast, status: Status) -> None:
    generation = make_generation(by=cast.operator, status=status)

    answer = calling(cast.operator).post(f"generations/{generation.pk}/cancel/")

    if status == Status.QUEUED:
        assert answer.status_code == 200
        assert answer.json()["status"] == "cancelled"
        assert answer.json()["finished_at"]
    else:
        problem(answer, 409, "wrong_state")
        generation.refresh_from_db()
        assert generation.status == status


def test_a_lead_may_cancel_anothers_and_is_named(cast: Cast) -> None:
    generation = make_generation(by=cast.operator)

    assert calling(cast.lead).post(f"generations/{generation.pk}/cancel/").status_code == 200
    assert generation.events.last().actor == "lead"


@pytest.mark.parametrize("status", Status)
def test_only_what_is_over_can_be_tried_again(cast: Cast, status: Status) -> None:
    old = make_generation(by=cast.operator, status=status, tags=("a",), note="n")

    answer = calling(cast.operator).post(f"generations/{old.pk}/retry/", {}, idempotency_key="k")

    if status not in OVER:
        problem(answer, 409, "wrong_state")
        assert Generation.objects.count() == 1
        return
    assert answer.status_code == 201
    new = answer.json()
    assert answer["Location"] == f"/api/v1/generations/{new['id']}/"
    assert new["retry_of"] == str(old.pk)
    assert (new["status"], new["input"]) == ("queued", old.input)
    assert (new["tags"], new["note"], new["quote"]["credits"]) == (["a"], "n", "160.00")


def test_a_retry_keeps_picture_and_project(cast: Cast, data_dir: object) -> None:
    image, preset = make_image(by=cast.operator), make_preset(by=cast.operator)
    make_project("spring")
    old = make_generation(
        by=cast.operator,
        status=Status.CANCELLED,
        input={"prompt": "A"},
        image_id=image.pk,
        preset=preset.preset.slug,
        project="spring",
    )

    answer = calling(cast.operator).post(f"generations/{old.pk}/retry/", idempotency_key="k")

    new = answer.json()
    assert new["image"]["id"] == str(image.pk)
    assert new["project"] == "spring"
    assert new["input"]["duration"] == "10"


def test_a_retry_is_made_once_for_its_key(cast: Cast) -> None:
    old = make_generation(by=cast.operator, status=Status.CANCELLED)
    caller, address = calling(cast.operator), f"generations/{old.pk}/retry/"
    problem(caller.post(address), 400, "idempotency_key_required")

    first = caller.post(address, {}, idempotency_key="k")
    again = caller.post(address, None, idempotency_key="k")

    assert again.content == first.content
    assert again["Idempotency-Replayed"] == "true"
    problem(caller.post(address, {"a": 1}, idempotency_key="k"), 422, "idempotency_key_reused")
    assert faults(caller.post(address, {"a": 1}, idempotency_key="new")) == {
        ("/a", "unknown_field")
    }
    assert Generation.objects.count() == 2


def test_cancelling_takes_no_fields(cast: Cast) -> None:
    generation = make_generation(by=cast.operator)

    answer = calling(cast.operator).post(f"generations/{generation.pk}/cancel/", {"why": "x"})

    assert faults(answer) == {("/why", "unknown_field")}


def test_the_trail_tells_what_happened_in_order(cast: Cast) -> None:
    generation = make_generation(by=cast.operator, status=Status.FAILED)

    body = calling(cast.auditor).get(f"generations/{generation.pk}/events/").json()

    assert (body["next"], body["previous"]) == (None, None)
    assert [list(event) for event in body["results"]] == [
        ["at", "actor", "kind", "from", "to", "detail"]
    ] * len(body["results"])
    assert [(e["kind"], e["from"], e["to"]) for e in body["results"]] == [
        ("requested", None, "queued"),
        ("sending", "queued", "submitting"),
        ("accepted", "submitting", "running"),
        ("fail_seen", None, None),
        ("failed", "running", "failed"),
    ]
    assert body["results"][0]["actor"] == "operator"
    assert body["results"][0]["detail"] == {"quote_credits": "160.00"}
    assert all(event["at"].endswith("Z") for event in body["results"])


def test_the_trail_comes_in_pages(cast: Cast) -> None:
    generation = make_generation(by=cast.operator, status=Status.FAILED)
    caller, kinds = calling(cast.operator), []
    address = f"generations/{generation.pk}/events/?page_size=2"
    while address is not None:
        page = caller.get(address).json()
        kinds += [event["kind"] for event in page["results"]]
        address, last = page["next"], page

    assert kinds == ["requested", "sending", "accepted", "fail_seen", "failed"]
    assert [e["kind"] for e in caller.get(last["previous"]).json()["results"]] == kinds[2:4]
    refused = caller.get(f"generations/{generation.pk}/events/?kind=failed")
    assert faults(refused) == {("/query/kind", "unknown_filter")}
