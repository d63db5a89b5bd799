"""One loop for all live projections: the log is read once, every batch is one Postgres transaction.

In: committed records of event topics and the answers, of the partitions that fall to this projector (`sharing.py`). Out: rows
and positions, together or not at all. Guards: only the owner of a position writes, and one that lost some goes on with the
rest; only the next event of an aggregate is applied. A record that cannot be applied sets its own aggregate aside
(`projection_set_aside`), and every start tries those again; only what makes a partition unreadable as a whole stops it for
all projections (`projection_problem`), and the others go on.
"""

import threading
import time
from collections.abc import Callable, Iterable

import httpx
import psycopg2
import structlog
from confluent_kafka import KafkaException
from confluent_kafka.schema_registry.error import SchemaRegistryError

from projections.catalogue import PROJECTIONS, topics_of
from projections.engine import metrics
from projections.engine.applying import SESSION_ENDED, TABLES_GONE, Applier
from projections.engine.batch import Unreadable, decode
from projections.engine.errors import NoSeat, Outdated, PartitionStopped, TablesMissing, TopicsMissing
from projections.engine.holding import Holding, take_stock
from projections.engine.kafka_log import Log, RawRecord
from projections.engine.live import read_live
from projections.engine.positions import Connection, Partition, ensure_positions, stored_positions, take_over
from projections.engine.rereading import Passes
from projections.engine.sharing import SESSION, seats_taken, share_of, take_seat
from projections.engine.statements import BY_KEY_ONLY
from schemas.reading import Aggregate
from schemas.wire import Codec

WAIT_SECONDS = 1.0
#: While something is read again, that goes on where nothing else comes.
WAIT_SECONDS_REREADING = 0.02
REREAD_RECORDS_MAX = 2_000
#: How often, also under load, it is looked whether a projector came or went.
LOOK_SECONDS = 1.0
PAUSE_SECONDS_MIN, PAUSE_SECONDS_MAX = 0.1, 5.0
#: The registry is asked for versions of schemas that this code does not have.
AWAY = (psycopg2.OperationalError, psycopg2.InterfaceError, *SESSION_ENDED, KafkaException, SchemaRegistryError, httpx.HTTPError)
NOT_READY = (TablesMissing, TopicsMissing, NoSeat, *TABLES_GONE)
log = structlog.get_logger()


