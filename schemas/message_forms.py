"""How each message is written as Avro binary and read again.

Our own version of a message is written and read by compiled code (`schemas/avro_binary.pyx`), which makes the frozen records
without a dictionary between. Other versions, and all of them where nothing could be compiled, are the matter of fastavro: the
bytes are the same, which a test holds.
"""

import io
from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module
from typing import Any, NamedTuple, Protocol, Self, cast

import fastavro

from schemas.catalog import CATALOG, CatalogEntry, self_contained
from schemas.compiled_codec import CompiledForm, compiled_form
from schemas.types import CommandEnvelope, EventEnvelope, SnapshotEnvelope


class Message(Protocol):
    """Any generated message class."""

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        ...

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        ...

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        ...


Envelope = EventEnvelope | CommandEnvelope | SnapshotEnvelope
#: By role of the message; those of other roles have none.
_ENVELOPES: Mapping[str, type[Envelope]] = {
    "commands": CommandEnvelope,
    "events": EventEnvelope,
    "facts": EventEnvelope,
    "snapshots": SnapshotEnvelope,
}


class Form(NamedTuple):
    """What writing and reading a message need. nullable_records: (field, full name of the record) of those.

    compiled: None where compiled code is not at hand.
    """

    entry: CatalogEntry
    schema: Any
    nullable_records: tuple[tuple[str, str], ...]
    from_avro: Callable[[dict[str, Any]], Message]
    envelope_from_avro: Callable[[dict[str, Any]], Envelope] | None
    compiled: CompiledForm | None

    def encode(self, frame: bytes, message: Message, envelope: Envelope | None) -> bytes:
        """`frame`, and the Avro binary behind it."""
        if self.compiled is not None:
            return self.compiled.encode(frame, message, envelope)
        return frame + self.encode_interpreted(message, envelope)

    def encode_interpreted(self, message: Message, envelope: Envelope | None) -> bytes:
        """The Avro binary, by fastavro."""
        record = message.to_avro()
        for field, branch in self.nullable_records:
            # fastavro finds the branch of a union by trying a value on each, here a whole record; one that is named it takes.
            if (value := record[field]) is not None:
                record[field] = (branch, value)
        if envelope is not None:
            record["envelope"] = envelope.to_avro()
        buffer = io.BytesIO()
        fastavro.schemaless_writer(buffer, self.schema, record)
        return buffer.getvalue()

    def decode(self, value: bytes, start: int, writer: Any) -> tuple[Message, Envelope | None]:
        """Message and envelope of the Avro binary from `start` on, as the schema `writer` has it.

        Raises any of the errors that `schemas.wire` lists as UNREADABLE.
        """
        if writer is self.schema and self.compiled is not None:
            return self.compiled.decode(value if type(value) is bytes else bytes(value), start)
        return self.decode_interpreted(value[start:], writer)

    def decode_interpreted(self, value: bytes, writer: Any) -> tuple[Message, Envelope | None]:
        """Message and envelope, by fastavro."""
        raw = fastavro.schemaless_reader(io.BytesIO(value), writer, None if writer is self.schema else self.schema)
        record = cast(dict[str, Any], raw)
        message = self.from_avro(record)
        return message, self.envelope_from_avro(record["envelope"]) if self.envelope_from_avro else None


@cache
def message_class(full_name: str) -> type[Message]:
    """The generated class of a message; KeyError for a name that is not in the catalogue."""
    entry = CATALOG[full_name]
    module = import_module(f"schemas.{entry.aggregate}")
    return cast(type[Message], getattr(module, entry.name))


@cache
def own_schema(full_name: str) -> Any:
    """Our parsed schema of a message, without logical types (times are plain integers here)."""
    return parsed(self_contained(CATALOG[full_name]))


def entry_of(message: Message) -> CatalogEntry:
    """The catalogue entry of a message object."""
    return entry_of_class(type(message))


@cache
def entry_of_class(kind: type) -> CatalogEntry:
    """The catalogue entry of a generated class of messages; KeyError for another class."""
    aggregate = kind.__module__.removeprefix("schemas.")
    return CATALOG[f"culm.{aggregate}.{kind.__name__}"]


@cache
def form_of(kind: type) -> Form:
    """The form of a generated class of messages."""
    return form_named(entry_of_class(kind).full_name)


@cache
def form_named(full_name: str) -> Form:
    """The form of a message of the catalogue."""
    entry = CATALOG[full_name]
    types = [(field["name"], field["type"]) for field in entry.schema["fields"]]
    nullable = tuple((name, node[1]) for name, node in types if isinstance(node, list) and _is_record(node[1]))
    envelope = _ENVELOPES.get(entry.role)
    kind = message_class(full_name)
    return Form(
        entry,
        own_schema(full_name),
        nullable,
        kind.from_avro,
        envelope.from_avro if envelope else None,
        compiled_form(entry, kind),
    )


def _is_record(node: Any) -> bool:
    return isinstance(node, str) and node in CATALOG and CATALOG[node].schema["type"] == "record"


def parsed(schema: Any) -> Any:
    """A schema as fastavro wants it."""
    # fastavro leaves a mark in the result by which it knows that this is done; without it every record parses it again.
    return fastavro.parse_schema(without_logical_types(schema))


def without_logical_types(node: Any) -> Any:
    """The schema as this side reads it: times are plain integers here."""
    if isinstance(node, list):
        return [without_logical_types(branch) for branch in node]
    if isinstance(node, dict):
        return {key: without_logical_types(value) for key, value in node.items() if key != "logicalType"}
    return node
