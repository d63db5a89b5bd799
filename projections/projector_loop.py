"""One loop for all live projections: the log is read once, every batch is one Postgres transaction.

In: committed records of all event topics and the answers. Out: rows and positions, together or not at all. Guards: only
the owner of the positions writes; only the next event of an aggregate is applied; nothing is skipped: a record that
cannot be applied stops its partition for all projections, is noted in `projection_problem`, and the others go on.
"""

import threading
import time
from collections.abc import Iterable, Mapping

import psycopg2
import psycopg2.extensions
import structlog
from confluent_kafka import KafkaException

from projections import figures
from projections.batch import Folded, aggregates_of, decode, fold, rows_read, without
from projections.catalogue import PROJECTIONS, Projection, topics_of
from projections.changes import Key, Row
from projections.errors import PartitionStopped, TablesMissing, TopicsMissing
from projections.holding import Holding, take_stock
from projections.kafka_log import Log, RawRecord
from projections.live import read_live
from projections.positions import (
    Connection,
    Cursor,
    Partition,
    Stored,
    advance,
    ensure_positions,
    stored_positions,
    take_over,
)
from projections.statements import BY_KEY_ONLY, Statement, send
from projections.writing import fetch_rows, statements_for
from schemas.reading import Aggregate, Recorded
from schemas.wire import Codec

WAIT_SECONDS = 1.0
PAUSE_SECONDS_MIN, PAUSE_SECONDS_MAX = 0.1, 5.0
HEADS_MAX = 300_000
AWAY = (psycopg2.OperationalError, psycopg2.InterfaceError, KafkaException)
TABLES_GONE = (psycopg2.errors.UndefinedTable, psycopg2.errors.InvalidSchemaName)
NOT_READY = (TablesMissing, TopicsMissing, *TABLES_GONE)
BAD_ROW = (
    psycopg2.DataError,
    psycopg2.IntegrityError,
    psycopg2.ProgrammingError,
    psycopg2.NotSupportedError,
    ValueError,
)
log = structlog.get_logger()


class Outdated(Exception):
    """The live tables or positions are not what we believe; they have to be read again."""


