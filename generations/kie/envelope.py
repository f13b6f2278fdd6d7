"""KIE's envelope, `{"code": int, "msg": text, "data": …}`, read from whatever came.

Errors arrive with HTTP 200 and a code inside; some pages spell `msg` as `message`.
Source: https://docs.kie.ai/1973359m0 (read 2026-04).
"""

from dataclasses import dataclass

from generations.kie.json_reading import as_object, read_json
from generations.kie.text import blot_out, clean_text
from generations.kie.transport import Exchange
from generations.kie.values import Answer

MESSAGE_LIMIT = 500
_EXCERPT_BYTES = 2048


@dataclass(frozen=True, slots=True)
class Envelope:
    """`fields` is empty when the body is no JSON object; `code` is None unless it is an integer.

    `exact` is False when the JSON could be read in two ways (see `Parsed`).
    """

    fields: dict[str, object]
    code: int | None
    data: object
    exact: bool
    answer: Answer


def open_envelope(exchange: Exchange, secrets: tuple[str, ...]) -> Envelope:
    """Read the envelope of any exchange, whole or not. Never raises.

    `secrets` are blotted out of the texts for people, should KIE repeat them to us.
    """
    parsed = read_json(exchange.body)
    fields = as_object(parsed.value)
    code = fields.get("code")
    if not isinstance(code, int) or isinstance(code, bool):
        code = None
    said = fields.get("msg")
    if not isinstance(said, str) or not said:
        said = fields.get("message")
    message = _shown(said, secrets, MESSAGE_LIMIT) if isinstance(said, str) else ""
    answer = Answer(exchange.status, code, message, _excerpt(exchange.body, secrets))
    return Envelope(fields, code, fields.get("data"), parsed.exact, answer)


def _excerpt(body: bytes, secrets: tuple[str, ...]) -> str:
    # Blotted out before it is cut: half a key at the edge would be found by nobody.
    text = body[: 2 * _EXCERPT_BYTES].decode("utf-8", errors="replace")
    shown = _shown(text, secrets, _EXCERPT_BYTES)
    return shown.encode()[:_EXCERPT_BYTES].decode("utf-8", errors="ignore")


def _shown(text: str, secrets: tuple[str, ...], limit: int) -> str:
    return blot_out(clean_text(text, len(text)), secrets)[:limit]
