"""Series for charts: at most so many points for any number of counts. Pure."""

from collections.abc import Iterable, Mapping
from typing import Any

from schemas.instants import MICROSECONDS, MINUTE


def minutes(rows: Iterable[Mapping[str, Any]], now: int, count: int) -> dict[str, Any]:
    """Counts by status for each of the last `count` minutes: {"x": seconds, "series": {status: [...]}}."""
    last = now // MINUTE
    first = last - count + 1
    series: dict[str, list[int]] = {}
    for row in rows:
        place = row["minute"] - first
        if 0 <= place < count:
            series.setdefault(row["status"], [0] * count)[place] += row["count"]
    return {"x": [(first + place) * 60 for place in range(count)], "series": dict(sorted(series.items()))}


def cumulated(rows: Iterable[Mapping[str, Any]], begin: int, width: int, count: int) -> dict[str, Any]:
    """Running sums by outcome over `count` bins of `width` microseconds from `begin`."""
    series: dict[str, list[int]] = {}
    for row in rows:
        place = max(0, min(count - 1, row["bin"]))
        series.setdefault(row["outcome"], [0] * count)[place] += row["count"]
    for values in series.values():
        for place in range(1, count):
            values[place] += values[place - 1]
    seconds = [(begin + (place + 1) * width) // MICROSECONDS for place in range(count)]
    return {"x": seconds, "series": dict(sorted(series.items()))}
