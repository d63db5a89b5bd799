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
from commands.engine import decider as decider_module
from commands.engine.decider import Decider
from commands.engine.decision_records import answer_record
from commands.engine.entries import Entry, Positions
from commands.engine.loop import DeciderLoop
from commands.engine.records import InputRecord, OutputRecord
from commands.engine.repeats import Repeats
from commands.engine.restoring import Restoring
from commands.engine.rows import RowCodec
from commands.engine.snapshots import SnapshotWriter
from commands.engine.store import StateStore
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
from tests.sim.memory_log import COMMITTED, MemoryDeciderLog, MemoryLog, Producer
from tests.sim.planted_input import registered_in_between_is_lost
from tests.sim.planted_learning import percentiles_of_the_unsorted
from tests.sim.planted_leases import people_stay_let_in, requests_forgotten, revocations_not_decided, revocations_not_read
from tests.sim.planted_shares import a_lease_leaves_the_counts, given_is_forgotten, levels_not_watched, shares_ranked_upside_down
from tests.sim.processors import GROUP, ProcessorsProcess
from tests.sim.readers import ProjectorProcess


def fencing_left_out() -> Any:
    """A decider that was replaced goes on writing."""

    def begin(log: MemoryLog, name: str) -> int:
        return log.producers.setdefault(name, Producer()).epoch

    return patch.object(MemoryLog, "begin", begin)


def position_before_effect() -> Any:
    """Processors commit what they have read, not what they have done."""
    before = ProcessorsProcess._read

    def eager(process: ProcessorsProcess, listener: Any, records_max: int) -> int:
        for partition in range(process._log.partitions):
            place = (listener.topic, partition)
            known = process._next.get(place, process._log.positions_of(GROUP).get(place, 0))
            read = process._log.read(*place, known, records_max)
            if read:
                process._next.setdefault(place, known)
                process._log.positions_of(GROUP)[place] = read[-1].offset + 1
        return before(process, listener, records_max)

    return patch.object(ProcessorsProcess, "_read", eager)


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
    decide = Decider._decide
    latest: dict[tuple[str, str], int] = {}

    def by_time(
        decider: Decider, record: InputRecord, decoded: Decoded, outputs: Any, *more: Any, inline: bool, **named: Any
    ) -> Any:
        key = (decoded.entry.aggregate, decoded.envelope.aggregate_id)
        if decoded.envelope.issued_at <= latest.get(key, 0):
            entry = decider._store.get(*key)
            outputs.append(answer_record(decider._codec, decoded, entry.sequence, accept(), [], repeated=True, inline=inline))
            return []
        latest[key] = decoded.envelope.issued_at
        return decide(decider, record, decoded, outputs, *more, inline=inline, **named)

    return patch.object(Decider, "_decide", by_time)


def torn_decisions() -> Any:
    """Records are written without a transaction around them."""

    def commit(decider_log: MemoryDeciderLog, outputs: Iterable[OutputRecord], positions: Positions) -> None:
        decider_log._log.owned(decider_log._config.name, decider_log._epoch)
        for output in outputs:
            decider_log._log.append(output.topic, output.key, output.value)
            decider_log._faults.point("produce")
        decider_log._faults.point("before_commit")
        decider_log._log.positions_of(decider_log._config.group).update(positions)
        decider_log._faults.point("after_commit")

    return patch.object(MemoryDeciderLog, "commit", commit)


def states_kept_in_doubt() -> Any:
    """After a commit whose outcome is unknown, the states in memory are believed."""
    run = Restoring.run

    def trusting(restoring: Restoring, *arguments: Any) -> int:
        return 0 if restoring._store.hot_count() else run(restoring, *arguments)

    def join(loop: DeciderLoop, decider_log: Any) -> None:
        loop._writer.forget()
        loop._shards = frozenset()
        loop._store.partitions = decider_log.join()

    both = contextlib.ExitStack()
    both.enter_context(patch.object(Restoring, "run", trusting))
    both.enter_context(patch.object(DeciderLoop, "join", join))
    return both


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


def senders_not_looked_at() -> Any:
    """A decider does what it is asked, without a look at its sender."""
    return patch.object(decider_module, "refusal_of_rights", lambda *_: None)


def follow_ups_outside() -> Any:
    """Commands that follow from a decision are sent after its transaction."""
    commit = MemoryDeciderLog.commit

    def apart(decider_log: MemoryDeciderLog, outputs: Iterable[OutputRecord], positions: Positions) -> None:
        outputs = list(outputs)
        commit(decider_log, [one for one in outputs if ".commands." not in one.topic], positions)
        for output in outputs:
            if ".commands." in output.topic:
                decider_log._faults.point("produce")
                decider_log._log.append(output.topic, output.key, output.value, COMMITTED)

    return patch.object(MemoryDeciderLog, "commit", apart)


