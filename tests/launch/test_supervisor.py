"""The supervisor starts again what dies, replaces what is silent, and leaves nothing behind."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kling_platform.launch.child import Program
from kling_platform.launch.place import Place
from kling_platform.launch.supervisor import Patience, StopSignal, Supervisor
from kling_platform.launch.warden import Warden
from tests.launch.fakes import FAMILY, eventually, family, is_alive, pids, place_in, program

pytestmark = pytest.mark.no_database

QUICK = Patience(grace_s=5, last_grace_s=5, first_pause_s=0.01, tick_s=0.02)


class Stage:
    """One supervisor with fake programs; `act` happens in a thread while it runs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.place: Place = place_in(folder)
        self.stop = StopSignal()
        self.warden = Warden()
        self.shown: list[str] = []

    def run(
        self,
        *programs: Program,
        act: Callable[[], object] | None = None,
        patience: Patience = QUICK,
        job: Program | None = None,
    ) -> int:
        supervisor = Supervisor(
            self.place,
            programs,
            stop=self.stop,
            warden=self.warden,
            patience=patience,
            show=self.shown.append,
        )
        if act is None:
            return supervisor.run(job, end_with_job=job is not None)
        failures: list[BaseException] = []
        thread = threading.Thread(target=self._act, args=(act, failures))
        thread.start()
        status = supervisor.run(job)
        thread.join()
        if failures:
            raise failures[0]
        return status

    def _act(self, act: Callable[[], object], failures: list[BaseException]) -> None:
        try:
            act()
        except BaseException as error:
            failures.append(error)
        finally:
            self.stop.requested = True

    def await_family(self, name: str = "worker") -> list[int]:
        assert eventually((self.folder / f"{name}.pids").exists)
        return pids(self.folder, name)

    def await_another_family(self, old: list[int]) -> list[int]:
        assert eventually(lambda: pids(self.folder) != old)
        return pids(self.folder)


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    made = Stage(tmp_path)
    yield made
    made.warden.close()


def test_stopping_forbids_new_claims_before_any_program_hears_of_it(stage: Stage) -> None:
    source = """
        import os, signal, sys, time
        def heard(*_):
            open(sys.argv[2], "w").write(str(os.path.exists(sys.argv[1])))
            sys.exit()
        signal.signal(signal.SIGTERM, heard)
        open(sys.argv[2] + ".ready", "w")
        while True: time.sleep(0.05)
    """
    seen = stage.folder / "seen"
    worker = program("worker", source, stage.place.stop_file, seen)

    status = stage.run(worker, act=lambda: eventually(Path(f"{seen}.ready").exists))

    assert status == 0
    assert seen.read_text() == "True"
    assert not stage.place.stop_file.exists()


def test_a_stop_file_left_by_a_killed_parent_does_not_keep_the_worker_idle(stage: Stage) -> None:
    stage.place.stop_file.touch()

    def act() -> None:
        stage.await_family()
        assert not stage.place.stop_file.exists()

    stage.run(family(stage.folder), act=act)


def test_stopping_sends_term_to_the_leader_alone_and_leaves_nobody(stage: Stage) -> None:
    stage.run(family(stage.folder), act=stage.await_family)

    assert not (stage.folder / "worker.inner-term").exists()
    assert not any(is_alive(pid) for pid in pids(stage.folder))


def test_the_simulator_stops_only_when_the_worker_is_gone(stage: Stage) -> None:
    source = """
        import signal, sys, time
        def heard(*_):
            time.sleep(float(sys.argv[2]))
            open(sys.argv[1], "w").write(str(time.monotonic()))
            sys.exit()
        signal.signal(signal.SIGTERM, heard)
        open(sys.argv[1] + ".ready", "w")
        while True: time.sleep(0.02)
    """
    worker_end, simulator_end = stage.folder / "worker-end", stage.folder / "simulator-end"
    simulator = program("simulator", source, simulator_end, 0, stops_last=True)

    def act() -> None:
        for end in (worker_end, simulator_end):
            assert eventually(Path(f"{end}.ready").exists)

    stage.run(simulator, program("worker", source, worker_end, 0.4), act=act)

    assert float(worker_end.read_text()) < float(simulator_end.read_text())


