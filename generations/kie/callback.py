"""The body of a callback: nothing in it is believed but which task to read."""

from generations.kie.json_reading import as_object, read_json
from generations.kie.text import is_task_id
from generations.kie.values import CallbackHint

_SPELLINGS = ("taskId", "task_id")


def parse_callback(body: bytes) -> CallbackHint:
    """The task id in `data.taskId`, `data.task_id`, `taskId` or `task_id`, which must agree.

    Never raises, on no bytes.
    Source: https://docs.kie.ai/common-api/webhook-verification reads `data.task_id`, its sample
    has a top-level `taskId`, the Market callbacks have `data.taskId` (read 2026-08).
    """
    parsed = read_json(body)
    fields = as_object(parsed.value)
    data = as_object(fields.get("data"))
    named = [
        place[spelling]
        for place in (data, fields)
        for spelling in _SPELLINGS
        if place.get(spelling) is not None
    ]
    if any(other != named[0] for other in named[1:]):
        return CallbackHint(None, contradictory=True)
    if not parsed.exact:
        return CallbackHint(None, contradictory=bool(named))
    return CallbackHint(named[0] if named and is_task_id(named[0]) else None, contradictory=False)
