"""`./run --once` from an empty folder: the whole main job, and nothing left behind."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from kling_platform.launch.place import ROOT, holder, next_free_port
from tests.launch.fakes import place_in

pytestmark = [pytest.mark.no_database, pytest.mark.long, pytest.mark.timeout(240)]


def _processes_of(folder: Path) -> list[str]:
    marker, found = f"DATA_DIR={folder}".encode(), []
    for environ in Path("/proc").glob("[0-9]*/environ"):
        try:
            if marker in environ.read_bytes().split(b"\0"):
                found.append((environ.parent / "cmdline").read_text())
        except OSError:  # gone meanwhile, or not ours
            continue
    return found


def test_the_demo_makes_one_video_and_stops(tmp_path: Path) -> None:
    place = place_in(tmp_path)
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("KIE_")}
    inherited |= {"DATA_DIR": str(place.data_dir), "DATABASE_URL": "", "MIN_FREE_MB": "0"}
    inherited |= {"PORT": str(next_free_port("127.0.0.1", 18000 + os.getpid() % 1000))}

    for _ in range(2):  # the second run finds the first one's data
        done = subprocess.run(
            [sys.executable, "-m", "kling_platform.launch", "demo", "--once"],
            cwd=ROOT,
            env=inherited,
            capture_output=True,
            text=True,
            check=False,
            timeout=180,
        )

        assert done.returncode == 0, done.stdout + done.stderr
        assert "simulator mode: no money is spent" in done.stdout
        video = re.search(r"^Video  (.+)$", done.stdout, re.M)
        assert video
        assert Path(video[1]).read_bytes()[4:8] == b"ftyp"
        assert re.search(r"^Cost   160\.00 credits, 0\.8000 USD", done.stdout, re.M)
        assert holder(place) == ""
        assert _processes_of(place.data_dir) == []
