"""docs/topics.md: every topic with its key, retention and messages, for people who write consumers.

Made from topics.toml, the declarations of the aggregates and the Avro files by `python -m schemas docs`; a test holds that the
file is what would be made now.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from schemas.aggregates import OF_TOPIC
from schemas.bounds import bounds_in_words
from schemas.catalog import CATALOG, FOLDER, CatalogEntry, messages
from schemas.characters import SETS
from schemas.sentences import alternatives
from schemas.topics import named_topics, partitions_by_default

FILE = FOLDER.parent / "docs" / "topics.md"
HEAD = """# Topics

Made by `python -m schemas docs` from `schemas/topics.toml`, `schemas/*/aggregate.json` and the Avro files; change those, not
this.

Every topic holds Avro in the Confluent wire format (a zero byte, four bytes of schema id, Avro binary); the writers' schemas are
in the registry under `<topic>-<full record name>` (TopicRecordNameStrategy) and evolve FULL_TRANSITIVE: any consumer reads any
record, old and new. The key is text, the partition murmur2 of it. Read with `isolation.level=read_committed`; records of aborted
transactions are not events.
An event counts when its `envelope.sequence` is one above the last of its `envelope.aggregate_id`; anything else is a duplicate.
Bounds hold for every record: a command out of them is refused (`OUT_OF_BOUNDS`), and no event is ever outside.
What an event reads like in timelines is a template (docs/reference/declarations.md).
Times are microseconds UTC (`timestamp-micros`). `deploy/dashboards/running_table.py` is a whole consumer in a page.
A stack on one machine asks for an account: `culm env --consumer` prints one that reads the topics of events and of heartbeats, in
consumer groups whose names begin with `consumer-`. The other topics are Culm's own.
"""


def write_documentation() -> Path:
    """Path of the file, as it was written."""
    FILE.write_text(documentation(), encoding="utf-8")
    return FILE


def documentation() -> str:
    """The text."""
    return HEAD + "".join(_topics()) + "".join(_parts()) + "".join(_characters())


def _topics() -> Iterator[str]:
    for name, topic in named_topics().items():
        hours = topic.settings["retention_hours"]
        kept = "for ever" if hours < 0 else f"{hours} h"
        yield f"\n## {name}\n\nKey: {topic.key}. {partitions_by_default()} partitions by default. Kept {kept}.\n"
        if name in OF_TOPIC:
            yield f"\n{OF_TOPIC[name].title}\n"
        for entry in (one for one in messages() if one.topic == name):
            yield from _record(entry)


def _parts() -> Iterator[str]:
    yield "\n## Parts of messages\n"
    for _, entry in sorted(CATALOG.items()):
        if not entry.is_message:
            yield from _record(entry)


def _characters() -> Iterator[str]:
    yield "\n## Character sets\n\n| set | a text of it is |\n|---|---|\n"
    for one in SETS.values():
        yield f"| {one.name} | {_cell(one.expected)} |\n"


def _record(entry: CatalogEntry) -> Iterator[str]:
    schema = entry.schema
    yield f"\n### {entry.name}\n\n{schema['doc']}\n"
    if entry.role in ("commands", "events"):
        yield f"\n{_sender(schema) if entry.role == 'commands' else _reading(schema)}\n"
    if schema["type"] == "enum":
        yield f"\nOne of {', '.join(schema['symbols'])}.\n"
        return
    if schema["fields"]:
        yield "\n| field | type | bounds | meaning |\n|---|---|---|---|\n"
    for field in schema["fields"]:
        yield f"| {field['name']} | {_type(field['type'])} | {bounds_in_words(field)} | {_cell(field['doc'])} |\n"


def _sender(schema: Mapping[str, Any]) -> str:
    """Who may send a command."""
    right = schema.get("right", {"class": "system"})
    match right["class"]:
        case "user":
            return f"Sent by users ({right['scope']})."
        case "system":
            return "Sent by Culm itself."
        case "internal":
            return f"Sent by Culm itself on behalf of users ({right['scope']})."
        case other:
            scope = f" ({right['scope']})" if "scope" in right else ""
            return f"Sent by {other}s{scope}."


def _reading(schema: Mapping[str, Any]) -> str:
    """How an event reads in timelines."""
    if not schema.get("timeline", True):
        return "Not in timelines."
    return f"In timelines: {' or '.join(f'`{template}`' for _, template in alternatives(schema['sentence']))}"


def _type(kind: Any) -> str:
    if isinstance(kind, list):
        return " or ".join(_type(branch) for branch in kind)
    if isinstance(kind, str):
        return kind.rpartition(".")[2]
    match kind["type"]:
        case "array":
            return f"list of {_type(kind['items'])}"
        case "map":
            return f"map to {_type(kind['values'])}"
        case _:
            return str(kind.get("logicalType") or kind["type"])


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
