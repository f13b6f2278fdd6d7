"""`run` installs when something has changed, mends what is half made, and is instant otherwise."""

import json
import os
import subprocess
import sys
import threading
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from types import ModuleType

import pytest

from kling_platform.launch.place import ROOT

pytestmark = pytest.mark.no_database

# Stands in for uv: notes its calls, and makes an environment out of the Python that runs it.
FAKE_UV = """#!/bin/sh
echo "$@" >> "$CALLS"
case "$1" in
  venv) for folder; do :; done
        rm -rf "$folder"; mkdir -p "$folder/bin"; ln -s "{python}" "$folder/bin/python" ;;
  pip) exit "${{INSTALL_STATUS:-0}}" ;;
esac
"""


def _load() -> ModuleType:
    spec = spec_from_loader("run", SourceFileLoader("run", str(ROOT / "run")))
    assert spec
    assert spec.loader
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


run = _load()


class Checkout:
    """A folder with two locks, and a fake uv in front of the PATH."""

    def __init__(self, folder: Path) -> None:
        self.root, self.calls_file = folder, folder / "calls"
        (folder / "requirements.txt").write_text("runtime 1")
        (folder / "requirements-dev.txt").write_text("development 1")
        tools = folder / "tools"
        tools.mkdir()
        (tools / "uv").write_text(FAKE_UV.format(python=sys.executable))
        (tools / "uv").chmod(0o755)

    def prepare(self, lock: str, *, version: str | None = None) -> list[str]:
        """Prepare and answer the first words of what uv was called with."""
        self.calls_file.write_text("")
        options = {"version": version} if version else {}
        run.Environment(self.root, **options).prepare(lock)
        return [line.split()[0] for line in self.calls_file.read_text().splitlines()]


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Checkout:
    made = Checkout(tmp_path)
    monkeypatch.setenv("PATH", f"{tmp_path / 'tools'}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("CALLS", str(made.calls_file))
    return made


def test_a_first_run_makes_the_environment_and_installs(checkout: Checkout) -> None:
    assert checkout.prepare(run.RUNTIME) == ["venv", "pip"]


def test_a_second_run_does_nothing(checkout: Checkout) -> None:
    checkout.prepare(run.RUNTIME)

    assert checkout.prepare(run.RUNTIME) == []


def test_a_changed_lock_is_installed_into_the_same_environment(checkout: Checkout) -> None:
    checkout.prepare(run.RUNTIME)
    (checkout.root / "requirements.txt").write_text("runtime 2")

    assert checkout.prepare(run.RUNTIME) == ["pip"]


def test_the_development_set_is_added_and_covers_the_runtime_set(checkout: Checkout) -> None:
    checkout.prepare(run.RUNTIME)

    assert checkout.prepare(run.DEVELOPMENT) == ["pip"]
    assert checkout.prepare(run.RUNTIME) == []


def test_packages_are_installed_by_their_hashes_only(checkout: Checkout) -> None:
    checkout.prepare(run.RUNTIME)

    install = checkout.calls_file.read_text().splitlines()[-1]
    assert "--require-hashes" in install
    assert install.endswith(str(checkout.root / "requirements.txt"))


def test_an_installation_that_was_killed_half_way_is_made_anew(checkout: Checkout) -> None:
    checkout.prepare(run.RUNTIME)
    (checkout.root / ".venv" / "installed.json").unlink()
    (checkout.root / ".venv" / "unfinished").touch()

    assert checkout.prepare(run.RUNTIME) == ["venv", "pip"]


def test_an_environment_without_a_working_python_is_made_anew(checkout: Checkout) -> None:
    checkout.prepare(run.RUNTIME)
    python = checkout.root / ".venv" / "bin" / "python"
    python.unlink()
    python.symlink_to("/nowhere/python")

    assert checkout.prepare(run.RUNTIME) == ["venv", "pip"]


def test_an_environment_of_another_python_is_made_anew(checkout: Checkout) -> None:
    checkout.prepare(run.RUNTIME)
    stamp = checkout.root / ".venv" / "installed.json"
    stamp.write_text(json.dumps(json.loads(stamp.read_text()) | {"python": "3.10"}))

    assert checkout.prepare(run.RUNTIME) == ["venv", "pip"]


@pytest.mark.parametrize("note", ["", "[]", "{", '{"python": null}'])
def test_a_spoilt_note_only_costs_an_installation(checkout: Checkout, note: str) -> None:
    checkout.prepare(run.RUNTIME)
    (checkout.root / ".venv" / "installed.json").write_text(note)

    assert checkout.prepare(run.RUNTIME)[-1] == "pip"
    assert checkout.prepare(run.RUNTIME) == []


def test_two_runs_at_once_install_once(checkout: Checkout) -> None:
    environment = run.Environment(checkout.root)
    threads = [threading.Thread(target=environment.prepare, args=(run.RUNTIME,)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(checkout.calls_file.read_text().splitlines()) == 2


def test_a_failing_uv_is_followed_by_venv_and_pip(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Takes some seconds: it makes a real environment, with nothing to install in it."""
    monkeypatch.setenv("INSTALL_STATUS", "1")
    (checkout.root / "requirements.txt").write_text("# nothing\n")
    (checkout.root / "tools" / "uv").write_text('#!/bin/sh\necho "$@" >> "$CALLS"\nexit 1\n')

    assert checkout.prepare(run.RUNTIME) == ["venv"]
    assert run.Environment(checkout.root).is_ready(run.RUNTIME)


def test_an_installation_that_fails_is_one_line_of_trouble(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INSTALL_STATUS", "1")
    (checkout.root / "requirements.txt").write_text("not a requirement !!\n")

    with pytest.raises(run.SetupError, match=r"could not install requirements\.txt"):
        checkout.prepare(run.RUNTIME)

    assert not run.Environment(checkout.root).is_ready(run.RUNTIME)


def test_without_ensurepip_and_root_the_line_to_type_is_told(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    (checkout.root / "tools" / "uv").unlink()
    monkeypatch.setenv("PATH", str(checkout.root / "tools"))
    monkeypatch.setattr(run, "call", lambda command, quiet=False: False)

    with pytest.raises(run.SetupError, match=r"apt-get install python3\.\d+-venv"):
        checkout.prepare(run.RUNTIME)


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["nonsense"], "run: there is no command 'nonsense'; ./run --help lists them\n"),
        (["serve", "now"], "run: ./run serve takes no arguments\n"),
    ],
)
def test_an_unknown_command_is_one_line_and_status_2(words: list[str], line: str) -> None:
    done = subprocess.run([ROOT / "run", *words], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout, done.stderr) == (2, "", line)


def test_the_help_names_every_command() -> None:
    done = subprocess.run([ROOT / "run", "--help"], capture_output=True, text=True, check=False)

    assert done.returncode == 0
    assert all(command in done.stdout for command in [*run.COMMANDS, "lock"])


def test_ci_runs_the_two_commands_and_nothing_else() -> None:
    lines = (ROOT / ".ci" / "run").read_text().splitlines()

    assert [line for line in lines if line.startswith("./")] == ["./run lint", "./run test"]
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
