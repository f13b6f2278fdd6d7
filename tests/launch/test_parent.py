"""A real parent process under real signals: kill -9, one INT, two INTs."""

import json
import os
import signal
from pathlib import Path

import pytest

from kling_platform.launch.place import holder
from tests.launch.fakes import eventually, is_alive, pids, place_in, start_parent

pytestmark = pytest.mark.no_database

PARENT = """
    import sys
    from pathlib import Path
    from kling_platform.launch.place import holding
    from kling_platform.launch.supervisor import StopSignal, Supervisor
    from kling_platform.launch.warden import Warden
    from tests.launch.fakes import family, place_in
    folder = Path(sys.argv[1])
    place = place_in(folder)
    stop = StopSignal()
    stop.listen()
    with holding(place, "./run serve") as lock:
        warden = Warden(lock=lock)
        made = [family(folder, "web"), family(folder, "worker")]
        status = Supervisor(place, made, stop=stop, warden=warden).run()
        warden.close()
    sys.exit(status)
"""


def _family_pids(folder: Path) -> list[int]:
    names = ("web", "worker")
    assert eventually(lambda: all((folder / f"{name}.pids").exists() for name in names))
    return [pid for name in names for pid in pids(folder, name)]


def test_a_parent_that_is_killed_leaves_no_process_and_no_lock(tmp_path: Path) -> None:
    parent = start_parent(tmp_path, PARENT)
    family = _family_pids(tmp_path)
    place = place_in(tmp_path)
    assert f"process {parent.pid} (./run serve" in holder(place)

    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()

    assert eventually(lambda: holder(place) == "")
    assert not any(is_alive(pid) for pid in family)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_one_signal_ends_everything_in_good_order(tmp_path: Path, number: int) -> None:
    parent = start_parent(tmp_path, PARENT)
    family = _family_pids(tmp_path)

    os.kill(parent.pid, number)

    assert parent.wait(timeout=20) == 0
    assert not any(is_alive(pid) for pid in family)
    assert (tmp_path / "data" / "lock").read_bytes() == b""


def test_a_second_interrupt_while_stopping_leaves_no_orphans(tmp_path: Path) -> None:
    parent = start_parent(tmp_path, PARENT)
    family = _family_pids(tmp_path)

    for _ in range(3):
        os.kill(parent.pid, signal.SIGINT)

    assert parent.wait(timeout=20) == 0
    assert not any(is_alive(pid) for pid in family)


def test_the_lock_says_who_serves_since_when(tmp_path: Path) -> None:
    parent = start_parent(tmp_path, PARENT)
    _family_pids(tmp_path)

    record = json.loads((tmp_path / "data" / "lock").read_text())

    assert record.keys() == {"pid", "command", "since"}
    assert record["pid"] == parent.pid
    os.kill(parent.pid, signal.SIGTERM)
    parent.wait(timeout=20)


def test_a_warden_that_is_killed_is_replaced(tmp_path: Path) -> None:
    parent = start_parent(tmp_path, PARENT)
    family = _family_pids(tmp_path)
    (warden,) = _wardens(parent.pid)

    os.kill(warden, signal.SIGKILL)
    assert eventually(lambda: _wardens(parent.pid) not in ([], [warden]))
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()

    assert eventually(lambda: not any(is_alive(pid) for pid in family))


def _wardens(parent: int) -> list[int]:
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    named = [(int(pid), Path(f"/proc/{pid}/cmdline").read_bytes()) for pid in children]
    return [pid for pid, command in named if b"warden.py" in command]
