"""What each answer to createTask proves, as tables."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generations.kie import Accepted, RefusalKind, Refused, Unknown, Unsent
from generations.kie.create_answer import create_outcome
from generations.kie.transport import Exchange
from tests.kie.conftest import TASK, TASK_ID, MakeClient
from tests.kie.wire_server import answering, http, serving

pytestmark = pytest.mark.no_database

REJECTED, LATER, ACCOUNT = RefusalKind.REJECTED, RefusalKind.LATER, RefusalKind.ACCOUNT
MISSING = object()

# inner code: what an answer with it and without a plausible task id proves
REFUSAL_OF_CODE: dict[object, RefusalKind | None] = {
    200: None, 201: None, 0: None, -1: None, 403: None, 405: None, 408: None, 409: None,
    400: REJECTED, 404: REJECTED, 422: REJECTED, 451: REJECTED, 501: REJECTED, 505: REJECTED,
    429: LATER, 455: LATER,
    401: ACCOUNT, 402: ACCOUNT, 433: ACCOUNT,
    500: None, 502: None, 503: None, 504: None, 531: None, 10**19: None,
    "200": None, "422": None, None: None, MISSING: None,
}  # fmt: skip
HTTP_STATUSES = (200, 201, 204, 300, 302, 304, 400, 401, 403, 404, 422, 429, 500, 502, 503, 524)
TASK_IDS: dict[str, object] = {
    "present": TASK_ID, "documented": "task_kling_1765187759663",
    "absent": MISSING, "null": None, "number": 281, "list": [TASK_ID], "empty": "",
    "short": "abcde", "long": "a" * 129, "blank inside": "281e5b0f 39b94b57",
    "newline at the end": TASK_ID + "\n", "not ASCII": "٢٨١٢٨١٢٨١",
}  # fmt: skip
PLAUSIBLE = ("present", "documented")


def expected_of(status: int, code: object, named: str) -> object:
    """The rule in other words than the code's: an outcome's class, or the kind of a refusal."""
    if 300 <= status <= 399 or status == 204:  # 204 has no body by definition
        return Unknown
    if status == 200 and type(code) is int and code == 200:
        return Accepted if named in PLAUSIBLE else Unknown
    if named in PLAUSIBLE:
        return Unknown
    if status == 429 and code is MISSING:
        return LATER
    kind = REFUSAL_OF_CODE[code] if type(code) is int else None
    return kind if kind is not None else Unknown


def answer_with(code: object, task_id: object) -> dict[str, object]:
    body: dict[str, object] = {
        "msg": "text",
        "data": {} if task_id is MISSING else {"taskId": task_id},
    }
    if code is not MISSING:
        body["code"] = code
    return body


@pytest.mark.parametrize("status", HTTP_STATUSES)
def test_http_status_by_code_by_task_id(client_for: MakeClient, status: int) -> None:
    bodies: list[bytes] = []
    with serving(lambda server, connection: answering(bodies[0])(server, connection)) as server:
        client = client_for(server.url)
        # True and 1, 422 and 422.0 are one key of a dict: a list of pairs keeps them apart.
        for code in (*REFUSAL_OF_CODE, True, 422.0):
            for named, task_id in TASK_IDS.items():
                bodies[:] = [
                    http(status, b"" if status in (204, 304) else answer_with(code, task_id))
                ]
                outcome = client.create_task(TASK)
                found = outcome.kind if isinstance(outcome, Refused) else type(outcome)
                assert found == expected_of(status, code, named), (status, code, named, outcome)
                assert not isinstance(outcome, Unsent)
                assert not isinstance(outcome.answer.code, bool)
                if isinstance(outcome, Refused):
                    assert outcome.message == "text"
                if isinstance(outcome, Unknown) and status not in (204, 304):
                    assert outcome.candidate_task_id == (task_id if named in PLAUSIBLE else None)


TEXTS_UNDER_500: dict[str, RefusalKind | None] = {
    "This field is required": REJECTED,
    "this field is required.": REJECTED,
    " aspect_ratio is required ": REJECTED,
    "text is required": REJECTED,
    "image_url is required": REJECTED,
    "duration is not within the range of allowed options": REJECTED,
    "The value of cfg_scale is not within the range of allowed options": REJECTED,
    "Credits insufficient": ACCOUNT,
    "credits insufficient.": ACCOUNT,
    "Internal Error, Please try again later.": None,
    "server is busy": None,
    "This interface is temporarily paused": None,
    "": None,
    "Payment is required": None,
    "This field is required, but the server is busy": None,
    "Credits insufficient for the second attempt": None,
    "not within the range of allowed options, task kept": None,
    "Your call frequency is too high. Please try again later.": None,
    "The model name you specified is not supported": None,
    "不能为空": None,
}


@pytest.mark.parametrize(("text", "kind"), TEXTS_UNDER_500.items())
@pytest.mark.parametrize("status", [200, 500])
def test_only_listed_texts_make_a_500_a_refusal(
    text: str, kind: RefusalKind | None, status: int
) -> None:
    outcome = judge(status, {"code": 500, "msg": text, "data": None})
    if kind is None:
        assert isinstance(outcome, Unknown)
    else:
        assert isinstance(outcome, Refused)
        assert outcome.kind is kind


@pytest.mark.parametrize("text", [text for text, kind in TEXTS_UNDER_500.items() if kind])
@pytest.mark.parametrize("code", [200, 502, 503, 408])
def test_a_validation_text_under_another_code_proves_nothing(text: str, code: int) -> None:
    assert isinstance(judge(200, {"code": code, "msg": text}), Unknown)


@pytest.mark.parametrize(
    ("body", "status", "expected"),
    [
        (b"<html>busy</html>", 429, LATER),
        (b"", 429, LATER),
        (b"\xff\xfe not utf-8", 429, LATER),
        (b'{"error":"slow down"}', 429, LATER),
        (b"[1]", 429, LATER),
        (b'{"code":"429"}', 429, Unknown),
        (b'{"code":null}', 429, Unknown),
        (b"<html>busy</html>", 200, Unknown),
        (b"error code: 1010", 403, Unknown),
        (b"<html>no</html>", 401, Unknown),
        (b"<html>bad gateway</html>", 502, Unknown),
        (b"null", 200, Unknown),
        (b"[" * 100_000, 200, Unknown),
        (b'{"code":422,"code":200}', 200, Unknown),
        (b'{"code":422,"msg":"\xff"}', 200, Unknown),
        (b'\xef\xbb\xbf{"code":422,"msg":"no"}', 200, REJECTED),
        (b'{"code":422,"msg":"\\ud800"}', 200, REJECTED),
        (b'{"code":NaN}', 200, Unknown),
        (b'{"code":' + b"9" * 5000 + b"}", 200, Unknown),
        (b'{"code":1e999}', 200, Unknown),
        (b'{"code":422,"message":"old spelling"}', 200, REJECTED),
        (b'{"code":422,"msg":null,"message":5,"data":"x"}', 200, REJECTED),
    ],
    ids=lambda part: repr(part)[:30],
)  # fmt: skip
def test_odd_bodies(body: bytes, status: int, expected: object) -> None:
    outcome = create_outcome(Exchange(True, status, body, None), ())
    assert (outcome.kind if isinstance(outcome, Refused) else type(outcome)) == expected


def test_the_task_id_counts_where_it_differs_from_the_record_id() -> None:
    data = {"taskId": TASK_ID, "recordId": "f" * 32}
    outcome = judge(200, {"code": 200, "data": data})
    assert isinstance(outcome, Accepted)
    assert outcome.task_id == TASK_ID


@pytest.mark.parametrize(
    "body",
    [
        {"code": 200, "data": {"recordId": TASK_ID}},
        {"code": 505, "data": {"recordId": TASK_ID, "taskId": None}},
        {"code": 422, "taskId": TASK_ID},
        {"code": 422, "data": {"task_id": TASK_ID}},
        {"code": 422, "data": {"taskId": TASK_ID}},
    ],
)
def test_any_plausible_id_outside_a_clean_success_is_a_candidate(body: dict[str, object]) -> None:
    outcome = judge(200, body)
    assert isinstance(outcome, Unknown)
    assert outcome.candidate_task_id == TASK_ID


def test_a_repeated_key_is_unknown_and_keeps_the_candidate() -> None:
    body = f'{{"code":422,"code":200,"data":{{"taskId":"{TASK_ID}"}}}}'.encode()
    outcome = create_outcome(Exchange(True, 200, body, None), ())
    assert isinstance(outcome, Unknown)
    assert outcome.candidate_task_id == TASK_ID


def test_nothing_sent_is_unsent_whatever_else_is_claimed() -> None:
    assert create_outcome(Exchange(False, None, b"", "DNS"), ()) == Unsent("DNS")


VALID = json.dumps(
    {"code": 200, "msg": "success", "data": {"taskId": TASK_ID, "recordId": TASK_ID}}
).encode()


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """The valid answer with one piece of it replaced, doubled, cut out or moved."""
    body = bytearray(VALID)
    start = draw(st.integers(0, len(body)))
    end = draw(st.integers(start, len(body)))
    piece = bytes(body[start:end])
    change = draw(st.sampled_from(("replace", "double", "cut", "tail", "move")))
    if change == "replace":
        body[start:end] = draw(st.binary(max_size=40))
    elif change == "double":
        body[start:start] = piece
    elif change == "cut":
        del body[start:end]
    elif change == "tail":
        del body[start:]
    else:
        del body[start:end]
        place = draw(st.integers(0, len(body)))
        body[place:place] = piece
    return bytes(body)


@settings(max_examples=2000, deadline=None)
@given(
    body=mutated(),
    status=st.sampled_from((None, 200, 200, 200, 404, 422, 500, 502)),
    problem=st.sampled_from((None, None, None, "the answer was cut short")),
)
def test_a_mutated_success_never_proves_that_nothing_was_made(
    body: bytes, status: int | None, problem: str | None
) -> None:
    outcome = create_outcome(Exchange(True, status, body, problem), ())
    assert isinstance(outcome, Accepted | Unknown)


@settings(max_examples=400, deadline=None)
@given(
    body=st.binary(max_size=300)
    | st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(
                st.sampled_from(("code", "msg", "message", "data", "taskId", "recordId", "x")),
                inner,
                max_size=5,
            )
        ),
        max_leaves=12,
    ).map(lambda value: json.dumps(value).encode()),
    status=st.integers(100, 599),
)
def test_any_answer_has_an_outcome_and_acceptance_needs_all_three(body: bytes, status: int) -> None:
    outcome = create_outcome(Exchange(True, status, body, None), ())
    assert not isinstance(outcome, Unsent)
    if isinstance(outcome, Accepted):
        fields = json.loads(body)
        assert (status, fields["code"], fields["data"]["taskId"]) == (200, 200, outcome.task_id)


def judge(status: int, body: object) -> object:
    return create_outcome(Exchange(True, status, json.dumps(body).encode(), None), ())
