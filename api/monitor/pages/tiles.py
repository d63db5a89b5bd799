"""What a shifter watches: a few numbers, each with the thresholds from which it asks for attention. Pure.

In: counts of the organisation. Out: numbers, each with its level, which is a word, a shape and a colour, and a list behind it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from api.queries.read_models import Row

#: Of fewer ends a share says nothing.
ENDS_MIN = 20
GOOD, LOOK, BAD = "in order", "look", "act"


@dataclass(frozen=True, slots=True)
class Threshold:
    """From which value on a number asks for a look, and from which for an action."""

    look: float
    act: float

    def level(self, value: float) -> str:
        """The word of the level."""
        return BAD if value >= self.act else LOOK if value >= self.look else GOOD


@dataclass(frozen=True, slots=True)
class WatchedNumber:
    """value: as it is shown. about: what is counted. path: of the list. limits: the thresholds in words."""

    value: str
    about: str
    level: str
    path: str
    limits: str


THRESHOLDS: Mapping[str, Threshold] = {
    "failed_percent": Threshold(10, 30),
    "queues_failing": Threshold(1, 3),
    "queues_without_pilots": Threshold(1, 3),
    "queues_closed": Threshold(1, 5),
    "tasks_pending": Threshold(1, 20),
    "tasks_exhausted": Threshold(1, 20),
}
FAILING_PERCENT = 50
CLOSED = ("OFFLINE", "BROKEROFF")


def tiles_of(ends: Sequence[Row], queues: Sequence[Row], tasks: Sequence[Row]) -> list[WatchedNumber]:
    """The numbers with their levels.

    ends: `queue`, `status`, `count` of jobs of the last hour. queues: `name`, `status`, `waiting`, `live`. tasks: `status`,
    `count`.
    """
    failed, ended = _by_queue(ends, ("failed",)), _by_queue(ends, ("failed", "finished"))
    whole = sum(ended.values())
    percent = 100 * sum(failed.values()) / whole if whole >= ENDS_MIN else 0.0
    judged = {name: 100 * failed.get(name, 0) / count for name, count in ended.items() if count >= ENDS_MIN}
    failing = [name for name, share in judged.items() if share >= FAILING_PERCENT]
    waiting = [row for row in queues if row["waiting"]]
    closed = [row for row in waiting if row["status"] in CLOSED]
    empty = [row for row in waiting if not row["live"] and row["status"] not in CLOSED]
    states = {row["status"]: row["count"] for row in tasks}
    shown = f"{percent:.0f} %" if whole >= ENDS_MIN else f"of {whole}"
    hour = "in the last hour"
    return [
        _tile("failed_percent", percent, f"of jobs that ended {hour} failed", "/errors/?hours=1", shown),
        _tile("queues_failing", len(failing), f"queues where half of the jobs failed {hour}", "/errors/?hours=1"),
        _tile("queues_without_pilots", len(empty), "open queues with waiting jobs and no pilot alive", "/queues/"),
        _tile("queues_closed", len(closed), "closed queues with waiting jobs", "/queues/?status=offline,brokeroff"),
        _tile("tasks_pending", states.get("pending", 0), "tasks that no queue can take", "/tasks/?status=pending"),
        _tile("tasks_exhausted", states.get("exhausted", 0), "tasks that wait for a decision", "/tasks/?status=exhausted"),
    ]


def _tile(name: str, value: float, about: str, path: str, shown: str | None = None) -> WatchedNumber:
    limits = THRESHOLDS[name]
    return WatchedNumber(
        shown if shown is not None else f"{value:,.0f}",
        about,
        limits.level(value),
        path,
        f"look from {limits.look:g} on, act from {limits.act:g} on",
    )


def _by_queue(rows: Sequence[Mapping[str, Any]], states: tuple[str, ...]) -> dict[str, int]:
    found: dict[str, int] = {}
    for row in rows:
        if row["status"] in states:
            found[row["queue"]] = found.get(row["queue"], 0) + row["count"]
    return found
