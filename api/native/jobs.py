"""`/v1/jobs`: list, look at, timeline."""

from fastapi import APIRouter, Query
from starlette.responses import Response

from api.http.access import Reader
from api.http.errors import NotFound
from api.http.forms import instant_of, limit_of, page, with_times, words_of
from api.http.plain_requests import Whole
from api.http.problems import json_response
from api.native.events import subject_of
from api.native.reading import CaughtUp
from api.native.timeline import cursor_from, page_document
from api.queries import jobs as questions
from api.queries.set_aside import set_aside_of
from api.queries.timeline import page_of
from api.services import Services


def build_router(services: Services) -> APIRouter:
    """Routes below `/v1/jobs`, and the jobs of a task."""
    router = APIRouter(prefix="/v1", tags=["jobs"])
    read_models = services.read_models

    @router.get("/jobs")
    @router.get("/tasks/{task_id}/jobs")
    async def jobs(
        identity: Reader,
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
        rows = await questions.summaries(
            read_models,
            identity.vo,
            task_id=task_id,
            status=words_of(status),
            owner=None if owner == "me" else owner,
            owners=identity.owners if owner == "me" else None,
            queue=queue,
            text=text,
            since=instant_of(since),
            after=after,
            limit=count + 1,
        )
        return json_response(page("jobs", rows, count, "job_id"))

    @router.get("/jobs/{job_id}")
    async def job(job_id: Whole, identity: Reader, _: CaughtUp) -> Response:
        """One job with its specification, files, errors, usage and lease."""
        row = await questions.described(read_models, identity.vo, job_id)
        if row is None:
            raise NotFound(f"no job {job_id} in {identity.vo}")
        lease = await questions.lease_of(read_models, job_id)
        set_aside = await set_aside_of(read_models, "job", job_id)
        return json_response({**with_times(row), "lease": with_times(lease) if lease else None, "set_aside": set_aside})

    @router.get("/jobs/{job_id}/timeline")
    @router.get("/jobs/{job_id}/events")
    async def timeline(
        job_id: Whole, identity: Reader, _: CaughtUp, after: str | None = None, limit: Whole | None = Query(None)
    ) -> Response:
        """What happened to the job, in order of time."""
        subject = await subject_of(read_models, identity, None, job_id)
        count = limit_of(limit)
        return json_response(page_document(await page_of(read_models, subject, cursor_from(after), count + 1), count))

    return router
