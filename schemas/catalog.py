"""The Avro files as one vocabulary: every record by name, with its role, topic and self-contained schema.

In: `schemas/<aggregate>/<role>/<Record>.avsc`. Out: `CATALOG`, read once at import (files that ship with the code, so the
result is a constant). The invariant: a record name is unique in Culm, and every message stands in exactly one topic.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, cast

AvroSchema = dict[str, Any]
MESSAGE_ROLES = ("commands", "events", "answers", "heartbeats", "letters", "snapshots", "facts", "refusals", "requests")
FOLDER = Path(__file__).parent
#: What files say beside the record itself (`docs/reference/declarations.md`): no part of the wire schema, so that another
#: sentence is no new version of a message.
DECLARATIONS = ("answer", "key", "refers", "right", "sentence", "shown", "timeline")
#: Rows of aggregates that live; the same messages stand in CLOSED_ROWS once their aggregate is closed.
LIVE_ROWS, CLOSED_ROWS = "culm.snapshot.live.v1", "culm.snapshot.closed.v1"


@dataclass(frozen=True, slots=True)
class CatalogEntry:
    """One Avro file: `schema` as written (named types by reference), `role` = the folder it stands in."""

    name: str
    full_name: str
    aggregate: str
    role: str
    schema: AvroSchema
    path: Path

    @property
    def is_message(self) -> bool:
        """True when records of it are sent on a topic of their own, false for parts of other records."""
        return self.role in MESSAGE_ROLES

    @property
    def topic(self) -> str:
        """Name of the one topic this message stands in."""
        return _topic(self.role, self.aggregate)

    @property
    def subject(self) -> str:
        """Registry subject (TopicRecordName): each message has its own line of compatible versions."""
        return f"{self.topic}-{self.full_name}"


@cache
def _topic(role: str, aggregate: str) -> str:
    match role:
        case "answers":
            return "culm.command.answers.v1"
        case "heartbeats":
            return "culm.pilot.heartbeats.v1"
        case "letters":
            return "culm.deadletter.v1"
        case "snapshots":
            return LIVE_ROWS
        case "refusals":
            return "culm.refusals.v1"
        case _:
            return f"culm.{aggregate}.{role}.v1"


def read_entries(folder: Path = FOLDER) -> Iterator[CatalogEntry]:
    """Every Avro file below `folder`, ordered by path; raises ValueError for a file whose name is not its record's."""
    for path in sorted(folder.glob("*/*/*.avsc")):
        schema = cast(AvroSchema, json.loads(path.read_text(encoding="utf-8")))
        if schema["name"] != path.stem:
            raise ValueError(f"{path}: record is called {schema['name']!r}, expected {path.stem!r} as the file")
        full_name = f"{schema['namespace']}.{schema['name']}"
        yield CatalogEntry(schema["name"], full_name, path.parent.parent.name, path.parent.name, schema, path)


def index(entries: Iterator[CatalogEntry]) -> Mapping[str, CatalogEntry]:
    """Entries by full name; raises ValueError when two files define one name."""
    found: dict[str, CatalogEntry] = {}
    for entry in entries:
        if entry.full_name in found:
            raise ValueError(f"{entry.full_name} is defined twice: {found[entry.full_name].path} and {entry.path}")
        found[entry.full_name] = entry
    return found


CATALOG: Mapping[str, CatalogEntry] = index(read_entries())


def messages() -> tuple[CatalogEntry, ...]:
    """All messages, ordered by full name."""
    return tuple(entry for _, entry in sorted(CATALOG.items()) if entry.is_message)


def self_contained(entry: CatalogEntry) -> AvroSchema:
    """The schema with every named type defined inside at its first use, as the registry and stock consumers need it."""
    return cast(AvroSchema, _inline(entry.schema, set()))


def registered_text(entry: CatalogEntry) -> str:
    """The schema as it is registered: self-contained JSON, always the same for the same Avro file."""
    return json.dumps(self_contained(entry), separators=(",", ":"), sort_keys=True)


def _plain(node: AvroSchema) -> AvroSchema:
    return {name: value for name, value in node.items() if name not in DECLARATIONS}


def _inline(node: Any, seen: set[str]) -> Any:
    """`node` with references to catalogue names replaced by definitions where they first occur."""
    if isinstance(node, str):
        if node not in CATALOG or node in seen:
            return node
        return _inline(CATALOG[node].schema, seen)
    if isinstance(node, list):
        return [_inline(branch, seen) for branch in node]
    kind = node["type"]
    if kind in ("record", "enum"):
        seen.add(f"{node['namespace']}.{node['name']}")
    if kind == "record":
        fields = [{**_plain(field), "type": _inline(field["type"], seen)} for field in node["fields"]]
        return {**_plain(node), "fields": fields}
    if kind == "array":
        return {**node, "items": _inline(node["items"], seen)}
    return dict(node)
