"""Tells repeats of commands, so that none is decided twice.

An aggregate that ends knows the commands of its life itself (`Entry.recent`). Of those that never end a day is remembered by
shard (`decided.py`), and a command that was issued before that is refused as STALE: it may have been decided and forgotten.
"""

from commands.aggregates import AGGREGATES, Aggregate
from commands.decision import Refusal
from commands.engine.entries import Entry, digest
from commands.engine.records import InputRecord
from commands.engine.store import StateStore
from schemas.instants import HOUR
from schemas.queue import (
    AssignJobShares,
    ConfigureDispatch,
    EndLease,
    EnqueueJob,
    HoldTask,
    LoseLeases,
    OfferElsewhere,
    ReleaseTask,
    UnbindJob,
    WatchBoundJob,
    WithdrawJob,
)
from schemas.times import utc
from schemas.types import CommandEnvelope, EventEnvelope
from schemas.wire import Decoded
from schemas.worker import IntendBoundWorker, RecordFirstRequest, StopWorker

#: What deciders give to aggregates that never end. It is as old as its cause, which may have waited for days in the log, so it
#: counts from when it was written.
FOLLOW_UPS = frozenset(
    kind.__name__
    for kind in (
        AssignJobShares,
        ConfigureDispatch,
        EndLease,
        EnqueueJob,
        HoldTask,
        IntendBoundWorker,
        LoseLeases,
        OfferElsewhere,
        RecordFirstRequest,
        ReleaseTask,
        StopWorker,
        UnbindJob,
        WatchBoundJob,
        WithdrawJob,
    )
)


class Repeats:
    """Of the aggregates in one store."""

    def __init__(self, store: StateStore) -> None:
        self._store = store

    def knows(self, entry: Entry, decoded: Decoded, *, inline: bool) -> bool:
        """True for a command that was decided, as far as is remembered. inline: it came with its cause, which is known."""
        by: CommandEnvelope = decoded.envelope
        if entry.knows(by.command_id):
            return True
        if inline:
            return False
        decided = self._store.decided_on(decoded.entry.aggregate, by.aggregate_id)
        return decided is not None and decided.knows(_digest(by))

    def keep(self, aggregate: Aggregate, entry: Entry, command_id: str) -> None:
        """An aggregate that ends keeps the id itself."""
        if not aggregate.commands_remembered_hours:
            entry.remember(command_id, aggregate.commands_remembered)

    def too_late(self, record: InputRecord, decoded: Decoded) -> Refusal | None:
        """STALE for a command that came through the log and was issued before what is remembered."""
        by: CommandEnvelope = decoded.envelope
        aggregate = AGGREGATES[decoded.entry.aggregate]
        decided = self._store.decided_on(aggregate.name, by.aggregate_id)
        if decided is None:
            return None
        hours = aggregate.commands_remembered_hours
        if _counted_at(record, decoded) > max(decided.refused_until, record.timestamp - hours * HOUR):
            return None
        return Refusal(
            "STALE",
            f"issued at {utc(by.issued_at)}, longer ago than commands to a {aggregate.name} are remembered (at most {hours} h):"
            " it may have been decided before and is not decided again; send a new one",
        )

    def decided(self, record: InputRecord, decoded: Decoded) -> None:
        """Note a command that came through the log and led to events; what was decided with its cause only comes with that."""
        by: CommandEnvelope = decoded.envelope
        decided = self._store.decided_on(decoded.entry.aggregate, by.aggregate_id)
        if decided is not None:
            decided.note(_digest(by), _counted_at(record, decoded), moves_time=decoded.name not in FOLLOW_UPS)

    def replayed(self, aggregate: Aggregate, envelope: EventEnvelope, written_at: int) -> None:
        """Note the command of an event, also where a row holds the event already. written_at: the broker's time of the event."""
        decided = self._store.decided_on(aggregate.name, envelope.aggregate_id)
        if decided is not None:
            of_a_decider = envelope.command_type in FOLLOW_UPS
            at = written_at if of_a_decider else _not_after(envelope.occurred_at, written_at)
            decided.note(_digest(envelope), at, moves_time=not of_a_decider)


def _digest(by: CommandEnvelope | EventEnvelope) -> int:
    return digest(f"{by.aggregate_id} {by.command_id}")


def _counted_at(record: InputRecord, decoded: Decoded) -> int:
    if decoded.name in FOLLOW_UPS:
        return record.timestamp
    return _not_after(decoded.envelope.issued_at, record.timestamp)


def _not_after(said_at: int, written_at: int) -> int:
    """No later than it was written, where that is known: a command of a year to come would make every other one late."""
    return min(said_at, written_at) if written_at else said_at
