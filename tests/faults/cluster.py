"""The processes of a running cluster by what they are, so that a test can kill the one it means."""

from pathlib import Path

from tests.journeys.platform import Platform

WORKERS = 7


def members(platform: Platform) -> dict[str, list[int]]:
    """Answer the ids of main, sentinel, workers and helpers (monitor and pusher), oldest first."""
    parent_of = {pid: _parent(pid) for pid in platform.processes()}
    mains = [
        pid
        for pid, words in platform.processes().items()
        if "run_cluster" in words
        and "run_cluster" not in platform.processes().get(_parent(pid), "")
    ]
    sentinels = [pid for pid, parent in parent_of.items() if parent in mains]
    children = sorted(pid for pid, parent in parent_of.items() if parent in sentinels)
    return {
        "main": sorted(mains),
        "sentinel": sorted(sentinels),
        "workers": children[:WORKERS],
        "helpers": children[WORKERS:],
    }


def _parent(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0
