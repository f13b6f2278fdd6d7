"""Keeps the programs running, and stops them so that nothing is left half sent.

A program that dies is started again, later each time; one that dies again and again ends the whole
start, loudly. One whose heartbeat stops is killed with its group: a queue can hang in silence.
"""

import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from kling_platform.launch import child as children
from kling_platform.launch.child import Child, Program
from kling_platform.launch.place import Place
from kling_platform.launch.warden import Warden


@dataclass(frozen=True, slots=True)
class Patience:
    """How long the supervisor waits for what."""

    grace_s: float = 26  # a createTask under way may take 20 s, and its answer must be stored
    last_grace_s: float = 2
    heartbeat_s: float = 45
    first_pause_s: float = 0.5
    longest_pause_s: float = 10
    deaths: int = 6
    kills: int = (
        40  # from outside: by a person, or for want of memory; starting again may well help
    )
    window_s: float = 120
    healthy_s: float = 60
    tick_s: float = 0.2


class StopSignal:
    """Remembers that somebody asked to stop. A second request changes nothing: no orphans."""

    def __init__(self) -> None:
        self.requested = False

    def listen(self) -> None:
        signal.signal(signal.SIGINT, self._heard)
        signal.signal(signal.SIGTERM, self._heard)
        if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:  # nohup asks to outlive the terminal
            signal.signal(signal.SIGHUP, self._heard)

    def _heard(self, number: int, frame: object) -> None:
        self.requested = True


class Post:
    """One program's place: the child that fills it now, and how its forerunners ended."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.child: Child | None = None
        self.start_at_s = 0.0
        self.deaths_s: list[float] = []
        self.kills_s: list[float] = []
        self._beat: tuple[float, float] = (0.0, 0.0)  # the file's time, and when it was seen

    def filled_by(self, child: Child) -> None:
        self.child = child
        self._beat = (_modified(self.program.heartbeat), time.monotonic())

    def silent_s(self) -> float:
        """Answer for how long the heartbeat has not moved, by the clock that never jumps."""
        if self.program.heartbeat is None:
            return 0.0
        modified, now_s = _modified(self.program.heartbeat), time.monotonic()
        if modified != self._beat[0]:
            self._beat = (modified, now_s)
        return now_s - self._beat[1]

    def note_death(self, age_s: float, *, was_killed: bool, patience: Patience) -> int:
        """Set when to start again; answer how often it died when that is too often, else 0."""
        now_s = time.monotonic()
        if age_s >= patience.healthy_s:
            self.deaths_s, self.kills_s = [], []
        mine, most = (
            (self.kills_s, patience.kills) if was_killed else (self.deaths_s, patience.deaths)
        )
        mine[:] = [at_s for at_s in mine if now_s - at_s < patience.window_s]
        pause_s = patience.first_pause_s * (1 if was_killed else 2 ** len(mine))
        mine.append(now_s)
        self.start_at_s = now_s + min(pause_s, patience.longest_pause_s)
        return len(mine) if len(mine) >= most else 0


class Supervisor:
    """Runs programs until a stop is asked for, a job ends it, or a program cannot be kept alive."""

    def __init__(
        self,
        place: Place,
        programs: Sequence[Program],
        *,
        stop: StopSignal,
        warden: Warden,
        patience: Patience | None = None,
        show: Callable[[str], None] = children.show,
    ) -> None:
        self._place, self._stop, self._warden, self._show = place, stop, warden, show
        self._patience = patience or Patience()
        self._posts = [Post(program) for program in programs]
        self._job: Child | None = None

    def run(self, job: Program | None = None, *, end_with_job: bool = False) -> int:
        """Serve and answer the exit status; with `end_with_job` it is the job's."""
        children.adopt_orphans()
        self._place.stop_file.unlink(missing_ok=True)
        try:
            for post in self._posts:
                self._fill(post)
            self._job = self._start(job) if job else None
            return self._serve(end_with_job)
        finally:
            self._stop_all()

    def _serve(self, end_with_job: bool) -> int:
        while not self._stop.requested:
            for post in self._posts:
                if not self._keep(post):
                    return 1
            if self._job and self._job.has_ended():
                status = self._end(self._job)
                self._job = None
                if end_with_job:
                    return min(abs(status), 1)
            self._warden.check()
            time.sleep(self._patience.tick_s)
        return 1 if end_with_job else 0

    def _keep(self, post: Post) -> bool:
        """Start, restart or replace the post's child where needed; False: it died too often."""
        child, name = post.child, post.program.name
        if child is None:
            if time.monotonic() >= post.start_at_s:
                self._fill(post)
            return True
        silent_s = post.silent_s()
        was_killed = True
        if child.has_ended():
            status = self._end(child)
            how, was_killed = _described(status), _was_killed(status)
        elif silent_s > self._patience.heartbeat_s:
            self._end(child)
            how = f"was killed: no heartbeat for {silent_s:.0f} s"
        else:
            return True
        post.child = None
        times = post.note_death(child.age_s, was_killed=was_killed, patience=self._patience)
        if times:
            log = self._place.log_dir / f"{name}.log"
            self._show(f"!!! {name} {how}, {times} times; giving up. See {log}")
            return False
        pause_s = post.start_at_s - time.monotonic()
        self._show(f"!!! {name} {how}; starting it again in {max(pause_s, 0):.1f} s")
        return True

    def _start(self, program: Program) -> Child:
        child = Child(program, self._place.log_dir, show=self._show)
        self._warden.hold(child.pid)
        return child

    def _fill(self, post: Post) -> None:
        post.filled_by(self._start(post.program))

    def _end(self, child: Child) -> int:
        status = child.bury()
        self._warden.release(child.pid)
        return status

    def _stop_all(self) -> None:
        """Let work under way finish, then leave nothing behind."""
        began_s = time.monotonic()
        self._place.stop_file.touch()
        first = [post.child for post in self._posts if post.child and not post.program.stops_last]
        last = [post.child for post in self._posts if post.child and post.program.stops_last]
        if self._job:
            first.append(self._job)
        self._let_end(first, began_s + self._patience.grace_s)
        # The simulator answers what the worker has sent, so it goes when the worker is gone.
        self._let_end(last, time.monotonic() + self._patience.last_grace_s)
        self._place.stop_file.unlink(missing_ok=True)

    def _let_end(self, group: Sequence[Child], until_s: float) -> None:
        for child in group:
            child.ask_to_stop()
        while time.monotonic() < until_s and not all(child.has_ended() for child in group):
            self._warden.check()
            time.sleep(self._patience.tick_s / 4)
        for child in group:
            if not child.has_ended():
                self._show(f"!!! {child.program.name} did not stop in time and was killed")
            self._end(child)


def _modified(path: Path | None) -> float:
    try:
        return path.stat().st_mtime if path else 0.0
    except FileNotFoundError:
        return 0.0


def _was_killed(status: int) -> bool:
    """Tell whether somebody else ended it; 137 is how the queue says so of its own inner process."""
    return status < 0 or status == 128 + signal.SIGKILL


def _described(status: int) -> str:
    return f"was ended by signal {-status}" if status < 0 else f"ended with status {status}"
