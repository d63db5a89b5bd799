"""`/v1/datasets`: datasets of the VO and their files. Files are added by the command `RegisterFiles`."""

from fastapi import APIRouter, Query
from starlette.responses import Response

from api.http.access import User
from api.http.errors import NotFound
from api.http.plain_requests import Whole
from api.http.problems import json_response
from api.native.forms import limit_of, page, words_of
from api.native.reading import CaughtUp
from api.native.set_aside import set_aside_of
from api.services import Services


def build_router(services: Services) -> APIRouter:
    """Routes below `/v1/datasets`; a dataset name may hold slashes and colons."""
    router = APIRouter(prefix="/v1/datasets", tags=["datasets"])
    read_models = services.read_models

    @router.get("")
    async def datasets(
        identity: User,
        _: CaughtUp,
        task_id: Whole | None = None,
        role: str | None = None,
        owner: str | None = None,
        text: str | None = None,
        after: str | None = None,
        limit: Whole | None = Query(None),
    ) -> Response:
        """Datasets by name."""
        count = limit_of(limit)
        rows = await read_models.rows(
            "select name, role, state, files_total, task_id, vo, owner, sequence from dataset where vo = %(vo)s"
            " and (%(task)s::bigint is null or task_id = %(task)s)"
            " and (%(role)s::text[] is null or role = any(%(role)s))"
            " and (%(owner)s::text is null or owner = %(owner)s)"
            " and (%(text)s::text is null or name ilike %(text)s)"
            " and (%(after)s::text is null or name > %(after)s) order by name limit %(limit)s",
            {
                "vo": identity.vo,
                "task": task_id,
                "role": words_of(role.upper() if role else None),
                "owner": identity.subject if owner == "me" else owner,
                "text": None if text is None else f"%{text}%",
                "after": after,
                "limit": count + 1,
            },
        )
        return json_response(page("datasets", rows, count, "name"))

    @router.get("/{name:path}/files")
    async def files(
        name: str,
        identity: User,
        _: CaughtUp,
        text: str | None = None,
        after: str | None = None,
        limit: Whole | None = Query(None),
    ) -> Response:
        """Files of a dataset, by name."""
        await _row(name, identity.vo)
        count = limit_of(limit)
        rows = await read_models.rows(
            "select lfn, scope, guid, size_bytes, checksum, endpoint, events, task_id from dataset_file"
            " where dataset = %(dataset)s and (%(text)s::text is null or lfn ilike %(text)s)"
            " and (%(after)s::text is null or lfn > %(after)s) order by lfn limit %(limit)s",
            {"dataset": name, "text": None if text is None else f"%{text}%", "after": after, "limit": count + 1},
        )
        return json_response(page("files", rows, count, "lfn"))

    @router.get("/{name:path}")
    async def dataset(name: str, identity: User, _: CaughtUp) -> Response:
        """One dataset."""
        return json_response({**await _row(name, identity.vo), "set_aside": await set_aside_of(read_models, "dataset", name)})

    async def _row(name: str, vo: str) -> dict[str, object]:
        row = await read_models.row(
            "select name, role, state, files_total, task_id, vo, owner, sequence from dataset where name = %s", (name,)
        )
        if row is None or row["vo"] != vo:
            raise NotFound(f"no dataset {name[:200]!r} in {vo}")
        return row

    return router
