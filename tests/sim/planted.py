"""Bugs to be planted in Culm, each a way in which systems like this one have been wrong; the simulator must find every one.

`planted(name)` puts one in for as long as its context lasts. They change the code of Culm, never that of the checker.
"""

import contextlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from unittest.mock import patch

from commands import undo
from commands.decision import FollowUp, accept
from commands.engine import store as state_store
from commands.engine.loop import DeciderLoop
from commands.engine.records import InputRecord, OutputRecord
from commands.engine.shard import Shard
from commands.engine.store import Entry, Positions
from commands.job import decide as job_decide
from commands.queue import decide as queue_decide
from commands.queue import model as queue_model
from schemas.job import JobSent, LoseJob
from schemas.types import LeaseEnding, LossCause
from schemas.wire import Decoded
from streams.timers import due
from streams.timers.watch import Heard
from tests.sim import readers
from tests.sim.memory_log import COMMITTED, MemoryLog, MemoryShardLog, Producer
from tests.sim.processors import GROUP, ProcessorsProcess
from tests.sim.readers import ProjectorProcess


def fencing_left_out() -> Any:
    """A decider that was replaced goes on writing."""

    def begin(log: MemoryLog, name: str) -> int:
        return log.producers.setdefault(name, Producer()).epoch

    return patch.object(MemoryLog, "begin", begin)


def position_before_effect() -> Any:
    """Processors commit what they have read, not what they have done."""
    hear = ProcessorsProcess._hear

    def eager(process: ProcessorsProcess, listener: Any, records_max: int) -> int:
        for partition in range(process._log.partitions):
            place = (listener.topic, partition)
            known = process._next.get(place, process._log.positions_of(GROUP).get(place, 0))
            read = process._log.read(*place, known, records_max)
            if read:
                process._next.setdefault(place, known)
                process._log.positions_of(GROUP)[place] = read[-1].offset + 1
        return hear(process, listener, records_max)

    return patch.object(ProcessorsProcess, "_hear", eager)


def leased_job_stays_on_queue() -> Any:
    """A lease without taking the job off the queue."""
    return patch.object(queue_model, "_remove", lambda queue, job_id: None)


def lease_without_a_check() -> Any:
    """A job takes any lease, whatever state it is in."""

    def record(job: Any, command: Any) -> Any:
        return accept(JobSent(lease_id=command.lease_id, queue=command.queue, pilot=command.pilot, node=command.node))

    return patch.object(job_decide, "record_lease", record)


def deduplication_by_time() -> Any:
    """Whatever is not issued later than the last command counts as repeated."""
    decide = Shard._decide
    latest: dict[tuple[str, str], int] = {}

    def by_time(
        slot: Shard, record: InputRecord, decoded: Decoded, outputs: list[OutputRecord], told: Any, *, direct: bool
    ) -> Any:
        key = (decoded.entry.aggregate, decoded.envelope.aggregate_id)
        if decoded.envelope.issued_at <= latest.get(key, 0):
            entry = slot._store.get(*key)
            outputs.append(slot._answer(decoded, entry, accept(), [], repeated=True, direct=direct))
            return []
        latest[key] = decoded.envelope.issued_at
        return decide(slot, record, decoded, outputs, told, direct=direct)

    return patch.object(Shard, "_decide", by_time)


def torn_decisions() -> Any:
    """Records are written without a transaction around them."""

    def commit(shard_log: MemoryShardLog, outputs: Iterable[OutputRecord], positions: Positions) -> None:
        shard_log._log.owned(shard_log._config.name, shard_log._epoch)
        for output in outputs:
            shard_log._log.append(output.topic, output.key, output.value)
            shard_log._faults.point("produce")
        shard_log._faults.point("before_commit")
        shard_log._log.positions_of(shard_log._config.name).update(positions)
        shard_log._faults.point("after_commit")

    return patch.object(MemoryShardLog, "commit", commit)


def states_kept_in_doubt() -> Any:
    """After a commit whose outcome is unknown, the states in memory are believed."""
    rebuild = DeciderLoop._rebuild

    def trusting(loop: DeciderLoop, shard_log: Any) -> int:
        return 0 if loop._store.hot_count() else rebuild(loop, shard_log)

    return patch.object(DeciderLoop, "_rebuild", trusting)


def snapshot_without_proof() -> Any:
    """A decider takes the ends of the log for its own without asking whether the slot is still its own."""

    def ends(shard_log: MemoryShardLog) -> Positions:
        places = shard_log._owned(tuple(sorted({topic for topic, _ in shard_log._log.entries if ".events." in topic})))
        return {place: shard_log._log.end(*place) for place in places}

    return patch.object(MemoryShardLog, "event_ends", ends)


