"""All read models: which question each answers, from which topics, into which tables and views.

Each is a folder here, found by convention. `tables` has `VERSION`, `TOPICS`, `METADATA` and, where needed, `REMEMBERED`, `VIEWS`,
`HIDDEN` and `SUBJECTS`; `apply` has `apply` and, where needed, `reads`. A version goes up when the tables or the meaning of the
rows change; the new version is built beside the old one by `culm rebuild`. Invariant: table and view names are unique over all
projections.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from importlib import import_module
from pathlib import Path
from typing import Any

from sqlalchemy import MetaData, Table

from projections.engine.changes import Key, RowChanges, TableShape
from schemas.reading import Recorded
from schemas.topics import topics_of_role

FOLDER = Path(__file__).parent
#: Topics that are not kept for ever: what was deleted before it was read is no hole.
PASSING = frozenset(topics_of_role("answers"))


def _asks_nothing(record: Recorded) -> Iterable[tuple[str, Key]]:
    """Most projections change rows without looking at them."""
    return ()


@dataclass(frozen=True)
class Projection:
    """One read model.

    apply: what an event does to rows. reads: rows that `apply` will ask about; their `remembered` columns are fetched.
    views: SQL of views that are more than all columns of the table of their name; `{schema}` is the live schema.
    hidden: tables without a view of their own. subjects: by aggregate, tables with the rows of one of them, its own row first.
    """

    name: str
    version: int
    topics: tuple[str, ...]
    metadata: MetaData
    apply: Callable[[Recorded, RowChanges], None]
    reads: Callable[[Recorded], Iterable[tuple[str, Key]]] = _asks_nothing
    remembered: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    views: Mapping[str, str] = field(default_factory=dict)
    hidden: frozenset[str] = frozenset()
    subjects: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @cached_property
    def tables(self) -> Mapping[str, Table]:
        """Tables by name."""
        return dict(self.metadata.tables)

    @cached_property
    def shapes(self) -> tuple[TableShape, ...]:
        """The tables as the fold knows them."""
        return tuple(shape_of(table) for table in self.tables.values())

    @property
    def first_schema(self) -> str:
        """The Postgres schema in which this version is made first."""
        return f"rm_{self.name}_v{self.version}"

    def view_texts(self, schema: str) -> dict[str, str]:
        """The SELECT of every view of this projection, reading from `schema`."""
        plain = {
            name: f'SELECT {", ".join(f"{column.name}" for column in table.columns)} FROM {{schema}}.{name}'
            for name, table in self.tables.items()
            if name not in self.hidden
        }
        return {name: text.format(schema=schema) for name, text in {**plain, **self.views}.items()}


@cache
def shape_of(table: Table) -> TableShape:
    """Keys and blank row of a table; columns that Postgres computes are not written."""
    blank: dict[str, Any] = {
        str(column.name): column.default.arg if column.default is not None else None  # type: ignore[attr-defined]
        for column in table.columns
        if column.computed is None
    }
    return TableShape(table.name, tuple(str(column.name) for column in table.primary_key.columns), blank)


def _projection(name: str) -> Projection:
    """The projection whose folder is called `name`."""
    tables, apply = import_module(f"projections.{name}.tables"), import_module(f"projections.{name}.apply")
    return Projection(
        name,
        tables.VERSION,
        tables.TOPICS,
        tables.METADATA,
        apply.apply,
        reads=getattr(apply, "reads", _asks_nothing),
        remembered=getattr(tables, "REMEMBERED", {}),
        views=getattr(tables, "VIEWS", {}),
        hidden=getattr(tables, "HIDDEN", frozenset()),
        subjects=getattr(tables, "SUBJECTS", {}),
    )


def _place(projection: Projection) -> tuple[bool, int, str]:
    """Where a projection stands among all.

    `heads` is first: what it knows of the log decides which events the others see. Then tasks come before jobs, and both before
    queues, as the aggregates do: a rebuild locks the views in this order, and queries that join them name them in it.
    """
    order = [*topics_of_role("events"), *topics_of_role("answers")]
    return projection.name != "heads", max(map(order.index, projection.topics)), projection.name


PROJECTIONS: Mapping[str, Projection] = {
    projection.name: projection
    for projection in sorted((_projection(path.parent.name) for path in FOLDER.glob("*/apply.py")), key=_place)
}


def rows_of(aggregate: str) -> tuple[Projection | None, tuple[str, ...]]:
    """The projection that folds one of an aggregate, and the tables with its rows, its own row first; None when none does."""
    found = (projection for projection in PROJECTIONS.values() if aggregate in projection.subjects)
    projection = next(found, None)
    return projection, projection.subjects[aggregate] if projection is not None else ()


def topics_of(projections: Iterable[Projection]) -> tuple[str, ...]:
    """Every topic that one of `projections` reads, each once, in a fixed order."""
    return tuple(dict.fromkeys(topic for projection in projections for topic in projection.topics))
