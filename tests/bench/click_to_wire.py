"""From a person's click (REST POST) to createTask's arrival at KIE, on a platform that is idle."""

import random
import statistics
import time
from io import BytesIO
from pathlib import Path

from PIL import Image

from kling_platform.launch import demo_job
from tests.bench.figures import report_times
from tests.bench.platform import Platform, running

REQUESTS, PACE_S, PATIENCE_S = 40, 0.25, 30.0
_PICTURE = Path(demo_job.__file__).with_name("demo.jpg")


def main() -> None:
    # Above the pace on purpose: waiting for the account's limit is not what is measured here.
    with running(callbacks=True, KIE_CREATES_PER_10S="100") as platform:
        pictures = [platform.upload(_picture(number)) for number in range(REQUESTS)]
        time.sleep(1.0)
        clicked: dict[str, float] = {}
        answered: dict[str, float] = {}
        for number, picture in enumerate(pictures):
            for prompt, wish in ((f"address {number}", {}), (f"picture {number}", picture)):
                due_s = time.monotonic() + PACE_S * random.uniform(0.5, 1.5)
                clicked[prompt] = time.time()
                platform.ask(prompt, **({"image": wish} if wish else {}))
                answered[prompt] = time.time()
                time.sleep(max(0.0, due_s - time.monotonic()))
        arrived = _arrivals(platform, len(clicked))
    for kind in ("address", "picture"):
        own = [prompt for prompt in clicked if prompt.startswith(kind)]
        post_s = statistics.median(answered[prompt] - clicked[prompt] for prompt in own)
        extra = "its upload to KIE included; " if kind == "picture" else ""
        report_times(
            f"click_to_wire.{kind}",
            [arrived[prompt] - clicked[prompt] for prompt in own],
            detail=f"{extra}the POST is answered after {post_s * 1000:.0f} ms (median); "
            f"about one click every {PACE_S} s, other tasks running at KIE",
        )


def _picture(number: int) -> bytes:
    """Each click has a picture of its own: one that KIE has already would not be sent again."""
    with Image.open(_PICTURE) as image:
        image.putpixel((0, 0), (number, 0, 0))
        file = BytesIO()
        image.save(file, "JPEG", quality=90)
    return file.getvalue()


def _arrivals(platform: Platform, expected: int) -> dict[str, float]:
    until_s = time.monotonic() + PATIENCE_S
    while True:
        found = {str(t.input["prompt"]): t.created_at for t in platform.kie.ledger().tasks}
        if len(found) >= expected:
            return found
        if time.monotonic() > until_s:
            raise RuntimeError(f"{len(found)} of {expected} arrived")
        time.sleep(0.2)
