"""Start-up is quick when nothing has changed, and logs hold no callback token."""

import importlib
import logging
from pathlib import Path
from types import SimpleNamespace

import pytest

from kling_platform.launch.prepare import fingerprint_of_static_files

pytestmark = pytest.mark.no_database


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    for name in ("requirements.txt", "static/platform.css", "generations/static/drop.js"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("1")
    return tmp_path


def test_static_files_are_collected_once_while_nothing_changes(checkout: Path) -> None:
    assert fingerprint_of_static_files(checkout) == fingerprint_of_static_files(checkout)


@pytest.mark.parametrize(
    "name",
    ["requirements.txt", "static/platform.css", "generations/static/drop.js", "static/new.svg"],
)
def test_static_files_are_collected_again_after_a_change(checkout: Path, name: str) -> None:
    before = fingerprint_of_static_files(checkout)
    (checkout / name).write_text("another")

    assert fingerprint_of_static_files(checkout) != before


def test_gunicorn_logs_no_callback_token(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for name, value in (("HOST", "::1"), ("PORT", "81"), ("DATA_DIR", "/data")):
        monkeypatch.setenv(name, value)
    config = importlib.import_module("kling_platform.launch.gunicorn_config")
    log = logging.getLogger("test.gunicorn.error")
    config.post_worker_init(SimpleNamespace(log=SimpleNamespace(error_log=log)))

    log.error("Error handling request %s %s", "POST", "/callbacks/kie/very-secret/?a=b")

    assert config.bind == "[::1]:81"
    assert config.accesslog is None
    assert "very-secret" not in caplog.text
    assert "/callbacks/kie/***" in caplog.text
