"""One worker with all that happened to it, and how far the workers of a queue got; within a VO.

The events of a worker are its own and the leases of jobs that its pilot got: both stand in the timeline under the key of the
queue, its own by `worker_id`, leases by `to_worker_id`.
"""

from collections.abc import Sequence

from api.queries.read_models import ReadModels, Row

#: By what one may tell how far a worker got.
STEPS = (
    "WorkerIntended", "WorkerSubmitted", "WorkerPending", "WorkerHeld", "WorkerRunning", "WorkerAsked", "JobLeased",
    "WorkerEnded",
)  # fmt: skip
#: Each ends the time for which a pilot had a job.
ENDINGS = ("JobMerging", "JobFinished", "JobFailed", "JobLost", "JobCancelled", "JobClosed", "LeaseEnded")


async def one(read_models: ReadModels, vo: str, queue: str, worker_id: str) -> Row | None:
    """Every column of a worker; None when there is none in the VO."""
    return await read_models.row(
        "select * from worker where queue = %(queue)s and worker_id = %(worker)s and vo = %(vo)s",
        {"queue": queue, "worker": worker_id, "vo": vo},
    )


async def events_of(read_models: ReadModels, vo: str, queue: str, worker_id: str, limit: int) -> list[Row]:
    """Its own events, the oldest first, at most `limit`: what happened when and by whose doing, with `total` of all."""
    return await read_models.rows(
        "select sequence, at, event_type, actor, role, command_type, command_id, correlation_id, summary, body,"
        " count(*) over () as total from timeline where aggregate_id = %(queue)s and worker_id = %(worker)s and vo = %(vo)s"
        " and aggregate = 'worker' order by sequence limit %(limit)s",
        {"queue": queue, "worker": worker_id, "vo": vo, "limit": limit},
    )


async def leases_of(read_models: ReadModels, vo: str, queue: str, worker_id: str, limit: int) -> list[Row]:
    """Leases that its pilot got, the newest first, at most `limit`: `job_id`, `task_id`, `at`, `body`, and `total` of all."""
    return await read_models.rows(
        "select job_id, task_id, at, body, count(*) over () as total from timeline"
        " where aggregate_id = %(queue)s and to_worker_id = %(worker)s and vo = %(vo)s and event_type = 'JobLeased'"
        " order by sequence desc limit %(limit)s",
        {"queue": queue, "worker": worker_id, "vo": vo, "limit": limit},
    )


async def ends_of(read_models: ReadModels, vo: str, job_ids: Sequence[int]) -> list[Row]:
    """What ended pilots' time with the jobs: `job_id`, `at`, `event_type`, in order of time."""
    return await read_models.rows(
        "select job_id, at, event_type from timeline where job_id = any(%(jobs)s) and vo = %(vo)s"
        " and event_type = any(%(endings)s) order by at, sequence",
        {"jobs": list(job_ids), "vo": vo, "endings": list(ENDINGS)},
    )


async def jobs_of(read_models: ReadModels, vo: str, job_ids: Sequence[int]) -> dict[int, Row]:
    """`job_id`, `status`, `started_at`, `exit_code`, `errors` of those that the VO has, by id."""
    rows = await read_models.rows(
        "select job_id, status, started_at, exit_code, errors from job where job_id = any(%(jobs)s) and vo = %(vo)s",
        {"jobs": list(job_ids), "vo": vo},
    )
    return {row["job_id"]: row for row in rows}


async def slot_of_job(read_models: ReadModels, vo: str, job_id: int) -> Row | None:
    """The last lease of a job as it was recorded: `at`, `queue`, `body`; None before the first."""
    return await read_models.row(
        "select at, aggregate_id as queue, body from timeline where job_id = %(job)s and vo = %(vo)s and event_type = 'JobLeased'"
        " order by at desc, sequence desc limit 1",
        {"job": job_id, "vo": vo},
    )


async def how_far(read_models: ReadModels, vo: str, queue: str, since: int) -> list[Row]:
    """Workers of the VO that began since then, by what happened to them: `events` (sorted names of `STEPS`), `state`, `count`.

    A worker begins with its first event in the log, its intent or a foreign harvester's first report.
    """
    return await read_models.rows(
        "select life.events, w.state, count(*) as count from worker w cross join lateral ("
        " select min(at) as began, array_agg(distinct event_type order by event_type) as events from ("
        " select at, event_type from timeline where aggregate_id = w.queue and worker_id = w.worker_id and vo = w.vo"
        " and event_type = any(%(steps)s) union all"
        " select at, event_type from timeline where aggregate_id = w.queue and to_worker_id = w.worker_id and vo = w.vo"
        " and event_type = any(%(steps)s)) as its) as life"
        " where w.queue = %(queue)s and w.vo = %(vo)s and life.began >= %(since)s"
        " and coalesce(w.intended_at, w.submitted_at, w.started_at, w.ended_at, %(since)s) >= %(since)s"
        " group by 1, 2 order by 1, 2",
        {"queue": queue, "vo": vo, "since": since, "steps": list(STEPS)},
    )
