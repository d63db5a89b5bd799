"""Laws about released input: what is ordered was released, and nothing is released, held or dropped twice. Pure.

Written from docs/reference/jedi.md, "Released input": a unit may go to a job when its id is at most the task's number, and it is
neither held nor dropped.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from check.laws import Seen, Violation

Pairs = list[tuple[int, int]]


@dataclass(slots=True)
class InputLedger:
    """Of one task's input: the number, and held and dropped ids as sorted pairs of first and last."""

    number_max: int | None = None
    held: Pairs = field(default_factory=list)
    dropped: Pairs = field(default_factory=list)


@dataclass
class InputReleasedOnce:
    """Input goes to jobs only when it is released; a release, a hold and a drop name nothing to which it happened already."""

    name: str = "input goes to jobs when it is released, and is released once"
    checked: int = 0
    gates: dict[str, InputLedger] = field(default_factory=dict)

    def see(self, record: Seen) -> Iterator[Violation]:
        """A unit that was ordered and not released, or released without having been held."""
        if record.role != "events" or record.aggregate != "task":
            return
        task, event = record.envelope.aggregate_id, record.message
        for found in self._entered(task, record.name, event):
            yield Violation(self.name, str(record.place), f"task {task}: {found}")

    def end(self) -> Iterator[Violation]:
        """Nothing more."""
        yield from ()

    def _entered(self, task: str, name: str, event: Any) -> Iterator[str]:
        match name:
            case "InputReleased":
                gate = self._changed(task, event)
                gate.held, missing = _without(gate.held, event.units)
                yield from (f"units {first} to {last} are released and were not all held" for first, last in missing)
            case "InputHeld":
                gate = self._changed(task, event)
                gate.held, twice = _with(gate.held, event.units)
                yield from (f"units {first} to {last} are held twice" for first, last in twice)
            case "InputDropped":
                self.checked += 1
                gate = self.gates.setdefault(task, InputLedger())
                gate.dropped, twice = _with(gate.dropped, event.units)
                yield from (f"units {first} to {last} are dropped twice" for first, last in twice)
            case "TaskReloaded" if task in self.gates:
                self.gates[task].dropped = []
            case "JobsOrdered" if event.kind.value == "NORMAL":
                self.checked += 1
                if task in self.gates:
                    yield from _not_released(self.gates[task], (unit.unit_id for unit in event.units))
            case _:
                pass

    def _changed(self, task: str, event: Any) -> InputLedger:
        self.checked += 1
        gate = self.gates.setdefault(task, InputLedger())
        if event.number_max is not None:
            gate.number_max = event.number_max
        return gate


def _not_released(gate: InputLedger, unit_ids: Iterable[int]) -> Iterator[str]:
    for number in unit_ids:
        if gate.number_max is not None and number > gate.number_max:
            yield f"input unit {number} is ordered, released are those up to {gate.number_max}"
        elif _has(gate.held, number):
            yield f"input unit {number} is ordered and is held"
        elif _has(gate.dropped, number):
            yield f"input unit {number} is ordered and was dropped"


def _has(pairs: Pairs, number: int) -> bool:
    place = bisect_right(pairs, (number, number))
    return any(first <= number <= last for first, last in pairs[max(0, place - 1) : place + 1])


def _with(pairs: Pairs, ranges: Iterable[Any]) -> tuple[Pairs, Pairs]:
    """The pairs with the ranges too, and those of the ranges that overlap what was there."""
    twice = [(one.first, one.last) for one in ranges if any(first <= one.last and one.first <= last for first, last in pairs)]
    # Merged, so that there are as many pairs as there are stretches of ids.
    merged: Pairs = []
    for first, last in sorted([*pairs, *((one.first, one.last) for one in ranges)]):
        if merged and first <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(last, merged[-1][1]))
        else:
            merged.append((first, last))
    return merged, twice


def _without(pairs: Pairs, ranges: Iterable[Any]) -> tuple[Pairs, Pairs]:
    """The pairs without the ranges, and those of the ranges that are not within one of the pairs."""
    missing: Pairs = []
    for one in ranges:
        if not any(first <= one.first and one.last <= last for first, last in pairs):
            missing.append((one.first, one.last))
        rest: Pairs = []
        for first, last in pairs:
            rest += [(first, min(last, one.first - 1))] if first < one.first else []
            rest += [(max(first, one.last + 1), last)] if last > one.last else []
        pairs = rest
    return pairs, missing
