"""Tasks that wait: for a queue that takes them, or for a level to be crossed. Pure; bounded by the tasks that wait."""

from dataclasses import dataclass, field

from schemas.streams import ParkedTask, ThrottledTask
from schemas.types import EventEnvelope
from streams.facts.snapshot import Parked, ThrottledOrder


@dataclass(slots=True)
class WaitingTasks:
    """By task id, as its events name it."""

    _parked: dict[str, Parked] = field(default_factory=dict)
    _throttled: dict[str, ThrottledOrder] = field(default_factory=dict)

    def know(self, fact: ParkedTask | ThrottledTask, envelope: EventEnvelope) -> None:
        """Take a fact about a task."""
        subject = envelope.aggregate_id
        match fact:
            case ParkedTask():
                self._parked[subject] = Parked(int(subject), envelope.vo, envelope.correlation_id)
            case ThrottledTask():
                self._throttled[subject] = ThrottledOrder(int(subject), envelope, fact.throttle)

    def forget(self, fact: str, subject: str) -> None:
        """The fact of this name no longer holds of the task."""
        if fact == ParkedTask.__name__:
            self._parked.pop(subject, None)
        elif fact == ThrottledTask.__name__:
            self._throttled.pop(subject, None)

    def parked(self) -> tuple[Parked, ...]:
        """Tasks that wait for a queue."""
        return tuple(self._parked.values())

    def throttled(self) -> tuple[ThrottledOrder, ...]:
        """Tasks of which an order waits for a level."""
        return tuple(self._throttled.values())
