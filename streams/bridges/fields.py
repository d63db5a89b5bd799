"""A JSON object as a record of the vocabulary: types first, bounds then. Pure.

In: what a document holds in one place, and the record that it shall be. Out: the record, or problems that name key, value and
what was expected. The fields, their types and bounds are those of the Avro files.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import schemas.types
from schemas.bounds import problems_of, shown
from schemas.catalog import CATALOG, CatalogEntry
from schemas.times import micros_of_text

PROBLEMS_MAX = 20
#: A whole number of JSON may be larger than any double.
DOUBLE_MAX = 1e300
_NUMBERS: Mapping[str, tuple[type | tuple[type, ...], str]] = {
    "long": (int, "a whole number"),
    "int": (int, "a whole number"),
    "double": ((int, float), "a number"),
}
MISSING = object()


@dataclass(slots=True)
class Findings:
    """What is wrong with a document so far, at most `PROBLEMS_MAX` sentences; `ignored`: keys that no field stands for."""

    problems: list[str] = field(default_factory=list)
    ignored: set[str] = field(default_factory=set)

    def add(self, place: str, value: Any, expected: str) -> None:
        """One more problem: `place: found VALUE, expected EXPECTED`."""
        if len(self.problems) < PROBLEMS_MAX:
            self.problems.append(f"{place}: found {shown(value)}, expected {expected}")


def record_at(kind: str, found: Any, place: str, findings: Findings, keys: Mapping[str, str] | None = None) -> Any | None:
    """The record `kind` (as `culm.policy.StorageElement`) that `found` holds; None where it does not, which `findings` say.

    keys: field -> its key in the document where that has another name.
    """
    values = values_at(kind, found, place, findings, keys)
    return None if values is None else record_of(kind, values, place, findings)


def record_of(kind: str, values: Mapping[str, Any], place: str, findings: Findings) -> Any | None:
    """The record `kind` of these values; None where one is out of bounds, which `findings` say."""
    made = getattr(schemas.types, CATALOG[kind].name)(**values)
    problems = problems_of(made)
    for problem in problems:
        if len(findings.problems) < PROBLEMS_MAX:
            findings.problems.append(f"{place}.{problem}")
    return None if problems else made


def values_at(
    kind: str, found: Any, place: str, findings: Findings, keys: Mapping[str, str] | None = None
) -> dict[str, Any] | None:
    """The values of the fields that `found` names, of the right types, not yet within bounds; None where one is of another."""
    if not isinstance(found, dict):
        findings.add(place, found, "an object")
        return None
    before, values, names = len(findings.problems), {}, keys or {}
    for one in CATALOG[kind].schema["fields"]:
        key = names.get(one["name"], one["name"])
        value = found.get(key, MISSING)
        if value is MISSING:
            if "default" not in one:
                findings.add(f"{place}.{key}", None, f"a {one['name']}, which must be there")
            continue
        values[one["name"]] = _value(one["type"], value, f"{place}.{key}", findings)
    known = {names.get(one["name"], one["name"]) for one in CATALOG[kind].schema["fields"]}
    findings.ignored.update(str(key)[:60] for key in found if key not in known)
    return values if len(findings.problems) == before else None


def _value(node: Any, value: Any, place: str, findings: Findings) -> Any:
    """`value` as the type `node` of an Avro file has it; what does not fit is in `findings`, and the result of no use."""
    match node:
        case ["null", branch]:
            return None if value is None else _value(branch, value, place, findings)
        case {"logicalType": "timestamp-micros"}:
            return _time(value, place, findings)
        case {"type": "array", "items": inner}:
            return tuple(_items(inner, value, place, findings))
        case str(name) if name in CATALOG:
            entry = CATALOG[name]
            if entry.schema["type"] == "enum":
                return _symbol(entry, value, place, findings)
            return record_at(name, value, place, findings)
        case _:
            return _primitive(str(node), value, place, findings)


def _items(inner: Any, value: Any, place: str, findings: Findings) -> Iterator[Any]:
    if not isinstance(value, list):
        findings.add(place, value, "a list")
        return
    for number, item in enumerate(value):
        if len(findings.problems) >= PROBLEMS_MAX:
            return
        yield _value(inner, item, f"{place}[{number}]", findings)


def _time(value: Any, place: str, findings: Findings) -> int | None:
    micros = micros_of_text(value) if isinstance(value, str) else None
    if micros is None:
        findings.add(place, value, "a time with its zone, as 2026-11-30T12:00:00Z")
    return micros


def _symbol(entry: CatalogEntry, value: Any, place: str, findings: Findings) -> Any:
    known = [symbol for symbol in entry.schema["symbols"] if symbol != "UNKNOWN"]
    name = value.upper() if isinstance(value, str) else ""
    if name not in known:
        findings.add(place, value, f"one of {', '.join(known)}")
        return None
    return getattr(schemas.types, entry.name)[name]


def _primitive(kind: str, value: Any, place: str, findings: Findings) -> Any:
    if kind in _NUMBERS:
        types, expected = _NUMBERS[kind]
        fits = isinstance(value, types) and not isinstance(value, bool)
    elif kind == "boolean":
        fits, expected = isinstance(value, bool), "true or false"
    else:
        fits, expected = isinstance(value, str), "text"
    if not fits or (kind == "double" and abs(value) > DOUBLE_MAX):
        findings.add(place, value, expected)
        return None
    return float(value) if kind == "double" else value
