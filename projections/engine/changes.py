"""What a batch of events does to rows, folded to one change per row. Pure.

In: `insert`, `ensure`, `update`, `add`, `delete` in the order of the events. Out: `RowChange` per touched row, the same
for any changes in between. Invariant: cutting a batch anywhere and writing the parts one after the other gives the
same rows, because a change is kept as a function of the row that may or may not be there.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Row = dict[str, Any]
Key = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class TableShape:
    """What the fold must know of a table: its key columns, and a row with every written column at its default."""

    name: str
    key: tuple[str, ...]
    blank: Mapping[str, Any]


@dataclass(slots=True)
class RowChange:
    """The effect on one row.

    patch is None: the row will be `row`, or be gone when that is None, over any row that is there now.
    patch is set: a row that is there gets `patch`, then `deltas`; one that is not there becomes `row` (None: no row).
    """

    row: Row | None = None
    patch: Row | None = field(default_factory=dict)
    deltas: dict[str, int] = field(default_factory=dict)

    def on(self, present: Mapping[str, Any] | None) -> Row | None:
        """The row after the change, given the row (or some of its columns) before it."""
        if self.patch is None or present is None:
            return self.row
        changed = {**present, **self.patch}
        for column, delta in self.deltas.items():
            if column in changed:
                changed[column] += delta
        return changed

    def copy(self) -> "RowChange":
        """The same, unmoved by later changes to this one."""
        return RowChange(
            None if self.row is None else dict(self.row),
            None if self.patch is None else dict(self.patch),
            dict(self.deltas),
        )

    @property
    def is_nothing(self) -> bool:
        """True when neither a present nor an absent row is touched."""
        return self.row is None and self.patch is not None and not self.patch and not self.deltas


class RowChanges:
    """Changes to the tables of one projection, at most one per row.

    known: the rows that `known` is asked about, as they are in the database (None: not there). remembered: by table, the columns
    that are read for it.
    """

    def __init__(
        self,
        shapes: Iterable[TableShape],
        known: Mapping[tuple[str, Key], Row | None] | None = None,
        remembered: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        self._remembered = remembered or {}
        self._shapes = {shape.name: shape for shape in shapes}
        self._changes: dict[str, dict[Key, RowChange]] = {name: {} for name in self._shapes}
        self._known = known or {}
        self._before: dict[tuple[str, Key], RowChange | None] | None = None

    def remember(self) -> None:
        """From here on changes can be taken back, until the next call."""
        self._before = {}

    def take_back(self) -> None:
        """Everything is as it was at the last `remember`."""
        assert self._before is not None, "remember() comes first"
        for (table, key), change in self._before.items():
            if change is None:
                self._changes[table].pop(key, None)
            else:
                self._changes[table][key] = change
        self._before = {}

    def insert(self, table: str, row: Row) -> None:
        """The row is as given from now on; columns left out have their defaults."""
        shape = self._shapes[table]
        full = {**shape.blank, **row}
        assert len(full) == len(shape.blank), f"{table} has no column {sorted(set(full) - set(shape.blank))}"
        key = tuple(full[column] for column in shape.key)
        self._keep(table, key)
        self._changes[table][key] = RowChange(full, None)

    def ensure(self, table: str, row: Row) -> None:
        """The row is as given if it was not there; one that is there stays as it is."""
        shape = self._shapes[table]
        full = {**shape.blank, **row}
        assert len(full) == len(shape.blank), f"{table} has no column {sorted(set(full) - set(shape.blank))}"
        change = self._change(table, tuple(full[column] for column in shape.key))
        if change.row is None:
            change.row = full

    def update(self, table: str, key: Key, columns: Row) -> None:
        """Columns of the row, if there is one."""
        change = self._change(table, key)
        if change.row is not None:
            change.row.update(columns)
        if change.patch is not None:
            change.patch.update(columns)
            for column in columns:
                change.deltas.pop(column, None)

    def add(self, table: str, key: Key, column: str, delta: int) -> None:
        """A counter of the row, if there is one; for counts that no event carries as a whole."""
        change = self._change(table, key)
        if change.row is not None:
            change.row[column] += delta
        if change.patch is None:
            return
        if column in change.patch:
            change.patch[column] += delta
        else:
            change.deltas[column] = change.deltas.get(column, 0) + delta

    def delete(self, table: str, key: Key) -> None:
        """The row is gone."""
        self._keep(table, key)
        self._changes[table][key] = RowChange(None, None)

    def known(self, table: str, key: Key) -> Row | None:
        """The row as it is after all changes so far: the columns that its projection remembers, and no others, so that what is
        made of it does not depend on whether the row was made in the same batch.

        KeyError when neither the batch made the row nor the projection announced that it would ask.
        """
        change = self._changes[table].get(key)
        if change is not None and change.patch is None:
            row = change.row
        else:
            before = self._known[table, key]
            row = before if change is None else change.on(before)
        columns = self._remembered.get(table)
        return row if row is None or columns is None else {column: row[column] for column in columns}

    def of(self, table: str) -> Mapping[Key, RowChange]:
        """Changes of one table by key, in the order in which rows were first touched."""
        return self._changes[table]

    def __iter__(self) -> Iterator[tuple[TableShape, Mapping[Key, RowChange]]]:
        """Tables that change, with their changes."""
        for name, changes in self._changes.items():
            if changes:
                yield self._shapes[name], changes

    def _keep(self, table: str, key: Key) -> None:
        """Remember the change of a row as it is, before the first touch since `remember`."""
        if self._before is None or (table, key) in self._before:
            return
        change = self._changes[table].get(key)
        self._before[table, key] = None if change is None else change.copy()

    def _change(self, table: str, key: Key) -> RowChange:
        self._keep(table, key)
        changes = self._changes[table]
        change = changes.get(key)
        if change is None:
            change = changes[key] = RowChange()
        return change
