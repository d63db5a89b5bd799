"""Tasks that wait, for a queue or a nucleus or a level, and those whose output a nucleus takes. Pure; bounded by their number."""

from dataclasses import dataclass, field

from schemas.streams import NucleusWork, ParkedTask, ThrottledTask
from schemas.types import EventEnvelope
from streams.facts.snapshot import Parked, ThrottledOrder


@dataclass(slots=True)
class WaitingTasks:
    """By task id, as its events name it."""

    _parked: dict[str, Parked] = field(default_factory=dict)
    _throttled: dict[str, ThrottledOrder] = field(default_factory=dict)
    _nuclei: dict[str, NucleusWork] = field(default_factory=dict)

    def know(self, fact: ParkedTask | ThrottledTask | NucleusWork, envelope: EventEnvelope) -> None:
        """Take a fact about a task."""
        subject = envelope.aggregate_id
        match fact:
            case ParkedTask():
                self._parked[subject] = Parked(int(subject), envelope.vo, envelope.correlation_id)
            case ThrottledTask():
                self._throttled[subject] = ThrottledOrder(int(subject), envelope, fact.throttle)
            case NucleusWork():
                self._nuclei[subject] = fact

    def forget(self, fact: str, subject: str) -> None:
        """The fact of this name no longer holds of the task."""
        if fact == ParkedTask.__name__:
            self._parked.pop(subject, None)
        elif fact == ThrottledTask.__name__:
            self._throttled.pop(subject, None)
        elif fact == NucleusWork.__name__:
            self._nuclei.pop(subject, None)

    def parked(self) -> tuple[Parked, ...]:
        """Tasks that wait for a queue."""
        return tuple(self._parked.values())

    def throttled(self) -> tuple[ThrottledOrder, ...]:
        """Tasks of which an order waits for a level."""
        return tuple(self._throttled.values())

    def nuclei(self) -> dict[str, float]:
        """By nucleus, the work of the tasks whose output it takes (days of a core)."""
        found: dict[str, float] = {}
        for one in self._nuclei.values():
            found[one.nucleus] = found.get(one.nucleus, 0.0) + one.work
        return found
