"""`/v1/tasks`: submit, list, look at, with files, jobs, brokerage and timeline.

In: requests of members. Out: JSON documents and pages from the read models; a submission goes to the log. Guards: a task of
another VO is answered as one that does not exist.
"""

from typing import Any

from fastapi import APIRouter, Header, Query, Request
from starlette.responses import Response

from api.http.access import Reader, Submitter
from api.http.bodies import read_object
from api.http.errors import BadRequest, NotFound
from api.http.forms import instant_of, limit_of, page, with_times, words_of
from api.http.own_addresses import own_addresses
from api.http.plain_requests import Whole
from api.http.problems import PROBLEM, json_response
from api.http.stored import stored_json
from api.log.idempotency import CommandFingerprints, command_id_of, fingerprint
from api.log.long_lists import SUBMISSION_BYTES_MAX, put_back
from api.log.submission import ACTIVE, NEW, QUEUED, submit_task
from api.native.events import subject_of
from api.native.reading import CaughtUp
from api.native.timeline import cursor_from, page_document
from api.queries import task_parts
from api.queries import tasks as questions
from api.queries.read_models import ReadModels, Row
from api.queries.set_aside import set_aside_of
from api.queries.timeline import page_of
from api.services import Services
from api.shared.store import SharedKind
from identity.identity import Identity

SUBMISSION_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["parameters"],
                    "properties": {
                        "parameters": {"type": "object", "description": "Task parameters as panda-client makes them."},
                        "parent_task_id": {"type": ["integer", "null"]},
                    },
                }
            }
        },
    }
}


def build_router(services: Services) -> APIRouter:
    """Routes below `/v1/tasks`."""
    router = APIRouter(prefix="/v1/tasks", tags=["tasks"])
    read_models = services.read_models
    fingerprints = CommandFingerprints(read_models, services.shared.space(SharedKind.IDEMPOTENCY_KEYS))

    @router.post("", status_code=201, openapi_extra=SUBMISSION_BODY)
    async def submit(request: Request, identity: Submitter, idempotency_key: str | None = Header(None)) -> Response:
        """Submit a task; 409 when its unique name belongs to a task at work."""
        body = await read_object(request, SUBMISSION_BYTES_MAX)
        parameters, parent = _submission(body)
        command_id = command_id_of(idempotency_key) if idempotency_key else None
        if command_id is not None:
            asked = fingerprint(command_id, identity, "SubmitTask", None, body)
            await fingerprints.check(command_id, "SubmitTask", asked, identity, is_known_to_deciders=True)
        done = await submit_task(
            services.gateway,
            read_models,
            services.numbers,
            identity,
            parameters,
            parent_task_id=parent,
            command_id=command_id,
            correlation_id=asked if command_id is not None else None,
            wait_seconds=services.config.answer_seconds,
            own_addresses=own_addresses(request, services.config.addresses),
            has_secrets=lambda: services.secrets.has_any(identity),
        )
        document = {"task_id": done.task_id, "code": done.code, "message": done.message}
        if not done.accepted:
            status = 409 if done.code in (QUEUED, ACTIVE) else 422
            problem = {"type": "about:blank", "title": "Not submitted", "status": status, "detail": done.message, **document}
            return json_response(problem, status, media_type=PROBLEM)
        headers = {"Location": f"/v1/tasks/{done.task_id}"}
        if done.position is not None:
            headers["Culm-Position"] = done.position.token()
        return json_response(document, 201 if done.code == NEW else 200, headers)

    @router.get("")
    async def tasks(
        identity: Reader,
        _: CaughtUp,
        status: str | None = None,
        super_status: str | None = None,
        owner: str | None = None,
        queue: str | None = None,
        text: str | None = None,
        since: str | None = None,
        after: Whole | None = None,
        limit: Whole | None = Query(None),
    ) -> Response:
        """Tasks of the VO, newest first. `owner` is a user name, nickname or `me`; `status` may be a list."""
        count = limit_of(limit)
        rows = await questions.summaries(
            read_models,
            identity.vo,
            status=words_of(status),
            super_status=words_of(super_status),
            owner=None if owner == "me" else owner,
            owners=identity.owners if owner == "me" else None,
            queue=queue,
            text=text,
            since=instant_of(since),
            after=after,
            limit=count + 1,
        )
        await _add_job_counts(read_models, rows[:count])
        return json_response(page("tasks", rows, count, "task_id"))

    @router.get("/{task_id}")
    async def task(task_id: Whole, identity: Reader, _: CaughtUp) -> Response:
        """One task with its parameters, definition, datasets and jobs by status.

        A list of more than 500 names is empty there; `lists` says how many names it has, `/parameters` has them.
        """
        row = await questions.described(read_models, identity.vo, task_id)
        if row is None:
            raise NotFound(f"no task {task_id} in {identity.vo}")
        row["parameters"] = stored_json(row["parameters"])
        await _add_job_counts(read_models, [row])
        row["datasets"] = await task_parts.datasets(read_models, task_id)
        return json_response({**with_times(row), "set_aside": await set_aside_of(read_models, "task", task_id)})

    _add_parts(router, read_models)
    return router


