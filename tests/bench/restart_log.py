"""A log to restart behind: events of jobs that finished and of jobs that wait, and the rows that a decider would have written."""

from collections.abc import Iterator
from itertools import chain
from typing import Any
from uuid import UUID

from confluent_kafka import Producer, TopicPartition

from commands.aggregates import AGGREGATES, event_topics
from commands.engine.entries import Entry, Key
from commands.engine.rows import MARKER, RowCodec, key_of
from commands.job.guarded import guarded
from commands.snapshot import MAIN
from eventlog.connection import connection
from eventlog.consumers import one_shot_reader
from schemas.catalog import CLOSED_ROWS, LIVE_ROWS
from schemas.ids import FIRST_TASK_ID, JOBS_PER_TASK, caused_command_id, event_id
from schemas.job import JobDefined, JobFinished, JobSent, JobStarted
from schemas.partition import PARTITIONER, partition_of
from schemas.queue import DispatchConfigured, JobQueued
from schemas.snapshot import SnapshotMarker
from schemas.types import EventEnvelope, JobSpec, JobUsage, PartitionPosition, QueueSettings, SnapshotEnvelope
from schemas.wire import Codec, entry_of
from tests.commands.test_queue_lines import a_spec

QUEUES = 100
AT = 1_800_000_000_000_000
FLUSH_SECONDS_MAX = 300


