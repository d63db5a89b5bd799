"""Read models made anew from the log beside the live ones, while everybody reads and the projector goes on (blue/green).

In: names of projections. Out: fresh tables with the same rows, put in the place of the old ones in one transaction.
Guards: readers never miss a table; the projector and the new tables stand at the same positions when they change over; a
rebuild that was killed leaves only a schema nobody reads, which the next one drops.
"""

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import psycopg2
import structlog
from confluent_kafka import KafkaException
from sqlalchemy import Engine

from projections.batch import aggregates_of, decode, fold, rows_read, without
from projections.catalogue import PASSING, PROJECTIONS, Projection, topics_of
from projections.changes import Key, Row
from projections.config import ProjectorConfig
from projections.errors import PartitionStopped, RebuildRefused
from projections.kafka_log import KafkaLog, Log, RawRecord
from projections.live import create_indexes, create_tables, drop_schemas, engine_on, read_live, schemas_of, set_live
from projections.migrate import migrate
from projections.positions import (
    Connection,
    Partition,
    Slot,
    Stored,
    ensure_positions,
    lead_of,
    lock_positions,
    next_generation,
    set_positions,
    stored_positions,
)
from projections.writing import fetch_rows, write_changes
from schemas.reading import Aggregate
from schemas.registry import codec_from
from schemas.wire import Codec