class Projector:
    """Keeps read models up to date until told to stop."""

    def __init__(
        self,
        postgres: str,
        codec: Codec,
        log_reader: Log,
        *,
        batch_records_max: int = 2000,
    ) -> None:
        self._postgres, self._codec, self._log = postgres, codec, log_reader
        self._batch_records_max = batch_records_max
        self._catalogue = tuple(PROJECTIONS.values())
        self._connection: Connection | None = None
        self._holding: Holding | None = None

    def run(self, stop: threading.Event) -> None:
        """Project until `stop` is set; waits for whatever is away. Raises Fenced when another projector took over."""
        pause = PAUSE_SECONDS_MIN
        while not stop.is_set():
            try:
                self.start()
                while not stop.is_set():
                    self.step(WAIT_SECONDS)
                    pause = PAUSE_SECONDS_MIN
            except (*AWAY, *NOT_READY) as problem:
                log.warning("projector_waits", problem=str(problem).strip()[:300], retry_in_seconds=pause)
                self._disconnect()
                stop.wait(pause)
                pause = min(pause * 2, PAUSE_SECONDS_MAX)
        self._disconnect()

    def start(self) -> None:
        """Own the positions and stand where they say; raises Fenced when somebody else took them from us before."""
        partitions = self._log.partitions(topics_of(self._catalogue))
        connection = self._connect()
        with connection, connection.cursor() as cursor:
            # An epoch that a crash of the database could forget would let two projectors write.
            cursor.execute("SET LOCAL synchronous_commit = on")
            if self._holding is not None:
                self._holding.check_owner(stored_positions(cursor))
            live = read_live(cursor)
            ensure_positions(cursor, [p for p in self._catalogue if p.name in live], partitions)
            take_over(cursor, [p.name for p in self._catalogue])
            holding = take_stock(cursor, self._catalogue)
        # Committed: only now is it ours.
        self._holding = holding
        self._log.seek(holding.offsets())
        log.info("projector_started", tables=holding.tables_in)

    def step(self, seconds: float) -> int:
        """Apply what is there, waiting at most `seconds` for a first record; number of records read."""
        raws, stopped = self._log.read(self._batch_records_max, seconds)
        self._stop_partitions(stopped)
        try:
            if raws:
                self._project(raws)
            else:
                self._look_around()
        except (Outdated, *TABLES_GONE):
            log.info("live_tables_changed")
            self.start()
        return len(raws)

    def close(self) -> None:
        """Let go of log and database."""
        self._disconnect()
        self._log.close()

    def _project(self, raws: list[RawRecord]) -> None:
        """One transaction for the batch; when Postgres refuses a value, one per record to find which."""
        try:
            self._commit(raws)
        except BAD_ROW as problem:
            if isinstance(problem, NOT_READY):
                raise
            if len(raws) > 1:
                log.warning("batch_refused", problem=str(problem).strip()[:300], records=len(raws))
                for raw in raws:
                    self._project([raw])
            else:
                self._stop_partitions([PartitionStopped(raws[0].place, "bug", str(problem).strip())])

    def _commit(self, raws: list[RawRecord]) -> None:
        began = time.perf_counter()
        holding, connection = self._held(), self._connect()
        raws = [raw for raw in raws if (raw.place.topic, raw.place.partition) not in holding.stopped]
        records, unreadable = decode(self._codec, raws)
        with connection, connection.cursor() as cursor:
            folded, failed = self._fold(cursor, records)
            reached = holding.slots(folded.reached)
            if reached:
                if not advance(cursor, holding.positions, reached):
                    raise Outdated
                self._write(cursor, folded)
                self._problems_passed(cursor, folded.reached)
        # Committed: only now is it true.
        for slot, offset in reached.items():
            stored = holding.positions[slot]
            holding.positions[slot] = Stored(offset, stored.writer_epoch, stored.generation)
        if len(holding.heads) > HEADS_MAX:
            holding.heads.clear()
        holding.heads.update(folded.heads)
        self._stop_partitions([*unreadable, *failed])
        newest = records[-1].envelope.occurred_at if records and records[-1].envelope else None
        figures.applied(len(raws), time.perf_counter() - began, newest, len(holding.stopped))

    def _write(self, cursor: Cursor, folded: Folded) -> None:
        """Everything that the batch does to rows, in one message."""
        statements: list[Statement] = []
        for projection in self._held().projections:
            schema = self._held().tables_in[projection.name]
            statements += statements_for(projection.tables, schema, folded.changes[projection.name])
        if statements:
            send(cursor, statements)

    def _problems_passed(self, cursor: Cursor, reached: Mapping[Partition, int]) -> None:
        """Take back the note of a problem that is behind us."""
        noted = self._held().noted
        for partition, offset in reached.items():
            if partition in noted and noted[partition] < offset:
                cursor.execute("DELETE FROM projection_problem WHERE topic = %s AND partition = %s", partition)
                del noted[partition]

    def _fold(self, cursor: Cursor, records: list[Recorded]) -> tuple[Folded, list[PartitionStopped]]:
        holding = self._held()
        heads = self._heads(cursor, aggregates_of(records))
        known = {p.name: self._known(cursor, p, records) for p in holding.projections}
        holes: list[PartitionStopped] = []
        while True:
            try:
                return fold(holding.projections, records, heads, known), holes
            except PartitionStopped as stop:
                holes.append(stop)
                records = without(records, stop)

    def _known(
        self, cursor: Cursor, projection: Projection, records: list[Recorded]
    ) -> dict[tuple[str, Key], Row | None]:
        known: dict[tuple[str, Key], Row | None] = {}
        schema = self._held().tables_in[projection.name]
        for table, keys in rows_read(projection, records).items():
            found = fetch_rows(cursor, projection.tables[table], schema, projection.remembered[table], keys)
            known.update({(table, key): found.get(key) for key in keys})
        return known

    def _heads(self, cursor: Cursor, aggregates: set[Aggregate]) -> dict[Aggregate, int]:
        """Last accepted sequence of each aggregate that has one, from memory or from the table."""
        holding = self._held()
        heads = {aggregate: holding.heads[aggregate] for aggregate in aggregates if aggregate in holding.heads}
        missing = [aggregate for aggregate in aggregates if aggregate not in heads]
        if missing:
            table = PROJECTIONS["heads"].tables["aggregate_head"]
            found = fetch_rows(cursor, table, holding.tables_in["heads"], ("sequence",), missing)
            heads.update({(key[0], key[1]): row["sequence"] for key, row in found.items()})
        return heads

    def _stop_partitions(self, stopped: Iterable[PartitionStopped]) -> None:
        """Read the partitions no further, loudly, and leave word for operators."""
        for stop in stopped:
            place = stop.place
            log.error(
                "partition_stopped",
                topic=place.topic,
                partition=place.partition,
                offset=place.offset,
                kind=stop.kind,
                problem=stop.message[:1000],
            )
            self._held().stopped.add((place.topic, place.partition))
            self._held().noted[place.topic, place.partition] = place.offset
            self._log.pause((place.topic, place.partition))
            connection = self._connect()
            with connection, connection.cursor() as cursor:
                cursor.execute(
                    "INSERT INTO projection_problem (topic, partition, log_offset, kind, message)"
                    " VALUES (%s, %s, %s, %s, %s) ON CONFLICT (topic, partition)"
                    " DO UPDATE SET log_offset = EXCLUDED.log_offset, kind = EXCLUDED.kind, message = EXCLUDED.message",
                    (place.topic, place.partition, place.offset, stop.kind, stop.message.replace("\x00", "")),
                )

    def _look_around(self) -> None:
        """With nothing to do: are the positions still ours, and the live tables those we know?"""
        connection = self._connect()
        with connection, connection.cursor() as cursor:
            cursor.execute("SELECT max(generation), max(writer_epoch) FROM projection_position")
            found = cursor.fetchone()
        if found != self._held().newest():
            raise Outdated

    def _held(self) -> Holding:
        assert self._holding is not None, "start() comes first"
        return self._holding

    def _connect(self) -> Connection:
        if self._connection is None or self._connection.closed:
            self._connection = psycopg2.connect(
                self._postgres,
                connect_timeout=5,
                application_name="culm-projector",
                options=f"-c synchronous_commit=off {BY_KEY_ONLY}",
            )
        return self._connection

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None and not connection.closed:
            connection.close()
