"""Commands from JSON, checked against their Avro schemas.

In: the name of a command and a JSON object. Out: the generated dataclass, or `BadRequest` that names every field that
is wrong, what was found and what was expected. The same walk over a schema gives the JSON Schema that OpenAPI shows.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from api.http.errors import BadRequest, NotFound
from schemas.bounds import problems_of
from schemas.catalog import CATALOG, CatalogEntry
from schemas.characters import SETS
from schemas.instants import micros_of_seconds
from schemas.wire import Message, message_class

INTEGER_BITS = {"int": 32, "long": 64}
JSON_TYPES = {"string": "string", "long": "integer", "int": "integer", "boolean": "boolean", "double": "number"}
COMMANDS: Mapping[str, CatalogEntry] = {entry.name: entry for entry in CATALOG.values() if entry.role == "commands"}
Problem = dict[str, Any]


class _Wrong(Exception):
    """Found while walking; carries all problems."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__(problems)
        self.problems = problems


def entry_of_command(name: str) -> CatalogEntry:
    """The catalogue entry of the command `name`; raises NotFound."""
    if name not in COMMANDS:
        raise NotFound(f"no command {name[:100]!r}; GET /openapi.json lists all of them")
    return COMMANDS[name]


def command_from(entry: CatalogEntry, body: Mapping[str, Any]) -> Message:
    """The command that `body` describes; raises BadRequest with the list of problems."""
    try:
        record = _record(entry, body, "")
    except _Wrong as wrong:
        raise _bad_request(entry, wrong.problems) from wrong
    command = message_class(entry.full_name).from_avro(record)
    problems = [asdict(problem) for problem in problems_of(command)]
    if problems:
        raise _bad_request(entry, problems)
    return command


def _bad_request(entry: CatalogEntry, problems: list[Problem]) -> BadRequest:
    sentence = "; ".join(f"{p['field']}: found {p['value']}, expected {p['expected']}" for p in problems)
    return BadRequest(f"{entry.name}: {sentence}", errors=problems)


def json_schema(entry: CatalogEntry) -> dict[str, Any]:
    """JSON Schema of the fields of a record."""
    fields = list(_fields(entry))
    return {
        "type": "object",
        "description": entry.schema["doc"],
        "additionalProperties": False,
        "properties": {field["name"]: _json_node(field) for field in fields},
        "required": [field["name"] for field in fields if "default" not in field],
    }


def _json_node(field: Mapping[str, Any]) -> dict[str, Any]:
    node = _json_type(field["type"], field)
    node["description"] = field["doc"]
    if "default" in field:
        node["default"] = field["default"]
    return node


def _json_type(node: Any, field: Mapping[str, Any]) -> dict[str, Any]:
    match node:
        case [_, branch]:
            return {"anyOf": [_json_type(branch, field), {"type": "null"}]}
        case {"type": "array", "items": items}:
            return {"type": "array", "maxItems": field["items_max"], "items": _json_type(items, field)}
        case {"type": str(primitive)}:
            return _json_type(primitive, field)
        case str(name) if name in CATALOG and CATALOG[name].schema["type"] == "enum":
            return {"type": "string", "enum": list(CATALOG[name].schema["symbols"])}
        case str(name) if name in CATALOG:
            return json_schema(CATALOG[name])
        case _:
            return {"type": JSON_TYPES[node]} | _json_bounds(field)


def _json_bounds(field: Mapping[str, Any]) -> dict[str, Any]:
    bounds: dict[str, Any] = {}
    if "characters" in field:
        least, most = field.get("length_min", 0), field["length_max"]
        bounds = {"minLength": least, "maxLength": most, "pattern": SETS[field["characters"]].json_pattern}
    if "min" in field:
        bounds |= {"minimum": field["min"], "maximum": field["max"]}
    return bounds


def _fields(entry: CatalogEntry) -> Iterator[Mapping[str, Any]]:
    return (field for field in entry.schema["fields"] if field["name"] != "envelope")


def _record(entry: CatalogEntry, value: Any, place: str) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise _Wrong([_problem(place or entry.name, value, f"an object ({entry.name})")])
    known = {field["name"]: field for field in _fields(entry)}
    problems = [
        _problem(_join(place, name), value[name], f"no such field; {entry.name} has {', '.join(known)}")
        for name in value
        if name not in known
    ]
    record: dict[str, Any] = {}
    for name, field in known.items():
        if name not in value and "default" in field:
            record[name] = field["default"]
            continue
        try:
            if name not in value:
                raise _Wrong([{"field": _join(place, name), "value": "nothing", "expected": _named(field["type"])}])
            record[name] = _value(field["type"], value[name], _join(place, name))
        except _Wrong as wrong:
            problems += wrong.problems
    if problems:
        raise _Wrong(problems)
    return record


def _value(node: Any, value: Any, place: str) -> Any:
    match node:
        case [_, branch]:
            return None if value is None else _value(branch, value, place)
        case {"type": "array", "items": items}:
            return _items(items, value, place)
        case {"type": str(primitive), "logicalType": "timestamp-micros"}:
            return _instant(value, place) if isinstance(value, str) else _value(primitive, value, place)
        case {"type": str(primitive)}:
            return _value(primitive, value, place)
        case str(name) if name in CATALOG and CATALOG[name].schema["type"] == "enum":
            if isinstance(value, str) and value in CATALOG[name].schema["symbols"]:
                return value
        case str(name) if name in CATALOG:
            return _record(CATALOG[name], value, place)
        case _ if _is_primitive(node, value):
            return float(value) if node == "double" else value
    raise _Wrong([_problem(place, value, _named(node))])


def _is_primitive(kind: str, value: Any) -> bool:
    match kind:
        case "string":
            return isinstance(value, str)
        case "boolean":
            return isinstance(value, bool)
        case "double":
            return isinstance(value, (int, float)) and not isinstance(value, bool)
        case _:
            bound = 1 << (INTEGER_BITS[kind] - 1)
            return isinstance(value, int) and not isinstance(value, bool) and -bound <= value < bound


def _items(node: Any, value: Any, place: str) -> list[Any]:
    if not isinstance(value, list):
        raise _Wrong([_problem(place, value, f"a list of {_named(node)}")])
    found, problems = [], []
    for index, item in enumerate(value):
        try:
            found.append(_value(node, item, f"{place}[{index}]"))
        except _Wrong as wrong:
            problems += wrong.problems
    if problems:
        raise _Wrong(problems[:20])
    return found


def _instant(text: str, place: str) -> int:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as problem:
        raise _Wrong([_problem(place, text, "an ISO 8601 time or microseconds since 1970")]) from problem
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return micros_of_seconds(moment.timestamp())


def _named(node: Any) -> str:
    match node:
        case [_, branch]:
            return f"{_named(branch)} or null"
        case {"type": "array", "items": items}:
            return f"a list of {_named(items)}"
        case {"type": str(primitive)}:
            return _named(primitive)
        case str(name) if name in CATALOG and CATALOG[name].schema["type"] == "enum":
            return "one of " + ", ".join(CATALOG[name].schema["symbols"])
        case str(name) if name in CATALOG:
            return f"an object ({CATALOG[name].name})"
        case _:
            return {"string": "text", "boolean": "true or false", "double": "a number"}.get(node, "a whole number")


def _problem(place: str, value: Any, expected: str) -> Problem:
    shown = repr(value) if isinstance(value, (str, int, float, bool)) or value is None else type(value).__name__
    return {"field": place, "value": shown[:100], "expected": expected}


def _join(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name
