"""The beginning of a record, for readers that want no more than a few of its fields.

Avro writes fields one after another, so with the beginning of a schema the beginning of a record can be read. Pure.
"""

from collections.abc import Sequence
from typing import Any


def as_far_as(schema: Any, last: Sequence[str]) -> Any:
    """The schema without the fields behind `last`, a path; AssertionError when there is none of that name."""
    fields: list[Any] = []
    for field in schema["fields"]:
        if field["name"] == last[0]:
            beginning = {"type": as_far_as(field["type"], last[1:])} if len(last) > 1 else {}
            return {**_unparsed(schema), "fields": [*fields, {**field, **beginning}]}
        fields.append(field)
    raise AssertionError(f"{schema['name']} has no field {last[0]!r}")


def begin_alike(writer: Any, reader: Any, last: str) -> bool:
    """True when the beginning up to `last` of a record of `writer` has all that a reader of `reader` wants up to there."""
    written = [field["name"] for field in writer["fields"]]
    if last not in written:
        return False
    wanted = [field["name"] for field in as_far_as(reader, (last,))["fields"]]
    return not set(wanted) & set(written[written.index(last) + 1 :])


def _unparsed(schema: Any) -> dict[str, Any]:
    """Without the marks by which fastavro knows that it has parsed a schema, and named what is in it."""
    return {key: value for key, value in schema.items() if not key.startswith("__")}
