"""Uploading a source picture over REST."""

import hashlib
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from generations import storage
from generations.models import SourceImage
from tests.api.calling import calling, faults, problem
from tests.cast import Cast
from tests.factories import picture

TEN_MB = 10 * 1024 * 1024


def test_a_picture_is_stored_rebuilt(cast: Cast, data_dir: object) -> None:
    answer = calling(cast.operator).upload(picture(640, 480, "PNG"), "../../etc/кот\r\n.png")

    assert answer.status_code == 201
    body, image = answer.json(), SourceImage.objects.get()
    stored = storage.image_path(image.pk, image.mime).read_bytes()
    assert list(body) == ["id", "width", "height", "bytes", "mime", "sha256"]
    assert body == {
        "id": str(image.pk),
        "width": 640,
        "height": 480,
        "bytes": len(stored),
        "mime": "image/png",
        "sha256": hashlib.sha256(stored).hexdigest(),
    }
    assert image.owner == cast.operator


def test_a_picture_above_the_limit_of_other_bodies_is_taken(cast: Cast, data_dir: object) -> None:
    large = picture() + b"\0" * 3_000_000

    assert calling(cast.operator).upload(large).status_code == 201


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "wrong_type"),
        (b"GIF89a" + b"\0" * 100, "wrong_type"),
        (picture()[:1500], "unreadable"),
        (picture(299, 400), "too_small"),
        (picture(1000, 300), "wrong_ratio"),
        (picture() + b"\0" * TEN_MB, "too_large"),
    ],
)
def test_a_picture_that_breaks_the_rules_is_refused_with_its_reason(
    cast: Cast, data_dir: object, data: bytes, code: str
) -> None:
    answer = calling(cast.operator).upload(data)

    told = problem(answer, 400, "picture_refused")
    assert [(fault["pointer"], fault["code"]) for fault in told["errors"]] == [("/file", code)]
    assert told["detail"] == told["errors"][0]["detail"]
    assert not SourceImage.objects.exists()


def test_the_reason_is_told_in_the_callers_language(cast: Cast, data_dir: object) -> None:
    caller, details = calling(cast.operator), []
    for language in ("ru", "en"):
        caller.headers["Accept-Language"] = language
        details.append(caller.upload(picture(100, 100)).json()["detail"])

    assert details[0].startswith("Картинка слишком маленькая: 100×100")
    assert details[1].startswith("The picture is too small: 100×100")


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, {("/file", "required")}),
        ({"file": "text"}, {("/file", "not_a_file")}),
        ({"file": SimpleUploadedFile("a.jpg", b"")}, {("/file", "empty")}),
        ({"image": SimpleUploadedFile("a.jpg", b"a")}, {("/image", "unknown_field")}),
        ({"file": SimpleUploadedFile("a.jpg", b"a"), "note": "x"}, {("/note", "unknown_field")}),
        (
            {"file": [SimpleUploadedFile("a.jpg", b"a"), SimpleUploadedFile("b.jpg", b"b")]},
            {("/file", "more_than_one")},
        ),
    ],
)
def test_a_form_of_another_shape_is_refused(
    cast: Cast, data_dir: object, fields: dict[str, Any], expected: set[tuple[str, str]]
) -> None:
    caller = calling(cast.operator)
    for value in fields.values():
        for file in value if isinstance(value, list) else [value]:
            if isinstance(file, SimpleUploadedFile):
                file.seek(0)

    answer = caller.client.post("/api/v1/images/", fields, headers=caller.headers)

    assert faults(answer) == expected


def test_a_body_beyond_any_picture_is_not_even_read(cast: Cast) -> None:
    answer = calling(cast.operator).upload(b"\0" * (TEN_MB + 70_000))

    problem(answer, 413, "body_too_large")


@pytest.mark.parametrize(
    ("content_type", "body", "status", "code"),
    [
        ("application/json", b"{}", 415, "unsupported_media_type"),
        ("image/jpeg", b"\xff\xd8\xff", 415, "unsupported_media_type"),
        ("multipart/form-data", b"x", 400, "malformed"),
        ("multipart/form-data; boundary=a", b"x", 400, "invalid"),
        ("multipart/form-data; boundary=a; charset=utf-7", b"x", 415, "unsupported_media_type"),
        ("multipart/form-data; boundary=é", b"x", 400, "malformed"),
    ],
)
def test_a_body_that_is_no_form_is_refused(
    cast: Cast, content_type: str, body: bytes, status: int, code: str
) -> None:
    answer = calling(cast.operator).post("images/", body, content_type=content_type)

    problem(answer, status, code)


def test_too_much_text_in_the_form_is_refused(cast: Cast) -> None:
    caller = calling(cast.operator)
    answer = caller.client.post("/api/v1/images/", {"note": "x" * 70_000}, headers=caller.headers)

    problem(answer, 413, "body_too_large")
