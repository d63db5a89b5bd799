"""FULL_TRANSITIVE: every version of a message reads every other version, for ever; and bounds only ever widen.

In: the Avro files and `schemas/released/<N>.json`, one file a release with every message as it then was. Out: the list of
violations. Checked in CI with avro's own compatibility checker; `python -m schemas release` adds the next file.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import avro.schema
from avro.compatibility import ReaderWriterCompatibilityChecker, SchemaCompatibilityType

from schemas.catalog import FOLDER, AvroSchema, messages, self_contained
from schemas.characters import holds_all_of

RELEASED = FOLDER / "released"
BOUNDS = ("characters", "length_min", "length_max", "min", "max", "items_max", "bytes_max")


def releases() -> Iterator[tuple[int, dict[str, AvroSchema]]]:
    """(number, full record name -> schema) of every release, oldest first."""
    for path in sorted(RELEASED.glob("*.json"), key=lambda path: int(path.stem)):
        yield int(path.stem), json.loads(path.read_text(encoding="utf-8"))


def current() -> dict[str, AvroSchema]:
    """Full record name -> schema as the Avro files say now."""
    return {entry.full_name: self_contained(entry) for entry in messages()}


def violations() -> list[str]:
    """A sentence for each pair of versions that cannot read each other, both ways; empty when all is well."""
    now, found = current(), []
    for number, then in releases():
        for name, old in then.items():
            if name not in now:
                found.append(f"{name} of release {number} is gone; an event once written must stay readable")
                continue
            found += [f"{name}: {why} (release {number})" for why in incompatibilities(old, now[name])]
            found += [f"{name}: {why} (release {number})" for why in narrowed_bounds(old, now[name])]
    return found


def incompatibilities(old: AvroSchema, new: AvroSchema) -> Iterator[str]:
    """Why `new` cannot read `old` or the other way round."""
    if old == new:
        return
    first, second = avro.schema.parse(json.dumps(old)), avro.schema.parse(json.dumps(new))
    for reader, writer, direction in ((second, first, "new cannot read old"), (first, second, "old cannot read new")):
        checker = ReaderWriterCompatibilityChecker()  # type: ignore[no-untyped-call]  # avro leaves it untyped
        result = checker.get_compatibility(reader, writer)
        if result.compatibility is not SchemaCompatibilityType.compatible:
            yield f"{direction}: {'; '.join(sorted(result.messages))} at {', '.join(sorted(result.locations))}"


def narrowed_bounds(old: AvroSchema, new: AvroSchema) -> Iterator[str]:
    """The bounds of `old` within which a record may be out of the bounds of `new`.

    A field of a release without bounds is not judged: no promise was made for it yet.
    """
    now = dict(_bounded_fields(new))
    for path, then in _bounded_fields(old):
        for bound, value in then.items():
            found = now.get(path, {}).get(bound)
            if found is not None and _is_narrower(bound, value, found):
                yield f"{path}: {bound} is {found}, was {value}; bounds may only widen"


def _bounded_fields(schema: AvroSchema) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """(record.field, its bounds) of a self-contained schema, wherever records are defined in it."""
    pending: list[Any] = [schema]
    while pending:
        node = pending.pop()
        if isinstance(node, list):
            pending += node
        elif isinstance(node, dict) and node["type"] == "array":
            pending.append(node["items"])
        elif isinstance(node, dict) and node["type"] == "record":
            for field in node["fields"]:
                given = {name: field[name] for name in BOUNDS if name in field}
                if "length_max" in given:
                    given.setdefault("length_min", 0)
                yield f"{node['name']}.{field['name']}", given
                pending.append(field["type"])


def _is_narrower(bound: str, old: Any, new: Any) -> bool:
    match bound:
        case "characters":
            return not holds_all_of(new, old)
        case "min" | "length_min":
            return bool(new > old)
        case _:
            return bool(new < old)


def write_release() -> Path:
    """Path of the next release file, with every message as it is now."""
    RELEASED.mkdir(exist_ok=True)
    number = max((number for number, _ in releases()), default=0) + 1
    path = RELEASED / f"{number}.json"
    path.write_text(json.dumps(current(), indent=1, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8")
    return path
