"""The demo's main job: one video through the real path, told line by line.

Sends the shipped picture through REST, follows the generation until its video is archived, and ends
with the file's path and the cost. Exit status 0 means just that.
"""

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from pathlib import Path
from typing import Any

from kling_platform.launch.programs import MANAGE

_PICTURE = Path(__file__).with_name("demo.jpg")
_PROMPT = (
    "The camera glides forward over the hills while the sun slowly sets and the light turns warm"
)
_READY_S, _WHOLE_S, _LOOK_S = 30, 150, 0.5
_OVER = {"failed", "cancelled"}
_UNREADY = 503
# Proxies of the environment are for the outside; this is the same machine.
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class JobError(Exception):
    """The job cannot succeed any more; the text says why."""


class Api:
    """Our REST interface as a stranger's program would use it."""

    def __init__(self, address: str, token: str) -> None:
        self._address, self._token = address, token

    def call(self, path: str, body: bytes | None = None, **headers: str) -> Any:
        """Answer the JSON of a GET, or of a POST when there is a body. Raises JobError."""
        request = urllib.request.Request(  # noqa: S310 - our own address
            f"{self._address}/api/v1/{path}",
            data=body,
            headers={"Authorization": f"Bearer {self._token}"}
            | {name.replace("_", "-"): value for name, value in headers.items()},
        )
        try:
            with _opener.open(request, timeout=30) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise JobError(f"{path} answered {error.code}: {_excerpt(error)}") from error
        except OSError as error:
            raise JobError(f"{path} did not answer: {error}") from error

    def upload(self, picture: Path) -> str:
        """Send the picture and answer its id."""
        edge = uuid.uuid4().hex
        head = f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="{picture.name}"'
        kind = "\r\nContent-Type: image/jpeg\r\n\r\n"
        body = (head + kind).encode() + picture.read_bytes() + f"\r\n--{edge}--\r\n".encode()
        found = self.call("images/", body, Content_Type=f"multipart/form-data; boundary={edge}")
        return str(found["id"])

    def request(self, image: str) -> dict[str, Any]:
        body = {"input": {"prompt": _PROMPT, "duration": "5"}, "image": image, "tags": ["demo"]}
        key = {"Content_Type": "application/json", "Idempotency_Key": str(uuid.uuid4())}
        made: dict[str, Any] = self.call("generations/", json.dumps(body).encode(), **key)
        return made


def say(line: str = "") -> None:
    print(line, flush=True)


def main() -> int:
    address, began_s = os.environ["DEMO_ADDRESS"], time.monotonic()
    try:
        token = _manage("create_api_token", "demo", "--expires", "1").splitlines()[-1]
        _await_ready(address, began_s + _READY_S)
        _greet(address)
        api = Api(address, token)
        generation = api.request(api.upload(_PICTURE))
        _follow(api, generation, began_s + _WHOLE_S)
    except JobError as error:
        say(f"The demo generation did not succeed: {error}")
        return 1
    return 0


def _await_ready(address: str, until_s: float) -> None:
    problem = "no answer"
    while time.monotonic() < until_s:
        try:
            with _opener.open(f"{address}/readyz", timeout=5):
                return
        except urllib.error.HTTPError as error:
            problem = _excerpt(error)
            if error.code != _UNREADY:
                raise JobError(f"/readyz answered {error.code}: {problem}") from error
        except OSError as error:
            problem = str(error)
        time.sleep(0.2)
    raise JobError(f"not ready after {_READY_S} s: {problem}")


def _greet(address: str) -> None:
    password = Path(os.environ["DATA_DIR"], "demo_password").read_text(encoding="utf-8").strip()
    say()
    say(f"  Open       {address}/admin/")
    say(f"  Login      demo, password {password}")
    say("  simulator mode: no money is spent")
    say()


def _follow(api: Api, generation: dict[str, Any], until_s: float) -> None:
    """Tell each change until the video is archived. Raises JobError when that cannot happen."""
    began_s, told = time.monotonic(), ""
    say(f"Demo generation {generation['id']}")
    while True:
        news = _news(generation)
        if news != told:
            say(f"  {time.monotonic() - began_s:5.1f} s  {news}")
            told = news
        if generation["status"] in _OVER:
            failure = generation["failure"] or {}
            raise JobError(f"{failure.get('code')}: {failure.get('detail')}")
        video = generation["video"] or {}
        if video.get("state") == "lost":
            raise JobError("the video was lost before it was archived")
        if video.get("state") == "archived":
            break
        if time.monotonic() > until_s:
            raise JobError(f"not finished after {_WHOLE_S} s")
        time.sleep(_LOOK_S)
        generation = api.call(f"generations/{generation['id']}/")
    cost = generation["cost"]
    say(f"Video  {_manage('video_path', generation['id']).splitlines()[-1]}")
    say(f"Cost   {cost['credits']} credits, {cost['usd']} USD (simulated)")


def _news(generation: dict[str, Any]) -> str:
    words = [generation["status"]]
    if generation["provider_state"]:
        words.append(f"KIE: {generation['provider_state']}")
    if generation["video"]:
        words.append(f"video: {generation['video']['state']}")
    return ", ".join(words)


def _excerpt(error: urllib.error.HTTPError) -> str:
    """Answer the beginning of the answer's body on one line."""
    return " ".join(error.read(1000).decode(errors="replace").split())


def _manage(*words: str) -> str:
    """Answer what manage.py printed. Raises JobError when it fails or prints nothing."""
    done = subprocess.run([*MANAGE, *words], capture_output=True, text=True, check=False)
    if done.returncode or not done.stdout.strip():
        raise JobError(f"manage.py {words[0]}: {done.stderr.strip() or 'no answer'}")
    return done.stdout.strip()


if __name__ == "__main__":
    sys.exit(main())
