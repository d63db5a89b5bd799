"""Bytes <-> messages: Confluent wire format around Avro, with fastavro.

Out: byte 0, schema id (big-endian int32), Avro binary. In: the writer's schema is found by that id and resolved against
ours, so any version ever released can be read. Times stay `int` microseconds since 1970 (UTC) on our side; stock consumers
see `timestamp-micros`. Guards: what cannot be read raises `Poison`, naming what was found and what was expected.
"""

import io
import struct
from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module
from typing import Any, NamedTuple, Protocol, Self, cast

import fastavro
from fastavro.read import SchemaResolutionError
from fastavro.schema import SchemaParseException
from msgspec import Struct

from schemas.beginnings import as_far_as, begin_alike
from schemas.catalog import CATALOG, CatalogEntry, self_contained
from schemas.types import CommandEnvelope, EventEnvelope, SnapshotEnvelope

MAGIC = 0
#: What a record may weigh: below the broker's 1 MB for a batch of records, with room for key and overhead.
RECORD_BYTES_MAX = 900_000
#: What fastavro and our classes raise for bytes that are no record of the schema, or of a schema that cannot become ours.
UNREADABLE = (
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    MemoryError,
    RecursionError,
    SchemaResolutionError,
    TypeError,
    ValueError,
    struct.error,
)
#: Schema ids that the registry did not know are remembered, so many of them, and asked for again now and then.
UNKNOWN_MAX, UNKNOWN_ASKED_EVERY = 1_000, 100
FRAME = struct.Struct(">bI")


class Poison(ValueError):
    """A record that can never be handled, however often it is tried."""


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


class Decoded(Struct, frozen=True):
    """What a record holds: its message, and its envelope where the role has one."""

    entry: CatalogEntry
    message: Any
    envelope: Any

    @property
    def name(self) -> str:
        """Name of the record, for example JobLeased."""
        return self.entry.name


@cache
def message_class(full_name: str) -> type[Message]:
    """The generated class of a message; KeyError for a name that is not in the catalogue."""
    entry = CATALOG[full_name]
    module = import_module(f"schemas.{entry.aggregate}")
    return cast(type[Message], getattr(module, entry.name))


@cache
def own_schema(full_name: str) -> Any:
    """Our parsed schema of a message, without logical types (times are plain integers here)."""
    return _parse(self_contained(CATALOG[full_name]))


def entry_of(message: Message) -> CatalogEntry:
    """The catalogue entry of a message object."""
    return entry_of_class(type(message))


@cache
def entry_of_class(kind: type) -> CatalogEntry:
    """The catalogue entry of a generated class of messages; KeyError for another class."""
    aggregate = kind.__module__.removeprefix("schemas.")
    return CATALOG[f"culm.{aggregate}.{kind.__name__}"]


def to_bytes(message: Message, envelope: Envelope | None = None) -> bytes:
    """Avro binary without the frame."""
    form = _form_of(type(message))
    record = message.to_avro()
    for field, branch in form.nullable_records:
        # fastavro finds the branch of a union by trying a value on each, here a whole record; one that is named it takes.
        if (value := record[field]) is not None:
            record[field] = (branch, value)
    if envelope is not None:
        record["envelope"] = envelope.to_avro()
    buffer = io.BytesIO()
    fastavro.schemaless_writer(buffer, form.schema, record)
    return buffer.getvalue()


class _Form(NamedTuple):
    """What writing and reading a message need, found once. nullable_records: (field, full name of the record) of those."""

    entry: CatalogEntry
    schema: Any
    nullable_records: tuple[tuple[str, str], ...]
    from_avro: Callable[[dict[str, Any]], Message]
    envelope_from_avro: Callable[[dict[str, Any]], Envelope] | None


@cache
def _form_of(kind: type) -> _Form:
    return _form_named(entry_of_class(kind).full_name)


@cache
def _form_named(full_name: str) -> _Form:
    entry = CATALOG[full_name]
    types = [(field["name"], field["type"]) for field in entry.schema["fields"]]
    nullable = tuple((name, node[1]) for name, node in types if isinstance(node, list) and _is_record(node[1]))
    envelope = _ENVELOPES.get(entry.role)
    return _Form(
        entry, own_schema(full_name), nullable, message_class(full_name).from_avro, envelope.from_avro if envelope else None
    )


def _is_record(node: Any) -> bool:
    return isinstance(node, str) and node in CATALOG and CATALOG[node].schema["type"] == "record"


