"""Law about throttled orders: each names a limit that its figure is above, and is made again at most once. Pure.

Which figure a rule judges is written down here once more, from docs/reference/jedi.md, "Generation throttle" and "User caps".
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from check.laws import Seen, Violation

#: Rule -> the figures of the event of which one is its value; None: cores, which no figure shows.
FIGURES = {
    "IDLE": "waiting",
    "RATIO": "waiting",
    "RUNNING_CAP": "leased",
    "QUEUE_CAP": "waiting",
    "ACCOUNT_RUNNING": "leased",
    "ACCOUNT_QUEUED": "waiting",
    "ACCOUNT_CORES": None,
}


@dataclass
class ThrottledForCause:
    """An order is throttled by a figure above its limit, once."""

    name: str = "an order is throttled by a figure that is above its limit"
    checked: int = 0
    orders: set[tuple[str, int]] = field(default_factory=set)

    def see(self, record: Seen) -> Iterator[Violation]:
        """A throttled order whose figures do not say so."""
        if record.role != "events" or record.name != "TaskThrottled":
            return
        self.checked += 1
        task, order, one = record.envelope.aggregate_id, record.message.order, record.message.throttle
        rule, place = one.rule.value, str(record.place)
        if (task, order) in self.orders:
            yield Violation(self.name, place, f"order {order} of task {task} is throttled twice")
        self.orders.add((task, order))
        figure = FIGURES.get(rule)
        if figure is not None and getattr(one, figure) != one.value:
            yield Violation(self.name, place, f"{rule} of task {task} judges {one.value}, {getattr(one, figure)} are {figure}")
        if one.value <= one.limit or one.released_at > one.limit:
            found = f"{rule} of task {task}: {one.value}, limit {one.limit}, released at {one.released_at}"
            yield Violation(self.name, place, found)
        if rule == "IDLE" and one.leased:
            yield Violation(self.name, place, f"IDLE of task {task} while {one.leased} jobs run")

    def end(self) -> Iterator[Violation]:
        """Nothing is left to the end."""
        return iter(())
