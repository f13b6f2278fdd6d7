"""The signature of KIE's callbacks. It covers the task id and the time, not the body."""

import base64
import hmac
import re
from datetime import datetime

_SECONDS = re.compile(r"[0-9]{10}")


def verify_signature(
    *,
    task_id: str | None,
    timestamp: str | None,
    signature: str | None,
    key: str,
    now: datetime,
    tolerance_s: float = 300,
) -> bool:
    """Whether KIE signed this task id within `tolerance_s` of `now` (an aware moment).

    `timestamp` and `signature` are the headers X-Webhook-Timestamp (Unix seconds) and
    X-Webhook-Signature. False for anything missing, for an empty key, and never an error.
    Source: https://docs.kie.ai/common-api/webhook-verification (read 2026-04).
    """
    if not (task_id and timestamp and signature and key):
        return False
    if not _SECONDS.fullmatch(timestamp) or abs(now.timestamp() - int(timestamp)) > tolerance_s:
        return False
    signed = f"{task_id}.{timestamp}".encode(errors="backslashreplace")
    digest = hmac.digest(key.encode(errors="backslashreplace"), signed, "sha256")
    # Bytes, because compare_digest raises on text that is not ASCII.
    return hmac.compare_digest(
        base64.b64encode(digest), signature.encode(errors="backslashreplace")
    )