class Codec:
    """Encodes with the ids the registry gave us, decodes any id the registry knows.

    ids: full record name -> schema id of our own version. fetch: schema id -> schema text, asked once per unknown id.
    """

    def __init__(self, ids: Mapping[str, int], fetch: Callable[[int], Mapping[str, Any]]) -> None:
        self._frames = {name: FRAME.pack(MAGIC, number) for name, number in ids.items()}
        self._own = {number: name for name, number in ids.items()}
        self._foreign: dict[int, tuple[str, Any]] = {}
        self._fetch = fetch
        self._unknown: dict[int, int] = {}
        self._beginnings: dict[tuple[bytes, str], tuple[Any, Any] | None] = {}

    def encode(self, message: Message, envelope: Envelope | None = None) -> bytes:
        """The record value for the topic of `message`."""
        return self._frames[_form_of(type(message)).entry.full_name] + to_bytes(message, envelope)

    def frame_of(self, full_name: str) -> bytes:
        """What stands before the Avro binary of our own version of a record."""
        return self._frames[full_name]

    def name_of(self, value: bytes | None) -> str:
        """Full name of the record that `value` holds, without decoding it."""
        return self._writer(value)[0]

    def decode(self, value: bytes | None) -> Decoded:
        """Message and envelope of a record value; raises Poison."""
        name, writer = self._writer(value)
        if name not in CATALOG:
            raise Poison(f"record {name!r} is not in the vocabulary of this version")
        assert value is not None
        form = _form_named(name)
        try:
            raw = fastavro.schemaless_reader(
                io.BytesIO(value[FRAME.size :]), writer, None if writer is form.schema else form.schema
            )
            record = cast(dict[str, Any], raw)
            message = form.from_avro(record)
            envelope = form.envelope_from_avro(record["envelope"]) if form.envelope_from_avro else None
        except UNREADABLE as problem:
            raise Poison(f"{name}: not decodable as Avro: {type(problem).__name__}: {problem}") from problem
        return Decoded(form.entry, message, envelope)

    def beginning(self, value: bytes, last: str) -> dict[str, Any] | None:
        """The fields of a record up to and with `last`, as Avro has them: a tenth of the work where much follows.

        None for a version of the record that has no such field, or has the fields in another order. Raises Poison.
        """
        place = (value[: FRAME.size], last)
        if place not in self._beginnings:
            self._beginnings[place] = self._beginning_of(*self._writer(value), last)
        schemas = self._beginnings[place]
        if schemas is None:
            return None
        try:
            return cast(dict[str, Any], fastavro.schemaless_reader(io.BytesIO(value[FRAME.size :]), *schemas))
        except UNREADABLE as problem:
            raise Poison(f"not decodable as Avro: {type(problem).__name__}: {problem}") from problem

    def _beginning_of(self, name: str, writer: Any, last: str) -> tuple[Any, Any] | None:
        """Schemas of writer and reader up to a field; None for the reader when it is the same."""
        reader = own_schema(name) if name in CATALOG else None
        if reader is None or not begin_alike(writer, reader, last):
            return None
        written, wanted = _parse(as_far_as(writer, (last,))), _parse(as_far_as(reader, (last,)))
        return written, None if writer is reader else wanted

    def _writer(self, value: bytes | None) -> tuple[str, Any]:
        if value is None or len(value) < FRAME.size:
            raise Poison(f"value of {0 if value is None else len(value)} bytes, expected at least {FRAME.size}")
        magic, number = FRAME.unpack_from(value)
        if magic != MAGIC:
            raise Poison(f"magic byte {magic}, expected {MAGIC} (Confluent wire format)")
        own = self._own.get(number)
        if own is not None:
            return own, own_schema(own)
        if number not in self._foreign:
            self._foreign[number] = self._fetched(number)
        return self._foreign[number]

    def _fetched(self, number: int) -> tuple[str, Any]:
        """Name and schema of an id that is none of ours; raises Poison when the registry has no record schema under it."""
        asked = self._unknown.get(number, 0)
        if asked % UNKNOWN_ASKED_EVERY:
            self._unknown[number] = asked + 1
            raise Poison(f"schema {number} is not in the registry")
        try:
            schema = self._fetch(number)
            found = (f"{schema['namespace']}.{schema['name']}", _parse(dict(schema)))
        except (SchemaParseException, LookupError, TypeError, ValueError) as problem:
            if len(self._unknown) >= UNKNOWN_MAX:
                self._unknown.clear()
            self._unknown[number] = asked + 1
            if isinstance(problem, Poison):
                raise
            raise Poison(f"schema {number} is no record of ours: {type(problem).__name__}: {problem}") from problem
        self._unknown.pop(number, None)
        return found


def _parse(schema: Any) -> Any:
    # fastavro leaves a mark in the result by which it knows that this is done; without it every record parses it again.
    return fastavro.parse_schema(without_logical_types(schema))


def without_logical_types(node: Any) -> Any:
    """The schema as this side reads it: times are plain integers here."""
    if isinstance(node, list):
        return [without_logical_types(branch) for branch in node]
    if isinstance(node, dict):
        return {key: without_logical_types(value) for key, value in node.items() if key != "logicalType"}
    return node
