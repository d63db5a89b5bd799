"""All read models: which question each answers, from which topics, into which tables and views.

A projection's `version` goes up when its tables or the meaning of its rows change; the new version is built beside the
old one by `culm rebuild`. Invariant: table and view names are unique over all projections.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any

from sqlalchemy import MetaData, Table

from projections.answers import apply as answers_apply
from projections.answers import tables as answers_tables
from projections.datasets import apply as datasets_apply
from projections.datasets import tables as datasets_tables
from projections.deadlines import apply as deadlines_apply
from projections.deadlines import tables as deadlines_tables
from projections.engine.changes import Key, RowChanges, TableShape
from projections.heads import apply as heads_apply
from projections.heads import tables as heads_tables
from projections.jobs import apply as jobs_apply
from projections.jobs import tables as jobs_tables
from projections.queues import apply as queues_apply
from projections.queues import tables as queues_tables
from projections.tasks import apply as tasks_apply
from projections.tasks import tables as tasks_tables
from projections.timeline import apply as timeline_apply
from projections.timeline import tables as timeline_tables
from projections.workers import apply as workers_apply
from projections.workers import tables as workers_tables
from schemas.aggregates import AGGREGATES
from schemas.reading import Recorded
from schemas.topics import topics_of_role

EVENTS = topics_of_role("events")
ANSWERS = topics_of_role("answers")
#: Topics that are not kept for ever: what was deleted before it was read is no hole.
PASSING = frozenset(ANSWERS)


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


def event_topic(aggregate: str) -> str:
    """Topic with the events of an aggregate."""
    return AGGREGATES[aggregate].topic("events")


#: `heads` is first: what it knows of the log decides which events the others see.
PROJECTIONS: Mapping[str, Projection] = {
    projection.name: projection
    for projection in (
        Projection("heads", 1, EVENTS, heads_tables.METADATA, heads_apply.apply),
        Projection(
            "tasks",
            2,
            (event_topic("task"),),
            tasks_tables.METADATA,
            tasks_apply.apply,
            reads=tasks_apply.reads,
            remembered=tasks_tables.REMEMBERED,
            views=tasks_tables.VIEWS,
            subjects={"task": ("task", "task_dataset", "task_file")},
        ),
        Projection("datasets", 1, (event_topic("dataset"),), datasets_tables.METADATA, datasets_apply.apply),
        Projection("jobs", 2, (event_topic("job"),), jobs_tables.METADATA, jobs_apply.apply, subjects={"job": ("job",)}),
        Projection(
            "queues",
            1,
            (event_topic("queue"), event_topic("policy")),
            queues_tables.METADATA,
            queues_apply.apply,
            views=queues_tables.VIEWS,
            hidden=frozenset({"held_task"}),
            subjects={"queue": ("queue", "held_task")},
        ),
        Projection(
            "workers",
            1,
            (event_topic("worker"),),
            workers_tables.METADATA,
            workers_apply.apply,
            subjects={"worker": ("worker",)},
        ),
        Projection("timeline", 2, EVENTS, timeline_tables.METADATA, timeline_apply.apply),
        Projection(
            "deadlines",
            1,
            (event_topic("task"), event_topic("queue")),
            deadlines_tables.METADATA,
            deadlines_apply.apply,
            views=deadlines_tables.VIEWS,
        ),
        Projection("answers", 1, ANSWERS, answers_tables.METADATA, answers_apply.apply),
    )
}


def rows_of(aggregate: str) -> tuple[Projection | None, tuple[str, ...]]:
    """The projection that folds one of an aggregate, and the tables with its rows, its own row first; None when none does."""
    found = (projection for projection in PROJECTIONS.values() if aggregate in projection.subjects)
    projection = next(found, None)
    return projection, projection.subjects[aggregate] if projection is not None else ()


def topics_of(projections: Iterable[Projection]) -> tuple[str, ...]:
    """Every topic that one of `projections` reads, each once, in a fixed order."""
    return tuple(dict.fromkeys(topic for projection in projections for topic in projection.topics))
