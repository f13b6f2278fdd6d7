"""django-q2. Why each figure is what it is: docs/decisions/0002-queue.md."""

from typing import Any

# The queue's messages are only bells: the rows carry what is due. So nothing is kept of successes,
# nothing is retried by the queue, and a lost or doubled message costs nothing.
Q_CLUSTER: dict[str, Any] = {
    "name": "kling",
    "orm": "default",
    "workers": 7,
    "queue_limit": 2,
    "bulk": 1,
    "poll": 0.02,
    "timeout": 180,
    "retry": 900,
    "ack_failures": True,
    "max_attempts": 1,
    "catch_up": False,
    "save_limit": -1,
    "recycle": 5000,
    "guard_cycle": 0.5,
    "label": "Queue",
}
