"""The beginning of a large event, for reactions that want no more than a few of its fields (`schemas/beginnings.py`)."""

import io
import struct
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import fastavro

from schemas.beginnings import as_far_as
from schemas.catalog import CATALOG, self_contained
from schemas.types import EventEnvelope
from schemas.wire import FRAME, Decoded, Poison, without_logical_types


class PartialDecoder:
    """Reads events of one name, in our own version of their schema, up to and with the field `last`.

    last: a path, for example `("spec", "core_count")`. made: makes the message of the fields that were read.
    """

    def __init__(self, full_name: str, last: Sequence[str], made: Callable[[Mapping[str, Any]], Any]) -> None:
        self.entry = CATALOG[full_name]
        self.made = made
        self._schema = fastavro.parse_schema(as_far_as(without_logical_types(self_contained(self.entry)), last))

    def read(self, value: bytes) -> Decoded:
        """What `made` makes of it, and its envelope; raises Poison."""
        try:
            record = cast(dict[str, Any], fastavro.schemaless_reader(io.BytesIO(value[FRAME.size :]), self._schema, None))
            return Decoded(self.entry, self.made(record), EventEnvelope.from_avro(record["envelope"]))
        except (EOFError, IndexError, KeyError, ValueError, TypeError, struct.error) as problem:
            raise Poison(f"{self.entry.full_name}: not decodable as Avro: {type(problem).__name__}: {problem}") from problem
