"""Time limits a socket has none of: a total deadline, and a floor under the speed.

A socket's timeout starts anew with every byte, so a host that drips its headers or its body holds
a reader for ever. A thread beside the reader watches the clock and shuts the socket down.
"""

import socket
import threading
import time
from collections import deque
from dataclasses import dataclass
from types import TracebackType
from typing import Self

_TICK_S = 0.1


@dataclass(frozen=True, slots=True)
class Pace:
    """When slowness is judged: over any `window_s`, once `grace_s` from the start have gone."""

    grace_s: float = 10.0
    window_s: float = 10.0


class Watch:
    """Guards the sockets of one fetch; `verdict` says why it ended one, None as long as all is well.

    The reader adds what it has read to `bytes_read`; `left_s` is the time left, never below zero.
    """

    def __init__(self, *, deadline_s: float, min_bytes_per_s: float, pace: Pace) -> None:
        self.bytes_read = 0
        self.verdict: str | None = None
        self._started_at = time.monotonic()
        self._deadline_s = deadline_s
        self._min_bytes_per_s = min_bytes_per_s
        self._pace = pace
        self._samples: deque[tuple[float, int]] = deque()
        self._lock = threading.Lock()
        self._line: socket.socket | None = None
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="fetch-watch", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.set()
        self._thread.join()
        self._release()

    @property
    def left_s(self) -> float:
        return max(0.0, self._started_at + self._deadline_s - time.monotonic())

    def guard(self, line: socket.socket) -> None:
        """Watch this socket from now on instead of the one before.

        It keeps a duplicate: shutting that down ends the connection under any TLS laid over it,
        and cannot hit a stranger whose socket was given the same number later.
        """
        self._release()
        with self._lock:
            self._line = line.dup()
            if self.verdict is not None:
                self._shut()

    def _release(self) -> None:
        with self._lock:
            if self._line is not None:
                self._line.close()
                self._line = None

    def _run(self) -> None:
        while not self._over.wait(min(_TICK_S, max(self.left_s, 0.001))):
            verdict = self._judge()
            if verdict is not None:
                with self._lock:
                    self.verdict = verdict
                    self._shut()
                return

    def _judge(self) -> str | None:
        if self.left_s == 0:
            return f"not finished within {self._deadline_s:g} s"
        now = time.monotonic()
        if now - self._started_at < self._pace.grace_s:
            return None
        self._samples.append((now, self.bytes_read))
        while len(self._samples) > 1 and self._samples[1][0] <= now - self._pace.window_s:
            self._samples.popleft()
        then, bytes_then = self._samples[0]
        gained = self.bytes_read - bytes_then
        if now - then >= self._pace.window_s and gained < self._min_bytes_per_s * (now - then):
            return f"slower than {self._min_bytes_per_s:g} bytes a second"
        return None

    def _shut(self) -> None:
        if self._line is None:
            return
        try:
            self._line.shutdown(socket.SHUT_RDWR)
        except OSError:
            # The other side was faster.
            return
