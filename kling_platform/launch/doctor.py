"""`./run doctor`: what is fine, and what to do about the rest; manage.py tells its second half."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass

from kling_platform.launch.place import ROOT, LaunchError, Place, holder, is_free
from kling_platform.launch.programs import MANAGE

_CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@dataclass(frozen=True, slots=True)
class Finding:
    """`advice` is empty when all is well; `needed` is False for what only the tests want."""

    topic: str
    detail: str
    advice: str = ""
    needed: bool = True

    def __str__(self) -> str:
        verdict = "ok" if not self.advice else "!!" if self.needed else "--"
        advice = f": {self.advice}" if self.advice else ""
        return f"{verdict}  {self.topic:<12} {self.detail}{advice}"


def report(place: Place, *, show: Callable[[str], None]) -> int:
    """Show each finding; answer 1 when something must be done, else 0."""
    findings = [_python(), *_serving(place), _chromium(), _settings(place)]
    for finding in findings:
        show(str(finding))
    broken = any(finding.advice and finding.needed for finding in findings)
    if findings[-1].advice:  # without sound settings manage.py can say nothing more
        return 1
    inner = subprocess.run([*MANAGE, "doctor"], cwd=ROOT, env=place.environ(), check=False)
    return 1 if broken or inner.returncode else 0


def _python() -> Finding:
    version = "{}.{}.{}".format(*sys.version_info)
    return Finding("python", f"{version} in {sys.prefix}, requirements installed")


def _serving(place: Place) -> list[Finding]:
    try:
        place.make_folders()
        served_by = holder(place)
        taken = not is_free(place.host, place.port)
    except LaunchError as error:
        return [Finding("place", "refused", str(error))]
    found = [
        Finding(
            "data", f"{place.data_dir}, {f'served by {served_by}' if served_by else 'not served'}"
        )
    ]
    at = f"{place.host}:{place.port}"
    if not taken:
        return [*found, Finding("port", f"{at} is free")]
    if served_by:
        return [*found, Finding("port", f"{at} is taken, as it is while this folder is served")]
    return [*found, Finding("port", f"{at} is taken", "stop what listens there or set PORT")]


def _chromium() -> Finding:
    for name in _CHROMIUMS:
        if path := shutil.which(name):
            return Finding("chromium", path)
    return Finding(
        "chromium", "none", "browser tests are skipped; apt-get install chromium", needed=False
    )


def _settings(place: Place) -> Finding:
    done = subprocess.run(
        [*MANAGE, "check"],
        cwd=ROOT,
        env=place.environ(),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode == 0:
        return Finding("settings", "manage.py check found nothing")
    return Finding("settings", "refused", done.stderr.strip())
