"""Bugs to be planted in Culm, each a way in which systems like this one have been wrong; the simulator must find every one.

`planted(name)` puts one in for as long as its context lasts. They change the code of Culm, never that of the checker.
"""

import contextlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any
from unittest.mock import patch

from commands import undo
from commands.aggregates import AGGREGATES
from commands.decision import FollowUp, accept
from commands.engine.entries import Entry, Positions
from commands.engine.records import InputRecord, OutputRecord
from commands.engine.restoring import Restoring
from commands.engine.rows import RowCodec
from commands.engine.shard import Shard
from commands.engine.snapshots import SnapshotWriter
from commands.job import decide as job_decide
from commands.queue import decide as queue_decide
from commands.queue import model as queue_model
from commands.undo import UndoQueue
from schemas.job import JobSent, LoseJob
from schemas.queue import JobLeased
from schemas.types import LeaseEnding, LossCause
from schemas.wire import Decoded
from streams.timers import due
from streams.timers.watch import HeartbeatWindow
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
    """A job takes any lease, in any state."""

    def record(job: Any, command: Any) -> Any:
        return accept(JobSent(lease_id=command.lease_id, queue=command.queue, pilot=command.pilot, node=command.node))

    return patch.object(job_decide, "record_lease", record)


def deduplication_by_time() -> Any:
    """A command that is not issued later than the last one counts as repeated."""
    decide = Shard._decide
    latest: dict[tuple[str, str], int] = {}

    def by_time(
        slot: Shard, record: InputRecord, decoded: Decoded, outputs: list[OutputRecord], told: Any, checked: Any, *, direct: bool
    ) -> Any:
        key = (decoded.entry.aggregate, decoded.envelope.aggregate_id)
        if decoded.envelope.issued_at <= latest.get(key, 0):
            entry = slot._store.get(*key)
            outputs.append(slot._answer(decoded, entry, accept(), [], repeated=True, direct=direct))
            return []
        latest[key] = decoded.envelope.issued_at
        return decide(slot, record, decoded, outputs, told, checked, direct=direct)

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
    run = Restoring.run

    def trusting(restoring: Restoring, shard_log: Any, write: Any) -> int:
        return 0 if restoring._store.hot_count() else run(restoring, shard_log, write)

    return patch.object(Restoring, "run", trusting)


def positions_before_rows() -> Any:
    """The projector stores its positions in a transaction of their own, first."""
    write = ProjectorProcess.write

    def apart(process: ProjectorProcess, records: Any, reached: Any) -> None:
        process._database.positions.update(reached)
        process.faults.point("rows_written")
        write(process, records, reached)

    return patch.object(ProjectorProcess, "write", apart)


def leases_end_early() -> Any:
    """A lease ends when a command says so, heartbeats or not."""

    def expire(queue: Any, command: Any) -> Any:
        lease = queue.leases.get(command.job_id)
        if lease is None:
            return accept()
        lose = LoseJob(lease_id=lease.lease_id, cause=LossCause.LEASE_EXPIRED, last_seen_at=lease.seen_at)
        ended = queue_decide._ended(queue, command.job_id, LeaseEnding.EXPIRED)
        return accept(ended, follow_ups=(FollowUp(str(command.job_id), lose),))

    def impatient(row: Any, now: int, heard: HeartbeatWindow) -> Any:
        return real(row, now, HeartbeatWindow(since=0, until=now))

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
    """Command ids are remembered in memory only: neither in the fold nor in the rows."""
    apply, restored = Shard._apply, RowCodec.entry

    def forgetful(slot: Shard, aggregate: Any, entry: Entry, message: Any, envelope: Any) -> None:
        apply(slot, aggregate, entry, message, envelope)
        entry.recent = UndoQueue()

    def forgotten(rows: RowCodec, *arguments: Any) -> Entry:
        entry = restored(rows, *arguments)
        entry.recent = UndoQueue()
        return entry

    both = contextlib.ExitStack()
    both.enter_context(patch.object(Shard, "_apply", forgetful))
    both.enter_context(patch.object(RowCodec, "entry", forgotten))
    return both


def raising() -> Any:
    """One of forty decisions that change something meets a bug after the change: no law but those of its own record may break."""
    evolve = Shard._evolve

    def broken(slot: Shard, aggregate: Any, entry: Entry, decision: Any, decoded: Decoded, *, is_answer: bool) -> Any:
        events = evolve(slot, aggregate, entry, decision, decoded, is_answer=is_answer)
        if events and int(decoded.envelope.command_id[:6], 16) % 40 == 0:
            raise RuntimeError("planted")
        return events

    return patch.object(Shard, "_evolve", broken)


def changes_stay_after_a_bug() -> Any:
    """The states that a bug left half changed are kept."""
    both = contextlib.ExitStack()
    both.enter_context(raising())
    both.enter_context(patch.object(undo, "put_back", lambda to: None))
    return both


def large_records_are_cut_off() -> Any:
    """A record that the log does not take is left out, and the rest of its transaction written."""
    commit = MemoryShardLog.commit

    def without(shard_log: MemoryShardLog, outputs: Iterable[OutputRecord], positions: Positions) -> None:
        commit(shard_log, [one for one in outputs if len(one.value or b"") < 700], positions)

    return patch.object(MemoryShardLog, "commit", without)


def markers_of_the_end() -> Any:
    """A round of rows is marked with the ends of the log when it is done, not with those when it began."""
    begin = SnapshotWriter.begin_round

    def begun(writer: SnapshotWriter, positions: Positions) -> None:
        begin(writer, {place: offset + 25 for place, offset in positions.items()})

    return patch.object(SnapshotWriter, "begin_round", begun)


def parts_not_noted() -> Any:
    """A queue does not write the rows of jobs that were leased."""
    form = AGGREGATES["queue"].snapshot
    changed = form.changed

    def forgotten(queue: Any, event: Any) -> Any:
        return () if isinstance(event, JobLeased) else changed(queue, event)

    return patch.dict(AGGREGATES, {"queue": replace(AGGREGATES["queue"], snapshot=replace(form, changed=forgotten))})


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
        positions_before_rows,
        leases_end_early,
        follow_ups_outside,
        ids_forgotten_at_restart,
        changes_stay_after_a_bug,
        large_records_are_cut_off,
        markers_of_the_end,
        parts_not_noted,
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
