"""``python -m kie_simulator``: one simulator process, until TERM or INT."""

import argparse
import errno
import signal
import sqlite3
import sys
import threading
from pathlib import Path

from kie_simulator.server import start_in_thread
from kie_simulator.world import World


def main(arguments: list[str] | None = None) -> int:
    """Will serve until told to stop and return the exit code: 0, or 2 when it cannot listen."""
    options = _parser().parse_args(arguments)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        world = World(
            options.data_dir,
            speed=options.speed,
            api_key=options.api_key,
            balance=options.balance,
            hmac_key=options.hmac_key,
            seed=options.seed,
        )
    except (OSError, sqlite3.Error) as problem:
        print(f"kie simulator cannot use {options.data_dir}: {problem}", file=sys.stderr)
        return 2
    try:
        server, thread = start_in_thread(world, options.host, options.port)
    except OSError as problem:
        taken = problem.errno == errno.EADDRINUSE
        reason = "the port is taken" if taken else problem.strerror
        where = f"{options.host}:{options.port}"
        print(f"kie simulator cannot listen on {where}: {reason}", file=sys.stderr)
        world.close()
        return 2
    print(f"kie simulator listening on {world.base_url}", flush=True)
    stop.wait()
    server.stop()
    thread.join(timeout=5)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="kie_simulator", description=__doc__)
    parser.add_argument("--port", type=_port, required=True, help="0 takes a free one")
    parser.add_argument("--data-dir", type=Path, required=True, help="where the ledger is kept")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--speed", type=_speed, default=1.0, help="20: a 130 s job takes 6.5 s")
    parser.add_argument("--api-key", help="without it any bearer token will do")
    parser.add_argument("--balance", type=float, default=10_000.0, help="credits of a new ledger")
    parser.add_argument("--hmac-key", help="sign callbacks with it")
    parser.add_argument("--seed", help="same seed, same task ids, jitter and dice")
    return parser


def _port(text: str) -> int:
    port = int(text)
    if not 0 <= port <= 65_535:
        raise argparse.ArgumentTypeError("must be 0 to 65535")
    return port


def _speed(text: str) -> float:
    speed = float(text)
    if speed < 0.001:
        raise argparse.ArgumentTypeError("must be at least 0.001")
    return speed


if __name__ == "__main__":
    sys.exit(main())
