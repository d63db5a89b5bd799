"""What policies said of queues, brokers and the world outside, as of any position of the log."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TypeVar

from schemas.policy import BrokersSet, OutsideFactSet, QueueConfigured
from schemas.reading import Recorded
from schemas.types import BrokerFigure, QueueSettings
from streams.facts.outside import OutsideFacts, OutsideTable
from streams.facts.snapshot import policy_offsets

T = TypeVar("T")
#: Partition and offset of an event.
At = tuple[int, int]


@dataclass
class Policies:
    """Told every policy event first."""

    said: dict[str, list[tuple[At, QueueSettings]]] = field(default_factory=dict)
    brokers: list[tuple[At, BrokersSet]] = field(default_factory=list)
    outside: list[tuple[At, tuple[str, OutsideFactSet]]] = field(default_factory=list)
    #: What if: settings of queues and figures of brokers that hold instead of those of the log.
    instead: dict[str, QueueSettings] = field(default_factory=dict)
    figures_instead: dict[str, float] = field(default_factory=dict)
    _made: dict[int, OutsideFacts] = field(default_factory=dict)

    def tell(self, record: Recorded) -> None:
        """One policy event."""
        place = (record.place.partition, record.place.offset)
        match record.message:
            case QueueConfigured() as event:
                self.said.setdefault(event.settings.name, []).append((place, event.settings))
            case BrokersSet() as event:
                self.brokers.append((place, event))
            case OutsideFactSet() as event:
                self.outside.append((place, (record.event.aggregate_id, event)))
            case _:
                pass

    def at(self, queue: str, position: str) -> QueueSettings | None:
        """The settings that a reader at `position` knew, or those that hold instead."""
        known = _reached(self.said.get(queue, ()), position)
        return self.instead.get(queue, known[-1]) if known else None

    def brokers_at(self, position: str) -> BrokersSet:
        """The brokers that a reader at `position` knew."""
        known = _reached(self.brokers, position)
        found = known[-1] if known else BrokersSet()
        if not self.figures_instead:
            return found
        kept = [row for row in found.figures if row.key not in self.figures_instead]
        put = [BrokerFigure(key=key, value=value) for key, value in self.figures_instead.items()]
        return BrokersSet(rules=found.rules, figures=(*kept, *put))

    def outside_at(self, position: str) -> OutsideFacts:
        """What a reader at `position` knew of the world outside."""
        known = _reached(self.outside, position)
        if len(known) not in self._made:
            table = OutsideTable()
            for key, event in known:
                table.know(key, event)
            self._made = {len(known): table.facts()}
        return self._made[len(known)]


def _reached(rows: Iterable[tuple[At, T]], position: str) -> list[T]:
    reached = policy_offsets(position)
    return [said for (partition, offset), said in rows if offset < reached.get(partition, 0)]