class Projector:
    """Keeps read models up to date until asked to stop; several share the partitions."""

    def __init__(
        self,
        postgres: str,
        codec: Codec,
        log_reader: Log,
        *,
        batch_records_max: int = 2000,
        another_reader: Callable[[], Log] | None = None,
    ) -> None:
        """another_reader: makes a second reader of the log, by which what is set aside is tried again."""
        self._postgres, self._codec, self._log = postgres, codec, log_reader
        self._another_reader = another_reader
        self._passes: Passes | None = None
        self._to_try: set[Aggregate] = set()
        self._batch_records_max = batch_records_max
        self._catalogue = tuple(PROJECTIONS.values())
        self._connection: Connection | None = None
        self._seat = -1
        self._looked_at = 0.0
        self._holding: Holding | None = None
        self._applier: Applier

    def run(self, stop: threading.Event) -> None:
        """Project until `stop` is set; waits for servers that are away."""
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
        """Own the positions of our share of the partitions, and stand where they say."""
        partitions = self._log.partitions(topics_of(self._catalogue))
        everything = [(topic, number) for topic, count in partitions.items() for number in range(count)]
        connection = self._connect()
        with connection, connection.cursor() as cursor:
            # An epoch that a crash of the database could forget would let two projectors write.
            cursor.execute("SET LOCAL synchronous_commit = on")
            seats = seats_taken(cursor)
            share = share_of(self._seat, seats, everything)
            live = read_live(cursor)
            ensure_positions(cursor, [p for p in self._catalogue if p.name in live], partitions)
            take_over(cursor, [p.name for p in self._catalogue], share)
            holding = take_stock(cursor, self._catalogue, share)
            holding.seats = seats
        # Committed: only now is it ours.
        before = frozenset() if self._holding is None else self._holding.share
        self._holding = holding
        self._applier = Applier(holding, self._connect)
        self._log.seek(holding.offsets())
        self._try_again(share - before)
        log.info("projector_started", tables=holding.tables_in, projectors=len(seats), partitions=len(share))

    def step(self, seconds: float) -> int:
        """Apply what is there, waiting at most `seconds` for a first record; number of records read."""
        raws, stopped = self._log.read(self._batch_records_max, seconds if self._passes is None else WAIT_SECONDS_REREADING)
        self._stop_partitions(stopped)
        try:
            if raws:
                self._project(raws)
            if (not raws and self._passes is None) or time.monotonic() - self._looked_at >= LOOK_SECONDS:
                self._look_around()
            if self._passes is not None:
                self._read_again(self._passes)
        except (Outdated, *TABLES_GONE):
            log.info("live_tables_changed")
            self.start()
        metrics.SET_ASIDE.set(len(self._held().marks))
        return len(raws)

    @property
    def is_rereading(self) -> bool:
        """True while what was set aside is tried again."""
        return self._passes is not None

    def close(self) -> None:
        """Let go of log and database."""
        self._end_passes()
        self._disconnect()
        self._log.close()

    def _project(self, raws: list[RawRecord]) -> None:
        began = time.perf_counter()
        holding = self._held()
        items = decode(self._codec, (raw for raw in raws if (raw.place.topic, raw.place.partition) not in holding.stopped))
        self._stop_partitions(self._applier.take(items))
        last = items[-1] if items else None
        newest = None if last is None or isinstance(last, Unreadable) or last.envelope is None else last.envelope.occurred_at
        metrics.applied(len(raws), time.perf_counter() - began, newest, len(holding.stopped))

    def _try_again(self, gained: frozenset[Partition]) -> None:
        """Begin to read again what was set aside before `gained` partitions became ours, each aggregate once."""
        self._end_passes()
        held = self._held().marks
        self._to_try |= {aggregate for aggregate, mark in held.items() if mark.partition in gained}
        marks = {aggregate: mark for aggregate, mark in held.items() if aggregate in self._to_try}
        if marks and self._another_reader is not None:
            log.info("set_aside_tried_again", aggregates=len(marks))
            self._passes = Passes(self._another_reader(), marks)

    def _read_again(self, passes: Passes) -> None:
        """One slice of what is read again."""
        rereading, holding = passes.current, self._held()
        assert rereading is not None, "passes without a current one are ended"
        raws, until = passes.read(REREAD_RECORDS_MAX)
        position = holding.offsets()[rereading.partition]
        items = decode(self._codec, (raw for raw in raws if raw.place.offset < position))
        if items:
            self._applier.take_again(items, rereading, min(until, position))
        if until >= position or not rereading.trying:
            self._applier.end_again(rereading)
            passes.next_pass()
        if passes.current is None:
            self._to_try = set()
            self._end_passes()

    def _end_passes(self) -> None:
        passes, self._passes = self._passes, None
        if passes is not None:
            passes.close()

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
        """Are the positions still ours, the live tables those we know, and the projectors the same as before?"""
        self._looked_at = time.monotonic()
        connection, held = self._connect(), self._held()
        with connection, connection.cursor() as cursor:
            seats, stored = seats_taken(cursor), stored_positions(cursor)
        if seats != held.seats or not held.agrees(stored):
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
                options=f"-c synchronous_commit=off {SESSION} {BY_KEY_ONLY}",
            )
            with self._connection, self._connection.cursor() as cursor:
                self._seat = take_seat(cursor)
        return self._connection

    def _disconnect(self) -> None:
        """Give the seat back: the others share what was ours."""
        connection, self._connection = self._connection, None
        if connection is not None and not connection.closed:
            connection.close()
