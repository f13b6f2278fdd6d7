"""One figure, one line of JSON: what a benchmark prints, and the table made of it at the end."""

import json
import math
import statistics
from collections.abc import Sequence
from typing import Any


def report(
    name: str,
    value: float,
    unit: str,
    *,
    at_least: float | None = None,
    at_most: float | None = None,
    detail: str = "",
) -> None:
    """Print a figure at once. Without a target it is shown, and neither met nor missed."""
    target, met = None, None
    if at_least is not None:
        target, met = f">= {_short(at_least):g}", value >= at_least
    elif at_most is not None:
        target, met = f"<= {_short(at_most):g}", value <= at_most
    line = {
        "name": name,
        "value": _short(value),
        "unit": unit,
        "target": target,
        "met": met,
        "detail": detail,
    }
    print(json.dumps(line, ensure_ascii=False), flush=True)


def report_times(
    name: str,
    times_s: Sequence[float],
    *,
    unit: str = "ms",
    median_at_most: float | None = None,
    p95_at_most: float | None = None,
    detail: str = "",
) -> None:
    """Print the median and the 95th percentile of durations, in ms or s."""
    times = [time_s * {"ms": 1000, "s": 1}[unit] for time_s in times_s]
    words = f"n={len(times)}, min {min(times):.3g}, max {max(times):.3g} {unit}; {detail}"
    report(f"{name}.median", statistics.median(times), unit, at_most=median_at_most, detail=words)
    report(f"{name}.p95", percentile(times, 95), unit, at_most=p95_at_most, detail=words)


def percentile(values: Sequence[float], percent: int) -> float:
    """Answer the nearest-rank percentile: a value that was measured, never one in between."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]


def table(figures: Sequence[dict[str, Any]]) -> str:
    """Answer figures as aligned columns: name, value, unit, target, verdict."""
    verdicts = {True: "met", False: "MISSED", None: ""}
    rows = [
        (f["name"], f"{f['value']:,.10g}", f["unit"], f["target"] or "", verdicts[f["met"]])
        for f in figures
    ]
    rows.insert(0, ("figure", "value", "unit", "target", ""))
    widths = [max(len(row[i]) for row in rows) for i in range(5)]
    return "\n".join(
        f"{row[0]:<{widths[0]}}  {row[1]:>{widths[1]}} {row[2]:<{widths[2]}}  "
        f"{row[3]:<{widths[3]}}  {row[4]}".rstrip()
        for row in rows
    )


def _short(value: float) -> float:
    """Four significant digits: the rest is noise."""
    return float(f"{value:.4g}")
