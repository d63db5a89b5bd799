"""Queues: settings, what waits and runs, pilots wanted, leases, and what brokerage says of them.

Queues belong to no VO; their settings name those that they serve (none: all), which `serves` judges.
"""

from typing import Any

from api.queries.comparisons import containing
from api.queries.filters import Field, Where
from api.queries.read_models import ReadModels, Row
from api.queries.tasks import those_in
from api.queries.usage import BUSY_SECONDS, PILOT_SECONDS, WASTED_SECONDS

COLUMNS = "name, settings, waiting, leased, held_tasks, modified_at, sequence"
FIELDS = {"site": Field("name"), "status": Field("status", "state")}


def serves(settings: dict[str, Any] | None, vo: str) -> bool:
    """True when a queue with `settings` lets the VO in."""
    vos = (settings or {}).get("vos") or []
    return not vos or vo in vos


async def serving(read_models: ReadModels, vo: str, text: str | None) -> list[Row]:
    """Queues that serve the VO, by name. text: in the name."""
    rows = await read_models.rows(
        f"select {COLUMNS} from queue where (%(text)s::text is null or name ilike %(text)s) order by name",
        {"text": containing(text)},
    )
    return await _with_holds_of(read_models, vo, [row for row in rows if serves(row["settings"], vo)])


async def one(read_models: ReadModels, vo: str, queue: str) -> Row | None:
    """A queue that serves the VO; None for others."""
    row = await read_models.row(f"select {COLUMNS} from queue where name = %s", (queue,))
    if row is None or not serves(row["settings"], vo):
        return None
    return (await _with_holds_of(read_models, vo, [row]))[0]


async def _with_holds_of(read_models: ReadModels, vo: str, rows: list[Row]) -> list[Row]:
    """`rows` with those of the held tasks that belong to the VO."""
    held = {task_id for row in rows for task_id in row["held_tasks"] or ()}
    known = set(await those_in(read_models, vo, held)) if held else set()
    return [{**row, "held_tasks": [task_id for task_id in row["held_tasks"] or () if task_id in known]} for row in rows]


async def whole(read_models: ReadModels, queue: str) -> Row | None:
    """Every column of a queue."""
    return await read_models.row("select * from queue where name = %(queue)s", {"queue": queue})


async def settings_of_all(read_models: ReadModels) -> dict[str, dict[str, Any]]:
    """Settings by queue."""
    rows = await read_models.rows("select name, settings from queue where settings is not null")
    return {row["name"]: row["settings"] for row in rows}


async def resource_types(read_models: ReadModels) -> list[dict[str, Any]]:
    """The resource types as the policy has them; none when none were set."""
    policy = await read_models.row("select document from policy where name = 'resource_types'")
    return (policy["document"].get("resource_types") or []) if policy else []


async def demands(read_models: ReadModels) -> dict[str, Row]:
    """How many pilots each queue wants and has, and why, by queue."""
    return {row["queue"]: row for row in await read_models.rows("select * from worker_demand")}


async def demands_of(read_models: ReadModels, names: list[str]) -> list[Row]:
    """`queue`, `wanted`, `live`, `classes` of those of the named queues that have wanted any."""
    sql = "select queue, wanted, live, classes from worker_demand where queue = any(%(names)s) order by queue"
    return await read_models.rows(sql, {"names": names})


async def demand(read_models: ReadModels, queue: str) -> Row | None:
    """`wanted`, `live`, `reason`, `classes`, `held_back`, `mode`, `sequence`; None for a queue that has wanted none yet."""
    return await read_models.row(
        "select d.wanted, d.live, d.reason, d.classes, d.held_back, d.unhealthy, d.probe_at, d.sequence,"
        " coalesce(q.settings->>'mode', 'PULL') as mode from worker_demand d left join queue q on q.name = d.queue"
        " where d.queue = %s",
        (queue,),
    )


