"""What one createTask came to. This is where a wrong reading pays twice or loses a paid task.

Accepted and Refused need proof; everything else that was sent is Unknown.
Source: https://docs.kie.ai/market/quickstart (read 2026-04); a refusal code makes and bills
nothing, while a bare 500 or any answer with a task id proves nothing.
"""

from generations.kie import codes
from generations.kie.envelope import Envelope, open_envelope
from generations.kie.json_reading import as_object
from generations.kie.text import is_task_id
from generations.kie.transport import Exchange
from generations.kie.values import Accepted, CreateOutcome, RefusalKind, Refused, Unknown, Unsent


def create_outcome(exchange: Exchange, secrets: tuple[str, ...]) -> CreateOutcome:
    """Judge the exchange of one createTask; the outcome shows no secret. Never raises."""
    if not exchange.sent:
        return Unsent(exchange.problem or "nothing was sent")
    envelope = open_envelope(exchange, secrets)
    candidate = _candidate(envelope)
    doubt = _doubt(exchange, envelope)
    if doubt is None:
        outcome = _clear_outcome(exchange, envelope, candidate)
        if outcome is not None:
            return outcome
        doubt = _description(exchange, envelope)
    return Unknown(doubt, candidate, envelope.answer)


def _doubt(exchange: Exchange, envelope: Envelope) -> str | None:
    """Why this answer cannot prove anything, whatever it says."""
    if exchange.problem is not None:
        return exchange.problem
    if exchange.status is not None and 300 <= exchange.status <= 399:
        return f"HTTP {exchange.status} redirects, which is never followed"
    if not envelope.exact:
        return "the answer can be read in two ways"
    return None


def _clear_outcome(
    exchange: Exchange, envelope: Envelope, candidate: str | None
) -> Accepted | Refused | None:
    code, answer = envelope.code, envelope.answer
    if exchange.status == codes.OK and code == codes.OK:
        task_id = as_object(envelope.data).get("taskId")
        return Accepted(task_id, answer) if is_task_id(task_id) else None
    if candidate is not None:
        return None
    if code is not None:
        kind = codes.create_refusal(code, answer.message)
        return Refused(kind, code, answer.message, answer) if kind else None
    if exchange.status == codes.TOO_MANY_REQUESTS and "code" not in envelope.fields:
        # The rate limit of the gateway in front of KIE, which speaks no JSON of KIE's.
        return Refused(RefusalKind.LATER, codes.TOO_MANY_REQUESTS, answer.message, answer)
    return None


def _description(exchange: Exchange, envelope: Envelope) -> str:
    if not envelope.fields:
        return f"HTTP {exchange.status} without a JSON object"
    if envelope.code is None:
        return f"HTTP {exchange.status} without a whole number as code"
    if envelope.code == codes.OK and exchange.status == codes.OK:
        return "code 200 without a task id"
    return f"HTTP {exchange.status} with code {envelope.code}"


def _candidate(envelope: Envelope) -> str | None:
    """An id that may be the task's; taskId counts before recordId where they differ."""
    data = as_object(envelope.data)
    places = (
        data.get("taskId"),
        data.get("task_id"),
        envelope.fields.get("taskId"),
        envelope.fields.get("task_id"),
        data.get("recordId"),
    )
    return next((place for place in places if is_task_id(place)), None)
