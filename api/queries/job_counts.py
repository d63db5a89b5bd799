"""How many jobs of a VO are in which state, by queue, share, user and minute.

Rows have the columns that are named, and `count`. live: the states of jobs that have not ended. since: microseconds.
"""

from collections.abc import Sequence

from api.queries.filters import Where
from api.queries.read_models import ReadModels, Row


async def live_by_status(read_models: ReadModels, vo: str, live: Sequence[str]) -> list[Row]:
    """`status`."""
    return await read_models.rows(
        "select status, count(*) as count from job where vo = %(vo)s and status = any(%(live)s) group by status",
        {"vo": vo, "live": list(live)},
    )


async def ended_by_minute(read_models: ReadModels, vo: str, live: Sequence[str], since: int) -> list[Row]:
    """`minute` (since 1970), `status` of jobs that ended since."""
    return await read_models.rows(
        "select ended_at / 60000000 as minute, status, count(*) as count from job"
        " where vo = %(vo)s and ended_at >= %(since)s and status <> all(%(live)s) group by 1, 2",
        {"vo": vo, "live": list(live), "since": since},
    )


async def by_user(read_models: ReadModels, where: Where) -> list[Row]:
    """`user_name`, `status` of the jobs that fit."""
    return await read_models.rows(
        f"select user_name, status, count(*) as count from job where {where.sql} group by 1, 2", where.parameters
    )


async def live_by_share(read_models: ReadModels, vo: str, live: Sequence[str]) -> list[Row]:
    """`share`, `status`."""
    return await read_models.rows(
        "select share, status, count(*) as count from job where vo = %(vo)s and status = any(%(live)s) group by 1, 2",
        {"vo": vo, "live": list(live)},
    )


async def ended_by_queue(read_models: ReadModels, vo: str, since: int) -> list[Row]:
    """`queue`, `status` of jobs that ended since."""
    return await read_models.rows(
        "select queue, status, count(*) as count from job where vo = %(vo)s and ended_at >= %(since)s group by 1, 2",
        {"vo": vo, "since": since},
    )


async def live_in_queue(read_models: ReadModels, vo: str, queue: str, live: Sequence[str]) -> list[Row]:
    """`status`."""
    return await read_models.rows(
        "select status, count(*) as count from job where vo = %(vo)s and queue = %(queue)s and status = any(%(live)s) group by 1",
        {"vo": vo, "queue": queue, "live": list(live)},
    )


async def shares_in_queue(
    read_models: ReadModels, vo: str, queue: str, live: Sequence[str], waiting: Sequence[str]
) -> list[Row]:
    """`share`, `waiting`, `held`: jobs that wait and jobs that pilots hold, the largest share first. waiting: states."""
    return await read_models.rows(
        "select share, count(*) filter (where status = any(%(waiting)s)) as waiting, count(*) filter (where status <>"
        " all(%(waiting)s)) as held from job where vo = %(vo)s and queue = %(queue)s and status = any(%(live)s)"
        " group by 1 order by count(*) desc, 1",
        {"vo": vo, "queue": queue, "live": list(live), "waiting": list(waiting)},
    )


async def ended_in_queue(read_models: ReadModels, vo: str, queue: str, since: int) -> list[Row]:
    """`status` of jobs that ended there since; on a busy queue that is a look at many jobs."""
    return await read_models.rows(
        "select status, count(*) as count from job where vo = %(vo)s and ended_at >= %(since)s and queue = %(queue)s group by 1",
        {"vo": vo, "queue": queue, "since": since},
    )
