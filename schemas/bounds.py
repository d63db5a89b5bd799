"""What is out of bounds in a message: the fields, what was found there, and what was expected.

In: a message, a part of one, or an envelope. Out: its problems, none as a rule. The bounds stand beside the type of every
field in the Avro files (`length_min`, `length_max`, `characters`, `min`, `max`, `items_max`, `bytes_max`). The classes carry
a generated check that only says yes or no; this walks the schema when the answer was no.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from itertools import islice
from typing import Any, Protocol

from schemas.catalog import CATALOG, CatalogEntry
from schemas.characters import SETS
from schemas.instants import MICROSECONDS

SHOWN_MAX = 60
_KINDS: Mapping[str, tuple[type | tuple[type, ...], str]] = {
    "string": (str, "text"),
    "long": (int, "a whole number"),
    "int": (int, "a whole number"),
    "double": ((int, float), "a number"),
    "boolean": (bool, "true or false"),
    "bytes": (bytes, "bytes"),
}


class Bounded(Protocol):
    """Any generated class."""

    def is_within_bounds(self) -> bool:
        """True when every field keeps its bounds."""
        ...


@dataclass(frozen=True, slots=True)
class Problem:
    """A field out of bounds.

    field: its path, for example spec.inputs[3].lfn. value: what was found, shortened; of texts that may hold secrets only
    their length and the odd character. expected: the bounds in words.
    """

    field: str
    value: str
    expected: str

    def __str__(self) -> str:
        return f"{self.field}: found {self.value}, expected {self.expected}"


class OutOfBounds(ValueError):
    """A message that must not be sent; `problems` says why."""

    def __init__(self, name: str, problems: tuple[Problem, ...]) -> None:
        super().__init__(f"{name} out of bounds: {sentence(problems)}")
        self.problems = problems


def problems_of(message: Bounded, limit: int = 20) -> tuple[Problem, ...]:
    """The first `limit` problems of a message, a part or an envelope; () when it is within bounds.

    Cost: a few microseconds when all is well.
    """
    try:
        if message.is_within_bounds():
            return ()
    except (TypeError, AttributeError):
        pass  # a value of another type; the walk names it
    return tuple(islice(_of_record(_entry_of(type(message)), message, ""), limit))


@dataclass(frozen=True, slots=True)
class Checked:
    """A part of messages that was found within bounds. It is of a generated class and cannot change, so it stays so.

    Raises OutOfBounds for any other.
    """

    part: Bounded

    def __post_init__(self) -> None:
        problems = problems_of(self.part)
        if problems:
            raise OutOfBounds(type(self.part).__name__, problems)


def sentence(problems: tuple[Problem, ...], shown_max: int = 3) -> str:
    """The first problems as one sentence of bounded length."""
    more = f"; and {len(problems) - shown_max} more" if len(problems) > shown_max else ""
    return "; ".join(str(problem)[:500] for problem in problems[:shown_max]) + more


def bounds_in_words(field: Mapping[str, Any]) -> str:
    """The bounds of a field of an Avro file: `NAME, 1 to 640 characters`; empty for types that are their own bounds."""
    parts = [f"at most {field['items_max']:,} items"] if "items_max" in field else []
    each = "each " if parts else ""
    if "characters" in field:
        parts.append(f"{each}{field['characters']}, {_lengths(field)}")
    if "bytes_max" in field:
        parts.append(f"at most {field['bytes_max']:,} bytes")
    if "min" in field:
        parts.append(each + _range(field))
    return "; ".join(parts)


@cache
def _entry_of(kind: type) -> CatalogEntry:
    return next(entry for entry in CATALOG.values() if entry.name == kind.__name__)


def _of_record(entry: CatalogEntry, record: Any, place: str) -> Iterator[Problem]:
    for field in entry.schema["fields"]:
        if field["name"] != "envelope":
            path = f"{place}.{field['name']}" if place else field["name"]
            yield from _of_value(field, field["type"], getattr(record, field["name"]), path)


def _of_value(field: Mapping[str, Any], node: Any, value: Any, place: str) -> Iterator[Problem]:
    match node:
        case [_, branch]:
            if value is not None:
                yield from _of_value(field, branch, value, place)
        case {"type": "array", "items": inner}:
            yield from _of_items(field, inner, value, place)
        case {"type": str(primitive)}:
            yield from _of_value(field, primitive, value, place)
        case str(name) if name in CATALOG:
            entry = CATALOG[name]
            if type(value).__name__ != entry.name:
                yield Problem(place, shown(value), f"a {entry.name}")
            elif entry.schema["type"] == "record":
                yield from _of_record(entry, value, place)
        case _:
            yield from _of_primitive(field, node, value, place)


def _of_items(field: Mapping[str, Any], inner: Any, value: Any, place: str) -> Iterator[Problem]:
    if not isinstance(value, tuple | list):
        yield Problem(place, shown(value), "a list")
        return
    if len(value) > field["items_max"]:
        yield Problem(place, f"{len(value):,} items", f"at most {field['items_max']:,} items")
        return
    for number, item in enumerate(value):
        yield from _of_value(field, inner, item, f"{place}[{number}]")


def _of_primitive(field: Mapping[str, Any], kind: str, value: Any, place: str) -> Iterator[Problem]:
    types, named = _KINDS[kind]
    if not isinstance(value, types) or (isinstance(value, bool) and kind != "boolean"):
        yield Problem(place, shown(value), named)
    elif isinstance(value, str):
        yield from _of_text(field, value, place)
    elif isinstance(value, bytes):
        if len(value) > field["bytes_max"]:
            yield Problem(place, f"{len(value):,} bytes", f"at most {field['bytes_max']:,} bytes")
    elif kind != "boolean" and not field["min"] <= value <= field["max"]:
        yield Problem(place, shown(value), _range(field))


def _of_text(field: Mapping[str, Any], value: str, place: str) -> Iterator[Problem]:
    allowed = SETS[field["characters"]]
    if not field.get("length_min", 0) <= len(value) <= field["length_max"]:
        found = f"{shown(value)} ({len(value):,} characters)" if allowed.shown else f"{len(value):,} characters"
        yield Problem(place, found, f"{allowed.expected}, {_lengths(field)}")
    elif not allowed.takes(value):
        odd = allowed.first_odd(value)
        if allowed.shown:
            found = shown(value)
        else:
            found = f"{value[odd]!a} at place {odd}" if odd is not None else f"a text of {len(value):,} characters"
        yield Problem(place, found, allowed.expected)


def _lengths(field: Mapping[str, Any]) -> str:
    least, most = field.get("length_min", 0), field["length_max"]
    if least == most:
        return f"{most} characters"
    return f"{least} to {most:,} characters" if least else f"at most {most:,} characters"


def _range(field: Mapping[str, Any]) -> str:
    if "timestamp-micros" in str(field["type"]):
        return f"a time from {_day(field['min'])} to {_day(field['max'])}"
    return f"{field['min']:,} to {field['max']:,}"


def _day(micros: int) -> str:
    return datetime.fromtimestamp(micros / MICROSECONDS, UTC).date().isoformat()


def shown(value: Any) -> str:
    """A short ASCII form of what was found: any reader of a message can hold it."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if not isinstance(value, str | int | float | bytes | None):
        return type(value).__name__
    if isinstance(value, int) and value.bit_length() > 200:
        return f"a number of {value.bit_length()} bits"
    text = ascii(value[:SHOWN_MAX] if isinstance(value, str | bytes) else value)
    return text if len(text) <= 2 * SHOWN_MAX else text[: 2 * SHOWN_MAX - 3] + "..."
