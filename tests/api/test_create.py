"""Asking for a generation over REST: what is read, what is refused, what comes back."""

import json
from datetime import datetime
from uuid import UUID, uuid4

import pytest

from generations.models import Generation, Price
from tests.api.calling import calling, faults, problem
from tests.cast import Cast
from tests.factories import IMAGE_URL, an_input, make_image, make_preset, make_project

KEYS = [
    "id", "status", "provider_state", "model", "input", "warnings", "image", "preset", "project",
    "tags", "note", "quote", "cost", "provider_task_id", "failure", "video", "retry_of",
    "created_by", "created_at", "submitted_at", "finished_at",
]  # fmt: skip


def test_a_request_becomes_a_queued_generation_with_its_quote(cast: Cast) -> None:
    price = Price.objects.get(variant="duration=10")

    answer = calling(cast.operator).create({"input": an_input(duration=10, cfg_scale=0.25)})

    assert answer.status_code == 201
    body = json.loads(answer.content)
    assert list(body) == KEYS
    assert body | {"id": "", "created_at": ""} == {
        "id": "",
        "status": "queued",
        "provider_state": None,
        "model": "kling/v2-1-master-image-to-video",
        "input": {
            "prompt": "The cat slowly turns its head",
            "image_url": IMAGE_URL,
            "duration": "10",
            "negative_prompt": "blur, distort, and low quality",
            "cfg_scale": 0.3,
        },
        "warnings": [],
        "image": None,
        "preset": None,
        "project": None,
        "tags": [],
        "note": "",
        "quote": {"credits": "320.00", "usd": "1.6000", "price": price.pk},
        "cost": {"credits": None, "usd": None, "evidence": "none"},
        "provider_task_id": None,
        "failure": None,
        "video": None,
        "retry_of": None,
        "created_by": "operator",
        "created_at": "",
        "submitted_at": None,
        "finished_at": None,
    }  # fmt: skip
    assert body["created_at"].endswith("Z")
    assert datetime.fromisoformat(body["created_at"]) == Generation.objects.get().created_at
    assert answer["Location"] == f"/api/v1/generations/{body['id']}/"
    assert calling(cast.operator).get(answer["Location"]).json() == body


def test_everything_that_may_be_named_is_kept(cast: Cast, data_dir: object) -> None:
    image = make_image(by=cast.operator)
    preset = make_preset(by=cast.operator, duration="10", negative_prompt="fog")
    make_project("spring")
    body = {
        "preset": preset.preset.slug,
        "input": {"prompt": "A slow pan", "negative_prompt": None},
        "image": str(image.pk).upper(),
        "project": "spring",
        "tags": ["b", "a", "b"],
        "note": "for the site",
        "model": None,
    }

    made = calling(cast.operator).create(body).json()

    assert made["input"] == {
        "prompt": "A slow pan",
        "image_url": None,
        "duration": "10",
        "negative_prompt": "fog",
        "cfg_scale": 0.5,
    }
    assert made["image"] == {
        "id": str(image.pk),
        "width": 640,
        "height": 480,
        "bytes": image.bytes,
        "mime": "image/jpeg",
        "sha256": image.sha256,
    }
    assert made["preset"] == {"slug": preset.preset.slug, "version": 1}
    assert (made["project"], made["tags"], made["note"]) == ("spring", ["a", "b"], "for the site")


NOT_TYPED: list[tuple[dict[str, object], set[tuple[str, str]]]] = [
    ({"model": 5}, {("/model", "not_a_text")}),
    ({"model": ["kling"]}, {("/model", "not_a_text")}),
    ({"model": "x" * 201}, {("/model", "text_too_long")}),
    ({"model": "a\x00b"}, {("/model", "invalid_text")}),
    ({"preset": {"slug": "a"}}, {("/preset", "not_a_text")}),
    ({"preset": "a\nb"}, {("/preset", "invalid_text")}),
    ({"image": 1}, {("/image", "not_an_id")}),
    ({"image": "12"}, {("/image", "not_an_id")}),
    ({"image": "{12345678-1234-1234-1234-123456789012}"}, {("/image", "not_an_id")}),
    ({"image": "1234567812341234123412345678901212ab"}, {("/image", "not_an_id")}),
    ({"image": True}, {("/image", "not_an_id")}),
    ({"project": False}, {("/project", "not_a_text")}),
    ({"tags": "a"}, {("/tags", "not_a_list_of_texts")}),
    ({"tags": {"a": 1}}, {("/tags", "not_a_list_of_texts")}),
    ({"tags": ["a", 1, None]}, {("/tags/1", "not_a_text"), ("/tags/2", "not_a_text")}),
    ({"note": 5}, {("/note", "not_a_text")}),
    ({"seed": 1}, {("/seed", "unknown_field")}),
    ({"status": "succeeded", "cost": 0}, {("/status", "unknown_field"), ("/cost", "unknown_field")}),
    ({"a/b~c": 1}, {("/a~1b~0c", "unknown_field")}),
    ({"callBackUrl": "https://evil.example"}, {("/callBackUrl", "unknown_field")}),
    ({"note": 5, "x": 1}, {("/note", "not_a_text"), ("/x", "unknown_field")}),
]  # fmt: skip


