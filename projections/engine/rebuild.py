"""Read models rebuilt from the log beside the live ones, while all read and the projector goes on (blue/green).

In: names of projections. Out: fresh tables with the same rows, put in the place of the old ones in one transaction.
Guards: readers never miss a table; the projector and the new tables stand at the same positions when they change over; a
rebuild that was killed leaves only a schema without readers, which the next one drops.
"""

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import psycopg2
import structlog
from confluent_kafka import KafkaException
from sqlalchemy import Engine

from eventlog.registry import codec_from
from projections.catalogue import PASSING, PROJECTIONS, Projection, topics_of
from projections.config import ProjectorConfig
from projections.engine.errors import PartitionStopped, RebuildRefused
from projections.engine.kafka_log import KafkaLogReader, Log
from projections.engine.live import create_indexes, create_tables, drop_schemas, engine_on, read_live, schemas_of, set_live
from projections.engine.migrate import migrate
from projections.engine.positions import (
    Connection,
    Cursor,
    Partition,
    PositionKey,
    Stored,
    ensure_positions,
    lead_of,
    lock_positions,
    next_generation,
    set_positions,
    stored_positions,
)
from projections.engine.replay import Progress, Replay, ReplayPart, connect_for_loading, replay_shards, split
from projections.engine.set_aside import Mark, Marks, read_marks, replace_marks
from schemas.reading import Aggregate
from schemas.wire import Codec

#: Any number; only one rebuild at a time.
ADVISORY_LOCK = 2_508_044
#: So near to the live tables that the rest is read while they wait.
NEAR_RECORDS = 5000
#: Rounds to go on near the end of a log that is being written.
NEAR_ROUNDS = 5
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


def rebuild(config: ProjectorConfig, names: Sequence[str]) -> Rebuilt:
    """Rebuild the named projections, all when `names` is empty; raises RebuildRefused."""
    unknown = sorted(set(names) - set(PROJECTIONS))
    if unknown:
        raise RebuildRefused(f"no projection {', '.join(unknown)}; there are {', '.join(PROJECTIONS)}")
    reader = KafkaLogReader(config.kafka, client_id="culm-rebuild", passing=PASSING, hears_ends=True)
    try:
        return Rebuild(config.postgres, codec_from(config.registry), reader, names, config=config).run()
    except KafkaException as problem:
        raise RebuildRefused(f"the log cannot be read: {problem}") from problem
    finally:
        reader.close()


