"""Law about long lists of names: they come whole, in order, before the task starts, and are what it is fed. Pure.

Written from docs/flow.md, "From `prun` to a job a pilot can take", not from the decider.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from check.laws import Seen, Violation

PFN_LIST = "pfnList"
MADE_UP = "pseudo_dataset"


@dataclass
class NameLedger:
    """Of one task: what is still to come of each list, in order, and the physical names that came."""

    to_come: list[list[Any]]
    owner: str
    chunks: int = 0
    pfns: list[str] = field(default_factory=list)
    by_pfn: bool = False

    @property
    def left(self) -> int:
        """Number of names that are to come."""
        return sum(count for _, count in self.to_come)


@dataclass
class WholeLists:
    """Chunks of names follow each other without a gap, from the one who submitted; input is made of all of them, or of none."""

    name: str = "lists of names come whole and in order"
    checked: int = 0
    ledgers: dict[str, NameLedger] = field(default_factory=dict)

    def see(self, record: Seen) -> Iterator[Violation]:
        """A chunk that is not the next one, input before the last name, or input that is not the names."""
        if record.role != "events" or record.aggregate != "task":
            return
        task, event = record.envelope.aggregate_id, record.message
        if record.name == "TaskSubmitted" and event.lists:
            self.ledgers[task] = NameLedger([[one.list, one.count] for one in event.lists], record.envelope.actor)
        elif record.name == "InputNamesAdded" and task not in self.ledgers:
            yield Violation(self.name, str(record.place), f"task {task}: names of {event.list}, which was never announced")
        elif task in self.ledgers:
            for found in self._judged(self.ledgers[task], record):
                yield Violation(self.name, str(record.place), f"task {task}: {found}")

    def end(self) -> Iterator[Violation]:
        """Nothing more: an unfinished submission ends by its deadline."""
        yield from ()

    def _judged(self, ledger: NameLedger, record: Seen) -> Iterator[str]:
        event = record.message
        match record.name:
            case "InputNamesAdded":
                self.checked += 1
                yield from _added(ledger, event, record.envelope.actor)
            case "TaskRefined":
                ledger.by_pfn = event.definition.listed is not None and event.definition.listed.list == PFN_LIST
            case "ContentsFed" | "JobsOrdered" if ledger.left:
                yield f"{record.name} while {ledger.left} names are to come"
            case "ContentsFed" if ledger.by_pfn and event.dataset == MADE_UP:
                yield from _fed(ledger, event)
            case _:
                pass


def _added(ledger: NameLedger, event: Any, actor: str) -> Iterator[str]:
    while ledger.to_come and not ledger.to_come[0][1]:
        ledger.to_come.pop(0)
    expected, count = ledger.to_come[0] if ledger.to_come else ("no list", 0)
    if (event.chunk, event.list) != (ledger.chunks, expected):
        yield f"chunk {event.chunk} of {event.list}, expected chunk {ledger.chunks} of {expected}"
    if not 1 <= len(event.names) <= count:
        yield f"{len(event.names)} names of {event.list}, of which {count} are to come"
    if actor != ledger.owner:
        yield f"names from {actor}, and {ledger.owner} submitted it"
    ledger.chunks += 1
    if ledger.to_come:
        ledger.to_come[0][1] = max(0, count - len(event.names))
    if event.list == PFN_LIST:
        ledger.pfns += event.names
    if event.names_left != ledger.left:
        yield f"{event.names_left} names are said to be to come, expected {ledger.left}"


def _fed(ledger: NameLedger, event: Any) -> Iterator[str]:
    """Each unit is the name at the place that its own name begins with."""
    for unit in event.units:
        place, _, name = unit.lfn.partition(":")
        number = int(place) if place.isascii() and place.isdigit() else len(ledger.pfns)
        if number >= len(ledger.pfns) or ledger.pfns[number] != name:
            yield f"input unit {unit.unit_id} is {unit.lfn[:80]}, which is not in the list at that place"
