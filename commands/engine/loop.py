"""Read, decide, write: one transaction a batch, for every aggregate of the shards that this decider has.

In: command topics. Out, in the same transaction as the input positions: events, answers, follow-up commands, dead letters, and
rows of the snapshot. Guards: one live writer per shard; state is what the log says: after a transaction whose outcome is unknown
the log is let go and the states are restored. A record that meets a bug, or that the log does not take, costs no one else
anything: the states are put back. Source: practice 6.3, 6.5.
"""

import time
from collections.abc import Callable, Sequence

import structlog

from commands import undo
from commands.aggregates import event_topics
from commands.config import DeciderConfig
from commands.engine.decider import Decider
from commands.engine.entries import Positions
from commands.engine.errors import Interrupted, NotYetKnown, Rebalanced, SnapshotUnusable, Unwritable
from commands.engine.inline import InlineFollowUps
from commands.engine.log_port import DeciderLog, DeciderLogFactory, ShardChange
from commands.engine.records import InputRecord, OutputRecord
from commands.engine.restoring import Restoring
from commands.engine.snapshots import Slice, SnapshotWriter
from commands.engine.store import StateStore
from schemas.catalog import CLOSED_ROWS
from schemas.wire import Codec

#: What an orderly end takes at most to write the last rows.
LAST_ROUND_SECONDS_MAX = 8.0
log = structlog.get_logger()


