"""The log folded again, in large batches, into tables that no one reads yet.

In: raw records, some or all partitions. Out: rows, and a `Progress`: how far which partition is. Every row depends on one
aggregate and so on one partition, which lets several processes replay disjoint partitions into the same tables.
"""

import gc
import multiprocessing
import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field

import psycopg2
import structlog

from eventlog.registry import codec_from
from process.logs import configure_logs, named_target
from projections.catalogue import PASSING, PROJECTIONS, Projection
from projections.engine.applying import BAD_ROW, TABLES_GONE, said
from projections.engine.batch import Item, aggregates_of, decode, fold, rows_read, without
from projections.engine.changes import Key, Row
from projections.engine.errors import PartitionStopped
from projections.engine.kafka_log import KafkaLogReader, Log, RawRecord
from projections.engine.positions import Connection, Cursor, Partition
from projections.engine.set_aside import Mark
from projections.engine.statements import BY_KEY_ONLY
from projections.engine.writing import fetch_rows, write_changes
from schemas.reading import Aggregate, Place
from schemas.wire import Codec

READ_SECONDS = 0.5
log = structlog.get_logger()


@dataclass(slots=True)
class Progress:
    """How far the new tables are.

    `starts` names the partitions; `ahead` was read but lies beyond a limit. `marks`: aggregates that are set aside; those given
    at the start are folded up to their sequence and no further.
    """

    starts: dict[Partition, int]
    reached: dict[Partition, int] = field(default_factory=dict)
    stopped: dict[Partition, PartitionStopped] = field(default_factory=dict)
    ahead: list[RawRecord] = field(default_factory=list)
    heads: dict[Aggregate, int] = field(default_factory=dict)
    marks: dict[Aggregate, Mark] = field(default_factory=dict)
    records: int = 0

    def at(self, partition: Partition) -> int:
        """The offset up to which everything was applied."""
        return self.reached.get(partition, self.starts[partition])

    def missing(self, goal: Mapping[Partition, int]) -> int:
        """Offsets between the new tables and `goal`."""
        return sum(max(0, offset - self.at(partition)) for partition, offset in goal.items())

    def take(self, other: "Progress") -> None:
        """Add what another process did to other partitions."""
        self.reached.update(other.reached)
        self.stopped.update(other.stopped)
        self.heads.update(other.heads)
        self.marks.update(other.marks)
        self.records += other.records


