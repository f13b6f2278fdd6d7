"""With a webhook key, only callbacks that KIE has signed count."""

import base64
import hashlib
import hmac
from collections.abc import Callable
from datetime import timedelta

import pytest

from generations.models import Generation
from generations.services.hint import Reception
from generations.services.submit import Step
from tests.fakes import Clock

Ask = Callable[..., Generation]
Send = Callable[..., Step]
Call = Callable[..., Reception]
TASK = "task-0000001"


def _sign(task_id: str, moment: int, key: str) -> str:
    digest = hmac.new(key.encode(), f"{task_id}.{moment}".encode(), hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


@pytest.mark.parametrize(
    ("key", "shift_s", "expected"),
    [
        ("right-key", 0, Reception.TAKEN),
        ("wrong-key", 0, Reception.UNSIGNED),
        ("right-key", -301, Reception.UNSIGNED),
        (None, 0, Reception.UNSIGNED),
    ],
)
def test_with_a_key_only_signed_callbacks_count(
    ask: Ask,
    send: Send,
    call: Call,
    clock: Clock,
    settings: object,
    key: str | None,
    shift_s: int,
    expected: Reception,
) -> None:
    settings.KIE_WEBHOOK_HMAC_KEY = "right-key"  # type: ignore[attr-defined]
    generation = ask()
    send()
    moment = int((clock() + timedelta(seconds=shift_s)).timestamp())
    headers = {"timestamp": str(moment), "signature": _sign(TASK, moment, key)} if key else {}
    assert call(**headers) is expected
    generation.refresh_from_db()
    assert (generation.next_poll_at <= clock()) is (expected is Reception.TAKEN)
