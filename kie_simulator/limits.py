"""Sliding windows for the account's rate limits, in real seconds."""

import threading
import time
from collections import deque


class Window:
    """Will let through a number of requests in any stretch of so many seconds."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._passed: deque[float] = deque()
        self._lock = threading.Lock()

    def admits(self, limit: int) -> bool:
        """Will count one request if it fits; a refused one is not counted. 0 means no limit."""
        if limit == 0:
            return True
        now = time.monotonic()
        with self._lock:
            while self._passed and self._passed[0] <= now - self._seconds:
                self._passed.popleft()
            if len(self._passed) >= limit:
                return False
            self._passed.append(now)
            return True

    def clear(self) -> None:
        with self._lock:
            self._passed.clear()
