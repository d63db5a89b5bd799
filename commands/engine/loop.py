"""Read, decide, write: one transaction a batch, for every aggregate of one slot.

In: command topics. Out, in the same transaction as the input positions: events, answers, follow-up commands, dead letters.
Guards: one live writer per slot; state is what the log says: after a transaction whose outcome is not known the log is let go and
the states are rebuilt. A record that meets a bug, or that the log does not take, costs no one else anything: the states are put
back. Source: practice 6.3, 6.5.
"""

import time
from collections.abc import Callable, Sequence

import structlog

from commands import undo
from commands.config import DeciderConfig
from commands.engine.errors import Unwritable
from commands.engine.inline import InlineFollowUps
from commands.engine.log_port import ShardLog, ShardLogFactory
from commands.engine.records import InputRecord, OutputRecord
from commands.engine.shard import Shard
from commands.engine.store import Positions, StateStore
from schemas.wire import Codec

log = structlog.get_logger()


class DeciderLoop:
    """The loop of one slot. `run` goes on until `stopped` says so; `Interrupted` means: make a new one."""

    def __init__(
        self,
        config: DeciderConfig,
        codec: Codec,
        store: StateStore,
        open_log: ShardLogFactory,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """clock: seconds, for the pace of snapshots only; no decision knows it."""
        self._config = config
        self._store = store
        self._direct = InlineFollowUps(config.slot, config.slots, config.inline_max)
        self._slot = Shard(store, codec, self._direct)
        self._codec = codec
        self._open_log = open_log
        self._clock = clock
        self._snapshot_due = clock() + config.snapshot_seconds

    def run(self, stopped: Callable[[], bool]) -> None:
        """Own the slot until `stopped`; raises Fenced when another decider took it.

        Shut out the previous owner, rebuild the states, then decide (in this order: practice 6.3).
        """
        shard_log = self._open_log()
        try:
            self.take_over(shard_log)
            while not stopped():
                self.step(shard_log)
            self._snapshot(shard_log)
        finally:
            shard_log.release()

    def take_over(self, shard_log: ShardLog) -> None:
        """Own the slot with every state at the end of the log, ready to read commands."""
        began = self._clock()
        shard_log.acquire()
        replayed = self._rebuild(shard_log)
        self._direct.begin(shard_log.start_reading())
        log.info(
            "slot_owned",
            slot=self._config.name,
            events_replayed=replayed,
            aggregates_in_memory=self._store.hot_count(),
            seconds=round(self._clock() - began, 2),
        )

    def step(self, shard_log: ShardLog) -> None:
        """Decide everything that is there, up to the batch limit; a snapshot when it is due."""
        records = shard_log.take(self._config.batch_max)
        done = 0
        while done < len(records):
            done += self._decide_batch(shard_log, records[done:])
        if self._clock() >= self._snapshot_due:
            self._snapshot(shard_log)

    def _decide_batch(self, shard_log: ShardLog, records: Sequence[InputRecord]) -> int:
        """Number of records decided in one transaction: all, unless much follows from the first of them.

        0 when the log does not take the decision on one of them: the states are put back, and that one will be refused.
        """
        began = self._clock()
        before = undo.mark()
        outputs: list[OutputRecord] = []
        causes: list[InputRecord] = []
        positions: Positions = {}
        count = size = 0
        for record in records:
            count += 1
            made = self._slot.handle(record)
            outputs += made
            causes += [record] * len(made)
            size += sum(len(output.value) for output in made)
            positions[(record.topic, record.partition)] = record.offset + 1
            if len(outputs) >= self._config.outputs_max or size >= self._config.bytes_max:
                break
        try:
            shard_log.commit(outputs, positions)
        except Unwritable as problem:
            log.error("record_refused_by_the_log", problem=str(problem))
            undo.put_back(before)
            self._slot.refuse_unwritable(causes[problem.number], problem)
            return 0
        self._store.committed()
        self._slot.counted.through(count, self._clock() - began)
        return count

    def _rebuild(self, shard_log: ShardLog) -> int:
        """Number of events folded to bring the states to the end of the log."""
        self._store.reload()
        folded = 0
        for record in shard_log.events_after(self._store.positions()):
            self._slot.replay(record.topic, record.partition, record.offset, self._codec.decode(record.value))
            folded += 1
        self._store.writer_epoch += 1
        return folded

    def _snapshot(self, shard_log: ShardLog) -> None:
        """Write what changed to the state file, with the ends of the event partitions as its positions."""
        began = self._clock()
        written = self._store.snapshot(shard_log.event_ends())
        self._snapshot_due = self._clock() + self._config.snapshot_seconds
        log.info(
            "snapshot_written",
            entries=written,
            aggregates_in_memory=self._store.hot_count(),
            seconds=round(self._clock() - began, 2),
        )
