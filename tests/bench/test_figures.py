"""The figures' own arithmetic: what is printed must be what was measured."""

import json

import pytest

from tests.bench import figures

pytestmark = pytest.mark.no_database


@pytest.mark.parametrize(
    ("values", "percent", "expected"),
    [([1, 2, 3, 4], 50, 2), ([5], 95, 5), (list(range(1, 101)), 95, 95), ([3, 1, 2], 100, 3)],
)
def test_a_percentile_is_a_measured_value(
    values: list[float], percent: int, expected: float
) -> None:
    assert figures.percentile(values, percent) == expected


@pytest.mark.parametrize(
    ("value", "target", "verdict"),
    [
        (10, {"at_least": 10}, (">= 10", True)),
        (9, {"at_least": 10}, (">= 10", False)),
        (11, {"at_most": 10}, ("<= 10", False)),
        (11, {}, (None, None)),
    ],
)
def test_a_target_is_met_or_missed(
    capsys: pytest.CaptureFixture[str],
    value: float,
    target: dict[str, float],
    verdict: tuple[str | None, bool | None],
) -> None:
    figures.report("queue.ring", value, "bells/s", **target)
    line = json.loads(capsys.readouterr().out)
    assert (line["target"], line["met"]) == verdict
    assert (line["name"], line["value"], line["unit"]) == ("queue.ring", value, "bells/s")
