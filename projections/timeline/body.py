"""An event as JSON for its timeline row. Pure.

Long lists and texts that stand in other rows (specs, units, files, brokerage, logs) are given by their number only, so a row
stays small for any content of the event. What is shown of a field stands as `shown` in the event's Avro file: `count` (how many),
`omit`, `{"as": NAME, "count": FIELD}` (how many of a part of it, under another name), or `{"only": [...], "count": [...]}` (of a
record, or of each record of a list: these fields only, and those by their number). A field that says nothing is shown whole.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from operator import attrgetter
from typing import Any

from schemas.records import names_of
from schemas.wire import entry_of_class

#: (name in the body, what is shown of a field's value)
Shown = tuple[str, Callable[[Any], Any]]


def body_of(event: Any) -> dict[str, Any]:
    """The event's own fields as plain JSON values."""
    shown = _shown_of(event.__class__)
    if shown is None:
        whole: dict[str, Any] = event.to_avro()
        return whole
    return {name: show(getattr(event, field)) for field, (name, show) in shown.items()}


@cache
def _shown_of(kind: type) -> Mapping[str, Shown] | None:
    """By field; None when every field is shown whole."""
    fields = [field for field in entry_of_class(kind).schema["fields"] if field["name"] != "envelope"]
    if not any("shown" in field for field in fields):
        return None
    return {field["name"]: _shown(field) for field in fields if field.get("shown") != "omit"}


def _shown(field: Mapping[str, Any]) -> Shown:
    name: str = field["name"]
    shown = field.get("shown")
    match shown:
        case None:
            return name, _plain
        case "count":
            return name, len
        case {"as": str(other), "count": str(path)}:
            counted = attrgetter(path)
            return other, lambda value: len(counted(value))
        case dict():
            only, count = shown.get("only"), shown.get("count", ())
            return name, lambda value: _parts(value, only, count)
        case _:
            raise AssertionError(f"{name}: shown is {shown!r}")


def _parts(value: Any, only: Sequence[str] | None, count: Sequence[str]) -> Any:
    if isinstance(value, tuple):
        return [_parts(item, only, count) for item in value]
    whole = {name: _plain(getattr(value, name)) for name in only or names_of(value) if name not in count}
    return whole | {name: len(getattr(value, name)) for name in count}


def _plain(value: Any) -> Any:
    kind = type(value)
    if kind is str or kind is int or value is None:
        return value
    if kind is tuple:
        return [_plain(item) for item in value]
    return value.to_avro() if hasattr(value, "to_avro") else value
