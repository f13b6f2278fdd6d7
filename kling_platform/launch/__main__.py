"""`python -m kling_platform.launch demo [--once] | serve | web | worker | doctor`."""

import argparse
import sys

from kling_platform import env
from kling_platform.launch import doctor, programs
from kling_platform.launch.child import Program, show
from kling_platform.launch.place import (
    LaunchError,
    Place,
    holding,
    is_free,
    next_free_port,
    place_from_environment,
    with_free_port,
)
from kling_platform.launch.prepare import Preparation
from kling_platform.launch.supervisor import StopSignal, Supervisor
from kling_platform.launch.warden import Warden

_USAGE_ERROR = 2


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="run")
    parser.add_argument("command", choices=["demo", "serve", "web", "worker", "doctor"])
    parser.add_argument("--once", action="store_true")
    options = parser.parse_args(words)
    if options.command == "doctor":
        return doctor.report(place_from_environment(), show=show)
    if options.command == "demo" and env.text("KIE_MODE") == "live":
        print(
            "run: ./run is the demo and spends nothing; use ./run serve for KIE_MODE=live",
            file=sys.stderr,
        )
        return _USAGE_ERROR
    stop = StopSignal()
    stop.listen()
    try:
        place = place_from_environment()
        place.make_folders()
        typed = "./run" if options.command == "demo" else f"./run {options.command}"
        with holding(place, typed) as lock:
            warden = Warden(lock=lock)
            try:
                if options.command == "demo":
                    return _demo(place, stop, warden, once=options.once)
                return _serve(place, options.command, stop, warden)
            finally:
                warden.close()
    except LaunchError as error:
        print(f"run: {error}" if "\n" not in str(error) else error, file=sys.stderr, flush=True)
        return 1


def _serve(place: Place, command: str, stop: StopSignal, warden: Warden) -> int:
    if command != "worker" and not is_free(place.host, place.port):
        raise LaunchError(f"PORT: {place.port} on {place.host} is taken; choose another with PORT=")
    environ = place.environ()
    Preparation(place, environ, stop=stop, warden=warden).run()
    made: list[Program] = []
    if command in {"serve", "web"}:
        made.append(programs.web(place, environ))
        show(f"web listens on {place.address}")
    if command in {"serve", "worker"}:
        made.append(programs.worker(place, environ))
    return Supervisor(place, made, stop=stop, warden=warden).run()


def _demo(place: Place, stop: StopSignal, warden: Warden, *, once: bool) -> int:
    wanted = place.port
    place = with_free_port(place)
    if place.port != wanted:
        show(f"port {wanted} is taken, using {place.port}")
    simulator_port = next_free_port(
        "127.0.0.1", env.whole("SIMULATOR_PORT", 8301, least=1, most=65535)
    )
    environ = programs.demo_environ(place, simulator_port=simulator_port)
    show("setting up the database and the static files")
    Preparation(place, environ, stop=stop, warden=warden).run(demo=True)
    made = [
        programs.simulator(place, environ, port=simulator_port),
        programs.web(place, environ),
        programs.worker(place, environ),
    ]
    supervisor = Supervisor(place, made, stop=stop, warden=warden)
    return supervisor.run(programs.demo_job(environ), end_with_job=once)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
