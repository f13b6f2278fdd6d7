"""Where one parent works: its data folder, its address, the environment of its children."""

import contextlib
import fcntl
import json
import os
import socket
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from kling_platform import env

ROOT = Path(__file__).resolve().parent.parent.parent


class LaunchError(Exception):
    """The start cannot go on; the text is the one line a person needs."""


@dataclass(frozen=True, slots=True)
class Place:
    """A data folder and the address web listens on."""

    data_dir: Path
    host: str
    port: int

    @property
    def run_dir(self) -> Path:
        return self.data_dir / "run"

    @property
    def log_dir(self) -> Path:
        return self.data_dir / "logs"

    @property
    def stop_file(self) -> Path:
        """While it exists the worker claims nothing new."""
        return self.run_dir / "stopping"

    @property
    def heartbeat_file(self) -> Path:
        """A task of the queue touches it every 5 s: proof that tasks really run."""
        return self.run_dir / "heartbeat"

    @property
    def address(self) -> str:
        """Where a person on this machine reaches web."""
        host = {"0.0.0.0": "127.0.0.1", "": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"

    def environ(self) -> dict[str, str]:
        """Answer the environment of every child."""
        return {
            **os.environ,
            # A leftover of another project in the shell must not decide what is served.
            "DJANGO_SETTINGS_MODULE": "kling_platform.settings",
            "DATA_DIR": str(self.data_dir),
            "HOST": self.host,
            "PORT": str(self.port),
            "TMPDIR": str(self.data_dir / "tmp"),
            "HEARTBEAT_FILE": str(self.heartbeat_file),
            "WORKER_STOP_FILE": str(self.stop_file),
            "PYTHONUNBUFFERED": "1",
        }

    def make_folders(self) -> None:
        """Make the data folder and what the launcher keeps in it. Raises LaunchError."""
        try:
            for folder in (self.data_dir, self.run_dir, self.log_dir, self.data_dir / "tmp"):
                folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            problem = f"must be a folder that can be written: {error.strerror}"
            raise LaunchError(f"DATA_DIR: {problem} (got {str(self.data_dir)!r})") from error


def place_from_environment() -> Place:
    """Answer the place of DATA_DIR, HOST and PORT. Raises SystemExit with one line for nonsense."""
    return Place(
        data_dir=(ROOT / env.text("DATA_DIR", "var")).resolve(),
        host=env.text("HOST", "127.0.0.1"),
        port=env.whole("PORT", 8000, least=1, most=65535),
    )


def is_free(host: str, port: int) -> bool:
    """Tell whether a server can listen there. Raises LaunchError for a host that is not ours."""
    try:
        found = socket.getaddrinfo(
            host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
    except (OSError, UnicodeError) as error:
        raise LaunchError(f"HOST: must be an address of this machine (got {host!r})") from error
    family, kind, protocol, _, address = found[0]
    with socket.socket(family, kind, protocol) as probe:
        # As servers do: connections of a server that has just ended keep no port.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
            probe.listen(1)
        except PermissionError as error:
            raise LaunchError(f"PORT: {port} needs root; choose one above 1023") from error
        except OSError as error:
            if error.errno in {99, 22}:  # EADDRNOTAVAIL, EINVAL
                problem = f"HOST: must be an address of this machine (got {host!r})"
                raise LaunchError(problem) from error
            return False
    return True


def next_free_port(host: str, first: int) -> int:
    """Answer the first free port from `first` on. Raises LaunchError when there is none in 100."""
    for port in range(first, min(first + 100, 65536)):
        if is_free(host, port):
            return port
    raise LaunchError(f"PORT: {first} and the ports after it are taken; choose another with PORT=")


def with_free_port(place: Place) -> Place:
    """Answer the place with the next free port."""
    return replace(place, port=next_free_port(place.host, place.port))


@contextlib.contextmanager
def holding(place: Place, command: str) -> Iterator[int]:
    """Hold the data folder for one parent and hand out the lock's descriptor.

    Raises LaunchError naming the holder when another parent serves the folder.
    """
    handle = os.open(place.data_dir / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise LaunchError(f"{place.data_dir} is served by {holder(place)}") from error
        since = datetime.now(UTC).isoformat(timespec="seconds")
        os.ftruncate(handle, 0)
        os.write(
            handle, json.dumps({"pid": os.getpid(), "command": command, "since": since}).encode()
        )
        yield handle
        os.ftruncate(handle, 0)
    finally:
        os.close(handle)


def holder(place: Place) -> str:
    """Answer who serves the data folder, as words; "" when nobody does."""
    try:
        with (place.data_dir / "lock").open("rb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return _described(file.read())
    except FileNotFoundError:
        pass
    return ""


def _described(record: bytes) -> str:
    try:
        found = json.loads(record)
        return f"process {found['pid']} ({found['command']}, since {found['since']})"
    except (ValueError, KeyError, TypeError):
        return "another process that has just begun"
