"""The speed clock: simulated seconds that run faster (or slower) than real ones.

Only jobs and callbacks live on it. Rate limits, time-outs and lifetimes of links are real seconds,
and every moment told to a client is a moment of the real clock.
"""

import json
import threading
import time


class Clock:
    """Will turn real time into simulated time at a changeable speed, never running backwards."""

    def __init__(self, speed: float, saved: str | None = None) -> None:
        self._lock = threading.Lock()
        self._real = time.time()
        self._simulated = self._real
        if saved is not None:
            # While the process was down the jobs went on, at the speed they had.
            before = json.loads(saved)
            passed = max(0.0, self._real - before["real"])
            self._simulated = before["simulated"] + passed * before["speed"]
        self._speed = speed

    @property
    def speed(self) -> float:
        return self._speed

    def now(self) -> float:
        """Will return the simulated moment in seconds; only differences mean anything."""
        with self._lock:
            return self._now()

    def _now(self) -> float:
        return self._simulated + (time.time() - self._real) * self._speed

    def real_seconds_until(self, moment: float) -> float:
        """Will return the real seconds until a simulated moment, 0.0 when it has passed."""
        return max(0.0, (moment - self.now()) / self._speed)

    def set_speed(self, speed: float) -> None:
        with self._lock:
            self._simulated, self._real = self._now(), time.time()
            self._speed = speed

    def advance(self, seconds: float) -> None:
        """Will move the clock forward by simulated seconds at once."""
        with self._lock:
            self._simulated += seconds

    def saved(self) -> str:
        """Will return what a later process needs to go on from here."""
        with self._lock:
            return json.dumps(
                {"real": self._real, "simulated": self._simulated, "speed": self._speed}
            )
