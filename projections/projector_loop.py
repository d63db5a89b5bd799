"""One loop for all live projections: the log is read once, every batch is one Postgres transaction.

In: committed records of all event topics and the answers. Out: rows and positions, together or not at all. Guards: only
the owner of the positions writes; only the next event of an aggregate is applied; nothing is skipped: a record that
cannot be applied stops its partition for all projections, is noted in `projection_problem`, and the others go on.
"""

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import psycopg2
import psycopg2.extensions
import structlog
from confluent_kafka import KafkaException

from projections.batch import Folded, aggregates_of, decode, fold, rows_read, without
from projections.catalogue import PROJECTIONS, Projection, topics_of
from projections.changes import Key, Row
from projections.errors import Fenced, PartitionStopped, TablesMissing, TopicsMissing
from projections.kafka_log import Log, RawRecord
from projections.live import read_live, schemas_of
from projections.positions import (
    Connection,
    Cursor,
    Partition,
    Slot,
    Stored,
    advance,
    ensure_positions,
    stored_positions,
    take_over,
)
from projections.writing import fetch_rows, write_changes
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


@dataclass(slots=True)
class Holding:
    """What this projector believes to own: its projections in step, where their tables are, how far they got."""

    projections: tuple[Projection, ...] = ()
    tables_in: dict[str, str] = field(default_factory=dict)
    positions: dict[Slot, Stored] = field(default_factory=dict)
    heads: dict[Aggregate, int] = field(default_factory=dict)
    #: partitions that stopped in this life, and the offsets at which some life noted a problem
    stopped: set[Partition] = field(default_factory=set)
    noted: dict[Partition, int] = field(default_factory=dict)

    def offsets(self) -> dict[Partition, int]:
        """Where to read on, by partition; the same for every projection that reads it."""
        return {(topic, number): stored.next_offset for (_, topic, number), stored in self.positions.items()}

    def slots(self, reached: Mapping[Partition, int]) -> dict[Slot, int]:
        """What `reached` means for each projection in step."""
        return {
            (projection.name, partition[0], partition[1]): offset
            for partition, offset in reached.items()
            for projection in self.projections
            if partition[0] in projection.topics
        }


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
            self._check_owner(stored_positions(cursor))
            live = read_live(cursor)
            ensure_positions(cursor, [p for p in self._catalogue if p.name in live], partitions)
            take_over(cursor, [p.name for p in self._catalogue])
            self._load(cursor)
        assert self._holding is not None
        log.info("projector_started", tables=self._holding.tables_in)

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
        holding, connection = self._held(), self._connect()
        raws = [raw for raw in raws if (raw.place.topic, raw.place.partition) not in holding.stopped]
        records, unreadable = decode(self._codec, raws)
        with connection, connection.cursor() as cursor:
            folded, failed = self._fold(cursor, records)
            reached = holding.slots(folded.reached)
            if reached:
                if not advance(cursor, holding.positions, reached):
                    raise Outdated
                for projection in holding.projections:
                    schema = holding.tables_in[projection.name]
                    write_changes(cursor, projection.tables, schema, folded.changes[projection.name])
                self._problems_passed(cursor, folded.reached)
        # Committed: only now is it true.
        for slot, offset in reached.items():
            stored = holding.positions[slot]
            holding.positions[slot] = Stored(offset, stored.writer_epoch, stored.generation)
        if len(holding.heads) > HEADS_MAX:
            holding.heads.clear()
        holding.heads.update(folded.heads)
        self._stop_partitions([*unreadable, *failed])

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
        held = self._held().positions.values()
        known = (max(s.generation for s in held), max(s.writer_epoch for s in held))
        if found != known:
            raise Outdated

    def _load(self, cursor: Cursor) -> None:
        stored, live = stored_positions(cursor), read_live(cursor)
        holding = Holding()
        lead: dict[Partition, int] = {}
        for projection in self._catalogue:
            mine = {slot: row for slot, row in stored.items() if slot[0] == projection.name}
            found = live.get(projection.name)
            if found is None or found.tables_in not in schemas_of(cursor, projection):
                reason = "has no tables"
            elif found.version != projection.version:
                reason = f"is at version {found.version}, the code at {projection.version}"
            elif any(lead.setdefault(slot[1:], row.next_offset) != row.next_offset for slot, row in mine.items()):
                reason = "is not as far as the others"
            else:
                holding.projections += (projection,)
                holding.tables_in[projection.name] = found.tables_in
                holding.positions.update(mine)
                continue
            if projection.name == "heads":
                raise TablesMissing(f"heads {reason}; run `culm rebuild --all`")
            log.error("projection_left_out", projection=projection.name, reason=reason, remedy="culm rebuild")
        cursor.execute("SELECT topic, partition, log_offset FROM projection_problem")
        holding.noted = {(topic, number): offset for topic, number, offset in cursor.fetchall()}
        self._holding = holding
        self._log.seek(holding.offsets())

    def _check_owner(self, stored: dict[Slot, Stored]) -> None:
        if self._holding is None:
            return
        for slot, held in self._holding.positions.items():
            found = stored.get(slot)
            if found is not None and found.writer_epoch > held.writer_epoch:
                place = f"{slot[0]} of {slot[1]}[{slot[2]}]"
                raise Fenced(f"{place} belongs to epoch {found.writer_epoch}, ours is {held.writer_epoch}")

    def _held(self) -> Holding:
        assert self._holding is not None, "start() comes first"
        return self._holding

    def _connect(self) -> Connection:
        if self._connection is None or self._connection.closed:
            self._connection = psycopg2.connect(
                self._postgres,
                connect_timeout=5,
                application_name="culm-projector",
                options="-c synchronous_commit=off",
            )
        return self._connection

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None and not connection.closed:
            connection.close()
