"""`/v1/datasets`: datasets of the VO and their files. Files are added by the command `RegisterFiles`."""

from fastapi import APIRouter, Query
from starlette.responses import Response

from api.http.access import Reader
from api.http.errors import NotFound
from api.http.forms import limit_of, page, words_of
from api.http.plain_requests import Whole
from api.http.problems import json_response
from api.native.reading import CaughtUp
from api.queries import datasets as questions
from api.queries.read_models import ReadModels, Row
from api.queries.set_aside import set_aside_of
from api.services import Services


def build_router(services: Services) -> APIRouter:
    """Routes below `/v1/datasets`; a dataset name may hold slashes and colons."""
    router = APIRouter(prefix="/v1/datasets", tags=["datasets"])
    read_models = services.read_models

    @router.get("")
    async def datasets(
        identity: Reader,
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
        rows = await questions.listed(
            read_models,
            identity.vo,
            task_id=task_id,
            roles=words_of(role.upper() if role else None),
            owner=None if owner == "me" else owner,
            owners=identity.owners if owner == "me" else None,
            text=text,
            after=after,
            limit=count + 1,
        )
        return json_response(page("datasets", rows, count, "name"))

    @router.get("/{name:path}/files")
    async def files(
        name: str,
        identity: Reader,
        _: CaughtUp,
        text: str | None = None,
        after: str | None = None,
        limit: Whole | None = Query(None),
    ) -> Response:
        """Files of a dataset, by name."""
        await _row(read_models, name, identity.vo)
        count = limit_of(limit)
        rows = await questions.files(read_models, name, text=text, after=after, limit=count + 1)
        return json_response(page("files", rows, count, "lfn"))

    @router.get("/{name:path}")
    async def dataset(name: str, identity: Reader, _: CaughtUp) -> Response:
        """One dataset."""
        row = await _row(read_models, name, identity.vo)
        return json_response({**row, "set_aside": await set_aside_of(read_models, "dataset", name)})

    return router


async def _row(read_models: ReadModels, name: str, vo: str) -> Row:
    """The dataset; raises NotFound unless the VO has it."""
    row = await questions.one(read_models, vo, name)
    if row is None:
        raise NotFound(f"no dataset {name[:200]!r} in {vo}")
    return row
