"""The command: its one line, its end, and that nothing is forgotten in between."""

import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from kie_simulator.testing import (
    Simulator,
    start_simulator,
    start_simulator_process,
)
from tests.simulator.plain_client import Listener, PlainClient, until

pytestmark = pytest.mark.no_database

ROOT = Path(__file__).parents[2]


def command(data_dir: Path, *more: str, port: int = 0) -> list[str]:
    words = [sys.executable, "-m", "kie_simulator", "--port", str(port), "--data-dir"]
    return [*words, str(data_dir), *more]


@contextmanager
def running(data_dir: Path, *more: str) -> Iterator[tuple[subprocess.Popen[str], Simulator]]:
    process = subprocess.Popen(
        command(data_dir, *more), cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        assert line.startswith("kie simulator listening on http://127.0.0.1:")
        yield process, Simulator(line.split()[-1], lambda: None)
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_says_one_line_and_stops_cleanly(tmp_path: Path, number: signal.Signals) -> None:
    with running(tmp_path) as (process, _):
        process.send_signal(number)
        assert process.wait(timeout=10) == 0
        assert process.stdout is not None
        assert process.stdout.read() == ""


def test_it_stops_while_it_keeps_a_client_waiting(tmp_path: Path) -> None:
    with running(tmp_path) as (process, kie):
        kie.fault("accept_then_silence", on="credit")
        with socket.create_connection(("127.0.0.1", int(kie.host.rpartition(":")[2]))) as link:
            link.sendall(b"GET /api/v1/chat/credit HTTP/1.1\r\nHost: x\r\n\r\n")
            until(lambda: kie.ledger().requests.get("/api/v1/chat/credit"))
            process.terminate()
            assert process.wait(timeout=5) == 0


def test_a_taken_port_is_one_line_and_exit_2(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = subprocess.run(
            command(tmp_path, port=port), cwd=ROOT, capture_output=True, text=True, timeout=20
        )
    assert (done.returncode, done.stdout) == (2, "")
    said = f"kie simulator cannot listen on 127.0.0.1:{port}: the port is taken"
    assert done.stderr.splitlines() == [said]


@pytest.mark.parametrize(
    ("word", "value"), [("--port", "70000"), ("--speed", "0"), ("--data-dir", "/dev/null/x")]
)
def test_a_bad_option_is_said_plainly_and_exit_2(tmp_path: Path, word: str, value: str) -> None:
    done = subprocess.run(
        command(tmp_path, word, value), cwd=ROOT, capture_output=True, text=True, timeout=20
    )
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert value in done.stderr or "must be" in done.stderr


def test_the_options_reach_the_account(tmp_path: Path) -> None:
    more = ("--api-key", "secret", "--balance", "161", "--seed", "s", "--speed", "7")
    with running(tmp_path, *more) as (_, kie):
        assert PlainClient(kie, key="other").create()["code"] == 401
        owner = PlainClient(kie, key="secret")
        assert owner.create()["code"] == 200
        assert owner.credit() == 1.0
        assert kie.settings()["speed"] == 7


def test_a_killed_simulator_remembers_everything(tmp_path: Path) -> None:
    with running(tmp_path, "--seed", "s") as (_, kie):
        client = PlainClient(kie)
        first = client.made()
        body = {"base64Data": "aGk=", "uploadPath": "a", "fileName": "x.png"}
        client.call("POST", "/api/file-base64-upload", body)
        kie.settings(refund="keep")
        before = kie.ledger()
    with running(tmp_path) as (_, kie):
        after = kie.ledger()
        assert after.balance == before.balance == 9840
        assert after.uploads == before.uploads
        assert after.requests == before.requests
        assert [task.task_id for task in after.tasks] == [first]
        assert kie.settings()["refund"] == "keep"
        client = PlainClient(kie)
        assert client.made() != first
        assert client.get(f"{kie.url}/{after.uploads[0].path}").body == b"hi"


def test_a_running_job_goes_on_while_the_simulator_is_down(tmp_path: Path) -> None:
    with Listener() as listener:
        kie = start_simulator(tmp_path, speed=200)
        task_id = PlainClient(kie).made(callback_url=listener.url)
        kie.stop()
        assert not listener.posts
        with start_simulator(tmp_path, speed=200) as kie:
            until(lambda: kie.ledger().tasks[0].state == "success")
            until(lambda: listener.posts)
            assert PlainClient(kie).get(PlainClient(kie).result_url(task_id)).status == 200


def test_a_clock_set_forward_stays_forward(tmp_path: Path) -> None:
    kie = start_simulator(tmp_path)
    PlainClient(kie).made()
    kie.advance(100)
    kie.stop()
    with start_simulator(tmp_path) as kie:
        kie.advance(50)
        assert kie.ledger().tasks[0].state == "success"


def test_the_front_starts_a_process_too(tmp_path: Path) -> None:
    kie = start_simulator_process(tmp_path, balance=320, hmac_key="k")
    assert kie.ledger().balance == 320
    kie.stop()
    with pytest.raises(OSError, match="refused"):
        kie.ledger()


def test_the_front_reports_a_process_that_cannot_start(tmp_path: Path) -> None:
    with start_simulator() as other:
        port = int(other.host.rpartition(":")[2])
        with pytest.raises(RuntimeError, match="the port is taken"):
            start_simulator_process(tmp_path, port=port)