def ids_forgotten_at_restart() -> Any:
    """Command ids are remembered in memory only: neither in the fold nor in the rows."""
    apply, restored = Decider._apply, RowCodec.entry

    def forgetful(decider: Decider, aggregate: Any, entry: Entry, message: Any, envelope: Any) -> None:
        apply(decider, aggregate, entry, message, envelope)
        entry.recent = UndoQueue()

    def forgotten(rows: RowCodec, *arguments: Any) -> Entry:
        entry = restored(rows, *arguments)
        entry.recent = UndoQueue()
        return entry

    both = contextlib.ExitStack()
    both.enter_context(patch.object(Decider, "_apply", forgetful))
    both.enter_context(patch.object(RowCodec, "entry", forgotten))
    return both


def a_days_commands_forgotten_at_restart() -> Any:
    """What is remembered of a day's commands to queues is neither in the rows nor in the fold."""
    both = contextlib.ExitStack()
    both.enter_context(patch.object(Repeats, "replayed", lambda *_: None))
    both.enter_context(patch.object(Restoring, "_restore_decided", lambda *_: None))
    return both


def raising() -> Any:
    """One of forty decisions that change something meets a bug after the change: no law but those of its own record may break."""
    evolve = Decider._evolve

    def broken(decider: Decider, aggregate: Any, entry: Entry, decision: Any, decoded: Decoded, *, is_answer: bool) -> Any:
        events = evolve(decider, aggregate, entry, decision, decoded, is_answer=is_answer)
        if events and int(decoded.envelope.command_id[:6], 16) % 40 == 0:
            raise RuntimeError("planted")
        return events

    return patch.object(Decider, "_evolve", broken)


def changes_stay_after_a_bug() -> Any:
    """The states that a bug left half changed are kept."""
    both = contextlib.ExitStack()
    both.enter_context(raising())
    both.enter_context(patch.object(undo, "put_back", lambda to: None))
    return both


def large_records_are_cut_off() -> Any:
    """A record that the log does not take is left out, and the rest of its transaction written."""
    commit = MemoryDeciderLog.commit

    def without(decider_log: MemoryDeciderLog, outputs: Iterable[OutputRecord], positions: Positions) -> None:
        commit(decider_log, [one for one in outputs if len(one.value or b"") < 700], positions)

    return patch.object(MemoryDeciderLog, "commit", without)


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


def generations_not_looked_at() -> Any:
    """A decider whose shards were given to another goes on writing."""
    return patch.object(MemoryDeciderLog, "_prove_generation", lambda decider_log: None)


def kept_without_a_look() -> Any:
    """A decider that gets a shard back keeps its states, although another one had it meanwhile."""
    change = MemoryDeciderLog.change

    def trusting(decider_log: MemoryDeciderLog) -> Any:
        started, found = decider_log._started, change(decider_log)
        return found and replace(found, kept=found.shards & started)

    return patch.object(MemoryDeciderLog, "change", trusting)


def closed_taken_for_new() -> Any:
    """What is not in memory begins, although closed rows of it may be on their way."""
    return patch.object(StateStore, "is_behind", lambda store, key: False)


def rounds_while_events_wait() -> Any:
    """A marker says that every event is in the rows, while some wait for closed ones."""
    return patch.object(DeciderLoop, "step", _step_with_rounds)


def _step_with_rounds(loop: DeciderLoop, decider_log: Any, step: Any = DeciderLoop.step) -> None:
    if loop.is_behind and not loop._writer.in_round and loop._shards:
        loop._begin_round(decider_log)
    step(loop, decider_log)


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
        senders_not_looked_at,
        follow_ups_outside,
        ids_forgotten_at_restart,
        a_days_commands_forgotten_at_restart,
        changes_stay_after_a_bug,
        large_records_are_cut_off,
        markers_of_the_end,
        kept_without_a_look,
        parts_not_noted,
        closed_taken_for_new,
        rounds_while_events_wait,
        revocations_not_decided,
        revocations_not_read,
        shares_ranked_upside_down,
        given_is_forgotten,
        a_lease_leaves_the_counts,
        levels_not_watched,
        requests_forgotten,
        percentiles_of_the_unsorted,
        registered_in_between_is_lost,
        people_stay_let_in,
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
