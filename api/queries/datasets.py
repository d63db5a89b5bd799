"""Datasets of a VO, and their files."""

from collections.abc import Sequence

from api.queries.read_models import ReadModels, Row

COLUMNS = "name, role, state, files_total, task_id, vo, owner, sequence"


async def listed(
    read_models: ReadModels,
    vo: str,
    *,
    task_id: int | None,
    roles: list[str] | None,
    owner: str | None,
    owners: Sequence[str] | None = None,
    text: str | None,
    after: str | None,
    limit: int,
) -> list[Row]:
    """Datasets of the VO by name. owner: a subject; owners: one of these. text: in the name. after: a name."""
    return await read_models.rows(
        f"select {COLUMNS} from dataset where vo = %(vo)s"
        " and (%(task)s::bigint is null or task_id = %(task)s)"
        " and (%(role)s::text[] is null or role = any(%(role)s))"
        " and (%(owner)s::text is null or owner = %(owner)s)"
        " and (%(owners)s::text[] is null or owner = any(%(owners)s))"
        " and (%(text)s::text is null or name ilike %(text)s)"
        " and (%(after)s::text is null or name > %(after)s) order by name limit %(limit)s",
        {
            "vo": vo,
            "task": task_id,
            "role": roles,
            "owner": owner,
            "owners": None if owners is None else list(owners),
            "text": None if text is None else f"%{text}%",
            "after": after,
            "limit": limit,
        },
    )


async def names_like(read_models: ReadModels, vo: str, like: str, limit: int) -> list[str]:
    """Names of datasets of the VO that match `like`, in order; logs are none of them."""
    rows = await read_models.rows(
        "select name from dataset where vo = %(vo)s and name like %(like)s and role = any(%(roles)s)"
        " order by name limit %(limit)s",
        {"vo": vo, "like": like, "roles": ["INPUT", "OUTPUT"], "limit": limit},
    )
    return [row["name"] for row in rows]


async def one(read_models: ReadModels, vo: str, name: str) -> Row | None:
    """A dataset; None when the VO has none such."""
    row = await read_models.row(f"select {COLUMNS} from dataset where name = %s", (name,))
    return row if row is not None and row["vo"] == vo else None


async def owner_of(read_models: ReadModels, name: str) -> Row | None:
    """`owner` and `vo` of a dataset of any VO, to judge whether a member may act on it; None when there is none."""
    return await read_models.row("select owner, vo from dataset where name = %s", (name,))


async def files(read_models: ReadModels, dataset: str, *, text: str | None, after: str | None, limit: int) -> list[Row]:
    """Files of a dataset of the VO, by name. text: in the name. after: a name."""
    return await read_models.rows(
        "select lfn, scope, guid, size_bytes, checksum, endpoint, events, task_id from dataset_file"
        " where dataset = %(dataset)s and (%(text)s::text is null or lfn ilike %(text)s)"
        " and (%(after)s::text is null or lfn > %(after)s) order by lfn limit %(limit)s",
        {"dataset": dataset, "text": None if text is None else f"%{text}%", "after": after, "limit": limit},
    )
