"""The programs that a parent may run, and the environment each mode gives them."""

import sys
from pathlib import Path

from kling_platform import env
from kling_platform.launch.child import Program
from kling_platform.launch.place import ROOT, Place

MANAGE = (sys.executable, str(ROOT / "manage.py"))
# Known to everybody on purpose: it opens nothing but the simulator on this machine.
_SIMULATOR_KEY = "simulator"
_SIMULATOR_HMAC_KEY = "simulator-callback-key"


def web(place: Place, environ: dict[str, str]) -> Program:
    config = str(Path(__file__).with_name("gunicorn_config.py"))
    command = (sys.executable, "-m", "gunicorn", "kling_platform.wsgi", "--config", config)
    return Program("web", (*command, "--no-control-socket"), environ)


def worker(place: Place, environ: dict[str, str]) -> Program:
    return Program("worker", (*MANAGE, "run_cluster"), environ, heartbeat=place.heartbeat_file)


def simulator(place: Place, environ: dict[str, str], *, port: int) -> Program:
    command = (
        *(sys.executable, "-m", "kie_simulator", "--port", str(port)),
        *("--data-dir", str(place.data_dir / "simulator")),
        *("--speed", str(env.whole("SIMULATOR_SPEED", 20, least=1, most=10_000))),
        *("--api-key", _SIMULATOR_KEY, "--hmac-key", _SIMULATOR_HMAC_KEY),
    )
    return Program("simulator", command, environ, stops_last=True)


def demo_job(environ: dict[str, str]) -> Program:
    command = (sys.executable, "-m", "kling_platform.launch.demo_job")
    return Program("demo", command, environ, shows_name=False)


def demo_environ(place: Place, *, simulator_port: int) -> dict[str, str]:
    """Answer the children's environment of the demo: everything points at the simulator.

    A real key of the person who tries the demo never reaches the simulator.
    """
    simulator_host = f"127.0.0.1:{simulator_port}"
    environ = place.environ()
    for name in ("KIE_API_KEY_FILE", "KIE_WEBHOOK_HMAC_KEY_FILE"):
        environ.pop(name, None)
    hosts = [*env.listed("FETCH_ALLOW_HOSTS"), simulator_host]
    environ |= {
        "KIE_MODE": "simulator",
        "KIE_API_KEY": _SIMULATOR_KEY,
        "KIE_WEBHOOK_HMAC_KEY": _SIMULATOR_HMAC_KEY,
        "KIE_BASE_URL": f"http://{simulator_host}",
        "KIE_UPLOAD_BASE_URL": f"http://{simulator_host}",
        "FETCH_ALLOW_HOSTS": ",".join(hosts),
        "POLL_SECONDS": env.text("POLL_SECONDS", "2,5,10"),
        "DEMO_ADDRESS": place.address,
    }
    public = env.text("PUBLIC_BASE_URL")
    if not public and env.is_loopback(place.address.split("//")[1].rpartition(":")[0]):
        environ["PUBLIC_BASE_URL"] = place.address
    return environ
