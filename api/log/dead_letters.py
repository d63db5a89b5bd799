"""What could not be handled: the newest dead letters, one of them by its id, and the request that it be handled again.

The content of a letter is not shown: it may be of another VO, or of none. What went wrong is shown only to the VO that the
letter's own envelope names.
"""

from dataclasses import dataclass
from typing import Any

from confluent_kafka import KafkaError, KafkaException, Message, TopicPartition

from api.http.errors import LogUnavailable, NotFound
from api.log.newest import Newest, newest_records
from eventlog.consumers import one_shot_reader
from eventlog.producers import idempotent_producer
from eventlog.registry_client import SchemaRegistryError
from schemas.catalog import CATALOG
from schemas.deadletter import DeadLetter, DeadLetterRetried
from schemas.ids import dead_letter_id
from schemas.types import CommandEnvelope, EventEnvelope
from schemas.wire import Codec, Poison

TOPIC = CATALOG["culm.deadletter.DeadLetter"].topic
SECONDS_MAX = 5.0
CLIENT = "culm-api-letters"
#: Letters of a partition among which one is looked for by its id.
LOOKED_AT_MAX = 100_000


@dataclass(frozen=True, slots=True)
class Letters:
    """The newest letters, the newest first, and how many there are."""

    shown: list[dict[str, Any]]
    total: int


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter as it stands in the log, and as people read it."""

    letter: DeadLetter
    document: dict[str, Any]


def dead_letters(kafka: str, codec: Codec, limit: int) -> Letters:
    """Up to `limit` of the newest letters; raises LogUnavailable."""
    newest = _newest(kafka, codec, limit)
    found = [letter.document for letter in newest.shown]
    found.sort(key=lambda letter: -letter["at"])
    return Letters(found[:limit], newest.total)


def find_letter(kafka: str, codec: Codec, letter_id: str) -> Letter:
    """The newest letter of that id among the last LOOKED_AT_MAX of each partition; raises NotFound, LogUnavailable."""
    found = [letter for letter in _newest(kafka, codec, LOOKED_AT_MAX).shown if letter.document["id"] == letter_id]
    if not found:
        raise NotFound(f"no dead letter {letter_id[:100]!r}")
    return max(found, key=lambda letter: letter.document["offset"])


def letter_at(kafka: str, codec: Codec, partition: int, offset: int) -> Letter:
    """The letter at a place; raises NotFound, LogUnavailable."""
    within = 0 <= partition < 2**31 and 0 <= offset < 2**63
    message = _message_at(kafka, TOPIC, partition, offset) if within else None
    found = None if message is None else _letter(codec, partition, offset, message.value())
    if found is None:
        raise NotFound(f"no dead letter at {TOPIC}/{partition}/{offset}")
    return found


def retry(kafka: str, codec: Codec, found: Letter, subject: str, now: int) -> None:
    """Ask the processors to handle the record again; raises NotFound when it is gone, LogUnavailable.

    The request stands in the log beside the letters: a processor that restarts reads it, and reads it twice without harm.
    """
    letter, value = found.letter, found.letter.value
    if value is None:
        source = _message_at(kafka, letter.source_topic, letter.source_partition, letter.source_offset)
        value = None if source is None else source.value()
    if value is None:
        raise NotFound(f"the record of dead letter {found.document['id']} is no longer in {letter.source_topic}")
    wanted = DeadLetterRetried(
        letter_id=found.document["id"],
        source_topic=letter.source_topic,
        source_partition=letter.source_partition,
        source_offset=letter.source_offset,
        reaction=letter.reaction,
        key=letter.key,
        value=value,
        seen_at=letter.seen_at,
        requested_by=subject,
        requested_at=now,
    )
    failures: list[KafkaError] = []
    producer = idempotent_producer(kafka, CLIENT)
    producer.produce(
        TOPIC,
        key=letter.source_topic.encode(),
        value=codec.encode(wanted),
        on_delivery=lambda error, _: failures.append(error) if error else None,
    )
    if producer.flush(SECONDS_MAX) or failures:
        raise LogUnavailable(f"the retry of dead letter {found.document['id']} could not be written")


def _message_at(kafka: str, topic: str, partition: int, offset: int) -> Message | None:
    """The record at a place; None where there is none, which is known at once: waiting for it holds a thread that all share."""
    consumer, place = one_shot_reader(kafka, CLIENT), TopicPartition(topic, partition, offset)
    try:
        if partition not in consumer.list_topics(topic, timeout=SECONDS_MAX).topics[topic].partitions:
            return None
        low, high = consumer.get_watermark_offsets(place, timeout=SECONDS_MAX)
        if not low <= offset < high:
            return None
        consumer.assign([place])
        message = consumer.poll(SECONDS_MAX)
    except KafkaException as problem:
        raise LogUnavailable(f"{topic} cannot be read: {problem}") from problem
    finally:
        consumer.close()
    return None if message is None or message.error() is not None or message.offset() != offset else message


def _newest(kafka: str, codec: Codec, limit: int) -> Newest[Letter]:
    """The last letters of each partition."""

    def read(message: Message) -> Letter | None:
        return _letter(codec, message.partition() or 0, message.offset() or 0, message.value())

    return newest_records(kafka, CLIENT, TOPIC, limit, "dead letters", read)


def _letter(codec: Codec, partition: int, offset: int, value: bytes | None) -> Letter | None:
    """A letter as people read it; None for what is none, as the request to retry one."""
    try:
        letter = codec.decode(value).message
    except Poison:
        return None
    if not isinstance(letter, DeadLetter):
        return None
    try:
        inside = codec.decode(letter.value)
        # What an outsider wrote may be of any schema: rows of snapshots have an envelope that names no organisation.
        envelope = inside.envelope if isinstance(inside.envelope, CommandEnvelope | EventEnvelope) else None
        vo, name = envelope.vo if envelope else None, inside.name
        about = envelope.aggregate_id if envelope else None
    except (Poison, SchemaRegistryError):
        vo, name, about = None, None, None
    place = (letter.source_topic, letter.source_partition, letter.source_offset)
    document = {
        "id": letter.id or dead_letter_id(*place, letter.reaction),
        "partition": partition,
        "offset": offset,
        "at": letter.seen_at,
        "source": f"{letter.source_topic}/{letter.source_partition}/{letter.source_offset}",
        "name": name,
        "about": about,
        "vo": vo,
        "error_class": letter.error_class,
        "error": letter.error if vo is not None else "",
        "reaction": letter.reaction,
        "process": letter.process,
    }
    return Letter(letter, document)
