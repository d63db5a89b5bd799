"""From the Avro files to compiled code that writes and reads their records: a node for each type of a schema.

`schemas/avro_binary.pyx` is built when Culm is installed; without a C compiler it is absent, and fastavro does the work.
"""

from functools import cache
from typing import Any, Protocol

import schemas.types
from schemas.catalog import CATALOG, CatalogEntry

try:
    from schemas import avro_binary
except ImportError:
    avro_binary = None  # type: ignore[assignment]

#: The field of it comes first in every message that has one.
ENVELOPE = "envelope"


class CompiledForm(Protocol):
    """What writes and reads one message."""

    def encode(self, frame: bytes, message: Any, envelope: Any) -> bytes:
        """`frame`, and the Avro binary behind it."""
        ...

    def decode(self, value: bytes, start: int) -> tuple[Any, Any]:
        """(message, envelope or None) of the bytes from `start` on."""
        ...


def is_compiled() -> bool:
    """Whether compiled code is at hand."""
    return avro_binary is not None


def compiled_form(entry: CatalogEntry, kind: type) -> CompiledForm | None:
    """The compiled form of a message of class `kind`; None where compiled code is not at hand."""
    if avro_binary is None:
        return None
    fields = entry.schema["fields"]
    envelope = None
    if fields and fields[0]["name"] == ENVELOPE:
        envelope, fields = _node(fields[0]["type"]), fields[1:]
    assert all(field["name"] != ENVELOPE for field in fields), f"the envelope is not the first field of {entry.full_name}"
    return avro_binary.MessageForm(kind, _record(kind, fields) if fields else None, envelope)


def _record(kind: type, fields: list[dict[str, Any]]) -> Any:
    return avro_binary.RecordNode(kind, tuple(field["name"] for field in fields), tuple(_node(field["type"]) for field in fields))


def _node(node: Any) -> Any:
    """The node of a type as it stands in an Avro file."""
    if isinstance(node, list):
        null, inner = node
        assert null == "null", f"{node} is no union of null and one type"
        return avro_binary.OptionalNode(_node(inner))
    if isinstance(node, dict):
        return avro_binary.ArrayNode(_node(node["items"])) if node["type"] == "array" else _node(node["type"])
    return _named(node)


@cache
def _named(name: str) -> Any:
    match name:
        case "int" | "long":
            return avro_binary.LongNode()
        case "string":
            return avro_binary.StringNode()
        case "boolean":
            return avro_binary.BooleanNode()
        case "double":
            return avro_binary.DoubleNode()
        case "bytes":
            return avro_binary.BytesNode()
    entry = CATALOG[name]
    kind = getattr(schemas.types, entry.name)
    if entry.schema["type"] == "enum":
        return avro_binary.EnumNode(tuple(kind[symbol] for symbol in entry.schema["symbols"]))
    return _record(kind, entry.schema["fields"])