class Replay:
    """Applies the log to the tables in `tables_in`, batch by batch."""

    def __init__(
        self,
        projections: Sequence[Projection],
        tables_in: Mapping[str, str],
        codec: Codec,
        log_reader: Log,
        *,
        records_max: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._projections, self._tables_in = projections, tables_in
        self._codec, self._log = codec, log_reader
        self._records_max, self._clock = records_max, clock

    def apply_more(self, rows: Connection, progress: Progress, limit: Mapping[Partition, int] | None) -> int:
        """Apply what is there and below `limit`, waiting a little for more; number of records applied.

        Raises PartitionStopped when the log does not have what it should.
        """
        raws = self._read(progress)
        if limit is not None:
            progress.ahead = [raw for raw in raws if raw.place.offset >= limit[raw.place.topic, raw.place.partition]]
            raws = [raw for raw in raws if raw.place.offset < limit[raw.place.topic, raw.place.partition]]
        raws = [raw for raw in raws if (raw.place.topic, raw.place.partition) not in progress.stopped]
        if raws:
            self._apply(rows, progress, raws)
        progress.records += len(raws)
        return len(raws)

    def _read(self, progress: Progress) -> list[RawRecord]:
        """A large batch: what was read too far before, and what comes within a moment."""
        raws, progress.ahead = progress.ahead, []
        until = self._clock() + READ_SECONDS
        while len(raws) < self._records_max:
            more, gone = self._log.read(self._records_max - len(raws), max(0.0, until - self._clock()))
            for stop in gone:
                raise stop
            if not more:
                break
            raws += more
        return raws

    def _apply(self, rows: Connection, progress: Progress, raws: list[RawRecord]) -> None:
        self._halving(rows, progress, decode(self._codec, raws))

    def _halving(self, rows: Connection, progress: Progress, items: Sequence[Item]) -> None:
        """Write all; when Postgres refuses a value, the halves, down to the record that has it."""
        items = [item for item in items if (item.place.topic, item.place.partition) not in progress.stopped]
        try:
            self._write(rows, progress, items, {})
            return
        except BAD_ROW as problem:
            if isinstance(problem, TABLES_GONE) or not items:
                raise
            refused = said(problem)
        if len(items) == 1:
            self._write(rows, progress, items, {items[0].place: refused})
            return
        middle = len(items) // 2
        self._halving(rows, progress, items[:middle])
        self._halving(rows, progress, items[middle:])

    def _write(
        self, rows: Connection, progress: Progress, items: Sequence[Item], refused: Mapping[Place, str]
    ) -> None:
        stops: list[PartitionStopped] = []
        with rows, rows.cursor() as cursor:
            known = {
                projection.name: self._known(cursor, projection, items, progress.marks, refused)
                for projection in self._projections
            }
            heads = {a: progress.heads[a] for a in aggregates_of(items) if a in progress.heads}
            while True:
                try:
                    folded = fold(self._projections, items, heads, known, progress.marks, refused)
                    break
                except PartitionStopped as stop:
                    stops.append(stop)
                    items = without(items, stop)
            for projection in self._projections:
                schema = self._tables_in[projection.name]
                write_changes(cursor, projection.tables, schema, folded.changes[projection.name], bulk=True)
        progress.heads.update(folded.heads)
        progress.reached.update(folded.reached)
        progress.stopped.update({(stop.place.topic, stop.place.partition): stop for stop in stops})
        for aggregate, mark in folded.marks.items():
            if mark is None:
                progress.marks.pop(aggregate, None)
            else:
                progress.marks[aggregate] = mark

    def _known(
        self,
        cursor: Cursor,
        projection: Projection,
        items: Sequence[Item],
        marks: Mapping[Aggregate, Mark],
        refused: Mapping[Place, str],
    ) -> dict[tuple[str, Key], Row | None]:
        known: dict[tuple[str, Key], Row | None] = {}
        for table, keys in rows_read(projection, items, marks, refused).items():
            schema, columns = self._tables_in[projection.name], projection.remembered[table]
            present = fetch_rows(cursor, projection.tables[table], schema, columns, keys)
            known.update({(table, key): present.get(key) for key in keys})
        return known


@dataclass(frozen=True, slots=True)
class ReplayPart:
    """What one process replays: its partitions from `starts` up to `limits`. marks: as in `Progress`."""

    kafka: str
    registry: str
    postgres: str
    names: tuple[str, ...]
    tables_in: dict[str, str]
    starts: dict[Partition, int]
    limits: dict[Partition, int]
    records_max: int
    marks: dict[Aggregate, Mark] = field(default_factory=dict)


def split(limits: Mapping[Partition, int], starts: Mapping[Partition, int], parts: int) -> list[list[Partition]]:
    """Partitions in at most `parts` groups of about equally many records, none empty."""
    groups: list[list[Partition]] = [[] for _ in range(parts)]
    sizes = [0] * parts
    for partition in sorted(limits, key=lambda p: (starts[p] - limits[p], p)):
        smallest = sizes.index(min(sizes))
        groups[smallest].append(partition)
        sizes[smallest] += limits[partition] - starts[partition]
    return [group for group in groups if group]


def replay_shards(shards: Iterable[ReplayPart]) -> list[Progress]:
    """Replay every shard in a process of its own."""
    shards = list(shards)
    with ProcessPoolExecutor(len(shards), mp_context=multiprocessing.get_context("spawn")) as pool:
        return list(pool.map(replay_shard, shards))


def replay_shard(shard: ReplayPart) -> Progress:
    """The progress when the shard's limits are reached, or nothing more comes."""
    # Batches of live objects make the collector look at everything again and again; there are no cycles to find.
    gc.disable()
    configure_logs(named_target(os.environ))
    reader = KafkaLogReader(shard.kafka, client_id="culm-rebuild", passing=PASSING, hears_ends=True)
    rows = connect_for_loading(shard.postgres)
    try:
        projections = [PROJECTIONS[name] for name in shard.names]
        replay = Replay(
            projections, shard.tables_in, codec_from(shard.registry), reader, records_max=shard.records_max
        )
        progress = Progress(dict(shard.starts), marks=dict(shard.marks))
        reader.seek(progress.starts)
        while progress.missing(shard.limits):
            if not replay.apply_more(rows, progress, shard.limits) and reader.is_read_out():
                break
            log.info("partitions_replayed", records=progress.records, missing=progress.missing(shard.limits))
        progress.ahead = []
        return progress
    finally:
        rows.close()
        reader.close()


def connect_for_loading(postgres: str) -> Connection:
    """A connection for bulk writes; what a crash loses of them is made again anyway."""
    return psycopg2.connect(
        postgres,
        application_name="culm-rebuild",
        options=f"-c synchronous_commit=off -c work_mem=64MB {BY_KEY_ONLY}",
    )
