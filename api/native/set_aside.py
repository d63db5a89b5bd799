"""Rows that stand still because an event of their aggregate could not be applied, as readers are told of them.

Out: `{sequence, since, message}` for one aggregate, and a short list of all for the health of Culm. Guards: names that one
organisation gives (datasets, tasks' names) are not shown to others; ids that are numbers, and queues, are common.
"""

from dataclasses import dataclass
from typing import Any

import psycopg2

from api.native.forms import iso
from api.queries.read_models import ReadModels
from schemas.aggregates import AGGREGATES

SHOWN_MAX = 20
#: Aggregates whose ids say nothing of whose they are.
COMMON = frozenset(name for name, one in AGGREGATES.items() if one.key.public)


@dataclass(frozen=True, slots=True)
class Aside:
    """An aggregate that stands still. since: microseconds."""

    aggregate: str
    aggregate_id: str
    sequence: int
    since: int
    kind: str
    vo: str

    @property
    def name(self) -> str:
        """For everybody who may ask for the health of Culm."""
        return f"{self.aggregate} {self.aggregate_id[:200]}" if self.aggregate in COMMON else f"A {self.aggregate}"


@dataclass(frozen=True, slots=True)
class Standing:
    """All that stands still: how many, the first of them, and how many records were passed over."""

    total: int = 0
    shown: tuple[Aside, ...] = ()
    skipped: int = 0


async def standing(read_models: ReadModels) -> Standing:
    """What the read models had to leave out; raises ReadModelsUnavailable."""
    rows = await read_models.rows(
        "select aggregate, aggregate_id, sequence, since, kind, vo from projection_set_aside order by since, 1, 2"
        f" limit {SHOWN_MAX}"
    )
    counts = await read_models.row(
        "select (select count(*) from projection_set_aside) as total,"
        " (select coalesce(sum(records), 0)::bigint from projection_skipped) as skipped"
    )
    assert counts is not None
    return Standing(counts["total"], tuple(Aside(**row) for row in rows), counts["skipped"])


async def set_aside_of(read_models: ReadModels, aggregate: str, aggregate_id: str | int) -> dict[str, Any] | None:
    """`sequence` of the last event that is in the rows, `since` when, and why; None when the rows follow the log."""
    try:
        row = await read_models.row(
            "select sequence, since, message from projection_set_aside where aggregate = %s and aggregate_id = %s",
            (aggregate, str(aggregate_id)),
        )
    except psycopg2.Error:
        return None
    return None if row is None else {**row, "since": iso(row["since"])}


def documents_of(found: Standing) -> dict[str, Any]:
    """As the health document shows it."""
    return {
        "total": found.total,
        "records_passed_over": found.skipped,
        "aggregates": [
            {"name": one.name, "sequence": one.sequence, "since": iso(one.since), "kind": one.kind} for one in found.shown
        ],
    }