def test_a_program_that_ignores_term_is_killed_after_the_grace(stage: Stage) -> None:
    deaf = program(
        "worker",
        "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        + _dedented(FAMILY)
        + _WAIT,
        stage.folder,
        "worker",
    )

    stage.run(deaf, act=stage.await_family, patience=Patience(grace_s=0.3, tick_s=0.02))

    assert not any(is_alive(pid) for pid in pids(stage.folder))
    assert any("worker did not stop in time" in line for line in stage.shown)


def test_a_killed_leader_takes_its_orphans_along_and_is_replaced(stage: Stage) -> None:
    def act() -> None:
        old = stage.await_family()
        os.kill(old[0], signal.SIGKILL)
        new = stage.await_another_family(old)
        assert not any(is_alive(pid) for pid in old)
        assert all(is_alive(pid) for pid in new)

    assert stage.run(family(stage.folder), act=act) == 0
    assert any("worker was ended by signal 9" in line for line in stage.shown)


def test_a_silent_program_is_killed_with_its_group_and_replaced(stage: Stage) -> None:
    silent = family(stage.folder, heartbeat=stage.place.heartbeat_file)

    def act() -> None:
        old = stage.await_family()
        stage.await_another_family(old)
        assert not any(is_alive(pid) for pid in old)

    stage.run(silent, act=act, patience=Patience(heartbeat_s=0.4, first_pause_s=0.01, tick_s=0.02))

    assert any("no heartbeat" in line for line in stage.shown)


def test_a_program_with_a_beating_heart_is_left_alone(stage: Stage) -> None:
    def act() -> None:
        old = stage.await_family()
        for _ in range(30):
            stage.place.heartbeat_file.touch()
            time.sleep(0.03)
        assert pids(stage.folder) == old

    stage.run(
        family(stage.folder, heartbeat=stage.place.heartbeat_file),
        act=act,
        patience=Patience(grace_s=5, heartbeat_s=0.6, tick_s=0.02),
    )

    assert stage.shown == []


def test_a_program_that_keeps_dying_ends_the_start_loudly(stage: Stage) -> None:
    dying = program("web", "print('no such table'); raise SystemExit(3)")

    status = stage.run(dying, patience=Patience(first_pause_s=0.01, deaths=3, tick_s=0.01))

    assert status == 1
    loud = [line for line in stage.shown if line.startswith("!!!")]
    assert len(loud) == 3
    assert "web ended with status 3" in loud[-1]
    assert "giving up" in loud[-1]
    log = stage.place.log_dir / "web.log"
    assert str(log) in loud[-1]
    assert log.read_text().splitlines() == ["no such table"] * 3


def test_the_pause_before_each_new_start_doubles_up_to_a_limit(stage: Stage) -> None:
    patience = Patience(first_pause_s=0.1, longest_pause_s=0.3, deaths=5, tick_s=0.005)

    stage.run(program("web", "raise SystemExit(1)"), patience=patience)

    pauses = [line.rpartition(" in ")[2] for line in stage.shown if "starting it again" in line]
    assert pauses == ["0.1 s", "0.2 s", "0.3 s", "0.3 s"]


def test_a_healthy_stretch_forgives_earlier_deaths(stage: Stage) -> None:
    forgiving = Patience(first_pause_s=0.01, deaths=2, healthy_s=0, tick_s=0.01)

    def act() -> None:
        assert eventually(lambda: sum("starting it again" in line for line in stage.shown) > 3)

    assert stage.run(program("web", "raise SystemExit(1)"), act=act, patience=forgiving) == 0


@pytest.mark.parametrize(("job_status", "status"), [(0, 0), (1, 1), (7, 1)])
def test_the_job_decides_how_a_single_run_ends(stage: Stage, job_status: int, status: int) -> None:
    job = program("demo", f"raise SystemExit({job_status})")

    assert stage.run(family(stage.folder), job=job) == status


def test_a_run_that_is_stopped_before_its_job_has_ended_has_not_succeeded(stage: Stage) -> None:
    stage.stop.requested = True

    assert stage.run(job=program("demo", "import time; time.sleep(9)")) == 1


def test_each_line_is_shown_under_the_name_of_its_program(stage: Stage) -> None:
    stage.run(job=program("web", "print('ready'); print(b'\\xff'.decode('latin-1'))"))

    assert stage.shown[0] == "web       | ready"


_WAIT = "\nwhile True: time.sleep(0.05)\n"


def _dedented(source: str) -> str:
    return "\n".join(line.removeprefix("    ") for line in source.splitlines())
