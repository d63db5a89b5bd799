"""Tasks or jobs that an action of a shifter would hit, named by their numbers or by a filter."""

from collections.abc import Mapping, Sequence
from typing import Literal

from api.queries import jobs, tasks
from api.queries.filters import Where, where_of
from api.queries.read_models import ReadModels, Row

Kind = Literal["task", "job"]


def of_numbers(kind: Kind, vo: str, numbers: Sequence[int]) -> Where:
    """The condition that names those of the VO by number."""
    return Where(f"vo = %(vo)s and {kind}_id = any(%(ids)s)", {"vo": vo, "ids": list(numbers)}, ())


def of_filters(kind: Kind, vo: str, filters: Mapping[str, str], now_micros: int) -> Where:
    """The condition that a list page with these filters has; raises BadRequest."""
    return where_of(filters, tasks.FIELDS if kind == "task" else jobs.FIELDS, "modified_at", vo, now_micros)


async def first(read_models: ReadModels, kind: Kind, where: Where, most: int) -> tuple[list[Row], int]:
    """`number`, `name`, `status`, `owner`, `user_name` of the first `most` that fit, and how many fit."""
    rows = await read_models.rows(
        f"select {kind}_id as number, name, status, owner, user_name, count(*) over () as total from {kind} where {where.sql}"
        f" order by {kind}_id limit %(most)s",
        {**where.parameters, "most": most},
    )
    return rows, int(rows[0]["total"]) if rows else 0
