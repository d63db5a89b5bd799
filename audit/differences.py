"""What differs between two states of one subject. Pure.

Nested values are compared by their parts, so that a change of one setting of a queue is one line and not a page.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

#: Columns that every event moves; they say nothing.
BOOKKEEPING = frozenset({"sequence", "modified_at"})
Tables = Mapping[str, Sequence[Mapping[str, Any]]]
#: What tells the rows of one subject apart; a table that is not named has one row, or its rows go by their number.
KEYS: Mapping[str, tuple[str, ...]] = {
    "task": (),
    "job": (),
    "queue": (),
    "worker": (),
    "task_dataset": ("dataset",),
    "task_file": ("unit_id",),
    "held_task": ("task_id",),
}


@dataclass(frozen=True, slots=True)
class Change:
    """One value. where: table, or table[key], and path within it. A row that was not there has None before."""

    where: str
    before: Any
    after: Any


def changes_between(before: Tables, after: Tables) -> list[Change]:
    """Every value that differs, in the order of tables and columns; bookkeeping left out."""
    return [
        change
        for table in dict.fromkeys([*before, *after])
        for change in _table_changes(table, before.get(table, ()), after.get(table, ()))
    ]


def _table_changes(
    table: str, before: Sequence[Mapping[str, Any]], after: Sequence[Mapping[str, Any]]
) -> Iterator[Change]:
    earlier, later = _by_key(table, before), _by_key(table, after)
    for key in dict.fromkeys([*earlier, *later]):
        name = table if not key else f"{table}[{key}]"
        old, new = earlier.get(key), later.get(key)
        if old is None or new is None:
            yield from _whole(name, old, new)
            continue
        for column in new:
            if column not in BOOKKEEPING:
                yield from _value_changes(f"{name}.{column}", old.get(column), new[column])


def _whole(name: str, old: Mapping[str, Any] | None, new: Mapping[str, Any] | None) -> Iterator[Change]:
    """A row that came or went: one line, with what of it says something."""
    yield Change(name, _brief(old), _brief(new))


def _brief(row: Mapping[str, Any] | None) -> Any:
    if row is None:
        return None
    return {name: value for name, value in row.items() if name == "status" or name == "state"} or "there"


def _value_changes(name: str, old: Any, new: Any) -> Iterator[Change]:
    if old == new:
        return
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in dict.fromkeys([*old, *new]):
            yield from _value_changes(f"{name}.{key}", old.get(key), new.get(key))
        return
    yield Change(name, old, new)


def _by_key(table: str, rows: Sequence[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    columns = KEYS.get(table)
    if columns is None and len(rows) > 1:
        return {str(number): row for number, row in enumerate(rows, start=1)}
    return {",".join(str(row[column]) for column in columns or ()): row for row in rows}
