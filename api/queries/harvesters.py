"""Harvesters of PanDA's: what they count, their workers' numbers, and the counts of jobs that they ask for."""

from api.queries.read_models import ReadModels, Row

ACTIVE = ("defined", "assigned", "activated", "throttled", "sent", "starting", "running", "holding", "transferring", "merging")


async def ids_of_harvesters(read_models: ReadModels, vo: str) -> list[str]:
    """Those of the VO, by id."""
    rows = await read_models.rows(
        "select harvester_id from harvester where vo = %(vo)s order by harvester_id limit 1000", {"vo": vo}
    )
    return [row["harvester_id"] for row in rows]


async def ids_counting(read_models: ReadModels, vo: str, queue: str) -> list[str]:
    """Those of the VO that count workers of the queue."""
    rows = await read_models.rows(
        "select h.harvester_id from harvester_count c join harvester h using (name)"
        " where h.vo = %(vo)s and c.queue = %(queue)s and json_array_length(c.counts) > 0 order by 1 limit 20",
        {"vo": vo, "queue": queue},
    )
    return [row["harvester_id"] for row in rows]


async def counts_since(read_models: ReadModels, vo: str, since: int) -> list[Row]:
    """`harvester_id`, `queue`, `counts` of Harvesters of the VO that counted since then."""
    return await read_models.rows(
        "select h.harvester_id, c.queue, c.counts from harvester_count c join harvester h using (name)"
        " where h.vo = %(vo)s and c.reported_at >= %(since)s order by c.queue, h.harvester_id limit 10000",
        {"vo": vo, "since": since},
    )


async def worker_number_max(read_models: ReadModels, vo: str, harvester_id: str) -> int:
    """The greatest number of a worker that the Harvester has reported; 0 before the first."""
    row = await read_models.row(
        "select max(substring(worker_id from '[0-9]{1,18}$')::bigint) as number from worker"
        " where vo = %(vo)s and harvester_id = %(harvester)s and left(worker_id, %(length)s) = %(prefix)s",
        {"vo": vo, "harvester": harvester_id, "prefix": f"{harvester_id}:", "length": len(harvester_id) + 1},
    )
    return int(row["number"] or 0) if row is not None else 0


async def active_jobs(read_models: ReadModels, vo: str) -> list[Row]:
    """Jobs of the VO that have not ended: `queue`, `resource_type`, `label`, `status`, `count`."""
    return await read_models.rows(
        "select queue, resource_type, label, status, count(*) as count from job where vo = %(vo)s and status = any(%(active)s)"
        " group by 1, 2, 3, 4",
        {"vo": vo, "active": list(ACTIVE)},
    )


async def jobs_by_kind(read_models: ReadModels, vo: str, ended_since: int | None) -> list[Row]:
    """Jobs of the VO that have not ended, or ended since then (microseconds): `queue`, `share`, `resource_type`, `label`,
    `processing_type`, `status`, `count`."""
    ended = "" if ended_since is None else " or ended_at >= %(since)s"
    return await read_models.rows(
        "select queue, share, resource_type, label, processing_type, status, count(*) as count from job"
        f" where vo = %(vo)s and (status = any(%(active)s){ended}) group by 1, 2, 3, 4, 5, 6",
        {"vo": vo, "active": list(ACTIVE), "since": ended_since},
    )


async def overview(read_models: ReadModels, vo: str) -> list[Row]:
    """Harvesters of the VO, the one seen last first: `harvester_id`, `version`, `started_at`, `seen_at`, `queues` (names)."""
    return await read_models.rows(
        "select h.harvester_id, h.version, h.started_at, h.seen_at,"
        " array(select c.queue from harvester_count c where c.name = h.name order by c.queue limit 200) as queues"
        " from harvester h where h.vo = %(vo)s order by h.seen_at desc nulls last, h.harvester_id limit 1000",
        {"vo": vo},
    )


async def one(read_models: ReadModels, vo: str, harvester_id: str) -> Row | None:
    """Every column of a Harvester; None when the VO has none such."""
    return await read_models.row(
        "select * from harvester where vo = %(vo)s and harvester_id = %(harvester)s", {"vo": vo, "harvester": harvester_id}
    )


async def orders_of(read_models: ReadModels, name: str, limit: int) -> list[Row]:
    """Its orders, the newest first, at most `limit`, with `total` of all."""
    return await read_models.rows(
        "select number, command, parameters, ack_requested, ordered_at, handed_out_at, acknowledged_at, count(*) over () as total"
        " from harvester_order where name = %(name)s order by ordered_at desc, number desc limit %(limit)s",
        {"name": name, "limit": limit},
    )


async def counts_of(read_models: ReadModels, name: str) -> list[Row]:
    """What it counted last in each queue: `queue`, `counts`, `reported_at`."""
    return await read_models.rows(
        "select queue, counts, reported_at from harvester_count where name = %(name)s order by queue limit 1000", {"name": name}
    )


async def dialogs_of(read_models: ReadModels, name: str, limit: int) -> list[Row]:
    """Messages of its own log, the newest first, at most `limit`, with `total` of all."""
    return await read_models.rows(
        "select number, written_at, module, identifier, level, message, count(*) over () as total from harvester_dialog"
        " where name = %(name)s order by number desc limit %(limit)s",
        {"name": name, "limit": limit},
    )


async def workers_of(read_models: ReadModels, vo: str, harvester_id: str) -> list[Row]:
    """Its workers by queue and state: `queue`, `state`, `count`."""
    return await read_models.rows(
        "select queue, state, count(*) as count from worker where vo = %(vo)s and harvester_id = %(harvester)s"
        " group by 1, 2 order by 1, 2",
        {"vo": vo, "harvester": harvester_id},
    )
