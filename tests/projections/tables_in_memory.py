"""Read models without a database: the same fold, rows in dictionaries."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from projections.catalogue import PROJECTIONS
from projections.engine.batch import aggregates_of, fold, rows_read
from projections.engine.changes import Key, Row, RowChanges
from schemas.reading import Aggregate, Recorded
from tests.projections.event_writer import EventWriter
from tests.projections.sample_history import Said


@dataclass(slots=True)
class Tables:
    """Rows by table and key, brought forward batch by batch."""

    rows: dict[str, dict[Key, Row]] = field(default_factory=dict)
    heads: dict[Aggregate, int] = field(default_factory=dict)

    def take(self, records: Sequence[Recorded]) -> Mapping[str, RowChanges]:
        """Apply one batch; what it changes, by projection."""
        projections = list(PROJECTIONS.values())
        known = {
            p.name: {
                (table, key): self.remembered(table, key, p.remembered[table])
                for table, keys in rows_read(p, records).items()
                for key in keys
            }
            for p in projections
        }
        heads = {a: self.heads[a] for a in aggregates_of(records) if a in self.heads}
        folded = fold(projections, records, heads, known)
        assert folded.marks == {}, folded.marks
        self.heads.update(folded.heads)
        for changes in folded.changes.values():
            for shape, of_table in changes:
                table = self.rows.setdefault(shape.name, {})
                for key, change in of_table.items():
                    after = change.on(table.get(key))
                    table.pop(key, None)
                    if after is not None:
                        table[key] = after
        return folded.changes

    def remembered(self, table: str, key: Key, columns: Iterable[str]) -> Row | None:
        """What a projection can ask of a row."""
        row = self.rows.get(table, {}).get(key)
        return None if row is None else {column: row[column] for column in columns}

    def all(self, table: str) -> list[Row]:
        """Rows in the order of their keys."""
        return [row for _, row in sorted(self.rows.get(table, {}).items())]

    def one(self, table: str) -> Row:
        """The only row."""
        (row,) = self.all(table)
        return row


def after(*said: Iterable[Said], batch: int = 1000, writer: EventWriter | None = None) -> Tables:
    """The read models after these events, applied in batches of `batch`."""
    writer = writer or EventWriter()
    records = [writer.recorded(message, aggregate_id) for part in said for message, aggregate_id in part]
    tables = Tables()
    for start in range(0, len(records), batch):
        tables.take(records[start : start + batch])
    return tables


def the(row: Row, *columns: str) -> tuple[Any, ...]:
    """Some columns of a row."""
    return tuple(row[column] for column in columns)
