"""A task's record, field by field: one bad field never costs the others."""

import json
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generations.kie import (
    Echo,
    ReadFailed,
    TaskRecord,
    TaskState,
    Unreadable,
)
from generations.kie.record_answer import task_record
from generations.kie.transport import Exchange
from tests.kie.conftest import MODEL, TASK, TASK_ID
from tests.kie.records import DATA, PARAM, VIDEO

pytestmark = pytest.mark.no_database


def record_of(**changes: object) -> TaskRecord:
    body = json.dumps({"code": 200, "msg": "success", "data": DATA | changes}).encode()
    return task_record(Exchange(True, 200, body, None), TASK_ID, ())


def test_a_failed_task_is_code_200_and_keeps_its_texts() -> None:
    record = record_of(
        state="fail", resultJson="", failCode="422", failMsg="no\x00 go\u202e", creditsConsumed=0
    )
    assert record.state is TaskState.FAIL
    assert (record.fail_code, record.fail_message) == ("422", "no go")
    assert record.credits_consumed == 0
    assert (record.result_urls, record.result_problem) == ((), None)


def test_a_waiting_task_with_a_result_has_no_result_yet() -> None:
    record = record_of(state="waiting", completeTime=None)
    assert record.state is TaskState.WAITING
    assert (record.result_urls, record.result_problem, record.completed_at) == ((), None, None)


@pytest.mark.parametrize(
    ("state", "raw"),
    [
        ("SUCCESS", "SUCCESS"),
        (" success", " success"),
        ("failed", "failed"),
        ("canceled", "canceled"),
        ("", ""),
        (None, ""),
        (3, "3"),
        (["success"], "['success']"),
        ({"a": 1}, "{'a': 1}"),
        ("x" * 500, "x" * 40),
    ],
    ids=lambda part: repr(part)[:30],
)
def test_an_unknown_state_is_kept_raw(state: object, raw: str) -> None:
    record = record_of(state=state)
    assert record.state is None
    assert record.raw_state == raw


@pytest.mark.parametrize(
    ("result", "problem"),
    [
        ("", "resultJson is empty"),
        (None, "resultJson is empty"),
        ({}, "resultJson is empty"),
        ("not json", "resultJson is not a JSON object"),
        ("[]", "resultJson is not a JSON object"),
        (7, "resultJson is not a JSON object"),
        ("[" * 100_000, "resultJson is not a JSON object"),
        ("{}", "resultUrls is not a list"),
        ({"resultUrls": VIDEO}, "resultUrls is not a list"),
        ({"resultUrls": []}, "resultUrls is empty"),
        ({"resultUrls": [None, 5, {}, [VIDEO]]}, "resultUrls holds no http(s) address"),
        ({"resultUrls": ["javascript:alert(1)"]}, "resultUrls holds no http(s) address"),
        ({"resultUrls": ["https://u:p@x.example/a"]}, "resultUrls holds no http(s) address"),
        ({"resultUrls": ["https://good.example\\@10.0.0.1/"]}, "resultUrls holds no http(s) address"),
        ({"resultUrls": ["https://x.example/a b"]}, "resultUrls holds no http(s) address"),
        ({"resultUrls": ["https://x.example/\n"]}, "resultUrls holds no http(s) address"),
        ({"resultUrls": ["https://x.example/" + "a" * 2048]}, "resultUrls holds no http(s) address"),
        ({"resultUrls": ["https://x.example:99999/"]}, "resultUrls holds no http(s) address"),
        ({"resultUrls": ["https://[::1/"]}, "resultUrls holds no http(s) address"),
        ({"resultUrls": ["https:///path"]}, "resultUrls holds no http(s) address"),
        ({"resultUrls": ["//x.example/a"]}, "resultUrls holds no http(s) address"),
        ({"resultUrls": ["ftp://x.example/a"]}, "resultUrls holds no http(s) address"),
        ({"resultUrls": ["https://x.example/\u200b"]}, "resultUrls holds no http(s) address"),
    ],
    ids=lambda part: repr(part)[:30],
)  # fmt: skip
def test_a_success_without_a_usable_result_says_why(result: object, problem: str) -> None:
    record = record_of(resultJson=result)
    assert record.state is TaskState.SUCCESS
    assert (record.result_urls, record.result_problem) == ((), problem)


