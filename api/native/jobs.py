"""`/v1/jobs`: list, look at, timeline."""

from fastapi import APIRouter, Query
from starlette.responses import Response

from api.http.access import User
from api.http.errors import NotFound
from api.http.plain_requests import Whole
from api.http.problems import json_response
from api.native.events import subject_of
from api.native.forms import instant_of, limit_of, page, with_times, words_of
from api.native.reading import CaughtUp
from api.native.set_aside import set_aside_of
from api.native.timeline import cursor_from, page_document, page_of
from api.services import Services

SUMMARY = (
    "job_id, task_id, attempt, serial, kind, name, queue, status, sub_status, priority, vo, owner, user_name, label,"
    " processing_type, share, resource_type, core_count, ram_mb_min, created_at, activated_at, sent_at, started_at,"
    " ended_at, modified_at, node, pilot, pilot_id, batch_id, lease_id, order_kill, kill_code, exit_code, errors,"
    " merge_job_id, sequence"
)
WHOLE = f"{SUMMARY}, spec, usage, outputs, metadata, log_extract"


def build_router(services: Services) -> APIRouter:
    """Routes below `/v1/jobs`, and the jobs of a task."""
    router = APIRouter(prefix="/v1", tags=["jobs"])
    read_models = services.read_models

    @router.get("/jobs")
    @router.get("/tasks/{task_id}/jobs")
    async def jobs(
        identity: User,
        _: CaughtUp,
        task_id: Whole | None = None,
        status: str | None = None,
        owner: str | None = None,
        queue: str | None = None,
        text: str | None = None,
        since: str | None = None,
        after: Whole | None = None,
        limit: Whole | None = Query(None),
    ) -> Response:
        """Jobs of the VO, newest first."""
        count = limit_of(limit)
        rows = await read_models.rows(
            f"select {SUMMARY} from job where vo = %(vo)s"
            " and (%(task)s::bigint is null or task_id = %(task)s)"
            " and (%(status)s::text[] is null or status = any(%(status)s))"
            " and (%(owner)s::text is null or %(owner)s in (owner, user_name))"
            " and (%(queue)s::text is null or queue = %(queue)s)"
            " and (%(text)s::text is null or name ilike %(text)s)"
            " and (%(since)s::bigint is null or modified_at >= %(since)s)"
            " and (%(after)s::bigint is null or job_id < %(after)s)"
            " order by job_id desc limit %(limit)s",
            {
                "vo": identity.vo,
                "task": task_id,
                "status": words_of(status),
                "owner": identity.subject if owner == "me" else owner,
                "queue": queue,
                "text": None if text is None else f"%{text}%",
                "since": instant_of(since),
                "after": after,
                "limit": count + 1,
            },
        )
        return json_response(page("jobs", rows, count, "job_id"))

    @router.get("/jobs/{job_id}")
    async def job(job_id: Whole, identity: User, _: CaughtUp) -> Response:
        """One job with its specification, files, errors, usage and lease."""
        row = await read_models.row(f"select {WHOLE} from job where job_id = %s and vo = %s", (job_id, identity.vo))
        if row is None:
            raise NotFound(f"no job {job_id} in {identity.vo}")
        lease = await read_models.row(
            "select lease_id, pilot, node, lease_seconds, leased_at, seen_at, due_at from lease where job_id = %s",
            (job_id,),
        )
        set_aside = await set_aside_of(read_models, "job", job_id)
        return json_response({**with_times(row), "lease": with_times(lease) if lease else None, "set_aside": set_aside})

    @router.get("/jobs/{job_id}/timeline")
    @router.get("/jobs/{job_id}/events")
    async def timeline(
        job_id: Whole, identity: User, _: CaughtUp, after: str | None = None, limit: Whole | None = Query(None)
    ) -> Response:
        """What happened to the job, in order of time."""
        subject = await subject_of(read_models, identity, None, job_id)
        count = limit_of(limit)
        return json_response(page_document(await page_of(read_models, subject, cursor_from(after), count + 1), count))

    return router
