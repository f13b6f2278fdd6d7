"""When to try again what KIE did not get or did not want yet: 2, 4, 8 … s, at most 5 min, no end."""

from datetime import datetime, timedelta
from typing import Any

from generations.models import Generation

LONGEST_S = 300


def next_try(generation: Generation, now: datetime) -> dict[str, Any]:
    """Answer the columns that put a queued generation off; the third try waits 8 s."""
    tries = generation.send_tries + 1
    wait_s = min(LONGEST_S, 2 ** min(tries, 20))
    return {"send_tries": tries, "dispatch_at": now + timedelta(seconds=wait_s)}
