"""Events out of a log into a file, and the file read again.

In: a choice of events. Out: an Avro container (or JSON lines), readable without a registry: every record with its place,
time, key and name, its Avro bytes, and the schemas in the container's head.
"""

import base64
import io
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO

import fastavro
import orjson
from confluent_kafka import Message

from audit.whole_log import messages_of
from projections.timeline.body import body_of
from schemas.aggregates import AGGREGATES
from schemas.catalog import CATALOG, self_contained
from schemas.subjects import subjects_of
from schemas.topics import topics_of_role
from schemas.wire import FRAME, Codec, Decoded, Poison, own_schema, without_logical_types

RECORD = {
    "type": "record",
    "name": "ExportedEvent",
    "namespace": "culm.export",
    "doc": "An event of Culm as it stood in the log.",
    "fields": [
        {"name": "topic", "type": "string", "doc": "Where it stood."},
        {"name": "partition", "type": "int", "doc": "Partition."},
        {"name": "offset", "type": "long", "doc": "Offset."},
        {"name": "timestamp", "type": "long", "doc": "Milliseconds, given by the broker."},
        {"name": "key", "type": "string", "doc": "Id of the aggregate."},
        {"name": "name", "type": "string", "doc": "Full name of the record; its schema is in the head of the file."},
        {"name": "value", "type": "bytes", "doc": "Avro binary of the record, without a frame."},
    ],
}
SCHEMAS = "culm.schemas"
EVENTS = topics_of_role("events")


class NotImported(RuntimeError):
    """Nothing was imported; the message says why."""


@dataclass(frozen=True, slots=True)
class Exported:
    """An event in a file."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: str
    name: str
    value: bytes


@dataclass(frozen=True, slots=True)
class Choice:
    """Which events: of a time (microseconds, from `since` on, before `until`), or of a task with all that belongs to it."""

    since: int | None = None
    until: int | None = None
    task_id: int | None = None


def exported(kafka: str, codec: Codec, choice: Choice) -> Iterator[tuple[Exported, Decoded]]:
    """The events of the choice in the order of topics, partitions and offsets."""
    wanted = _wanted(kafka, codec, choice)
    for message in messages_of(kafka, EVENTS):
        decoded = event_in(codec, message)
        if decoded is not None and wanted(decoded):
            yield _exported(message, decoded), decoded


def event_in(codec: Codec, message: Message) -> Decoded | None:
    """The event that the record holds; None for what is no event, or is none of this topic and key."""
    try:
        decoded = codec.decode(message.value())
    except Poison:
        return None
    envelope = decoded.envelope
    if decoded.entry.topic != message.topic() or envelope is None or message.key() != envelope.aggregate_id.encode():
        return None
    return decoded


def _wanted(kafka: str, codec: Codec, choice: Choice) -> Callable[[Decoded], bool]:
    if choice.task_id is None:
        return lambda decoded: (choice.since is None or decoded.envelope.occurred_at >= choice.since) and (
            choice.until is None or decoded.envelope.occurred_at < choice.until
        )
    tree = _tree(kafka, codec, choice.task_id)
    return tree.has


@dataclass
class _Tree:
    """What belongs to a task: itself, its jobs, what its requests touched, and the dataset and name it has."""

    task_id: int
    correlations: set[str] = field(default_factory=set)

    def has(self, decoded: Decoded) -> bool:
        """True for an event of the tree."""
        envelope = decoded.envelope
        about = subjects_of(decoded.message, envelope.aggregate_id)
        if about.task_id == self.task_id:
            return True
        return AGGREGATES[decoded.entry.aggregate].of_a_request and envelope.correlation_id in self.correlations


def _tree(kafka: str, codec: Codec, task_id: int) -> _Tree:
    tree = _Tree(task_id)
    for message in messages_of(kafka, ["culm.task.events.v1"]):
        if message.key() == str(task_id).encode():
            decoded = event_in(codec, message)
            if decoded is not None:
                tree.correlations.add(decoded.envelope.correlation_id)
    return tree


def _exported(message: Message, decoded: Decoded) -> Exported:
    value, topic, offset = message.value(), message.topic(), message.offset()
    assert isinstance(value, bytes)
    assert topic is not None
    assert offset is not None
    binary = value[FRAME.size :]
    return Exported(
        topic,
        message.partition() or 0,
        offset,
        message.timestamp()[1],
        decoded.envelope.aggregate_id,
        decoded.entry.full_name,
        binary,
    )


@cache
def _schemas_of_events() -> str:
    """Full name -> self-contained schema of every event, as JSON; made once."""
    schemas = {name: self_contained(entry) for name, entry in CATALOG.items() if entry.role == "events"}
    return orjson.dumps(schemas).decode()


def write_avro(file: BinaryIO, events: Iterable[tuple[Exported, Decoded]], codec: Codec) -> int:
    """Number of events written as an Avro container."""
    count = 0

    def records() -> Iterator[dict[str, Any]]:
        nonlocal count
        for event, decoded in events:
            count += 1
            # What an older schema wrote is written again with ours: one schema a name in a file.
            binary = codec.encode(decoded.message, decoded.envelope)[FRAME.size :]
            yield {**{name: getattr(event, name) for name in Exported.__dataclass_fields__}, "value": binary}

    head = {SCHEMAS: _schemas_of_events()}
    fastavro.writer(file, fastavro.parse_schema(RECORD), records(), codec="deflate", metadata=head)
    return count


def write_lines(file: BinaryIO, events: Iterable[tuple[Exported, Decoded]]) -> int:
    """Number of events written as JSON lines: the bytes in `value` (base64), what they say in `envelope` and `body`."""
    count = 0
    for event, decoded in events:
        count += 1
        document = {name: getattr(event, name) for name in Exported.__dataclass_fields__}
        document["value"] = base64.b64encode(event.value).decode()
        document |= {"envelope": decoded.envelope.to_avro(), "body": body_of(decoded.message)}
        file.write(orjson.dumps(document, default=_plain) + b"\n")
    return count


def _plain(value: Any) -> Any:
    return value.to_avro() if hasattr(value, "to_avro") else str(value)


def read_file(path: Path) -> list[Exported]:
    """The events of an Avro container, in this version's schemas; raises NotImported for anything else."""
    try:
        with path.open("rb") as file:
            reader = fastavro.reader(file)
            if SCHEMAS not in reader.metadata:
                raise NotImported(f"{path} is an Avro container without {SCHEMAS} in its head; expected one of `culm export`")
            writers = orjson.loads(reader.metadata[SCHEMAS])
            resolve = {name: _resolver(name, writer) for name, writer in writers.items() if name in CATALOG}
            found = [Exported(**record) for record in reader]  # type: ignore[arg-type]  # the schema says what is in it
            return [replace(one, value=resolve[one.name](one.value)) if one.name in resolve else one for one in found]
    except (ValueError, EOFError, KeyError, TypeError) as problem:
        raise NotImported(f"{path} cannot be read as an Avro container: {problem}") from problem


def _resolver(name: str, writer: Any) -> Callable[[bytes], bytes]:
    """What turns the bytes of a record as `writer` wrote them into bytes of our own schema."""
    own = own_schema(name)
    if writer == self_contained(CATALOG[name]):
        return lambda value: value
    parsed = fastavro.parse_schema(without_logical_types(writer))

    def resolved(value: bytes) -> bytes:
        buffer = io.BytesIO()
        fastavro.schemaless_writer(buffer, own, fastavro.schemaless_reader(io.BytesIO(value), parsed, own))
        return buffer.getvalue()

    return resolved