class Rebuild:
    """One rebuild of some projections, in one pass over the log.

    config: where other processes find everything; without it the whole log is read in this one.
    """

    def __init__(
        self,
        postgres: str,
        codec: Codec,
        log_reader: Log,
        names: Sequence[str],
        *,
        config: ProjectorConfig | None = None,
        records_max: int = 20_000,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._postgres, self._log, self._config = postgres, log_reader, config
        self._projections = [p for p in PROJECTIONS.values() if not names or p.name in names]
        self._is_whole = len(self._projections) == len(PROJECTIONS)
        self._clock = clock
        self._tables_in: dict[str, str] = {}
        self._marks: dict[Aggregate, Mark] = {}
        self._replay = Replay(
            self._projections,
            self._tables_in,
            codec,
            log_reader,
            records_max=config.rebuild_records_max if config else records_max,
            clock=clock,
        )

    def run(self) -> Rebuilt:
        """Build, catch up, change over; raises RebuildRefused with nothing changed."""
        began = self._clock()
        migrate(self._postgres)
        engine = engine_on(self._postgres)
        rows, guard = connect_for_loading(self._postgres), connect_for_loading(self._postgres)
        try:
            with guard, guard.cursor() as cursor:
                cursor.execute("SELECT pg_try_advisory_lock(%s)", (ADVISORY_LOCK,))
                if cursor.fetchone() != (True,):
                    raise RebuildRefused("another rebuild is running")
            progress = self._begin(engine, guard)
            self._load_old_part(guard, progress)
            self._log.seek({partition: progress.at(partition) for partition in progress.starts})
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

    def _begin(self, engine: Engine, connection: Connection) -> Progress:
        """Empty tables without indexes, and the log at its beginning."""
        counts = self._log.partitions(topics_of(PROJECTIONS.values()))
        with connection, connection.cursor() as cursor:
            ensure_positions(cursor, PROJECTIONS.values(), counts)
            live, marks = read_live(cursor), read_marks(cursor)
            for projection in self._projections:
                current = live[projection.name].tables_in
                there = schemas_of(cursor, projection)
                drop_schemas(cursor, [schema for schema in there if schema != current])
                self._tables_in[projection.name] = _next_schema(projection, current)
        for projection in self._projections:
            create_tables(engine, projection, self._tables_in[projection.name], indexes=False)
        partitions = [(topic, n) for topic in topics_of(self._projections) for n in range(counts[topic])]
        starts = self._log.starts(partitions)
        gone = [p for p, start in starts.items() if start and p[0] not in PASSING]
        if gone:
            raise RebuildRefused(f"the log of {gone[0][0]}[{gone[0][1]}] begins at {starts[gone[0]]}, expected 0")
        log.info("rebuild_started", tables=self._tables_in)
        # Some read models alone must stop where the others did; all together are tried from the beginning.
        self._marks = {} if self._is_whole else firm(marks)
        return Progress(starts, marks=dict(self._marks))

    def _build(self, rows: Connection, guard: Connection, progress: Progress) -> None:
        """Apply the log until the new tables are near to where the live ones are, or to its end if all are rebuilt."""
        near = 0
        while near < NEAR_ROUNDS:
            lead = self._lead_now(guard)
            is_near = progress.missing(self._goal(lead, progress)) <= NEAR_RECORDS
            if is_near and not self._is_whole:
                return
            if self._apply_more(rows, progress, lead):
                near += is_near
            elif self._is_whole and self._log.is_read_out():
                return

    def _load_old_part(self, guard: Connection, progress: Progress) -> None:
        """Apply most of a long log, in several processes."""
        if self._config is None or self._config.rebuild_processes < 2:
            return
        lead = self._lead_now(guard)
        goal = self._goal(lead, progress)
        if progress.missing(goal) < self._config.rebuild_records_max:
            return
        shards = [
            ReplayPart(
                kafka=self._config.kafka,
                registry=self._config.registry,
                postgres=self._config.postgres,
                names=tuple(projection.name for projection in self._projections),
                tables_in=self._tables_in,
                starts={partition: progress.starts[partition] for partition in group},
                limits={partition: goal[partition] for partition in group},
                records_max=self._config.rebuild_records_max // self._config.rebuild_processes,
                marks={one: mark for one, mark in progress.marks.items() if mark.partition in group},
            )
            for group in split(goal, progress.starts, self._config.rebuild_processes)
        ]
        for done in replay_shards(shards):
            progress.take(done)
        self._check_stops(progress, lead)

    def _goal(self, lead: dict[Partition, int], progress: Progress) -> dict[Partition, int]:
        """Where the new tables have to get to: the live positions; the end of the log when everything is rebuilt."""
        if not self._is_whole:
            return lead
        ends = self._log.ends(partition for partition in progress.starts if partition not in progress.stopped)
        return {partition: max(lead[partition], end) for partition, end in ends.items()}

    def _lead_now(self, guard: Connection) -> dict[Partition, int]:
        with guard, guard.cursor() as cursor:
            return self._lead(stored_positions(cursor))

    def _change_over(self, rows: Connection, guard: Connection, progress: Progress) -> None:
        """Let the projector wait, read what is missing, repoint views and positions: one transaction."""
        deadline = self._clock() + CHANGE_OVER_SECONDS
        while True:
            try:
                with guard, guard.cursor() as cursor:
                    lead = self._lead(lock_positions(cursor))
                    while progress.missing(lead):
                        if self._clock() > deadline:
                            raise RebuildRefused(f"{progress.missing(lead)} records could not be caught up with")
                        self._apply_more(rows, progress, lead)
                    self._change_marks(cursor, progress, lead)
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

    def _change_marks(self, cursor: Cursor, progress: Progress, lead: dict[Partition, int]) -> None:
        """What is set aside is what the new tables found; raises RebuildRefused when the live tables are further with one."""
        live = read_marks(cursor)
        if not self._is_whole and firm(live) != self._marks:
            raise RebuildRefused("an aggregate was set aside or goes on since the rebuild began; start it again")
        for aggregate, mark in progress.marks.items():
            there = live.get(aggregate)
            if mark.place.offset < lead.get(mark.partition, 0) and (there is None or mark.sequence < there.sequence):
                name = " ".join(aggregate)[:200]
                said = f"{mark.place}: {mark.kind}: {mark.message}"
                raise RebuildRefused(f"the live tables stay as they are: they have more of {name} than the new ones: {said}")
        if self._is_whole:
            replace_marks(cursor, progress.marks)

    def _lead(self, stored: dict[PositionKey, Stored]) -> dict[Partition, int]:
        lead = lead_of(stored, list(PROJECTIONS))
        topics = topics_of(self._projections)
        return {partition: offset for partition, offset in lead.items() if partition[0] in topics}

    def _apply_more(self, rows: Connection, progress: Progress, limit: dict[Partition, int]) -> int:
        try:
            applied = self._replay.apply_more(rows, progress, None if self._is_whole else limit)
        except PartitionStopped as stop:
            raise RebuildRefused(f"the live tables stay as they are: {stop}") from stop
        self._check_stops(progress, limit)
        return applied

    def _check_stops(self, progress: Progress, lead: dict[Partition, int]) -> None:
        """A record that the live tables have not got past ends its partition here, too; any other is a bug."""
        for partition, stop in progress.stopped.items():
            if stop.place.offset < lead.get(partition, 0):
                raise RebuildRefused(f"the live tables stay as they are: {stop}")


def firm(marks: Marks) -> dict[Aggregate, Mark]:
    """The aggregates whose later events are passed over."""
    return {aggregate: mark for aggregate, mark in marks.items() if mark.is_firm}


def _next_schema(projection: Projection, current: str) -> str:
    found = re.fullmatch(rf"rm_{projection.name}_v(\d+)(?:r(\d+))?", current)
    assert found is not None, f"{current} is no schema of {projection.name}"
    if int(found.group(1)) != projection.version:
        return projection.first_schema
    return f"{projection.first_schema}r{int(found.group(2) or 0) + 1}"