def _add_parts(router: APIRouter, read_models: ReadModels) -> None:
    @router.get("/{task_id}/parameters")
    async def parameters(task_id: Whole, identity: Reader, _: CaughtUp) -> Response:
        """The parameters of a task with every list of names in full, as far as it has arrived."""
        row = await questions.described(read_models, identity.vo, task_id)
        if row is None:
            raise NotFound(f"no task {task_id} in {identity.vo}")
        stored = stored_json(row["parameters"])
        names = await task_parts.listed_names(read_models, task_id, row["lists"])
        return json_response(put_back(stored, names) if isinstance(stored, dict) else stored)

    @router.get("/{task_id}/files")
    async def files(
        task_id: Whole,
        identity: Reader,
        _: CaughtUp,
        status: str | None = None,
        text: str | None = None,
        after: Whole | None = None,
        limit: Whole | None = Query(None),
    ) -> Response:
        """Input units of a task, in order."""
        await _check(read_models, task_id, identity)
        count = limit_of(limit)
        rows = await task_parts.files(read_models, task_id, status=words_of(status), text=text, after=after, limit=count + 1)
        return json_response(page("files", rows, count, "unit_id"))

    @router.get("/{task_id}/brokerage")
    async def brokerage(
        task_id: Whole, identity: Reader, _: CaughtUp, after: Whole | None = None, limit: Whole | None = Query(None)
    ) -> Response:
        """Why which queue: every verdict of every brokerage, the latest first; `after` is a sequence."""
        await _check(read_models, task_id, identity)
        count = limit_of(limit)
        rows = await task_parts.brokerage(read_models, task_id, after, count)
        sequences = {row["sequence"] for row in rows}
        following = str(min(sequences)) if len(sequences) == count else None
        return json_response({"brokerage": [with_times(row) for row in rows], "next": following})

    @router.get("/{task_id}/attempts")
    async def attempts(
        task_id: Whole, identity: Reader, _: CaughtUp, unit_id: Whole | None = None, limit: Whole | None = Query(None)
    ) -> Response:
        """The outcome of each attempt on each input unit."""
        await _check(read_models, task_id, identity)
        rows = await task_parts.attempts(read_models, task_id, unit_id, limit_of(limit))
        return json_response({"attempts": [with_times(row) for row in rows]})

    @router.get("/{task_id}/timeline")
    @router.get("/{task_id}/events")
    async def timeline(
        task_id: Whole,
        identity: Reader,
        _: CaughtUp,
        after: str | None = None,
        limit: Whole | None = Query(None),
    ) -> Response:
        """What happened to the task and its jobs, in order of time."""
        subject = await subject_of(read_models, identity, task_id, None)
        count = limit_of(limit)
        return json_response(page_document(await page_of(read_models, subject, cursor_from(after), count + 1), count))


async def _check(read_models: ReadModels, task_id: int, identity: Identity) -> None:
    """Raise NotFound unless the task is one of the VO."""
    if not await questions.is_in(read_models, identity.vo, task_id):
        raise NotFound(f"no task {task_id} in {identity.vo}")


async def _add_job_counts(read_models: ReadModels, rows: list[Row]) -> None:
    """Give each task `jobs`: number of jobs by status."""
    counts = await task_parts.job_counts(read_models, [row["task_id"] for row in rows])
    for row in rows:
        row["jobs"] = counts[row["task_id"]]


def _submission(body: dict[str, Any]) -> tuple[dict[str, Any], int | None]:
    """Task parameters and parent task of a request; raises BadRequest."""
    parameters = body.get("parameters", body.get("task_parameters"))
    if not isinstance(parameters, dict):
        raise BadRequest(f"parameters: found {type(parameters).__name__}, expected an object")
    parent = body.get("parent_task_id")
    if parent is not None and (not isinstance(parent, int) or isinstance(parent, bool)):
        raise BadRequest(f"parent_task_id: found {parent!r}, expected a whole number or null")
    return parameters, parent