async def pilot_seconds(read_models: ReadModels, queue: str) -> Row:
    """Seconds that pilots of the queue ran within the last hour, `ran`, and held a job, `busy`; for all who share the queue.

    wasted: seconds without a job by what they went for: `starting`, `never asked`, `waiting`.
    """
    found: dict[str, Any] = {}
    for name, sql in (("ran", PILOT_SECONDS), ("busy", BUSY_SECONDS)):
        row = await read_models.row(f"select seconds from ({sql}) as queues where queue = %s", (queue,))
        found[name] = float(row["seconds"]) if row else 0.0
    wasted = await read_models.rows(
        f"select reason, seconds from ({WASTED_SECONDS}) as queues where queue = %s and seconds > 0 order by seconds desc",
        (queue,),
    )
    found["wasted"] = {row["reason"]: row["seconds"] for row in wasted}
    return {**found, "wasted_percent": 100 * (1 - min(1.0, found["busy"] / found["ran"])) if found["ran"] else None}


async def overview(read_models: ReadModels, vo: str, where: Where) -> list[Row]:
    """Queues that serve the VO and fit, with their demand, the busiest first."""
    rows = await read_models.rows(
        "select * from (select q.name, lower(q.settings->>'status') as status, q.settings, q.waiting, q.leased, q.modified_at,"
        " coalesce(d.wanted, 0) as wanted, coalesce(d.live, 0) as live, d.reason, %(vo)s as vo from queue q"
        f" left join worker_demand d on d.queue = q.name) as queues where {where.sql} order by waiting + leased desc, name",
        where.parameters,
    )
    return [row for row in rows if serves(row["settings"], vo)]


async def busiest(read_models: ReadModels, vo: str, count: int) -> list[Row]:
    """The `count` busiest of the queues that serve the VO."""
    rows = await read_models.rows(
        "select q.name, q.settings->>'status' as status, q.waiting, q.leased, coalesce(d.wanted, 0) as wanted,"
        " coalesce(d.live, 0) as live, q.settings->'vos' as vos from queue q left join worker_demand d on d.queue = q.name"
        " order by q.waiting + q.leased desc, q.name limit 200"
    )
    return [row for row in rows if not row["vos"] or vo in row["vos"]][:count]


async def last_seen(read_models: ReadModels, vo: str) -> dict[str, int]:
    """When a pilot with a job of the VO last reported, by queue."""
    rows = await read_models.rows(
        "select l.queue, max(l.seen_at) as seen_at from lease l join job j using (job_id) where j.vo = %(vo)s group by 1",
        {"vo": vo},
    )
    return {row["queue"]: row["seen_at"] for row in rows}


async def leases(read_models: ReadModels, vo: str, queue: str, count: int) -> list[Row]:
    """Leases of jobs of the VO there, the ones that reported last first."""
    return await read_models.rows(
        "select l.job_id, l.pilot, l.node, l.leased_at, l.seen_at, l.due_at from lease l join job j using (job_id)"
        " where l.queue = %(queue)s and j.vo = %(vo)s order by l.seen_at desc limit %(leases)s",
        {"queue": queue, "vo": vo, "leases": count},
    )


async def refusals(read_models: ReadModels, vo: str, queue: str, since: int) -> list[Row]:
    """Why brokerage did not take the queue for tasks of the VO: `code`, `count`, `last_at`, `message`, `example`."""
    return await read_models.rows(
        "select b.code, count(*) as count, max(b.at) as last_at, max(b.message) as message,"
        " max(b.task_id) as example from brokerage b join task t using (task_id) where b.queue = %(queue)s and not b.taken"
        " and b.at >= %(since)s and t.vo = %(vo)s group by 1 order by 2 desc",
        {"queue": queue, "vo": vo, "since": since},
    )


async def declared_shares(read_models: ReadModels) -> list[dict[str, Any]]:
    """The global shares as the policy declares them; none when it does not."""
    policy = await read_models.row("select document from policy where name = 'shares'")
    return (policy["document"].get("shares") or []) if policy else []
