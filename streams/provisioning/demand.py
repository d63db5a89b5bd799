"""How many pilots a queue should have. Pure.

In: waiting and leased jobs, the queue's limit. Out: a number and the sentence that explains it. Pilots come for work
that is there and stay for work they hold; an idle queue wants none.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from schemas.types import EventEnvelope, QueueStatus
from schemas.worker import WantWorkers
from streams.engine.messages import OutgoingCommand, outgoing_command
from streams.facts.snapshot import QueueFacts


@dataclass(frozen=True, slots=True)
class Wanted:
    """How many pilots were last asked for, by a processor or an operator; event_id, cause: of the event that says so."""

    number: int
    event_id: str
    cause: EventEnvelope | None = None


def wanted_pilots(facts: QueueFacts) -> int:
    """As many as there is work for, at most `pilots_max`; an offline queue keeps those it has until they end."""
    work = facts.leased if facts.settings.status is QueueStatus.OFFLINE else facts.waiting + facts.leased
    return max(0, min(facts.settings.pilots_max, work))


def demands(
    queues: Mapping[str, QueueFacts], wanted: Mapping[str, Wanted], causes: Mapping[str, EventEnvelope]
) -> Iterator[tuple[str, int, OutgoingCommand]]:
    """Queue, number and command for each queue that should have another number of pilots than was last `wanted`.

    wanted: what the log says was asked for last; a queue not in it is always reported. causes: the queue's last event; a
    queue without one never had a job, and what was asked for itself is the cause. The command's id follows from both, so that a
    number that someone else asked for meanwhile is corrected, and the same thing is said once.
    """
    for name, facts in sorted(queues.items()):
        number, before = wanted_pilots(facts), wanted.get(name)
        cause = causes.get(name) or (before.cause if before else None)
        if cause is None or (before is not None and number == before.number):
            continue
        reason = f"{facts.waiting} waiting, {facts.leased} leased, at most {facts.settings.pilots_max}"
        command = WantWorkers(wanted=number, reason=reason)
        yield name, number, outgoing_command(command, name, [cause], number, before.event_id if before else None)
