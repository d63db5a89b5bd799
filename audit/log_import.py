"""Events of a file into an empty stack.

In: what `log_export.read_file` gives. Out: the same events in the log, and in the same transaction the deciders' positions at the
beginning of the commands: over events, a group without positions is refused. Guards: the stack must be empty; an aggregate
comes whole (first event 1, no hole) or is named and left out; everything is checked before anything is written; no later task
gets the number of one that came.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from confluent_kafka import KafkaError, KafkaException, Message, Producer, TopicPartition

from audit.log_export import EVENTS, Exported, NotImported
from audit.whole_log import SECONDS_MAX
from eventlog.consumers import follower, one_shot_reader
from eventlog.producers import transactional_producer
from process.instances import FOLLOWERS
from schemas.catalog import CATALOG
from schemas.reading import Aggregate
from schemas.topics import topics_of_role
from schemas.wire import Codec

TRANSACTION_MS = 600_000


@dataclass(frozen=True, slots=True)
class Whole:
    """Events that can be imported, in order, and the aggregates that were left out with the reason."""

    events: tuple[Exported, ...]
    left_out: Mapping[Aggregate, str]


def whole_aggregates(events: Iterable[Exported], codec: Codec) -> Whole:
    """The events of aggregates that are there from their first on without a hole; raises NotImported for unreadable ones."""
    last: dict[Aggregate, int] = defaultdict(int)
    left_out: dict[Aggregate, str] = {}
    kept: list[tuple[Aggregate, Exported]] = []
    for event in sorted(events, key=lambda event: (event.topic, event.partition, event.offset)):
        if event.name not in CATALOG or CATALOG[event.name].topic != event.topic:
            raise NotImported(f"{event.topic}/{event.partition}/{event.offset} holds {event.name}, which does not belong there")
        envelope = codec.decode(_framed(codec, event)).envelope
        aggregate = (CATALOG[event.name].aggregate, envelope.aggregate_id)
        if envelope.sequence != last[aggregate] + 1:
            expected = last[aggregate] + 1
            left_out.setdefault(aggregate, f"its event {envelope.sequence} stands where {expected} is expected")
        last[aggregate] = envelope.sequence
        kept.append((aggregate, event))
    return Whole(tuple(event for aggregate, event in kept if aggregate not in left_out), left_out)


def import_events(kafka: str, codec: Codec, events: tuple[Exported, ...]) -> int:
    """Number of events written into the empty stack; raises NotImported with nothing written."""
    counts = _check_empty(kafka)
    for event in events:
        if event.partition >= counts[event.topic]:
            raise NotImported(
                f"{event.topic} has {counts[event.topic]} partitions here, an event comes from partition {event.partition}:"
                " make the stack with as many partitions as the first had"
            )
    failures: list[str] = []

    def delivered(error: KafkaError | None, _: Message) -> None:
        if error is not None:
            failures.append(error.str())

    producer = transactional_producer(kafka, "culm-import", transaction_ms_max=TRANSACTION_MS)
    try:
        producer.init_transactions(SECONDS_MAX * 3)
        producer.begin_transaction()
        for event in events:
            value = _framed(codec, event)
            while True:
                try:
                    producer.produce(
                        event.topic, key=event.key.encode(), value=value, partition=event.partition, on_delivery=delivered
                    )
                    break
                except BufferError:
                    producer.poll(0.5)
            producer.poll(0)
        if producer.flush(TRANSACTION_MS / 1000) or failures:
            producer.abort_transaction(SECONDS_MAX)
            raise NotImported(f"the log did not take the events: {failures[:1] or 'no answer'}; nothing was imported")
        _place_deciders(kafka, producer)
        producer.commit_transaction(SECONDS_MAX * 6)
    except KafkaException as problem:
        raise NotImported(f"the log did not take the events: {problem}; nothing was imported") from problem
    return len(events)


def _place_deciders(kafka: str, producer: Producer) -> None:
    """Deciders begin at the first command: with the same transaction, as none of the events comes from a command of this log."""
    for group in FOLLOWERS["decider"].groups:
        reader = follower(kafka, "culm-import", group=group)
        try:
            known = reader.list_topics(timeout=SECONDS_MAX).topics
            places = [
                TopicPartition(topic, number, 0)
                for topic in topics_of_role("commands")
                for number in (known[topic].partitions if topic in known else ())
            ]
            producer.send_offsets_to_transaction(places, reader.consumer_group_metadata(), SECONDS_MAX)
        finally:
            reader.close()


def _framed(codec: Codec, event: Exported) -> bytes:
    return codec.frame_of(event.name) + event.value


def _check_empty(kafka: str) -> dict[str, int]:
    """Partitions by topic; raises NotImported when there is an event already."""
    consumer = one_shot_reader(kafka, "culm-import")
    counts: dict[str, int] = {}
    try:
        known = consumer.list_topics(timeout=SECONDS_MAX).topics
        for topic in EVENTS:
            if topic not in known:
                raise NotImported(f"topic {topic} is not there; bring the stack up first")
            counts[topic] = len(known[topic].partitions)
            for number in known[topic].partitions:
                low, high = consumer.get_watermark_offsets(TopicPartition(topic, number), timeout=SECONDS_MAX)
                if high > low:
                    raise NotImported(f"{topic}/{number} holds events already; events are imported into an empty stack only")
    except KafkaException as problem:
        raise NotImported(f"the log does not answer: {problem}") from problem
    finally:
        consumer.close()
    return counts