def positions_before_rows() -> Any:
    """The projector stores its positions in a transaction of their own, first."""
    write = ProjectorProcess.write

    def apart(process: ProjectorProcess, records: Any, reached: Any) -> None:
        process._database.positions.update(reached)
        process.faults.point("rows_written")
        write(process, records, reached)

    return patch.object(ProjectorProcess, "write", apart)


def leases_end_early() -> Any:
    """A lease ends when somebody says so, heartbeats or not."""

    def expire(queue: Any, command: Any) -> Any:
        lease = queue.leases.get(command.job_id)
        if lease is None:
            return accept()
        lose = LoseJob(lease_id=lease.lease_id, cause=LossCause.LEASE_EXPIRED, last_seen_at=lease.seen_at)
        ended = queue_decide._ended(queue, command.job_id, LeaseEnding.EXPIRED)
        return accept(ended, follow_ups=(FollowUp(str(command.job_id), lose),))

    def impatient(row: Any, now: int, heard: Heard) -> Any:
        return real(row, now, Heard(since=0, until=now))

    real = due.command_for
    both = contextlib.ExitStack()
    both.enter_context(patch.object(queue_decide, "expire", expire))
    both.enter_context(patch.object(readers, "command_for", impatient))
    return both


def follow_ups_outside() -> Any:
    """Commands that follow from a decision are sent after its transaction."""
    commit = MemoryShardLog.commit

    def apart(shard_log: MemoryShardLog, outputs: Iterable[OutputRecord], positions: Positions) -> None:
        outputs = list(outputs)
        commit(shard_log, [one for one in outputs if ".commands." not in one.topic], positions)
        for output in outputs:
            if ".commands." in output.topic:
                shard_log._faults.point("produce")
                shard_log._log.append(output.topic, output.key, output.value, COMMITTED)

    return patch.object(MemoryShardLog, "commit", apart)


def ids_forgotten_at_restart() -> Any:
    """Command ids are remembered in memory only: neither in the fold nor in the state file."""
    apply, thaw = Shard._apply, state_store.StateStore._thaw

    def forgetful(slot: Shard, aggregate: Any, entry: Entry, message: Any, envelope: Any) -> None:
        apply(slot, aggregate, entry, message, envelope)
        entry.recent.clear()

    def thawed(store: Any, key: Any) -> Entry | None:
        entry = thaw(store, key)
        if entry is not None:
            entry.recent.clear()
        return entry

    both = contextlib.ExitStack()
    both.enter_context(patch.object(Shard, "_apply", forgetful))
    both.enter_context(patch.object(state_store.StateStore, "_thaw", thawed))
    return both


def stumbling() -> Any:
    """One of forty decisions that change something meets a bug after the change: no law but those of its own record may break."""
    evolve = Shard._evolve

    def broken(slot: Shard, aggregate: Any, entry: Entry, decision: Any, decoded: Decoded) -> Any:
        events = evolve(slot, aggregate, entry, decision, decoded)
        if events and int(decoded.envelope.command_id[:6], 16) % 40 == 0:
            raise RuntimeError("planted")
        return events

    return patch.object(Shard, "_evolve", broken)


def changes_stay_after_a_bug() -> Any:
    """The states that a bug left half changed are kept."""
    both = contextlib.ExitStack()
    both.enter_context(stumbling())
    both.enter_context(patch.object(undo, "put_back", lambda to: None))
    return both


def large_records_are_cut_off() -> Any:
    """A record that the log does not take is left out, and the rest of its transaction written."""
    commit = MemoryShardLog.commit

    def without(shard_log: MemoryShardLog, outputs: Iterable[OutputRecord], positions: Positions) -> None:
        commit(shard_log, [one for one in outputs if len(one.value) < 700], positions)

    return patch.object(MemoryShardLog, "commit", without)


PLANTS: dict[str, Callable[[], Any]] = {
    plant.__name__: plant
    for plant in (
        fencing_left_out,
        position_before_effect,
        leased_job_stays_on_queue,
        lease_without_a_check,
        deduplication_by_time,
        torn_decisions,
        states_kept_in_doubt,
        snapshot_without_proof,
        positions_before_rows,
        leases_end_early,
        follow_ups_outside,
        ids_forgotten_at_restart,
        changes_stay_after_a_bug,
        large_records_are_cut_off,
    )
}


@contextlib.contextmanager
def planted(name: str | None) -> Iterator[None]:
    """Culm with the bug `name`; without any for None."""
    if name is None:
        yield
        return
    with PLANTS[name]():
        yield
