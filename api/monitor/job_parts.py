"""What a job's page fetches or links to beside itself: curves, files, and the end of its logs, for those who are logged in."""

from collections.abc import Callable

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.http.errors import ApiError
from api.http.plain_requests import Whole
from api.http.problems import json_response
from api.log import usage
from api.monitor.session import Visitor
from api.native.job_files import TAIL_BYTES, Count, JobFiles, download, plain_text
from api.services import Services


def add_to(
    router: APIRouter, services: Services, files: JobFiles, problem_page: Callable[[Request, ApiError], Response]
) -> None:
    """Add the routes below `/job/{job_id}/`."""

    @router.get("/job/{job_id}/usage")
    async def used(job_id: Whole, identity: Visitor) -> Response:
        """Memory and CPU over time, from heartbeats, for the curves of the job page."""
        return json_response(await usage.usage_of(services.read_models, services.config.kafka, services.codec, identity, job_id))

    @router.get("/job/{job_id}/files/{lfn}")
    async def stored(request: Request, job_id: Whole, lfn: str, identity: Visitor) -> Response:
        """The bytes of one of its files."""
        try:
            return download(await files.path(identity, job_id, lfn))
        except ApiError as problem:
            return problem_page(request, problem)

    @router.get("/job/{job_id}/log")
    async def log(job_id: Whole, identity: Visitor) -> Response:
        """The files in its log archive."""
        return json_response({"files": await files.log_members(identity, job_id)})

    @router.get("/job/{job_id}/log/{member:path}")
    async def log_file(
        request: Request, job_id: Whole, member: str, identity: Visitor, count: Count = TAIL_BYTES
    ) -> Response:
        """The end of one of them."""
        try:
            return plain_text(await files.log_tail(identity, job_id, member, count))
        except ApiError as problem:
            return problem_page(request, problem)