class GeneratedLog:
    """Writes the log of one run."""

    def __init__(self, kafka: str, codec: Codec) -> None:
        self._kafka = kafka
        self._codec = codec
        self._rows = RowCodec(codec)
        self._producer = Producer(
            {**connection(kafka, "culm-test"), "partitioner": PARTITIONER, "compression.type": "lz4", "linger.ms": 20}
        )
        self._partitions = len(self._producer.list_topics(LIVE_ROWS).topics[LIVE_ROWS].partitions)
        self._queues: dict[Key, Entry] = {}

    def fill(self, events: int, live_jobs: int, *, rows: bool) -> int:
        """Number of events that were written: as many as asked for of ended jobs, and those of live ones.

        rows: write what a decider would have written of them after its last round, which ended with the last event.
        """
        count, entry = 0, Entry(None)
        for message, envelope in chain(configured(), history(events // 5, live_jobs)):
            kind = entry_of(message)
            self._put(kind.topic, envelope.aggregate_id, None, self._codec.encode(message, envelope))
            count += 1
            if rows:
                entry = self._rows_after(entry, (kind.aggregate, envelope.aggregate_id), message, envelope)
        if rows:
            for key, queue in self._queues.items():
                self._put_row(LIVE_ROWS, key, MAIN, self._main_of(key, queue))
            self._put_markers()
        assert self._producer.flush(FLUSH_SECONDS_MAX) == 0
        return count

    def _rows_after(self, before: Entry, key: Key, message: Any, envelope: EventEnvelope) -> Entry:
        """Write the rows that the event makes final, and go on with the job that it may belong to."""
        if key[0] == "queue":
            return self._queue_rows(before, key, message, envelope)
        form = AGGREGATES[key[0]]
        entry = Entry(form.initial()) if envelope.sequence == 1 else before
        entry.state = form.evolve(entry.state, message, envelope)
        entry.sequence = envelope.sequence
        entry.remember(envelope.command_id, form.commands_remembered)
        if form.is_closed(entry.state):
            self._put_row(CLOSED_ROWS, key, MAIN, self._main_of(key, entry))
        return entry

    def _queue_rows(self, job: Entry, key: Key, message: Any, envelope: EventEnvelope) -> Entry:
        """A queue is kept without its jobs; the row of the job that enters it is written, and that of the job itself."""
        form, queue = AGGREGATES["queue"], self._queues.setdefault(key, Entry(AGGREGATES["queue"].initial()))
        queue.sequence = envelope.sequence
        if not isinstance(message, JobQueued):
            queue.state = form.evolve(queue.state, message, envelope)
            return job
        waits = form.evolve(form.initial(), message, envelope)
        for name, row in form.snapshot.rows(waits, tuple(form.snapshot.names(waits))):
            self._put_row(LIVE_ROWS, key, name, self._rows.part(queue, row))
        job_key = ("job", str(message.spec.job_id))
        self._put_row(LIVE_ROWS, job_key, MAIN, self._main_of(job_key, job))
        return job

    def _main_of(self, key: Key, entry: Entry) -> bytes:
        ((_, message),) = AGGREGATES[key[0]].snapshot.rows(entry.state, (MAIN,))
        return self._rows.main(key[0], entry, message, closed_parts=False)

    def _put_markers(self) -> None:
        assert self._producer.flush(FLUSH_SECONDS_MAX) == 0
        reader = one_shot_reader(self._kafka, "culm-bench")
        for partition in range(self._partitions):
            ends = {topic: reader.get_watermark_offsets(TopicPartition(topic, partition))[1] for topic in event_topics()}
            positions = (PartitionPosition(topic=topic, partition=partition, next_offset=end) for topic, end in ends.items())
            marker = SnapshotMarker(positions=tuple(positions), writer_epoch=1)
            value = self._codec.encode(marker, SnapshotEnvelope(sequence=0))
            self._put(LIVE_ROWS, key_of((MARKER, str(partition)), MAIN), partition, value)
        reader.close()

    def _put_row(self, topic: str, key: Key, name: str, value: bytes) -> None:
        self._put(topic, key_of(key, name), partition_of(key[1], self._partitions), value)

    def _put(self, topic: str, key: str | bytes, partition: int | None, value: bytes) -> None:
        while True:
            try:
                self._producer.produce(topic, value, key, -1 if partition is None else partition)
                return
            except BufferError:
                self._producer.poll(0.05)


def configured() -> Iterator[tuple[Any, EventEnvelope]]:
    """The queues."""
    for number in range(QUEUES):
        settings = QueueSettings(name=f"Q{number}", site="LOCAL", lease_seconds=60)
        yield DispatchConfigured(settings=settings), an_envelope(f"Q{number}", 1, number)


def history(ended: int, live: int) -> Iterator[tuple[Any, EventEnvelope]]:
    """Jobs that finished, and jobs that wait."""
    placed = [1] * QUEUES
    for number in range(ended + live):
        job_id = FIRST_TASK_ID * JOBS_PER_TASK + number + 1
        queue = number % QUEUES
        common = a_spec(job_id, task_id=FIRST_TASK_ID, owner=f"user{number % 1000}")
        spec = JobSpec.from_avro(common.to_avro() | {"queue": f"Q{queue}", "parameters": "-x 1 " * 60})
        events: list[Any] = [JobDefined(spec=guarded(spec))]
        if number < ended:
            sent = JobSent(lease_id=str(UUID(int=number)), queue=spec.queue, pilot="p", node="n")
            events += [sent, JobStarted(node="n", batch_id="1", pilot_id="p", started_at=AT), JobFinished(usage=JobUsage())]
        for sequence, event in enumerate(events, start=1):
            yield event, an_envelope(str(job_id), sequence, number)
        if number >= ended:
            placed[queue] += 1
            waiting = JobQueued(spec=spec, waiting=placed[queue], leased=0)
            yield waiting, an_envelope(spec.queue, placed[queue], number)


def an_envelope(aggregate_id: str, sequence: int, number: int) -> EventEnvelope:
    """An envelope of a decision of its own."""
    command = caused_command_id("restart", aggregate_id, sequence)
    return EventEnvelope(
        event_id=event_id(command, 0),
        aggregate_id=aggregate_id,
        sequence=sequence,
        decision_index=0,
        decision_size=1,
        command_id=command,
        correlation_id=command,
        occurred_at=AT + number,
        actor="jdoe",
        vo="wlcg",
        writer_epoch=1,
    )
