"""KIE's record of a task, decoded field by field: one bad field never costs the others.

Source: https://docs.kie.ai/market/common/get-task-detail (read 2026-04) and recorded answers of
2026-08: `param` is a JSON string whose `input` is a JSON string again, `resultJson` a JSON string.
"""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from generations.kie import codes
from generations.kie.envelope import Envelope, open_envelope
from generations.kie.errors import NotVisible, ReadFailed, Unreachable, Unreadable
from generations.kie.json_reading import as_object, read_json
from generations.kie.text import URL_LIMIT, blot_out, clean_text, is_http_url
from generations.kie.transport import Exchange
from generations.kie.values import Echo, TaskRecord, TaskState

_NAME_LIMIT = 200
_STATE_LIMIT = 40
_FAIL_MESSAGE_LIMIT = 2000
_RESULTS_LIMIT = 16
_MOST_CREDITS = Decimal(1_000_000)
_NUMBER = re.compile(r"[0-9]{1,12}(\.[0-9]{1,20})?")
_MILLISECONDS = re.compile(r"[0-9]{12,14}")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EARLIEST_AT = datetime(2020, 1, 1, tzinfo=UTC)
_LATEST_AT = datetime(2100, 1, 1, tzinfo=UTC)


def successful_data(exchange: Exchange, secrets: tuple[str, ...]) -> object:
    """The `data` of an answer with HTTP 200 and code 200; raises a ReadFailed for any other."""
    if exchange.problem is not None:
        raise Unreachable(exchange.problem, http_status=exchange.status)
    envelope = open_envelope(exchange, secrets)
    if exchange.status == codes.OK and envelope.code == codes.OK:
        return envelope.data
    raise _failure(exchange, envelope)


def task_record(exchange: Exchange, asked_id: str, secrets: tuple[str, ...]) -> TaskRecord:
    """The record of the task asked for; raises a ReadFailed when the answer holds none."""
    data = successful_data(exchange, secrets)
    if data is None:
        raise NotVisible("the record is null", http_status=200, code=200)
    if not isinstance(data, dict):
        raise Unreadable("data is not an object", http_status=200, code=200)
    named_id = data.get("taskId")
    if named_id is not None and named_id != asked_id:
        raise Unreadable("the record is of another task", http_status=200, code=200)
    raw_state = clean_text(data.get("state"), _STATE_LIMIT)
    state = _state(data.get("state"))
    urls: tuple[str, ...] = ()
    problem = None
    if state is TaskState.SUCCESS:
        urls, problem = _results(data.get("resultJson"))
    return TaskRecord(
        task_id=asked_id,
        model=clean_text(data.get("model"), _NAME_LIMIT),
        state=state,
        raw_state=raw_state,
        result_urls=urls,
        result_problem=problem,
        fail_code=clean_text(data.get("failCode"), _STATE_LIMIT),
        fail_message=blot_out(clean_text(data.get("failMsg"), _FAIL_MESSAGE_LIMIT), secrets),
        credits_consumed=_credits_of(data),
        created_at=_moment(data.get("createTime")),
        completed_at=_moment(data.get("completeTime")),
        echo=_echo(data.get("param")),
    )


def amount(value: object) -> Decimal | None:
    """A number of credits from a JSON number or its digits; None when it is no sound amount.

    Through text, so that the float 5916.25 becomes exactly 5916.25.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    text = str(value)
    return Decimal(text) if _NUMBER.fullmatch(text) else None


def _failure(exchange: Exchange, envelope: Envelope) -> ReadFailed:
    status = exchange.status or 0
    code = envelope.code
    reason = f"HTTP {status}, code {code}" if code is not None else f"HTTP {status} without a code"
    if envelope.answer.message:
        reason += f": {envelope.answer.message}"
    return codes.read_failure(status, code)(reason, http_status=status, code=code)


def _state(value: object) -> TaskState | None:
    try:
        return TaskState(value)  # type: ignore[arg-type]
    except ValueError:
        return None


def _results(result_json: object) -> tuple[tuple[str, ...], str | None]:
    """The usable addresses in order, and if there is none, why."""
    if not result_json:
        return (), "resultJson is empty"
    found = read_json(result_json).value if isinstance(result_json, str) else result_json
    if not isinstance(found, dict):
        return (), "resultJson is not a JSON object"
    urls = found.get("resultUrls")
    if not isinstance(urls, list):
        return (), "resultUrls is not a list"
    if not urls:
        return (), "resultUrls is empty"
    sound = tuple(url for url in urls[:_RESULTS_LIMIT] if is_http_url(url))
    return sound, None if sound else "resultUrls holds no http(s) address"


def _credits_of(data: dict[str, object]) -> Decimal | None:
    # consumeCredits is the name of 2025.
    for name in ("creditsConsumed", "consumeCredits"):
        number = amount(data.get(name))
        if number is not None and number <= _MOST_CREDITS:
            return number
    return None


def _moment(value: object) -> datetime | None:
    """UTC from Unix milliseconds, as a number or its digits; None outside 2020 to 2100."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    digits = str(value)
    if not _MILLISECONDS.fullmatch(digits):
        return None
    moment = _EPOCH + timedelta(milliseconds=int(digits))
    return moment if _EARLIEST_AT <= moment < _LATEST_AT else None


def _echo(param: object) -> Echo | None:
    found = _unpacked(param)
    if found is None:
        return None
    callback_url = found.get("callBackUrl")
    return Echo(
        model=clean_text(found.get("model"), _NAME_LIMIT),
        callback_url=clean_text(callback_url, URL_LIMIT) if isinstance(callback_url, str) else None,
        input=_unpacked(found.get("input")),
    )


def _unpacked(value: object) -> dict[str, object] | None:
    """An object that may come as itself or as JSON text."""
    if isinstance(value, str):
        value = read_json(value).value
    return as_object(value) if isinstance(value, dict) else None
