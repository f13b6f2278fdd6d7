"""What must be done before the first child starts: the database and the static files."""

import contextlib
import hashlib
import os
import signal
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

from kling_platform.launch.place import ROOT, LaunchError, Place
from kling_platform.launch.programs import MANAGE
from kling_platform.launch.supervisor import StopSignal
from kling_platform.launch.warden import Warden

_STOPPED = "stopped before anything was started"


class Preparation:
    """Runs manage.py commands one after the other, and ends them when a stop is asked for."""

    def __init__(
        self, place: Place, environ: Mapping[str, str], *, stop: StopSignal, warden: Warden
    ):
        self._place, self._environ, self._stop, self._warden = place, environ, stop, warden

    def run(self, *, demo: bool = False) -> None:
        """Bring database and static files up to date.

        Raises LaunchError with what manage.py wrote to stderr: one line for a bad setting.
        """
        self._manage("bootstrap", *(["--demo"] if demo else []))
        stamp, wanted = self._place.run_dir / "static_files", fingerprint_of_static_files(ROOT)
        with contextlib.suppress(FileNotFoundError):
            if stamp.read_text() == wanted and (self._place.data_dir / "static").is_dir():
                return
        self._manage("collectstatic", "--noinput", "-v0")
        stamp.write_text(wanted)

    def _manage(self, *words: str) -> None:
        process = subprocess.Popen(
            [*MANAGE, *words],
            cwd=ROOT,
            env=dict(self._environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        self._warden.hold(process.pid)
        try:
            while True:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    output, problems = process.communicate(timeout=0.2)
                    break
                if self._stop.requested:
                    raise LaunchError(_STOPPED)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            self._warden.release(process.pid)
        if process.returncode:
            text = (problems or output).decode(errors="replace").strip()
            raise LaunchError(text or f"manage.py {words[0]} ended with {process.returncode}")


def fingerprint_of_static_files(root: Path) -> str:
    """Answer a text that changes when collectstatic would find something else."""
    digest = hashlib.sha256((root / "requirements.txt").read_bytes())
    for path in _sources(root):
        facts = path.stat()
        digest.update(f"{path.relative_to(root)} {facts.st_size} {facts.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def _sources(root: Path) -> Iterator[Path]:
    for folder in (
        root / "static",
        *sorted(root.glob("*/static")),
        root / "kling_platform/settings",
    ):
        yield from (path for path in sorted(folder.rglob("*")) if path.is_file())