class DeciderLoop:
    """The loop of one decider. `run` goes on until `stopped` says so; `Interrupted` means: make a new membership."""

    def __init__(
        self,
        config: DeciderConfig,
        codec: Codec,
        store: StateStore,
        open_log: DeciderLogFactory,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """clock: seconds, for the intervals of snapshots only; no decision knows it."""
        self._config = config
        self._store = store
        self._inline = InlineFollowUps(config.inline_max)
        self._decider = Decider(store, codec, self._inline)
        self._writer = SnapshotWriter(store, codec)
        limits = config.closed_rows_at_once_max, config.closed_rows_portion
        self._restoring = Restoring(store, self._decider, self._writer, codec, *limits)
        self._open_log = open_log
        self._clock = clock
        self._shards: frozenset[int] = frozenset()
        #: partitions of commands that wait for closed rows, and the first command that does
        self._held: Positions = {}
        self._closed_ends: Positions = {}
        self._round_due = clock() + config.snapshot_seconds
        self._round_began = clock()

    @property
    def shards(self) -> frozenset[int]:
        """The shards whose commands are decided here now."""
        return self._shards

    @property
    def is_behind(self) -> bool:
        """True while closed rows are fetched beside deciding."""
        return self._restoring.is_behind

    def run(self, stopped: Callable[[], bool]) -> None:
        """Decide for the shards that the group gives, until `stopped`; raises Fenced when another decider took the name."""
        decider_log = self._open_log()
        try:
            self.join(decider_log)
            while not stopped():
                self.step(decider_log)
            self._write_last_rows(decider_log)
        finally:
            decider_log.release()

    def join(self, decider_log: DeciderLog) -> None:
        """Begin a membership: nothing is known of the one before."""
        self._restoring.reset()
        self._writer.forget()
        self._held.clear()
        self._shards = frozenset()
        self._store.partitions = decider_log.join()

    def step(self, decider_log: DeciderLog) -> None:
        """Decide everything that is there, up to the batch limit, and write rows of the snapshot that are due.

        When the group has shared its shards out again: restore what is new, then go on.
        """
        records = decider_log.take(self._config.batch_max, waits=not self.is_behind)
        change = decider_log.change()
        if change is not None:
            self._own(decider_log, change)
            return
        if self.is_behind:
            self._fetch_behind(decider_log)
        elif not self._writer.in_round and self._shards and self._clock() >= self._round_due:
            self._begin_round(decider_log)
        done = 0
        while done < len(records):
            done += self._decide_batch(decider_log, records[done:])
        if not records and self._shards:
            self._write_rows(decider_log)

    def _own(self, decider_log: DeciderLog, change: ShardChange) -> None:
        """Every state of the shards at the end of the log, then read their commands."""
        began, new = self._clock(), change.shards - change.kept
        self._writer.forget()
        self._held.clear()
        self._restoring.forget(self._shards - change.kept)
        self._shards = change.kept
        try:
            folded = self._restoring.run(decider_log, new, lambda: self._write_rows(decider_log)) if new else 0
        except Rebalanced:
            self._restoring.forget(new)
            return
        self._shards = change.shards
        self._inline.begin(decider_log.start_reading())
        log.info(
            "shards_owned",
            decider=self._config.name,
            shards=sorted(self._shards),
            restored=sorted(new),
            events_folded=folded,
            aggregates_in_memory=self._store.hot_count(),
            closed_rows_behind=sorted(self._store.closed.behind),
            seconds=round(self._clock() - began, 2),
        )

    def _fetch_behind(self, decider_log: DeciderLog) -> None:
        """Fetch some more closed rows; when all are here, go on with the commands that waited for them."""
        try:
            if not self._restoring.go_on(decider_log):
                return
        except SnapshotUnusable as problem:
            raise self._distrust(problem) from problem
        held, self._held = self._held, {}
        log.info("closed_rows_fetched", decider=self._config.name, partitions_held=len(held))
        if held:
            self._inline.go_on(decider_log.go_on(held))

    def _hold(self, decider_log: DeciderLog, record: InputRecord) -> None:
        """The partition of a command waits that cannot be decided before all closed rows are here."""
        decider_log.hold(*record.place)
        self._inline.hold(record.topic, record.partition)
        self._held[(record.topic, record.partition)] = record.offset

    def _decide_batch(self, decider_log: DeciderLog, records: Sequence[InputRecord]) -> int:
        """Number of records decided in one transaction: all, unless much follows from the first of them, or much must be written.

        0 when the log does not take the decision on one of them: the states are put back, and that one will be refused.
        """
        began = self._clock()
        before = undo.mark()
        outputs: list[OutputRecord] = []
        causes: list[InputRecord] = []
        positions: Positions = {}
        count = decided = size = 0
        for record in records:
            count += 1
            if (record.topic, record.partition) in self._held:
                continue
            try:
                made = self._handled(record)
            except NotYetKnown:
                self._hold(decider_log, record)
                continue
            decided += 1
            outputs += made
            causes += [record] * len(made)
            size += sum(output.size for output in made)
            positions[(record.topic, record.partition)] = record.offset + 1
            if len(outputs) >= self._config.outputs_max or size >= self._config.bytes_max or self._store.crowded:
                break
        rows = self._writer.slice()
        try:
            decider_log.commit([*outputs, *rows.records], positions)
        except Unwritable as problem:
            log.error("record_refused_by_the_log", problem=str(problem))
            self._writer.not_written(rows)
            undo.put_back(before)
            if problem.number >= len(outputs):
                raise
            self._decider.refuse_unwritable(causes[problem.number], problem)
            return 0
        self._committed(rows)
        self._decider.counted.through(decided, self._clock() - began)
        return count

    def _handled(self, record: InputRecord) -> list[OutputRecord]:
        """What follows from a record; raises Interrupted when the row of a state that it asks for cannot be read."""
        try:
            return self._decider.handle(record)
        except SnapshotUnusable as problem:
            raise self._distrust(problem) from problem

    def _distrust(self, problem: SnapshotUnusable) -> Interrupted:
        self._restoring.distrust(problem)
        return Interrupted(f"all events must be folded: {problem}")

    def _begin_round(self, decider_log: DeciderLog) -> None:
        self._round_began = self._clock()
        self._round_due = self._round_began + self._config.snapshot_seconds
        # Rows up to these ends are in the copies, which is sure when the round is committed: no one else had the shards then.
        self._closed_ends = decider_log.ends((CLOSED_ROWS,), self._shards)
        self._writer.begin_round(decider_log.ends(event_topics(), self._shards))

    def _write_rows(self, decider_log: DeciderLog) -> None:
        """Rows that are due, in a transaction of their own."""
        rows = self._writer.slice()
        if rows.records:
            decider_log.commit(rows.records, {})
        self._committed(rows)
        if rows.ends_round:
            log.info(
                "snapshot_written",
                aggregates_in_memory=self._store.hot_count(),
                seconds=round(self._clock() - self._round_began, 2),
            )

    def _committed(self, rows: Slice) -> None:
        self._store.committed()
        self._writer.committed(rows)
        if rows.ends_round:
            for (_, shard), end in self._closed_ends.items():
                self._store.closed.of(shard).reached(end)

    def _write_last_rows(self, decider_log: DeciderLog) -> None:
        """A whole round at an orderly end, so that the next owner starts from here; what does not fit the time is folded then."""
        if not self._shards or self.is_behind:
            # While closed rows are missing, no marker may say that every event is in the rows.
            return
        began = self._clock()
        self._begin_round(decider_log)
        while self._writer.in_round and self._clock() - began < LAST_ROUND_SECONDS_MAX:
            self._write_rows(decider_log)
