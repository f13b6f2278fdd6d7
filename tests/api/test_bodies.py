"""Bodies that are hostile, or just not what they say: a 4xx each, quickly, and never a trace."""

import json
import time

import pytest

from generations.api import strict_json
from tests.api.calling import calling, problem
from tests.cast import Cast

DEEP = "[" * 21 + "]" * 21
MALFORMED: list[tuple[str, bytes, str]] = [
    ("nothing but a blank", b" ", "not_json"),
    ("cut short", b'{"input": {', "not_json"),
    ("two values", b"{} {}", "not_json"),
    ("single quotes", b"{'a': 1}", "not_json"),
    ("a trailing comma", b'{"a": 1,}', "not_json"),
    ("a raw control", b'{"a": "\x01"}', "not_json"),
    ("a byte order mark", b"\xef\xbb\xbf{}", "not_json"),
    ("a bare word", b"hello", "not_json"),
    ("utf-16", '{"a": 1}'.encode("utf-16"), "not_utf8"),
    ("latin-1", '{"a": "é"}'.encode("latin-1"), "not_utf8"),
    ("a raw surrogate", b'{"a": "\xed\xa0\x80"}', "not_utf8"),
    ("gzip", b"\x1f\x8b\x08\x00\x00", "not_utf8"),
    ("an escaped lone surrogate", b'{"a": "\\ud800"}', "lone_surrogate"),
    ("a lone surrogate as a key", b'{"\\udfff": 1}', "lone_surrogate"),
    ("a lone surrogate deep down", b'{"a": [[{"b": "x\\udc00"}]]}', "lone_surrogate"),
    ("a key twice", b'{"note": "a", "note": "b"}', "duplicate_key"),
    ("a key twice deep down", b'{"input": {"prompt": "a", "prompt": "a"}}', "duplicate_key"),
    ("a key twice by escapes", b'{"a": 1, "\\u0061": 1}', "duplicate_key"),
    ("NaN", b'{"input": {"cfg_scale": NaN}}', "not_a_number"),
    ("Infinity", b'{"input": {"cfg_scale": Infinity}}', "not_a_number"),
    ("minus Infinity", b'{"input": {"cfg_scale": -Infinity}}', "not_a_number"),
    ("beyond a float", b'{"input": {"cfg_scale": 1e999}}', "not_a_number"),
    ("5000 digits", b'{"a": ' + b"9" * 5000 + b"}", "number_too_long"),
    ("5000 digits of a fraction", b'{"a": 0.' + b"3" * 5000 + b"}", "number_too_long"),
    ("21 lists", DEEP.encode(), "too_deep"),
    ("21 objects", b'{"a":' * 21 + b"1" + b"}" * 21, "too_deep"),
    ("10000 brackets", b"[" * 10_000, "too_deep"),
    ("20000 braces", b'{"a":' * 12_000, "too_deep"),
]


@pytest.mark.parametrize(
    ("body", "code"), [row[1:] for row in MALFORMED], ids=[r[0] for r in MALFORMED]
)
def test_a_malformed_body_is_refused_with_its_reason(cast: Cast, body: bytes, code: str) -> None:
    answer = calling(cast.operator).create(body)

    told = problem(answer, 400, "malformed")
    assert [fault["code"] for fault in told["errors"]] == [code]
    assert len(answer.content) < 1000


@pytest.mark.parametrize(
    "body",
    [
        b'"' + b'\\"' * 32_000,
        b'"' + b'\\"' * 32_000 + b"\\",
        b'"' * 65_000,
        b"\\" * 65_000,
        b"[{" * 9 + b'"' + b"[" * 60_000,
        b"{" + b'"a":{}' * 9000,
    ],
)
def test_no_body_takes_long(body: bytes) -> None:
    started = time.perf_counter()
    with pytest.raises(strict_json.BadJson):
        strict_json.read(body)
    assert time.perf_counter() - started < 0.5


@pytest.mark.parametrize(
    "text",
    [
        "[" * 20 + "]" * 20,
        '{"a": "[[[[[[[[[[[[[[[[[[[[[[[["}',
        '{"a": "\\"[[[[[[[[[[[[[[[[[[[[[["}',
        '"\\ud83d\\ude00"',
        "1e-400",
        "-0.0",
        "[]",
    ],
)
def test_unusual_json_is_still_json(text: str) -> None:
    assert strict_json.read(text.encode()) == json.loads(text)


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("application/json", 201),
        ("application/json; charset=utf-8", 201),
        ("application/json; charset=UTF-8", 201),
        ('application/json; charset="utf-8"', 201),
        ("application/json; charset=utf-16", 415),
        ("application/json; charset=latin-1", 415),
        ("application/json; charset=zlib", 415),
        ("application/json; charset=bz2_codec", 415),
        ("application/json; charset=", 415),
        ("text/plain", 415),
        ("text/json", 415),
        ("application/xml", 415),
        ("application/x-www-form-urlencoded", 415),
        ("multipart/form-data; boundary=x", 415),
        ("application/" + "j" * 300, 415),
        ("nonsense", 415),
    ],
)
def test_only_json_in_utf8_is_read(cast: Cast, content_type: str, status: int) -> None:
    body = '{"input": {"prompt": "Кот", "image_url": "https://example.com/cat.jpg"}}'
    answer = calling(cast.operator).create(body, content_type=content_type)

    assert answer.status_code == status
    if status == 415:
        problem(answer, 415, "unsupported_media_type")


def test_64_kb_are_taken_and_one_byte_more_is_not(cast: Cast) -> None:
    caller = calling(cast.operator)
    body = json.dumps({"note": ""})
    padded = body + " " * (64 * 1024 - len(body))

    assert caller.create(padded).status_code == 400
    problem(caller.create(padded + " "), 413, "body_too_large")
    problem(caller.create(padded + " ", key="k" * 300), 413, "body_too_large")


def test_a_body_without_a_length_is_not_taken_for_none(cast: Cast) -> None:
    answer = calling(cast.operator).client.generic(
        "POST",
        "/api/v1/generations/",
        headers=calling(cast.operator).headers | {"Transfer-Encoding": "chunked"},
    )

    problem(answer, 411, "length_required")


def test_a_lying_length_reads_no_more_than_the_limit(cast: Cast) -> None:
    answer = calling(cast.operator).client.generic(
        "POST",
        "/api/v1/generations/",
        b"{}",
        headers=calling(cast.operator).headers | {"Idempotency-Key": "k"},
        CONTENT_LENGTH="9" * 30,
    )

    problem(answer, 413, "body_too_large")


def test_what_was_sent_is_not_echoed(cast: Cast) -> None:
    secret = "s3cret" * 500

    answer = calling(cast.operator).create({"input": {"prompt": 5, secret: secret}, secret: secret})

    assert len(answer.content) < 4000
    assert secret not in answer.content.decode()
