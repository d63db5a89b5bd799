"""Heartbeats of many pilots rolled up into one renewal a queue. Pure.

In: heartbeats as read. Out: `RenewLeases`, each job once for each subject that reported of it, running from the latest heartbeat
of the batch; beats that lie far apart in time, as after a standstill, are not lumped together, or a silent pilot would live on
its neighbours' beats.
"""

from collections.abc import Iterator, Sequence

from schemas.bounds import OutOfBounds, problems_of
from schemas.heartbeat import PilotHeartbeat
from schemas.ids import caused_command_id
from schemas.queue import RenewLeases
from schemas.types import CommandEnvelope, JobsSeen
from streams.engine.messages import ROLE, OutgoingCommand, RecordRead

#: Microseconds within which beats count as simultaneous: far below any lease.
WINDOW = 5_000_000
ACTOR = "culm-leases"


def renewals(records: Sequence[RecordRead]) -> Iterator[OutgoingCommand]:
    """One command for each queue, tenant and window of time among `records`; OutOfBounds for a beat that can be no pilot's."""
    groups: dict[tuple[str, str, int], list[RecordRead]] = {}
    for one in records:
        beat: PilotHeartbeat = one.message
        _check(beat)
        groups.setdefault((beat.queue, beat.vo, beat.seen_at // WINDOW), []).append(one)
    for (queue, vo, _), beats in groups.items():
        seen_at = max(one.message.seen_at for one in beats)
        jobs: dict[str, dict[int, None]] = {}
        for one in beats:
            jobs.setdefault(one.message.actor, {})[one.message.job_id] = None
        seen = tuple(JobsSeen(actor=actor, job_ids=tuple(ids)) for actor, ids in jobs.items())
        places = [f"{one.partition}:{one.offset}" for one in beats]
        command_id = caused_command_id("heartbeats", queue, vo, *places)
        envelope = CommandEnvelope(
            command_id=command_id,
            aggregate_id=queue,
            correlation_id=command_id,
            issued_at=seen_at,
            actor=ACTOR,
            role=ROLE,
            vo=vo,
        )
        yield OutgoingCommand(RenewLeases(seen=seen, seen_at=seen_at), envelope)


def _check(beat: PilotHeartbeat) -> None:
    """A beat that its neighbours in a command could be refused for is refused alone."""
    problems = problems_of(beat)
    if problems:
        raise OutOfBounds("PilotHeartbeat", problems)
