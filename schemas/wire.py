"""Bytes <-> messages: Confluent wire format around Avro.

Out: byte 0, schema id (big-endian int32), Avro binary. In: the writer's schema is found by that id and resolved against
ours, so any version ever released can be read. Times stay `int` microseconds since 1970 (UTC) on our side; stock consumers
see `timestamp-micros`. Guards: what cannot be read raises `Poison`, naming what was found and what was expected.
"""

import io
import struct
from collections.abc import Callable, Mapping
from typing import Any, cast

import fastavro
from fastavro.read import SchemaResolutionError
from fastavro.schema import SchemaParseException
from msgspec import Struct

from schemas.beginnings import as_far_as, begin_alike
from schemas.catalog import CATALOG, CatalogEntry
from schemas.message_forms import (
    Envelope,
    Message,
    entry_of,
    entry_of_class,
    form_named,
    form_of,
    message_class,
    own_schema,
    parsed,
    without_logical_types,
)

__all__ = [
    "FRAME", "MAGIC", "RECORD_BYTES_MAX", "Codec", "Decoded", "Envelope", "Message", "Poison", "entry_of", "entry_of_class",
    "message_class", "own_schema", "to_bytes", "without_logical_types",
]  # fmt: skip

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


class Decoded(Struct, frozen=True):
    """What a record holds: its message, and its envelope where the role has one."""

    entry: CatalogEntry
    message: Any
    envelope: Any

    @property
    def name(self) -> str:
        """Name of the record, for example JobLeased."""
        return self.entry.name


def to_bytes(message: Message, envelope: Envelope | None = None) -> bytes:
    """Avro binary without the frame."""
    return form_of(type(message)).encode(b"", message, envelope)


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
        form = form_of(type(message))
        return form.encode(self._frames[form.entry.full_name], message, envelope)

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
        form = form_named(name)
        try:
            message, envelope = form.decode(value, FRAME.size, writer)
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
        written, wanted = parsed(as_far_as(writer, (last,))), parsed(as_far_as(reader, (last,)))
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
            found = (f"{schema['namespace']}.{schema['name']}", parsed(dict(schema)))
        except (SchemaParseException, LookupError, TypeError, ValueError) as problem:
            if len(self._unknown) >= UNKNOWN_MAX:
                self._unknown.clear()
            self._unknown[number] = asked + 1
            if isinstance(problem, Poison):
                raise
            raise Poison(f"schema {number} is no record of ours: {type(problem).__name__}: {problem}") from problem
        self._unknown.pop(number, None)
        return found
