"""Which input units a task may make jobs of: up to a number, and not those that are held or dropped. Pure.

Scouts and bunches of growing input move the number; staging and workflows hold, release and drop by unit ids. Ids may be of units
that are fed later. Guards: units beyond the gate are in no order; the cost of a look depends on the number of intervals, never on
that of units. Source: docs/reference/jedi.md, "Released input"; docs/decisions/0071.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from commands.task.limits import UNITS_MAX
from schemas.intervals import Intervals, difference, gaps, intersection, union


@dataclass(frozen=True, slots=True)
class InputGate:
    """number_max: units with greater ids wait. held: wait by command. dropped: are not needed.

    closed: held or dropped; a change of few units changes it without a look at the many.
    """

    number_max: int = UNITS_MAX
    held: Intervals = ()
    dropped: Intervals = ()
    closed: Intervals = ()

    @property
    def is_open(self) -> bool:
        """True when every unit may become a job, as of most tasks."""
        return not self.closed and self.number_max >= UNITS_MAX

    def open_ranges(self, first: int, last: int) -> Iterator[tuple[int, int]]:
        """The ranges of units from `first` to `last` that may become jobs, in order."""
        return gaps(self.closed, first, min(last, self.number_max))

    def released(self, units: Intervals, number_max: int | None = None) -> "InputGate":
        """With `units` no longer held, and up to another number."""
        opened = difference(units, self.dropped) if self.dropped else units
        number = self.number_max if number_max is None else number_max
        return InputGate(number, difference(self.held, units), self.dropped, difference(self.closed, opened))

    def holding(self, units: Intervals, number_max: int | None = None) -> "InputGate":
        """With `units` held too, and up to another number."""
        number = self.number_max if number_max is None else number_max
        return InputGate(number, union(self.held, units), self.dropped, union(self.closed, units))

    def dropping(self, units: Intervals) -> "InputGate":
        """With `units` dropped too."""
        return replace(self, dropped=union(self.dropped, units), closed=union(self.closed, units))

    def reloaded(self) -> "InputGate":
        """For another execution over the same input, in which no unit is dropped."""
        return replace(self, dropped=(), closed=self.held) if self.dropped else self

    def held_of(self, units: Intervals) -> Intervals:
        """Those of `units` that are held."""
        return intersection(self.held, units)


#: The gate of most tasks.
OPEN = InputGate()


def gate_of(number_max: int, held: Intervals, dropped: Intervals) -> InputGate:
    """The gate that these make."""
    return InputGate(number_max, held, dropped, union(held, dropped))


def shown(intervals: Intervals, number_max: int = 5) -> str:
    """Ids for people, as "1-10, 12, from 20 on", the first few of many; empty for none."""
    texts = [_shown(first, last) for first, last in intervals[:number_max]]
    more = f" and {len(intervals) - number_max:,} more ranges" if len(intervals) > number_max else ""
    return ", ".join(texts) + more


def _shown(first: int, last: int) -> str:
    if last >= UNITS_MAX:
        return f"from {first} on"
    return str(first) if first == last else f"{first}-{last}"
