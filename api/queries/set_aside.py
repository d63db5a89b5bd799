"""Rows that stand still because an event of their aggregate could not be applied, as they are reported to readers.

Out: the mark of one aggregate, those that a VO may see, and for everyone how many there are by kind. Guards: which they are is
told to their own VO alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import psycopg2

from api.queries.read_models import ReadModels, Row
from schemas.aggregates import AGGREGATES
from schemas.times import utc

#: Aggregates that organisations share, as they share queues.
OF_QUEUES = [name for name, one in AGGREGATES.items() if one.key.refers == "queue"]


@dataclass(frozen=True, slots=True)
class Standing:
    """All that stands still: how many aggregates of which kind, and how many records were passed over."""

    counts: Mapping[str, int] = field(default_factory=dict)
    skipped: int = 0

    @property
    def total(self) -> int:
        """Aggregates of all kinds."""
        return sum(self.counts.values())


async def standing(read_models: ReadModels) -> Standing:
    """What the read models had to leave out; raises ReadModelsUnavailable."""
    rows = await read_models.rows("select aggregate, count(*) as count from projection_set_aside group by 1 order by 1")
    skipped = await read_models.row("select coalesce(sum(records), 0)::bigint as skipped from projection_skipped")
    assert skipped is not None
    return Standing({row["aggregate"]: row["count"] for row in rows}, skipped["skipped"])


async def seen_by(read_models: ReadModels, vo: str, limit: int) -> list[Row]:
    """`aggregate`, `aggregate_id`, `sequence`, `kind`, `message`, `vo`, `since` of the VO's own, of no VO's, and of queues."""
    return await read_models.rows(
        "select aggregate, aggregate_id, sequence, kind, message, vo, since from projection_set_aside"
        " where vo in ('', %(vo)s) or aggregate = any(%(shared)s) order by since, 1, 2 limit %(most)s",
        {"vo": vo, "shared": OF_QUEUES, "most": limit},
    )


async def set_aside_of(read_models: ReadModels, aggregate: str, aggregate_id: str | int) -> Row | None:
    """`sequence` of the last event in the rows, `since` when (ISO 8601), why (`message`); None when the rows follow the log."""
    try:
        row = await read_models.row(
            "select sequence, since, message from projection_set_aside where aggregate = %s and aggregate_id = %s",
            (aggregate, str(aggregate_id)),
        )
    except psycopg2.Error:
        return None
    return None if row is None else {**row, "since": utc(row["since"])}
