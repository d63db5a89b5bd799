"""Values derived from the Avro schemas: a plausible record, and the same with a few hostile values in it.

A record that is hostile everywhere is refused for its first field; one that is hostile in one to three places gets further.
Strategies draw places and values; sizes are never drawn byte by byte, so that large values cost hypothesis nothing.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from schemas.catalog import CATALOG, CatalogEntry
from tests.hostile import naughty
from tests.hostile.ground import Ground, uuid_of
from tests.hostile.meant import meant

Place = tuple[str | int, ...]
#: Optional fields that a plausible record leaves open.
ABSENT = frozenset({"parent", "expected_sequence", "causation_id"})
UUIDS = frozenset({"command_id", "correlation_id", "event_id", "schedule_id", "dead_letter_id", "secret_id"})
ITEMS_TIMES = (0, 2, 500, naughty.MANY)


@dataclass(frozen=True, slots=True)
class Leaf:
    """A place in a record and the Avro type there."""

    place: Place
    node: Any


def plausible(entry: CatalogEntry, ground: Ground) -> dict[str, Any]:
    """A record of `entry` that might have been meant, without its envelope."""
    found = {field["name"]: _plausible(field["type"], field["name"], ground) for field in fields_of(entry)}
    return {**found, **meant(entry.name, ground)}


def fields_of(entry: CatalogEntry) -> list[Mapping[str, Any]]:
    """Fields of a record, without the envelope."""
    return [field for field in entry.schema["fields"] if field["name"] != "envelope"]


def leaves_of(entry: CatalogEntry, place: Place = ()) -> Iterator[Leaf]:
    """Every place in `plausible(entry)` where a value stands, lists included."""
    for field in fields_of(entry):
        yield from _leaves(field["type"], (*place, field["name"]))


def mutated(record: Any, leaf: Leaf, value: Any) -> Any:
    """A copy of `record` with `value` at the place of `leaf`; where that is gone by an earlier change, the same record."""
    return _with(record, leaf.place, value)


@st.composite
def hostile_records(draw: st.DrawFn, entry: CatalogEntry, ground: Ground, *, from_json: bool) -> tuple[dict[str, Any], str]:
    """(record, what is odd in it). from_json: values of other types, too, as a JSON body may hold them."""
    record, leaves = plausible(entry, ground), list(leaves_of(entry))
    description = []
    for _ in range(draw(st.integers(1, 3))) if leaves else ():
        leaf = draw(st.sampled_from(leaves))
        value = draw(hostile_values(leaf.node, record, leaf.place, from_json=from_json))
        record = mutated(record, leaf, value)
        description.append(f"{'.'.join(map(str, leaf.place))}={repr(value)[:60]}")
    if from_json and draw(st.integers(0, 11)) == 0:
        name = draw(st.sampled_from(("", "envelope", "x" * 300, "\x00", "__class__", "leased")))
        record = {**record, name: draw(st.sampled_from(naughty.JSON_VALUES))}
        description.append(f"extra {name[:20]!r}")
    return record, "; ".join(description)


def hostile_values(node: Any, record: Any, place: Place, *, from_json: bool) -> st.SearchStrategy[Any]:
    """Values for a place of Avro type `node`: what the type holds, or (from_json) anything."""
    of_type = _of_type(node, record, place)
    return st.one_of(*[of_type] * 4, st.sampled_from(naughty.JSON_VALUES)) if from_json else of_type


def _of_type(node: Any, record: Any, place: Place) -> st.SearchStrategy[Any]:
    match node:
        case [_, branch]:
            return st.one_of(st.none(), _of_type(branch, record, place), _of_type(branch, record, place))
        case {"type": "array"}:
            present = _at(record, place)
            items = present[:1] if isinstance(present, list) else []
            return st.sampled_from([times * items for times in ITEMS_TIMES])
        case {"type": str(), "logicalType": "timestamp-micros"}:
            return st.sampled_from(naughty.MICROS)
        case {"type": str(primitive)}:
            return _of_type(primitive, record, place)
        case str(name) if name in CATALOG and CATALOG[name].schema["type"] == "enum":
            return st.sampled_from(CATALOG[name].schema["symbols"])
        case "string":
            return st.one_of(st.sampled_from(naughty.TEXTS), st.text(max_size=20).filter(_is_whole))
        case "long":
            return st.one_of(st.sampled_from(naughty.INTS), st.integers(-(2**63), 2**63 - 1))
        case "int":
            return st.one_of(
                st.sampled_from([n for n in naughty.INTS if -(2**31) <= n < 2**31]), st.integers(-(2**31), 2**31 - 1)
            )
        case "double":
            return st.one_of(st.sampled_from(naughty.FLOATS), st.floats())
        case "boolean":
            return st.booleans()
        case "bytes":
            return st.sampled_from(naughty.BYTES)
        case _:
            return st.just(_at(record, place))


def _is_whole(text: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in text)


def _plausible(node: Any, name: str, ground: Ground) -> Any:
    known = ground.named(name)
    if known is not None and _primitive(node) in (("string",) if isinstance(known, str) else ("string", "long", "int", "double")):
        return str(known) if _primitive(node) == "string" else known
    match node:
        case [_, _] if name in ABSENT:
            return None
        case [_, branch]:
            return _plausible(branch, name, ground)
        case {"type": "array", "items": items}:
            return [_plausible(items, name.removesuffix("s"), ground)]
        case {"type": str(), "logicalType": str()}:
            return ground.now
        case {"type": str(primitive)}:
            return _plausible(primitive, name, ground)
        case str(record) if record in CATALOG:
            entry = CATALOG[record]
            return entry.schema["symbols"][1] if entry.schema["type"] == "enum" else plausible(entry, ground)
        case "string":
            return uuid_of(name) if name in UUIDS else "word"
        case "boolean":
            return False
        case "double":
            return 1.0
        case "bytes":
            return b"x"
        case _:
            return 1


def _primitive(node: Any) -> Any:
    """The primitive type of an optional or plain node."""
    return node[1] if isinstance(node, list) else node


def _leaves(node: Any, place: Place) -> Iterator[Leaf]:
    match node:
        case [_, branch] if _is_record(branch):
            yield from leaves_of(CATALOG[branch], place)
        case {"type": "array", "items": items}:
            yield Leaf(place, node)
            yield from _leaves(items, (*place, 0))
        case str(name) if _is_record(name):
            yield from leaves_of(CATALOG[name], place)
        case _:
            yield Leaf(place, node)


def _is_record(node: Any) -> bool:
    return isinstance(node, str) and node in CATALOG and CATALOG[node].schema["type"] == "record"


def _at(record: Any, place: Place) -> Any:
    for step in place:
        try:
            record = record[step]
        except (KeyError, IndexError, TypeError):
            return None
    return record


def _with(node: Any, place: Place, value: Any) -> Any:
    if not place:
        return value
    step, rest = place[0], place[1:]
    if isinstance(node, dict) and step in node:
        return {**node, step: _with(node[step], rest, value)}
    if isinstance(node, list) and isinstance(step, int) and step < len(node):
        return [*node[:step], _with(node[step], rest, value), *node[step + 1 :]]
    return node