#: Any number; only one rebuild at a time.
ADVISORY_LOCK = 2_508_044
#: So near to the live tables that the rest is read while they wait.
NEAR_RECORDS = 5000
#: Rounds to go on near the end of a log that is being written.
NEAR_ROUNDS = 5
READ_SECONDS = 0.5
CHANGE_OVER_SECONDS = 60.0
#: Shorter than Postgres' own search for deadlocks, which might pick a reader.
VIEW_LOCK_MILLISECONDS = 300
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What a rebuild did."""

    tables_in: dict[str, str]
    records: int
    seconds: float


@dataclass(slots=True)
class _Progress:
    """How far the new tables are."""

    starts: dict[Partition, int]
    reached: dict[Partition, int] = field(default_factory=dict)
    stopped: dict[Partition, PartitionStopped] = field(default_factory=dict)
    ahead: list[RawRecord] = field(default_factory=list)
    heads: dict[Aggregate, int] = field(default_factory=dict)
    records: int = 0

    def at(self, partition: Partition) -> int:
        """The offset up to which everything was applied."""
        return self.reached.get(partition, self.starts[partition])

    def missing(self, goal: dict[Partition, int]) -> int:
        """Offsets between the new tables and `goal`."""
        return sum(max(0, offset - self.at(partition)) for partition, offset in goal.items())


def rebuild(config: ProjectorConfig, names: Sequence[str]) -> Rebuilt:
    """Make the named projections anew, all when `names` is empty; raises RebuildRefused."""
    unknown = sorted(set(names) - set(PROJECTIONS))
    if unknown:
        raise RebuildRefused(f"no projection {', '.join(unknown)}; there are {', '.join(PROJECTIONS)}")
    reader = KafkaLog(config.kafka, client_id="culm-rebuild", passing=PASSING)
    try:
        job = Rebuild(config.postgres, codec_from(config.registry), reader, names, records_max=config.rebuild_records_max)
        return job.run()
    except KafkaException as problem:
        raise RebuildRefused(f"the log cannot be read: {problem}") from problem
    finally:
        reader.close()


class Rebuild:
    """One rebuild of some projections, in one pass over the log."""

    def __init__(
        self,
        postgres: str,
        codec: Codec,
        log_reader: Log,
        names: Sequence[str],
        *,
        records_max: int = 20_000,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._postgres, self._codec, self._log = postgres, codec, log_reader
        self._projections = [p for p in PROJECTIONS.values() if not names or p.name in names]
        self._is_whole = len(self._projections) == len(PROJECTIONS)
        self._records_max, self._clock = records_max, clock
        self._tables_in: dict[str, str] = {}

    def run(self) -> Rebuilt:
        """Build, catch up, change over; raises RebuildRefused with nothing changed."""
        began = self._clock()
        migrate(self._postgres)
        engine = engine_on(self._postgres)
        rows, guard = self._connect(), self._connect()
        try:
            with guard, guard.cursor() as cursor:
                cursor.execute("SELECT pg_try_advisory_lock(%s)", (ADVISORY_LOCK,))
                if cursor.fetchone() != (True,):
                    raise RebuildRefused("another rebuild is running")
            progress = self._begin(engine, guard)
            self._build(rows, guard, progress)
            for projection in self._projections:
                create_indexes(engine, projection, self._tables_in[projection.name])
            self._build(rows, guard, progress)
            self._change_over(rows, guard, progress)
            return Rebuilt(dict(self._tables_in), progress.records, self._clock() - began)
        finally:
            rows.close()
            guard.close()
            engine.dispose()

    def _begin(self, engine: Engine, connection: Connection) -> _Progress:
        """Empty tables without indexes, and the log at its beginning."""
        counts = self._log.partitions(topics_of(PROJECTIONS.values()))
        with connection, connection.cursor() as cursor:
            ensure_positions(cursor, PROJECTIONS.values(), counts)
            live = read_live(cursor)
            for projection in self._projections:
                current = live[projection.name].tables_in
                there = schemas_of(cursor, projection)
                drop_schemas(cursor, [schema for schema in there if schema != current])
                self._tables_in[projection.name] = _next_schema(projection, current)
        for projection in self._projections:
            create_tables(engine, projection, self._tables_in[projection.name], indexes=False)
        partitions = [(topic, n) for topic in topics_of(self._projections) for n in range(counts[topic])]
        starts = {partition: self._log.bounds(partition)[0] for partition in partitions}
        gone = [p for p, start in starts.items() if start and p[0] not in PASSING]
        if gone:
            raise RebuildRefused(f"the log of {gone[0][0]}[{gone[0][1]}] begins at {starts[gone[0]]}, expected 0")
        self._log.seek(starts)
        log.info("rebuild_started", tables=self._tables_in)
        return _Progress(starts)

    def _build(self, rows: Connection, guard: Connection, progress: _Progress) -> None:
        """Apply the log until the new tables are near to where the live ones are, or to its end if all are made anew."""
        near = 0
        while near < NEAR_ROUNDS:
            goal = self._goal(guard, progress)
            near += progress.missing(goal) <= NEAR_RECORDS
            if near and not self._is_whole:
                return
            if not self._apply_more(rows, progress, None if self._is_whole else goal, READ_SECONDS):
                return

    def _goal(self, guard: Connection, progress: _Progress) -> dict[Partition, int]:
        """Where the new tables have to get to: the live positions; the end of the log when everything is made anew."""
        with guard, guard.cursor() as cursor:
            lead = self._lead(stored_positions(cursor))
        if self._is_whole:
            return {p: max(lead[p], self._log.bounds(p)[1]) for p in progress.starts if p not in progress.stopped}
        return lead

    def _change_over(self, rows: Connection, guard: Connection, progress: _Progress) -> None:
        """Let the projector wait, read what is missing, repoint views and positions: one transaction."""
        deadline = self._clock() + CHANGE_OVER_SECONDS
        while True:
            try:
                with guard, guard.cursor() as cursor:
                    stored = lock_positions(cursor)
                    lead = self._lead(stored)
                    while progress.missing(lead):
                        if self._clock() > deadline:
                            raise RebuildRefused(f"{progress.missing(lead)} records could not be caught up with")
                        self._apply_more(rows, progress, None if self._is_whole else lead, READ_SECONDS)
                    cursor.execute(f"SET LOCAL lock_timeout = {VIEW_LOCK_MILLISECONDS}")
                    for projection in self._projections:
                        set_live(cursor, projection, self._tables_in[projection.name])
                        offsets = {p: max(progress.at(p), lead[p]) for p in lead if p[0] in projection.topics}
                        set_positions(cursor, projection.name, offsets)
                    next_generation(cursor)
                log.info("rebuild_changed_over", tables=self._tables_in, records=progress.records)
                return
            except psycopg2.errors.LockNotAvailable as problem:
                # A long query reads a view; it shall end in peace.
                if self._clock() > deadline:
                    raise RebuildRefused("a query holds the views; nothing was changed over") from problem

    def _lead(self, stored: dict[Slot, Stored]) -> dict[Partition, int]:
        lead = lead_of(stored, list(PROJECTIONS))
        topics = topics_of(self._projections)
        return {partition: offset for partition, offset in lead.items() if partition[0] in topics}

    def _apply_more(
        self, rows: Connection, progress: _Progress, limit: dict[Partition, int] | None, seconds: float
    ) -> int:
        """Apply what is there and below `limit`; number of records read or applied."""
        raws, gone = self._read(progress, seconds)
        for stop in gone:
            raise RebuildRefused(str(stop))
        if limit is not None:
            progress.ahead = [raw for raw in raws if raw.place.offset >= limit[raw.place.topic, raw.place.partition]]
            raws = [raw for raw in raws if raw.place.offset < limit[raw.place.topic, raw.place.partition]]
        raws = [raw for raw in raws if (raw.place.topic, raw.place.partition) not in progress.stopped]
        if raws:
            self._apply(rows, progress, raws)
        progress.records += len(raws)
        return len(raws)

    def _read(self, progress: _Progress, seconds: float) -> tuple[list[RawRecord], list[PartitionStopped]]:
        """A large batch: what was read too far before, and what comes within `seconds`."""
        raws, progress.ahead = progress.ahead, []
        until = self._clock() + seconds
        while len(raws) < self._records_max:
            more, gone = self._log.read(self._records_max - len(raws), max(0.0, until - self._clock()))
            if gone or not more:
                return raws, gone
            raws += more
        return raws, []

    def _apply(self, rows: Connection, progress: _Progress, raws: list[RawRecord]) -> None:
        records, stops = decode(self._codec, raws)
        with rows, rows.cursor() as cursor:
            known: dict[str, dict[tuple[str, Key], Row | None]] = {}
            for projection in self._projections:
                found = known.setdefault(projection.name, {})
                for table, keys in rows_read(projection, records).items():
                    schema, columns = self._tables_in[projection.name], projection.remembered[table]
                    present = fetch_rows(cursor, projection.tables[table], schema, columns, keys)
                    found.update({(table, key): present.get(key) for key in keys})
            while True:
                heads = {a: progress.heads[a] for a in aggregates_of(records) if a in progress.heads}
                try:
                    folded = fold(self._projections, records, heads, known)
                    break
                except PartitionStopped as stop:
                    stops.append(stop)
                    records = without(records, stop)
            for projection in self._projections:
                schema = self._tables_in[projection.name]
                write_changes(cursor, projection.tables, schema, folded.changes[projection.name])
        progress.heads.update(folded.heads)
        progress.reached.update(folded.reached)
        self._check_stops(progress, stops)

    def _check_stops(self, progress: _Progress, stops: list[PartitionStopped]) -> None:
        """A record that the live tables have not got past either ends its partition here, too; any other is a bug."""
        if not stops:
            return
        connection = self._connect()
        try:
            with connection.cursor() as cursor:
                lead = self._lead(stored_positions(cursor))
        finally:
            connection.close()
        for stop in stops:
            partition = (stop.place.topic, stop.place.partition)
            if stop.place.offset < lead[partition]:
                raise RebuildRefused(f"the live tables stay as they are: {stop}")
            progress.stopped[partition] = stop

    def _connect(self) -> Connection:
        return psycopg2.connect(
            self._postgres, application_name="culm-rebuild", options="-c synchronous_commit=off -c work_mem=64MB"
        )


def _next_schema(projection: Projection, current: str) -> str:
    found = re.fullmatch(rf"rm_{projection.name}_v(\d+)(?:r(\d+))?", current)
    assert found is not None, f"{current} is no schema of {projection.name}"
    if int(found.group(1)) != projection.version:
        return projection.first_schema
    return f"{projection.first_schema}r{int(found.group(2) or 0) + 1}"
