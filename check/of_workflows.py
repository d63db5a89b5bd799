"""What laws about workflows have in common: a ledger of each workflow, into which its events are entered in their order. Pure."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from check.laws import Seen, Violation

Ledger = TypeVar("Ledger")


@dataclass
class LawOfWorkflows(ABC, Generic[Ledger]):
    """A law that is judged workflow by workflow. places: of the last event of each."""

    name: str = ""
    checked: int = 0
    ledgers: dict[str, Ledger] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)

    @abstractmethod
    def opened(self) -> Ledger:
        """The ledger of a workflow of which nothing was seen."""

    @abstractmethod
    def entered(self, ledger: Ledger, name: str, event: Any) -> Iterator[str]:
        """Enter an event; what it breaks."""

    @abstractmethod
    def left(self, ledger: Ledger) -> Iterator[str]:
        """What is left undone as things stand."""

    def see(self, record: Seen) -> Iterator[Violation]:
        """What an event of a workflow breaks."""
        if record.role != "events" or record.aggregate != "workflow":
            return
        self.checked += 1
        key = record.envelope.aggregate_id
        self.places[key] = str(record.place)
        if key not in self.ledgers:
            self.ledgers[key] = self.opened()
        for found in self.entered(self.ledgers[key], record.name, record.message):
            yield Violation(self.name, str(record.place), f"workflow {key}: {found}")

    def end(self) -> Iterator[Violation]:
        """What is left undone at the end of the log."""
        for key, ledger in self.ledgers.items():
            for found in self.left(ledger):
                yield Violation(self.name, self.places[key], f"workflow {key}: {found}")
