"""`./run test` and `./run lint`: the suite on both databases, and the checks that need no running.

Nothing is printed after pytest's own summary, so the last line is always pytest's.
"""

import hashlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence

import psycopg

from kling_platform.launch.place import ROOT
from kling_platform.launch.pytest_process import run_pytest

_NO_TESTS = 5
_ORDINARY = "not long"
# A run of the ordinary tests takes some five minutes; one that hangs must still say where.
_LONGEST_S = 20 * 60
_LONGEST_WITH_LONG_S = 4 * 60 * 60
_PROCESS_FLAGS = ("-n", "--numprocesses", "--pdb", "--trace", "--dist")

LINTERS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("format", ("-m", "ruff", "format", "--check", ".", "run")),
    ("lint", ("-m", "ruff", "check", ".", "run")),
    ("types", ("-m", "mypy")),
    ("architecture", ("-m", "pytest", "tests/architecture", "-n0")),
    ("migrations", ("manage.py", "makemigrations", "--check", "--dry-run")),
)


def test(arguments: list[str]) -> int:
    """Run the suite on SQLite, then, when that passes, on PostgreSQL; answer the exit status."""
    wanted, rest = split_marks(arguments)
    if not sets_processes(rest):
        rest = ["-n", "2", "--dist", "loadgroup", *rest]
    postgres = reachable_postgres()
    if postgres:
        _say("1 of 2: SQLite (PostgreSQL follows when it passes)")
    else:
        _say("!!! THE POSTGRESQL RUN IS SKIPPED: none answers on 127.0.0.1:5432 to a role that may")
        _say(
            "!!! create databases; start one, or name it: TEST_POSTGRES_URL=postgres://user@host/db"
        )
        if _is_ci():
            _say("!!! CI=true: that is a failure, whatever the SQLite run says")
    longest_s = _LONGEST_S if wanted == _ORDINARY else _LONGEST_WITH_LONG_S
    first = run_pytest([*rest, "-m", wanted], database="", longest_s=longest_s)
    if not postgres:
        return first or int(_is_ci())
    if first not in {0, _NO_TESTS}:
        return first
    _say("2 of 2: PostgreSQL")
    with_database = f"({wanted}) and not no_database" if wanted else "not no_database"
    arguments = [*rest, "-m", with_database]
    second = run_pytest(arguments, database=postgres, longest_s=longest_s)
    return first if second == _NO_TESTS else second


def split_marks(arguments: Sequence[str]) -> tuple[str, list[str]]:
    """Answer the marker expression and the other arguments.

    `-m long` adds the long tests to the ordinary ones, so its expression is empty: all tests.
    """
    wanted, rest, words = _ORDINARY, [], iter(arguments)
    for word in words:
        if word == "-m":
            wanted = next(words, "")
        elif word.startswith("-m"):
            wanted = word.removeprefix("-m").removeprefix("=")
        else:
            rest.append(word)
    return ("" if wanted == "long" else wanted), rest


def sets_processes(arguments: Sequence[str]) -> bool:
    """Tell whether the arguments already say how many processes to use."""
    joined = " ".join(arguments)
    return "no:xdist" in joined or any(word.startswith(_PROCESS_FLAGS) for word in arguments)


def reachable_postgres() -> str:
    """Answer the address of a PostgreSQL whose role may create databases, or ""."""
    given = os.environ.get("TEST_POSTGRES_URL", "")
    # Two check-outs on one machine must not share a test database.
    name = "kling_" + hashlib.sha256(str(ROOT).encode()).hexdigest()[:8]
    urls = (
        [given] if given else [f"postgres://{user}@127.0.0.1:5432" for user in ("root", "postgres")]
    )
    for url in urls:
        try:
            with psycopg.connect(
                url if given else f"{url}/postgres", connect_timeout=3
            ) as connection:
                allowed = connection.execute(
                    "SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user"
                ).fetchone()
        except psycopg.Error:
            continue
        if allowed and allowed[0]:
            return given or f"{url}/{name}"
    return ""


def lint() -> int:
    """Run every check, show the output of those that fail; answer 1 when one did."""
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        for name, words in LINTERS:
            done = subprocess.run(
                [sys.executable, *words],
                cwd=ROOT,
                env=os.environ | {"DATA_DIR": folder},
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
            )
            failed += done.returncode != 0
            if done.returncode:
                print(done.stdout, flush=True)
            print(f"{name:<13} {'failed' if done.returncode else 'ok'}", flush=True)
    return 1 if failed else 0


def _is_ci() -> bool:
    return os.environ.get("CI") == "true"


def _say(line: str) -> None:
    print(f"run: {line}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(test(sys.argv[2:]) if sys.argv[1] == "test" else lint())
