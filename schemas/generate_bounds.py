"""The method `is_within_bounds` of a generated class: one straight expression over its fields.

In: an entry of the catalogue. Out: Python text. All names of a record are joined and checked, lengths included, with one
regular expression that stands before the class; that keeps the check of a job at a few microseconds.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from schemas.catalog import CATALOG, CatalogEntry
from schemas.characters import SETS

Field = Mapping[str, Any]


def sets_used(entries: Sequence[CatalogEntry]) -> list[str]:
    """What the checks of `entries` need from schemas.characters."""
    records = [entry for entry in entries if entry.schema["type"] == "record"]
    sets = {field["characters"] for entry in records for field in entry.schema["fields"] if "characters" in field}
    return sorted(sets) + (["lines_of"] if any(_joined(entry) for entry in records) else [])


def names_check(entry: CatalogEntry) -> str:
    """Text of the constant that checks the joined names of a record; empty for a record without."""
    rows = "".join(f"    ({f['characters']}, {_least(f)}, {f['length_max']}),\n" for f in _joined(entry))
    return f"{_constant(entry)} = lines_of(\n{rows})\n\n\n" if rows else ""


def bounds_check(entry: CatalogEntry) -> str:
    """Text of the method, indented for a class."""
    fields = _fields(entry)
    conditions = [*_own(fields), *_names(entry), *_parts(fields)]
    lines = ["    def is_within_bounds(self) -> bool:", '        """True when every field keeps the bounds of its Avro file."""']
    if not conditions:
        return "\n".join([*lines, "        return True"])
    if len(conditions) == 1:
        only = conditions[0]
        return "\n".join([*lines, f"        return {only[1:-1] if only.startswith('(') else only}"])
    joined = "\n            and ".join(conditions)
    return "\n".join([*lines, "        return (", f"            {joined}", "        )"])


def _fields(entry: CatalogEntry) -> list[Field]:
    return [field for field in entry.schema["fields"] if field["name"] != "envelope"]


def _joined(entry: CatalogEntry) -> list[Field]:
    """Fields with a single name each."""
    own = [field for field in _fields(entry) if "characters" in field and "items_max" not in field]
    return [field for field in own if not SETS[field["characters"]].plain]


def _least(field: Field) -> int:
    """Fewest characters in the joined text, where nothing is an empty line."""
    return 0 if isinstance(field["type"], list) else int(field.get("length_min", 0))


def _constant(entry: CatalogEntry) -> str:
    return f"_NAMES_OF_{entry.name.upper()}"


def _own(fields: Sequence[Field]) -> Iterator[str]:
    """Counts, ranges, and texts that are no names."""
    for field in fields:
        value, optional = f"self.{field['name']}", isinstance(field["type"], list)
        if "items_max" in field:
            yield f"len({value}) <= {field['items_max']}"
            if "characters" in field:
                yield f"(not {value} or all({_text(field, 'item')} for item in {value}))"
            elif "min" in field:
                yield f"(not {value} or {field['min']} <= min({value}) <= max({value}) <= {field['max']})"
            continue
        condition = ""
        if "characters" in field and SETS[field["characters"]].plain:
            condition = _text(field, value)
        elif "bytes_max" in field:
            condition = f"len({value}) <= {field['bytes_max']}"
        elif "min" in field:
            condition = f"{field['min']} <= {value} <= {field['max']}"
        if condition:
            yield f"({value} is None or ({condition}))" if optional else condition


def _text(field: Field, value: str) -> str:
    """The check of a single text."""
    least, name = field.get("length_min", 0), field["characters"]
    length = f"{least} <= len({value}) <= {field['length_max']}" if least else f"len({value}) <= {field['length_max']}"
    return f"{length} and {name}.takes({value})"


def _names(entry: CatalogEntry) -> Iterator[str]:
    fields = _joined(entry)
    if fields:
        values = ", ".join(
            f'self.{field["name"]} or ""' if isinstance(field["type"], list) else f"self.{field['name']}" for field in fields
        )
        yield f'{_constant(entry)}("\\n".join(({values}, ""))) is not None'
    for field in fields:
        # Joined, "nothing" and a text without characters look the same.
        if isinstance(field["type"], list) and field.get("length_min"):
            yield f'self.{field["name"]} != ""'


def _parts(fields: Sequence[Field]) -> Iterator[str]:
    """Nested records."""
    for field in fields:
        value, node = f"self.{field['name']}", field["type"]
        match node:
            case [_, str(name)] if _is_record(name):
                yield f"({value} is None or {value}.is_within_bounds())"
            case {"type": "array", "items": str(name)} if _is_record(name):
                yield f"(not {value} or all(map({CATALOG[name].name}.is_within_bounds, {value})))"
            case str(name) if _is_record(name):
                yield f"{value}.is_within_bounds()"


def _is_record(name: str) -> bool:
    return name in CATALOG and bool(CATALOG[name].schema["type"] == "record")
