"""`./run bench [names…]`: each benchmark in a process and a data folder of its own.

One JSON object a line per figure, then a table. Nothing needs the network; PostgreSQL is measured
when a server is there (the one of the tests). The whole run ends within six minutes.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.bench import figures
from tests.bench.place import ROOT, clean_environ, own_postgres

WHOLE_RUN_S = 355.0


@dataclass(frozen=True, slots=True)
class Benchmark:
    """A module of this package, the longest it may take, and whether each database counts."""

    name: str
    limit_s: float
    on_each_database: bool = False
    variants: tuple[str, ...] = ("",)


BENCHMARKS = (
    Benchmark("rules", 40),
    Benchmark("transitions", 40, on_each_database=True),
    Benchmark("queue", 60, on_each_database=True),
    Benchmark("sweep", 60),
    Benchmark("click_to_wire", 90),
    Benchmark("idle_memory", 80),
    Benchmark("finish_to_shown", 80, variants=("callbacks", "demo", "default")),
)


def main(names: list[str]) -> int:
    unknown = set(names) - {benchmark.name for benchmark in BENCHMARKS}
    if unknown:
        allowed = ", ".join(benchmark.name for benchmark in BENCHMARKS)
        print(f"bench: no benchmark {', '.join(sorted(unknown))}; there are {allowed}")
        return 2
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    until_s = time.monotonic() + WHOLE_RUN_S
    found: list[dict[str, Any]] = []
    failed = []
    with own_postgres() as postgres:
        databases = ["", postgres] if postgres else [""]
        if not postgres:
            _say("no PostgreSQL that may be used; SQLite alone is measured")
        for benchmark in BENCHMARKS:
            if names and benchmark.name not in names:
                continue
            for database in databases if benchmark.on_each_database else [""]:
                for variant in benchmark.variants:
                    limit_s = min(benchmark.limit_s, until_s - time.monotonic())
                    label = " ".join(filter(None, (benchmark.name, variant, database and "pg")))
                    if limit_s < 1:
                        failed.append(f"{label} (no time left)")
                        continue
                    began_s = time.monotonic()
                    ok = _run(benchmark.name, variant, database, limit_s, found)
                    failed += [] if ok else [label]
                    _say(f"{label}: {time.monotonic() - began_s:.0f} s")
    print(flush=True)
    print(figures.table(found), flush=True)
    if failed:
        _say(f"did not finish: {', '.join(failed)}")
    return 1 if failed else 0


def _run(
    name: str, variant: str, database: str, limit_s: float, found: list[dict[str, Any]]
) -> bool:
    """Run one benchmark, pass its figures on, leave nothing behind; False when it failed."""
    with tempfile.TemporaryDirectory(prefix="kling-bench-") as folder, _log(folder) as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.bench.child", name, *filter(None, [variant])],
            cwd=ROOT,
            env=clean_environ(Path(folder), database),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            start_new_session=True,
        )
        signal.signal(signal.SIGALRM, lambda *_: _kill(process))
        signal.setitimer(signal.ITIMER_REAL, limit_s)
        try:
            assert process.stdout
            for line in process.stdout:
                print(line, end="", flush=True)
                with contextlib.suppress(ValueError):
                    found.append(json.loads(line))
            status = process.wait()
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            _kill(process)
        if status:
            log.seek(0)
            _say(f"{name} ended with {status}:\n{log.read()[-3000:]}")
        return status == 0


@contextlib.contextmanager
def _log(folder: str) -> Iterator[Any]:
    with Path(folder, "bench.log").open("w+", encoding="utf-8", errors="replace") as file:
        yield file


def _kill(process: subprocess.Popen[str]) -> None:
    """Kill the benchmark and its processes; the launcher's warden kills what the launcher began."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _say(line: str) -> None:
    print(f"bench: {line}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
