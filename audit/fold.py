"""Rows of the past: the projections' own fold over the events of one subject, in memory.

In: events of one aggregate in their order. Out: the rows that the read model had when it had seen exactly these.
The same functions make the rows in Postgres, so state at the last event and the stored row are one.
"""

from collections.abc import Mapping
from typing import Any

import orjson
from sqlalchemy import JSON

from audit.subject import Subject
from projections.catalogue import Projection, rows_of
from projections.engine.changes import Key, Row, RowChanges
from projections.engine.lengths import shortened
from projections.engine.writing import clean_text, json_text
from schemas.reading import Recorded

Rows = dict[str, dict[Key, Row]]


class Past:
    """The rows of one subject after the events that were applied."""

    def __init__(self, subject: Subject) -> None:
        self._projection, self._tables = rows_of(subject.kind)
        self._subject = subject
        self._rows: Rows = {table: {} for table in self._projection.tables} if self._projection is not None else {}
        self.events = 0
        self.sequence = 0

    def apply(self, record: Recorded) -> None:
        """Fold one more event."""
        if self._projection is not None:
            self._fold(self._projection, record)
        self.events += 1
        self.sequence = record.event.sequence

    def _fold(self, projection: Projection, record: Recorded) -> None:
        known = {(table, key): self._rows[table].get(key) for table, key in projection.reads(record)}
        changes = RowChanges(projection.shapes, known, projection.remembered)
        projection.apply(record, changes)
        for shape, changed in changes:
            rows = self._rows[shape.name]
            for key, change in changed.items():
                after = change.on(rows.get(key))
                if after is None:
                    rows.pop(key, None)
                else:
                    rows[key] = after

    def tables(self) -> Mapping[str, list[Row]]:
        """The subject's rows by table, the main table first, values as readers of the read model see them."""
        return {name: [self._read(name, row) for _, row in sorted(self._of(name).items())] for name in self._tables}

    def main(self) -> Row | None:
        """The subject's own row, None while there is none."""
        return next((self._read(table, row) for table in self._tables[:1] for row in self._of(table).values()), None)

    def _of(self, table: str) -> dict[Key, Row]:
        rows = self._rows[table]
        if self._subject.worker_id is None:
            return rows
        return {key: row for key, row in rows.items() if row["worker_id"] == self._subject.worker_id}

    def _read(self, table: str, row: Row) -> Row:
        assert self._projection is not None, f"{table} belongs to no projection"
        return as_read(self._projection.tables[table], row)


def as_read(table: Any, row: Row) -> Row:
    """A row as it comes back from Postgres: JSON through its text, texts without what Postgres cannot hold."""
    found: Row = {}
    row = shortened(table, row)
    for column in table.columns:
        if column.computed is not None:
            continue
        value = row[column.name]
        if isinstance(column.type, JSON):
            value = None if value is None else orjson.loads(json_text(value))
        elif isinstance(value, str):
            value = clean_text(value)
        found[str(column.name)] = value
    return found
