"""One sweep process over many due generations: reads a second, CPU and memory.

The account's limit is raised out of the way. The records say what is known already, as nearly all do.
"""

import contextlib
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from django.db.models import Max
from django.test.utils import override_settings

from generations.kie import KieClient, KieConfig, TaskRecord
from generations.models import Generation
from generations.services.sweep import Sweep
from tests.bench.figures import report
from tests.bench.place import ROOT
from tests.bench.rows import make_running

ROWS, READS_PER_SECOND = 1000, 3000
# Latency in ms: (repeats, reads a second at least).
LATENCIES = {20: (3, 1000), 200: (1, 250)}
CPU_S_PER_1000, RSS_MB = 1.1, 80.0


class CountingClient:
    """The real client; it counts, so that the loop can be stopped when all has been read."""

    def __init__(self, port: int) -> None:
        address = f"http://127.0.0.1:{port}"
        self._client = KieClient(KieConfig(address, address, "key"))
        self.reads = 0

    def read_task(self, task_id: str) -> TaskRecord:
        record = self._client.read_task(task_id)
        self.reads += 1
        return record


def main() -> None:
    # Old enough to be read again only after 30 s: nothing comes round twice in one run.
    make_running(ROWS, age_s=600, now=datetime.now(UTC))
    with override_settings(KIE_READS_PER_SECOND=READS_PER_SECOND):
        for latency_ms, (repeats, at_least) in LATENCIES.items():
            with _provider(latency_ms) as port:
                runs = [_sweep(port) for _ in range(repeats)]
            name = f"sweep.{latency_ms}_ms"
            detail = f"{ROWS} due rows, SQLite, median of {repeats}; cold start included"
            rate = statistics.median(rate for rate, _ in runs)
            cpu_s = statistics.median(cpu_s for _, cpu_s in runs)
            report(f"{name}.reads", rate, "reads/s", at_least=at_least, detail=detail)
            report(
                f"{name}.cpu",
                cpu_s,
                "s per 1000",
                at_most=CPU_S_PER_1000,
                detail=f"HTTP, decoding and database; {ROWS} tasks read every 10 s would take "
                f"{cpu_s * 10:.0f} % of a core",
            )
    report(
        "sweep.rss",
        _peak_rss_mb(),
        "MB",
        at_most=RSS_MB,
        detail="peak of the process, the whole Django project loaded (admin and REST included)",
    )


def _sweep(port: int) -> tuple[float, float]:
    """Read every row once; answer the reads a second and the CPU seconds for 1000 of them.

    The clock stops when the last row is written; the loop itself looks for a stop only at each tick.
    """
    now = datetime.now(UTC)
    Generation.objects.update(next_poll_at=now, last_poll_at=None)
    client = CountingClient(port)
    sweep = Sweep(client=client, clock=lambda: datetime.now(UTC), holder="bench")

    def is_done() -> bool:
        return client.reads >= ROWS and not Generation.objects.filter(last_poll_at=None).exists()

    began_at, cpu_s = datetime.now(UTC), time.process_time()
    assert sweep.run(should_stop=is_done, turn_s=25)
    cpu_s = time.process_time() - cpu_s
    sweep.drain(should_stop=lambda: True)
    if not is_done():
        raise RuntimeError(f"{client.reads} of {ROWS} were read")
    ended_at = Generation.objects.aggregate(at=Max("last_poll_at"))["at"]
    return ROWS / (ended_at - began_at).total_seconds(), cpu_s / ROWS * 1000


@contextlib.contextmanager
def _provider(latency_ms: int) -> Iterator[int]:
    command = [sys.executable, "-m", "tests.bench.provider_server", str(latency_ms)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            yield int(process.stdout.readline())
        finally:
            process.kill()


def _peak_rss_mb() -> float:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("the kernel does not say")
