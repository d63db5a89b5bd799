"""Units of a task that are in no order, first come, first served. Pure.

Kept as runs of consecutive ids in one array: fed input is one run however long, and a unit that comes back is a run of 16 bytes.
Guards: a unit is in it once at most; taking from the head costs what is taken.
"""

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field


@dataclass(slots=True)
class ReadyUnits:
    """A queue of unit ids. `runs` holds first and last id of each run in turn, from `head` on."""

    runs: "array[int]" = field(default_factory=lambda: array("q"))
    head: int = 0
    count: int = 0

    def __len__(self) -> int:
        return self.count

    def append(self, first: int, last: int) -> None:
        """Add units `first` to `last` at the end."""
        assert first <= last, f"units {first} to {last} are none"
        self.count += last - first + 1
        if len(self.runs) > self.head and self.runs[-1] == first - 1:
            self.runs[-1] = last
        else:
            self.runs.extend((first, last))

    def first(self, most: int) -> list[int]:
        """The first `most` ids, or all when there are fewer."""
        found: list[int] = []
        for first, last in self._in_order():
            if len(found) == most:
                break
            found += range(first, min(last, first + most - len(found) - 1) + 1)
        return found

    def remove(self, unit_ids: Sequence[int]) -> None:
        """Take out units that are in it; cheap when they are its first ones, as they are when they were ordered."""
        if unit_ids and self.first(len(unit_ids)) == list(unit_ids):
            self._drop_first(len(unit_ids))
            return
        gone = set(unit_ids)
        left = [unit for first, last in self._in_order() for unit in range(first, last + 1) if unit not in gone]
        assert len(left) == self.count - len(gone), "a unit was ordered that is not ready"
        self.runs, self.head, self.count = array("q"), 0, 0
        for unit in left:
            self.append(unit, unit)

    def _drop_first(self, number: int) -> None:
        self.count -= number
        while number:
            first, last = self.runs[self.head], self.runs[self.head + 1]
            length = last - first + 1
            if length > number:
                self.runs[self.head] = first + number
                break
            number -= length
            self.head += 2
        if self.head > len(self.runs) // 2:
            del self.runs[: self.head]
            self.head = 0

    def _in_order(self) -> Iterator[tuple[int, int]]:
        for place in range(self.head, len(self.runs), 2):
            yield self.runs[place], self.runs[place + 1]
