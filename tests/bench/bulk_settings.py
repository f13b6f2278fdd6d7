"""The platform's settings with a queue that fetches many messages at once, for comparison only."""

from kling_platform.settings import *  # noqa: F403
from kling_platform.settings.queue import Q_CLUSTER as SHIPPED

# `retry` follows from the limit: the start is refused otherwise, and for good reason.
Q_CLUSTER = SHIPPED | {"bulk": 20, "queue_limit": 60, "retry": 4000}
