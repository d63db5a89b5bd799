"""The law about whose an event is: what a mirror copies by the envelope's organisation is whole, and no other's. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from check.laws import Seen, Violation

#: Aggregates that a mirror copies (docs/decisions/0099).
COPIED = frozenset({"task", "job"})


@dataclass
class EventsOfOneOrganisation:
    """All events of a task, and of a job, bear the organisation of its first one."""

    name: str = "a task and a job are of one organisation"
    checked: int = 0
    owners: dict[tuple[str, str], str] = field(default_factory=dict)

    def see(self, record: Seen) -> Iterator[Violation]:
        """Judge each event."""
        if record.role != "events" or record.aggregate not in COPIED:
            return
        self.checked += 1
        by = record.envelope
        owner = self.owners.setdefault((record.aggregate, by.aggregate_id), by.vo)
        if by.vo != owner:
            found = f"{record.name} of {record.aggregate} {by.aggregate_id} bears {by.vo!r}, the first event {owner!r}"
            yield Violation(self.name, str(record.place), found)

    def end(self) -> Iterator[Violation]:
        """Nothing is left to judge."""
        yield from ()