def test_sound_addresses_are_kept_in_order_and_bounded() -> None:
    urls = [f"https://x.example/{number}.mp4" for number in range(10_000)]
    assert record_of(resultJson={"resultUrls": [5, *urls]}).result_urls == tuple(urls[:15])
    assert record_of(resultJson={"resultUrls": ["http://127.0.0.1:8/a", 1]}).result_urls == (
        "http://127.0.0.1:8/a",
    )


@pytest.mark.parametrize(
    ("consumed", "old", "expected"),
    [
        (160, None, "160"),
        (160.0, None, "160"),
        (112.5, 7, "112.5"),
        ("22.5", None, "22.5"),
        (0, 160, "0"),
        (None, 160, "160"),
        (0.1 + 0.2, None, "0.30000000000000004"),
        (True, None, None),
        (-1, None, None),
        (-0.5, 3, "3"),
        (float("nan"), None, None),
        (float("inf"), None, None),
        (1e300, None, None),
        (1_000_001, None, None),
        ("1e5", None, None),
        ("١٦٠", None, None),
        ([160], None, None),
        ("", None, None),
    ],
)
def test_credits(consumed: object, old: object, expected: str | None) -> None:
    found = record_of(creditsConsumed=consumed, consumeCredits=old).credits_consumed
    assert found == (None if expected is None else Decimal(expected))


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (1787237335813, True),
        ("1787237335813", True),
        (1787237335813.0, True),
        (1787237335, False),
        (0, False),
        (-1787237335813, False),
        (10**18, False),
        (True, False),
        (None, False),
        ("soon", False),
        ("١٧٨٧٢٣٧٣٣٥٨١٣", False),
        (1787237335813.5, False),
        ({}, False),
        (99999999999999, False),
    ],
)
def test_moments(value: object, found: bool) -> None:
    assert (record_of(createTime=value).created_at is not None) is found


@pytest.mark.parametrize(
    ("param", "echo"),
    [
        (PARAM, Echo(MODEL, TASK.callback_url, dict(TASK.input))),
        (PARAM | {"input": dict(TASK.input)}, Echo(MODEL, TASK.callback_url, dict(TASK.input))),
        (json.dumps(PARAM | {"input": "{"}), Echo(MODEL, TASK.callback_url, None)),
        ({"model": 5, "callBackUrl": 6, "input": []}, Echo("5", None, None)),
        ({}, Echo("", None, None)),
        ("", None),
        ("[]", None),
        ("{" * 5000, None),
        (None, None),
        (17, None),
    ],
    ids=lambda part: repr(part)[:30],
)
def test_the_echo_is_unpacked_twice_and_guarded(param: object, echo: Echo | None) -> None:
    assert record_of(param=param).echo == echo


def test_a_record_without_any_field_is_still_a_record() -> None:
    body = b'{"code":200,"data":{}}'
    record = task_record(Exchange(True, 200, body, None), TASK_ID, ())
    assert (record.task_id, record.state, record.echo) == (TASK_ID, None, None)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)


@settings(max_examples=300, deadline=None)
@given(
    changes=st.dictionaries(
        st.sampled_from(sorted(DATA)),
        json_values | json_values.map(json.dumps),
        min_size=1,
        max_size=4,
    )
)
def test_any_field_may_be_garbage(changes: dict[str, object]) -> None:
    try:
        record = record_of(**changes)
    except Unreadable:
        assert "taskId" in changes
        return
    assert all(url.startswith(("http://", "https://")) for url in record.result_urls)
    for text in (record.model, record.raw_state, record.fail_code, record.fail_message):
        text.encode()
        assert "\x00" not in text
    assert bool(record.result_urls) or record.result_problem or record.state != TaskState.SUCCESS


@settings(max_examples=400, deadline=None)
@given(body=st.binary(max_size=200), status=st.integers(100, 599))
def test_any_bytes_are_a_read_failure(body: bytes, status: int) -> None:
    with pytest.raises(ReadFailed):
        task_record(Exchange(True, status, body, None), TASK_ID, ())
