"""The data folder has one parent, and an address that is taken or nonsense is told in one line."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from kling_platform.launch.place import (
    ROOT,
    LaunchError,
    Place,
    holder,
    holding,
    is_free,
    next_free_port,
    place_from_environment,
    with_free_port,
)
from kling_platform.launch.programs import demo_environ
from tests.launch.fakes import place_in

pytestmark = pytest.mark.no_database


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def _launch(*words: str, **environ: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "kling_platform.launch", *words],
        cwd=ROOT,
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_a_second_parent_on_the_same_folder_is_told_who_serves_it(tmp_path: Path) -> None:
    place = place_in(tmp_path)
    with holding(place, "./run serve"):
        done = _launch("serve", DATA_DIR=str(place.data_dir))

    assert done.returncode == 1
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert f"{place.data_dir} is served by process {os.getpid()} (./run serve, since " in line


def test_a_folder_is_free_again_when_its_parent_has_ended(tmp_path: Path) -> None:
    place = place_in(tmp_path)
    with holding(place, "./run"):
        assert holder(place)

    assert holder(place) == ""
    with holding(place, "./run"):
        pass


def test_nobody_serves_a_folder_that_has_no_lock(tmp_path: Path) -> None:
    assert holder(place_in(tmp_path)) == ""


@pytest.mark.parametrize("command", ["serve", "web"])
def test_serving_on_a_taken_port_fails_with_one_line(
    tmp_path: Path, taken_port: int, command: str
) -> None:
    done = _launch(command, DATA_DIR=str(tmp_path), PORT=str(taken_port))

    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert f"PORT: {taken_port} on 127.0.0.1 is taken" in line


def test_the_demo_takes_the_next_free_port(tmp_path: Path, taken_port: int) -> None:
    place = with_free_port(place_in(tmp_path, port=taken_port))

    assert taken_port < place.port < taken_port + 100
    assert is_free("127.0.0.1", place.port)


def test_there_may_be_no_free_port_left(taken_port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kling_platform.launch.place.is_free", lambda host, port: False)

    with pytest.raises(LaunchError, match=f"{taken_port} and the ports after it are taken"):
        next_free_port("127.0.0.1", taken_port)


@pytest.mark.parametrize("port", ["0", "65536", "-1", "80a", "8000.0", "٨٠"])
def test_a_port_is_a_whole_number_of_16_bits(tmp_path: Path, port: str) -> None:
    done = _launch("serve", DATA_DIR=str(tmp_path), PORT=port)

    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("PORT: must be a whole number from 1 to 65535")


@pytest.mark.parametrize("host", ["203.0.113.7", "no such host"])
def test_a_host_is_an_address_of_this_machine(tmp_path: Path, host: str) -> None:
    done = _launch("serve", DATA_DIR=str(tmp_path), HOST=host)

    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert "HOST: must be an address of this machine" in line
    assert host in line


def test_a_data_folder_that_cannot_be_written_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    done = _launch("serve", DATA_DIR=str(tmp_path / "file" / "data"))

    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert "DATA_DIR: must be a folder that can be written" in line


@pytest.mark.parametrize("words", [("demo",), ("demo", "--once")])
def test_the_demo_refuses_live_mode(tmp_path: Path, words: tuple[str, ...]) -> None:
    done = _launch(*words, DATA_DIR=str(tmp_path), KIE_MODE="live")

    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert "./run serve" in line
    assert not any(tmp_path.iterdir())


def test_a_bad_setting_shows_only_the_line_of_manage_py(tmp_path: Path) -> None:
    done = _launch("worker", DATA_DIR=str(tmp_path), POLL_SECONDS="5,4,3")

    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert "POLL_SECONDS" in line


def test_a_relative_data_folder_lies_in_the_repository(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATA_DIR", "elsewhere")

    assert place_from_environment().data_dir == ROOT / "elsewhere"


def test_the_shell_cannot_make_it_serve_another_project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "another.settings")

    assert place_in(tmp_path).environ()["DJANGO_SETTINGS_MODULE"] == "kling_platform.settings"


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", "http://127.0.0.1:81"),
        ("0.0.0.0", "http://127.0.0.1:81"),  # noqa: S104
        ("::1", "http://[::1]:81"),
        ("localhost", "http://localhost:81"),
    ],
)
def test_the_address_is_one_that_a_browser_here_can_open(host: str, address: str) -> None:
    assert Place(Path("/data"), host, 81).address == address


def test_the_demo_points_everything_at_the_simulator(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KIE_API_KEY", "a real key")
    monkeypatch.setenv("KIE_API_KEY_FILE", "/a/real/key")
    monkeypatch.setenv("KIE_BASE_URL", "https://provider.example")
    monkeypatch.setenv("FETCH_ALLOW_HOSTS", "10.0.0.1:80")
    monkeypatch.delenv("PUBLIC_BASE_URL", raising=False)
    monkeypatch.delenv("POLL_SECONDS", raising=False)

    environ = demo_environ(place_in(tmp_path), simulator_port=8301)

    assert environ["KIE_MODE"] == "simulator"
    assert environ["KIE_BASE_URL"] == environ["KIE_UPLOAD_BASE_URL"] == "http://127.0.0.1:8301"
    assert environ["FETCH_ALLOW_HOSTS"] == "10.0.0.1:80,127.0.0.1:8301"
    assert environ["PUBLIC_BASE_URL"] == "http://127.0.0.1:8000"
    assert environ["POLL_SECONDS"] == "2,5,10"
    assert "real" not in environ["KIE_API_KEY"]
    assert "KIE_API_KEY_FILE" not in environ


def test_the_demo_keeps_what_a_person_has_chosen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PUBLIC_BASE_URL", "https://video.example")
    monkeypatch.setenv("POLL_SECONDS", "1,1,1")

    environ = demo_environ(place_in(tmp_path), simulator_port=8301)

    assert environ["PUBLIC_BASE_URL"] == "https://video.example"
    assert environ["POLL_SECONDS"] == "1,1,1"
