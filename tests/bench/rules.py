"""How fast a payload is judged: the catalogue, and the same rules in pydantic and DRF."""

import random
import statistics
import time
from collections.abc import Callable
from typing import Any

from generations.catalog import ModelSpec, build_input, get_model, validate
from tests.bench import rivals
from tests.bench.figures import report

REPEATS, SLICE_S = 25, 0.02
_HOW = f"median of {REPEATS} interleaved slices of {SLICE_S} s"
GOOD = {
    "prompt": "The camera glides forward over the hills while the sun slowly sets",
    "image_url": "https://file.example.com/pictures/2026/hills.png",
    "duration": "10",
    "negative_prompt": "blur, low quality",
    "cfg_scale": 0.5,
}
# Good as well, but hardly a value is in normal form yet.
AWKWARD = GOOD | {"prompt": "  Slow pan,\r\nthen still\r\n", "duration": 5, "cfg_scale": 0.25}
BAD = {
    "prompt": "   ",
    "image_url": "ftp://file.example.com/a.png",
    "duration": "7",
    "negative_prompt": "x" * 501,
    "cfg_scale": 1.01,
    "seed": 1,
}


def main() -> None:
    spec = get_model("kling/v2-1-master-image-to-video")
    assert spec is not None
    validates: dict[str, Callable[[Any], Any]] = {
        "ours": lambda payload: validate(spec, payload),
        "pydantic": rivals.pydantic_validate,
        "drf": rivals.drf_validate,
    }
    builds: dict[str, Callable[[Any], Any]] = {
        "ours": lambda payload: build_input(spec, payload),
        "pydantic": rivals.pydantic_build_input,
        "drf": rivals.drf_build_input,
    }
    _agree(spec)
    for call, contenders in (("validate", validates), ("build_input", builds)):
        for kind, payload in (("good", GOOD), ("bad", BAD)):
            rates = _rates(contenders, payload)
            rival = max(rate for who, rate in rates.items() if who != "ours")
            report(
                f"rules.{call}.{kind}.ours",
                rates["ours"],
                "calls/s",
                at_least=rival,
                detail=f"{_HOW}; target: the better rival; {rivals.NOT_CHECKED}",
            )
            for who in ("pydantic", "drf"):
                times = rates["ours"] / rates[who]
                report(
                    f"rules.{call}.{kind}.{who}",
                    rates[who],
                    "calls/s",
                    detail=f"{_HOW}; ours is {times:.1f} times as fast",
                )


def _agree(spec: ModelSpec) -> None:
    """A benchmark of rules that differ would measure nothing."""
    for payload in (GOOD, AWKWARD, {key: GOOD[key] for key in ("prompt", "image_url")}):
        expected = validate(spec, payload).input
        assert rivals.pydantic_validate(payload)[0] == expected
        assert rivals.drf_validate(payload)[0] == expected
    fields = {violation.field for violation in validate(spec, BAD).violations}
    assert fields == set(BAD)
    assert {error["loc"][0] for error in rivals.pydantic_validate(BAD)[1]} == fields
    assert {name for name, _ in rivals.drf_validate(BAD)[1]} == fields


def _rates(contenders: dict[str, Callable[[Any], Any]], payload: Any) -> dict[str, float]:
    rates: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(REPEATS):
        # In another order each time: a noisy moment must not always meet the same one.
        for name in random.sample(list(contenders), len(contenders)):
            rates[name].append(_rate(contenders[name], payload))
    return {name: statistics.median(found) for name, found in rates.items()}


def _rate(call: Callable[[Any], Any], payload: Any) -> float:
    calls, began_s = 0, time.perf_counter()
    while (passed_s := time.perf_counter() - began_s) < SLICE_S:
        for _ in range(20):
            call(payload)
        calls += 20
    return calls / passed_s
