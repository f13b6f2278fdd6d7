"""What a test of real processes needs of the machine: a database, a port, patience, SIGKILL."""

import os
import signal
import socket
import time
import uuid
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import psycopg


class FreshDatabase:
    """A PostgreSQL database of its own when the tests run on PostgreSQL, else SQLite's file."""

    def __init__(self) -> None:
        base = os.environ.get("TEST_DATABASE", "")
        self.url = ""
        if base:
            parts = urlsplit(base)
            self._name = f"{parts.path.strip('/')}_journey_{uuid.uuid4().hex[:8]}"
            self._server = parts._replace(path="/postgres").geturl()
            self.url = parts._replace(path=f"/{self._name}").geturl()
            self._order(f'CREATE DATABASE "{self._name}"')

    def drop(self) -> None:
        if self.url:
            self._order(f'DROP DATABASE IF EXISTS "{self._name}" WITH (FORCE)')
            self.url = ""

    def _order(self, statement: str) -> None:
        with psycopg.connect(self._server, autocommit=True) as connection:
            connection.execute(statement)  # type: ignore[call-overload]


def wait_for(
    look: Callable[[], Any], complaint: str, within_s: float, tell: Callable[[], str] = str
) -> Any:
    """Look again and again until there is something; answer it."""
    until_s = time.monotonic() + within_s
    while not (found := look()):
        if time.monotonic() > until_s:
            raise AssertionError(f"{complaint} after {within_s:g} s\n{tell()}")
        time.sleep(0.05)
    return found


def kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
