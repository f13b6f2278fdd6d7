"""`./run test` turns its arguments into two runs of pytest."""

import pytest

from kling_platform.launch import suites

pytestmark = pytest.mark.no_database

MARKS = [
    ([], ("not long", [])),
    (["-m", "long"], ("", [])),
    (["-mlong", "-x"], ("", ["-x"])),
    (["-m", "browser", "tests/x"], ("browser", ["tests/x"])),
    (["-m=browser"], ("browser", [])),
    (["-k", "price", "--maxfail=1"], ("not long", ["-k", "price", "--maxfail=1"])),
]


@pytest.mark.parametrize(("arguments", "expected"), MARKS)
def test_asking_for_the_long_runs_adds_them_to_the_ordinary(
    arguments: list[str], expected: tuple[str, list[str]]
) -> None:
    assert suites.split_marks(arguments) == expected


PROCESSES = [
    ([], False),
    (["tests/kie"], False),
    (["-n", "4"], True),
    (["-n4"], True),
    (["-n0"], True),
    (["--numprocesses=3"], True),
    (["-p", "no:xdist"], True),
    (["--pdb"], True),
]


@pytest.mark.parametrize(("arguments", "expected"), PROCESSES)
def test_two_processes_are_the_default_only(arguments: list[str], expected: bool) -> None:
    assert suites.sets_processes(arguments) is expected


class Runs:
    """Notes how pytest was called, and answers with prepared statuses."""

    def __init__(self, *statuses: int) -> None:
        self.statuses = list(statuses)
        self.made: list[tuple[list[str], str]] = []

    def __call__(self, arguments: list[str], *, database: str, longest_s: float) -> int:
        self.made.append((arguments, database))
        return self.statuses.pop(0)


def _with(monkeypatch: pytest.MonkeyPatch, runs: Runs, postgres: str) -> None:
    monkeypatch.setattr(suites, "run_pytest", runs)
    monkeypatch.setattr(suites, "reachable_postgres", lambda: postgres)
    monkeypatch.delenv("CI", raising=False)


def test_the_suite_runs_on_sqlite_and_then_on_postgresql(monkeypatch: pytest.MonkeyPatch) -> None:
    runs = Runs(0, 0)
    _with(monkeypatch, runs, "postgres://here")

    assert suites.test(["-x"]) == 0

    assert runs.made == [
        (["-n", "2", "--dist", "loadgroup", "-x", "-m", "not long"], ""),
        (
            ["-n", "2", "--dist", "loadgroup", "-x", "-m", "(not long) and not no_database"],
            "postgres://here",
        ),
    ]


STATUSES = [
    ((1,), 1),  # the failing summary stays the last line
    ((2,), 2),
    ((0, 1), 1),
    ((0, 5), 0),
    ((5, 0), 0),
    ((5, 1), 1),
    ((5, 5), 5),
]


@pytest.mark.parametrize(("statuses", "expected"), STATUSES)
def test_both_runs_must_pass_and_one_must_have_tests(
    monkeypatch: pytest.MonkeyPatch, statuses: tuple[int, ...], expected: int
) -> None:
    runs = Runs(*statuses)
    _with(monkeypatch, runs, "postgres://here")

    assert suites.test([]) == expected
    assert len(runs.made) == len(statuses)


def test_without_postgresql_the_skipped_run_is_told_loudly(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    runs = Runs(0)
    _with(monkeypatch, runs, "")

    assert suites.test([]) == 0

    assert len(runs.made) == 1
    assert "THE POSTGRESQL RUN IS SKIPPED" in capsys.readouterr().err


def test_without_postgresql_ci_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    runs = Runs(0)
    _with(monkeypatch, runs, "")
    monkeypatch.setenv("CI", "true")

    assert suites.test([]) == 1
    assert len(runs.made) == 1
