"""The faults that can be switched on: where each may bite and what it may be told.

The table is closed: an unknown kind, place or parameter is refused, so a test cannot believe in a
fault that never was.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from kie_simulator.hostile import FAIL_VARIANTS, RESULT_VARIANTS
from kie_simulator.wrong_files import WRONG_TYPES

CREATE, READ, UPLOAD, RESULT, CALLBACK, CREDIT = PLACES = (
    "create",
    "read",
    "upload",
    "result",
    "callback",
    "credit",
)


class Stage(StrEnum):
    """The moment of an exchange at which a fault is drawn; each kind has exactly one."""

    CONNECTION = "connection"  # before a byte of the request is read
    PAUSE = "pause"  # after the work, before the answer
    ANSWER = "answer"  # what is said
    WIRE = "wire"  # how it is said
    FATE = "fate"  # what will become of a task
    EARLY = "early"  # callbacks planned when the task is made
    RECORD = "record"  # what recordInfo tells about a task
    CALLBACK = "callback"  # callbacks of the terminal state


_HTTP = frozenset({CREATE, READ, UPLOAD, RESULT, CREDIT})
_JSON = _HTTP - {RESULT}


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of fault; ``params`` holds the defaults, and None there takes any JSON value."""

    stage: Stage
    places: frozenset[str]
    about: str
    params: dict[str, Any] = field(default_factory=dict)


def _wire(about: str, places: frozenset[str] = _HTTP, **params: Any) -> Kind:
    return Kind(Stage.WIRE, places, about, {"with_task": True} | params)


def _said(about: str, places: frozenset[str], **params: Any) -> Kind:
    return Kind(Stage.ANSWER, places, about, {"with_task": True} | params)


def _at(stage: Stage, place: str, about: str, **params: Any) -> Kind:
    return Kind(stage, frozenset({place}), about, params)


_FILE = frozenset({RESULT})

KINDS: dict[str, Kind] = {
    "slow_accept": Kind(Stage.CONNECTION, _HTTP, "reads nothing for a while", {"seconds": 5.0}),
    "close_before_read": Kind(Stage.CONNECTION, _HTTP, "closes with the request unread"),
    "reset_before": Kind(Stage.CONNECTION, _HTTP, "RST with the request unread"),
    "delay": Kind(Stage.PAUSE, _HTTP, "works at once, answers late", {"seconds": 5.0}),
    "close_after_read": _wire("does the work, closes without an answer"),
    "accept_then_silence": _wire("does the work, never answers", seconds=3600.0),
    "reset_after": _wire("does the work, then RST"),
    "half_close": _wire("ends its own side without an answer, keeps the socket", seconds=3600.0),
    "drip_headers": _wire("one byte of the head at a time", interval_s=0.2),
    "drip_body": _wire("one piece of the body at a time", interval_s=0.2, piece_bytes=1),
    "truncate": _wire("closes in the middle of the promised body", fraction=0.5),
    "garbage": _wire("bytes that are no HTTP at all", size=256),
    "wrong_length": _wire("Content-Length is off by so many bytes", by=-5),
    "bad_chunks": _wire("chunk sizes that are no numbers"),
    "gzip_bomb": _wire("a small gzip body that unpacks to a huge one", megabytes=64),
    "endless": _wire("a body without an end", _FILE),
    "answer": _said(
        "any HTTP status with any inner code",
        _JSON,
        with_task=False,
        http_status=200,
        code=None,
        msg=None,
        shows_task_id=False,
    ),
    "no_task_id": _said("accepted, but the id is left out", frozenset({CREATE})),
    "odd_task_id": _said("accepted, under this value", frozenset({CREATE}), value=None),
    "html": _said("a gateway's page", _HTTP, http_status=502),
    "raw_body": _said(
        "any text, so many times over",
        _JSON,
        http_status=200,
        text="",
        repeat=1,
        content_type="application/json",
    ),
    "redirect": _said("sends the client elsewhere", _HTTP, status=307, location=""),
    "redirect_loop": _said("sends the client round in circles", _FILE, status=302),
    "expired": _said("the direct link is dead", _FILE, http_status=404),
    "wrong_type": _said("another kind of file under the mp4's name", _FILE, variant="html"),
    "cut_file": _said("a shorter file with an honest length", _FILE, fraction=0.5),
    "gzip_encoded": _said("the file, gzip encoded though nobody asked", _FILE),
    "fail": _at(
        Stage.FATE,
        CREATE,
        "the task fails",
        code="500",
        msg="Internal Error, Please try again later.",
    ),
    "stuck": _at(Stage.FATE, CREATE, "the task stays in generating for ever"),
    "long_job": _at(Stage.FATE, CREATE, "the task takes so many simulated seconds", seconds=3600.0),
    "charged_differently": _at(Stage.FATE, CREATE, "takes another price", credits=200.0),
    "refund_kept": _at(Stage.FATE, CREATE, "a failure is not refunded"),
    "state": _at(Stage.RECORD, READ, "any value as state", value=None),
    "states": _at(Stage.RECORD, READ, "one state a read, then the truth", values=["fail"]),
    "hostile_fail_message": _at(
        Stage.RECORD, READ, "failed, with such a failMsg", variant="nul", value=None
    ),
    "hostile_result": _at(
        Stage.RECORD, READ, "success, with such a resultJson", variant="not_json", text=""
    ),
    "result_urls": _at(Stage.RECORD, READ, "success, with these addresses", urls=[]),
    "wrong_echo": _at(Stage.RECORD, READ, "param speaks of another request", param={}),
    "invisible": _at(Stage.RECORD, READ, "recordInfo is null"),
    "never": _at(Stage.CALLBACK, CALLBACK, "no callback at all"),
    "late": _at(Stage.CALLBACK, CALLBACK, "so many simulated seconds late", seconds=600.0),
    "duplicate": _at(Stage.CALLBACK, CALLBACK, "posted so many times", times=2),
    "altered": _at(Stage.CALLBACK, CALLBACK, "genuine headers, another body", data={}),
    "forged": _at(
        Stage.EARLY, CALLBACK, "a stranger's, with a wrong signature", seconds=1.0, data={}
    ),
    "before_answer": _at(Stage.EARLY, CALLBACK, "posted before createTask is answered"),
}

# Parameters that are one of a closed list of names.
CHOICES: dict[tuple[str, str], tuple[str, ...]] = {
    ("hostile_fail_message", "variant"): FAIL_VARIANTS,
    ("hostile_result", "variant"): RESULT_VARIANTS,
    ("wrong_type", "variant"): WRONG_TYPES,
}
