"""A run of pytest ends whatever its tests do, says where it stood, and leaves nothing behind."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from kling_platform.launch.place import ROOT
from tests.journeys.machine import wait_for

pytestmark = pytest.mark.no_database

RUN = (
    "import sys; from kling_platform.launch.pytest_process import run_pytest;"
    "options = ['-p', 'no:django', '-o', 'addopts=', '-o', 'timeout=0', '--rootdir', sys.argv[1]];"
    "sys.exit(run_pytest([*options, sys.argv[1]], database='', longest_s=float(sys.argv[2])))"
)
STRAY = """
import subprocess, time

def test_with_a_stray():
    process = subprocess.Popen(["sleep", "600"], start_new_session=True)
    open("{note}", "w").write(str(process.pid))
    {then}
"""


def run(folder: Path, then: str, longest_s: float) -> tuple[subprocess.CompletedProcess[str], int]:
    """Run a test that leaves a process behind; answer what came of it, and that process's id."""
    note = folder / "stray"
    (folder / "test_it.py").write_text(STRAY.format(note=note, then=then))
    done = subprocess.run(
        [sys.executable, "-c", RUN, str(folder), str(longest_s)],
        cwd=ROOT,
        env=os.environ | {"PYTEST_ADDOPTS": ""},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done, int(note.read_text())


def test_a_run_that_hangs_is_ended_and_says_where(tmp_path: Path) -> None:
    done, stray = run(tmp_path, "time.sleep(600)", longest_s=4)

    assert done.returncode == 124
    assert "pytest did not end within" in done.stdout
    assert "test_with_a_stray" in done.stderr, "the stack is shown"
    wait_for(lambda: not Path(f"/proc/{stray}").exists(), "the stray lives", 2)


def test_what_a_test_leaves_running_is_killed(tmp_path: Path) -> None:
    done, stray = run(tmp_path, "pass", longest_s=50)

    assert done.returncode == 0, done.stdout
    wait_for(lambda: not Path(f"/proc/{stray}").exists(), "the stray lives", 2)
