"""The beginning of a large record, for those who want no more than a few of its fields.

Avro writes fields one after another, so with the beginning of a schema the beginning of a record can be read.
"""

import io
import struct
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import fastavro

from schemas.catalog import CATALOG, AvroSchema, self_contained
from schemas.types import EventEnvelope
from schemas.wire import FRAME, Decoded, Poison, without_logical_types


class PartialDecoder:
    """Reads events of one name, in our own version of their schema, up to and with the field `last`.

    last: a path, for example `("spec", "core_count")`. made: makes the message of the fields that were read.
    """

    def __init__(self, full_name: str, last: Sequence[str], made: Callable[[Mapping[str, Any]], Any]) -> None:
        self.entry = CATALOG[full_name]
        self.made = made
        self._schema = fastavro.parse_schema(_as_far_as(self_contained(self.entry), last))

    def read(self, value: bytes) -> Decoded:
        """What `made` makes of it, and its envelope; raises Poison."""
        try:
            record = cast(dict[str, Any], fastavro.schemaless_reader(io.BytesIO(value[FRAME.size :]), self._schema, None))
            return Decoded(self.entry, self.made(record), EventEnvelope.from_avro(record["envelope"]))
        except (EOFError, IndexError, KeyError, ValueError, TypeError, struct.error) as problem:
            raise Poison(f"{self.entry.full_name}: not decodable as Avro: {type(problem).__name__}: {problem}") from problem


def _as_far_as(schema: AvroSchema, last: Sequence[str]) -> AvroSchema:
    """The schema without the fields behind `last`; AssertionError when there is none of that name."""
    fields: list[AvroSchema] = []
    for field in schema["fields"]:
        if field["name"] == last[0]:
            beginning = {"type": _as_far_as(field["type"], last[1:])} if len(last) > 1 else {}
            return {**schema, "fields": [*fields, {**without_logical_types(field), **beginning}]}
        fields.append(without_logical_types(field))
    raise AssertionError(f"{schema['name']} has no field {last[0]!r}")
