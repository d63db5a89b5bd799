"""A sample of any message, made from its schema: every field filled, the same for the same schema."""

from typing import Any

from schemas.catalog import CATALOG, CatalogEntry
from schemas.types import CommandEnvelope, EventEnvelope, SnapshotEnvelope
from schemas.wire import message_class

NUMBER = "7f9c2ba4-e88f-527d-a8b1-5c6a3d2e1f00"


def a_sample(entry: CatalogEntry) -> tuple[Any, Any]:
    """(message, envelope) of `entry`."""
    record = a_record(entry)
    envelope: Any = None
    if entry.role in ("events", "facts"):
        envelope = EventEnvelope.from_avro(record.pop("envelope"))
    elif entry.role == "commands":
        envelope = CommandEnvelope.from_avro(record.pop("envelope"))
    elif entry.role == "snapshots":
        envelope = SnapshotEnvelope.from_avro(record.pop("envelope"))
    return message_class(entry.full_name).from_avro(record), envelope


def a_record(entry: CatalogEntry) -> dict[str, Any]:
    """A record of `entry` with a value in every field."""
    return {field["name"]: _value(field["type"], field["name"]) for field in entry.schema["fields"]}


def _value(node: Any, name: str) -> Any:
    if isinstance(node, list):
        return _value(node[1], name)
    if isinstance(node, dict):
        return [_value(node["items"], name)] if node["type"] == "array" else 1_800_000_000_123_456
    if node in CATALOG:
        entry = CATALOG[node]
        return entry.schema["symbols"][1] if entry.schema["type"] == "enum" else a_record(entry)
    match node:
        case "string":
            return NUMBER if name.endswith("_id") and name in ("command_id", "event_id", "correlation_id") else f"a {name} Ω"
        case "boolean":
            return True
        case "double":
            return 0.5
        case "bytes":
            return b"\x00\xff"
        case "int":
            return 7
        case _:
            return 10_000_001