@pytest.mark.parametrize(("change", "expected"), NOT_TYPED)
def test_a_field_of_a_wrong_type_is_named(
    cast: Cast, change: dict[str, object], expected: set[tuple[str, str]]
) -> None:
    answer = calling(cast.operator).create({"input": an_input()} | change)

    assert faults(answer) == expected
    assert not Generation.objects.exists()


JUDGED: list[tuple[dict[str, object], set[tuple[str, str]]]] = [
    ({"input": None}, {("/input", "invalid_type")}),
    ({"input": []}, {("/input", "invalid_type")}),
    ({"input": {}}, {("/input/prompt", "required"), ("/input/image_url", "required")}),
    ({"input": an_input(prompt=" ")}, {("/input/prompt", "blank")}),
    ({"input": an_input(duration=7)}, {("/input/duration", "invalid_choice")}),
    ({"input": an_input(resolution="1080p")}, {("/input/resolution", "unknown_field")}),
    ({"model": "kling/none"}, {("/model", "unknown_model")}),
    ({"preset": "none"}, {("/preset", "unknown_preset")}),
    ({"image": str(uuid4()), "input": {"prompt": "A"}}, {("/image", "unknown_image")}),
    ({"project": "none"}, {("/project", "unknown_project")}),
    ({"tags": [""]}, {("/tags/0", "invalid_tag")}),
    ({"tags": ["t"] * 21}, {("/tags", "too_many")}),
    ({"note": "n" * 2001}, {("/note", "invalid_note")}),
    ({"note": "a\x00b"}, {("/note", "invalid_note")}),
]  # fmt: skip


@pytest.mark.parametrize(("change", "expected"), JUDGED)
def test_a_broken_rule_is_named(
    cast: Cast, change: dict[str, object], expected: set[tuple[str, str]]
) -> None:
    assert faults(calling(cast.operator).create({"input": an_input()} | change)) == expected


@pytest.mark.parametrize("body", [[], "text", 5, None, True])
def test_a_body_that_is_no_object_is_refused(cast: Cast, body: object) -> None:
    answer = calling(cast.operator).create(json.dumps(body))

    assert faults(answer) == {("", "not_an_object")}


def test_nothing_at_all_is_an_empty_request(cast: Cast) -> None:
    answer = calling(cast.operator).post("generations/", None, idempotency_key="k")

    assert ("/input/prompt", "required") in faults(answer)


def test_a_picture_and_an_address_are_one_too_many(cast: Cast, data_dir: object) -> None:
    image = make_image(by=cast.operator)

    answer = calling(cast.operator).create({"input": an_input(), "image": str(image.pk)})

    assert ("/image", "two_pictures") in faults(answer)


def test_a_strangers_picture_and_preset_do_not_exist(cast: Cast, data_dir: object) -> None:
    image, preset = make_image(by=cast.stranger), make_preset(by=cast.stranger)
    body = {"input": {"prompt": "A"}, "image": str(image.pk), "preset": preset.preset.slug}

    answer = calling(cast.operator).create(body)

    assert faults(answer) == {("/image", "unknown_image"), ("/preset", "unknown_preset")}


def test_without_a_price_nothing_is_made(cast: Cast) -> None:
    Price.objects.all().delete()

    problem(calling(cast.operator).create({"input": an_input()}), 409, "price_missing")
    assert not Generation.objects.exists()


def test_a_warning_is_told_in_the_callers_language(cast: Cast) -> None:
    caller = calling(cast.operator)
    body = {"input": an_input(image_url="https://example.com/cat.webp")}
    made = caller.create(body, accept_language="en").json()

    assert [warning["code"] for warning in made["warnings"]] == ["unlisted_format"]
    english = caller.get(f"generations/{made['id']}/", accept_language="en").json()["warnings"]
    russian = caller.get(f"generations/{made['id']}/", accept_language="ru").json()["warnings"]
    assert english == made["warnings"]
    assert "Адрес" in russian[0]["detail"]
    assert "Адрес" not in english[0]["detail"]


def test_markup_comes_back_as_it_was_given_and_as_json(cast: Cast) -> None:
    prompt = '<script>alert(1)</script> "quoted" \u2028 😀'

    answer = calling(cast.operator).create({"input": an_input(prompt=prompt)})

    assert answer.json()["input"]["prompt"] == prompt
    assert answer["Content-Type"] == "application/json"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert UUID(answer.json()["id"])
