"""Settings: a bad value stops the start with one line that names the variable and what is allowed."""

import os
import sys
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import pytest

from tests.processes import each_in_its_process

pytestmark = pytest.mark.no_database


@dataclass(frozen=True, slots=True)
class Start:
    """How reading the settings ended: the line that stopped it, or KIE's address."""

    line: str | None
    base_url: str = ""


def _start(data_dir: Path, **environ: str) -> Start:
    """Read the settings anew, in a process whose environment is `environ` alone."""
    [start] = each_in_its_process(_read, [({"DATA_DIR": str(data_dir)} | environ,)])
    assert isinstance(start, Start)
    return start


def _read(environ: dict[str, str]) -> Start:
    os.environ.clear()
    os.environ.update(environ)
    for name in [name for name in sys.modules if name.startswith("kling_platform.settings")]:
        del sys.modules[name]
    try:
        return Start(None, import_module("kling_platform.settings").KIE_BASE_URL)
    except SystemExit as stop:
        return Start(str(stop.code))


@pytest.mark.parametrize(
    ("environ", "named"),
    [
        ({"KIE_MODE": "Live"}, "KIE_MODE"),
        ({"KIE_MODE": "live"}, "KIE_API_KEY"),
        ({"KIE_MODE": "live", "KIE_API_KEY": "k", "HOST": "video.example.com"}, "SECRET_KEY"),
        ({"KIE_BASE_URL": "https://api.kie.ai"}, "KIE_BASE_URL"),
        ({"KIE_MODE": "live", "KIE_API_KEY": "k", "KIE_BASE_URL": "http://a.com"}, "KIE_BASE_URL"),
        ({"PUBLIC_BASE_URL": "http://video.example.com"}, "PUBLIC_BASE_URL"),
        ({"PUBLIC_BASE_URL": "https://u:p@example.com"}, "PUBLIC_BASE_URL"),
        ({"PORT": "0"}, "PORT"),
        ({"PORT": "８０００"}, "PORT"),
        ({"POLL_SECONDS": "5,10"}, "POLL_SECONDS"),
        ({"POLL_SECONDS": "0,1,2"}, "POLL_SECONDS"),
        ({"POLL_SECONDS": "5,4,6"}, "POLL_SECONDS"),
        ({"POLL_SECONDS": "5.5,6,7"}, "POLL_SECONDS"),
        ({"FETCH_ALLOW_HOSTS": "http://a:1"}, "FETCH_ALLOW_HOSTS"),
        ({"FETCH_ALLOW_HOSTS": "a:99999"}, "FETCH_ALLOW_HOSTS"),
        ({"KIE_CREATES_PER_10S": "0"}, "KIE_CREATES_PER_10S"),
        ({"MIN_FREE_MB": "lots"}, "MIN_FREE_MB"),
        ({"DEBUG": "maybe"}, "DEBUG"),
        ({"TIME_ZONE": "Mars/Base"}, "TIME_ZONE"),
        ({"LANGUAGE_CODE": "de"}, "LANGUAGE_CODE"),
        ({"DATABASE_URL": "mysql://a/b"}, "DATABASE_URL"),
        ({"REDIS_URL": "http://a"}, "REDIS_URL"),
        ({"KIE_API_KEY_FILE": "/no/such/file"}, "KIE_API_KEY_FILE"),
        ({"CSRF_TRUSTED_ORIGINS": "example.com"}, "CSRF_TRUSTED_ORIGINS"),
    ],
)
def test_a_bad_value_is_one_line(tmp_path: Path, environ: dict[str, str], named: str) -> None:
    line = _start(tmp_path, **environ).line
    assert line is not None
    assert "\n" not in line
    assert line.startswith(f"{named}: must ")


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"KIE_BASE_URL": "http://[::1]:9000"},
        {"KIE_MODE": "live", "KIE_API_KEY": "k", "KIE_BASE_URL": "http://localhost:9/"},
        {"PUBLIC_BASE_URL": "http://127.0.0.1:8000"},
        {"POLL_SECONDS": "1,1,1"},
        {"POLL_SECONDS": "600, 600, 600"},
    ],
)
def test_a_good_value_starts(tmp_path: Path, environ: dict[str, str]) -> None:
    assert _start(tmp_path, **environ).line is None


def test_a_folder_begun_in_one_mode_never_serves_the_other(tmp_path: Path) -> None:
    (tmp_path / "kie_mode").write_text("simulator")
    line = _start(tmp_path, KIE_MODE="live", KIE_API_KEY="k").line
    assert line is not None
    assert "DATA_DIR" in line


def test_a_secret_key_is_made_once_for_the_owner_alone(tmp_path: Path) -> None:
    _start(tmp_path)
    path = tmp_path / "secret_key"
    first = path.read_text()
    _start(tmp_path)
    assert path.read_text() == first
    assert path.stat().st_mode & 0o077 == 0
    assert len(first) >= 50


def test_live_talks_to_kie_unless_told_otherwise(tmp_path: Path) -> None:
    start = _start(tmp_path, KIE_MODE="live", KIE_API_KEY="k")
    assert start.base_url == "https://api.kie.ai"
