"""Tasks: one by its number, a list by what is asked for, counts by status.

Every question is asked within a VO, or of tasks that a question within a VO has found. Rows are dictionaries by column
(docs/flow.md); times are microseconds since 1970. Raises ReadModelsUnavailable, BadRequest (`read_models.py`).
"""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from api.queries.comparisons import Comparison, containing
from api.queries.filters import Field, SortOrder, Where, facets_of, facets_sql
from api.queries.read_models import ReadModels, Row

SUMMARY = (
    "task_id, name, vo, owner, user_name, nickname, label, working_group, status, super_status, priority,"
    " current_priority, created_at, modified_at, started_at, ended_at, files_total, files_used, files_finished,"
    " files_failed, jobs_live, jobs_total, message, parent_task_id, site, attempt, sequence"
)
PAGE_COLUMNS = (
    "task_id, name, vo, owner, user_name, nickname, label, working_group, status, super_status, priority, current_priority,"
    " created_at, modified_at, started_at, ended_at, files_total, files_finished, files_failed, jobs_live, jobs_total, message,"
    " parent_task_id, site, attempt"
)
#: What a list of tasks can be filtered by, sorted by and counted by; names are BigPanDA's.
FIELDS = {
    "jeditaskid": Field("task_id", "number"),
    "taskname": Field("name"),
    "status": Field("status", "state"),
    "superstatus": Field("super_status", "state"),
    "username": Field("user_name"),
    "owner": Field("owner"),
    "tasktype": Field("label"),
    "workinggroup": Field("working_group"),
    "site": Field("site"),
    "computingsite": Field(
        "j.queue", within="exists (select 1 from job j where j.task_id = task.task_id and j.vo = task.vo and ({}))"
    ),
    "currentpriority": Field("current_priority", "number"),
    "parent_tid": Field("parent_task_id", "number"),
}
SORTS = {
    "jeditaskid": "task_id", "modificationtime": "modified_at", "creationdate": "created_at", "taskname": "name",
    "username": "user_name", "status": "status", "currentpriority": "current_priority", "nfiles": "files_total",
}  # fmt: skip
FACETS = {"status": "status", "username": "user_name", "site": "site", "tasktype": "label"}
USER_FIELDS = {"username": Field("user_name")}


async def whole(read_models: ReadModels, vo: str, task_id: int) -> Row | None:
    """Every column of a task; None when there is no such task in the VO."""
    return as_changed(await read_models.row("select * from task where task_id = %s and vo = %s", [task_id, vo]))


async def described(read_models: ReadModels, vo: str, task_id: int) -> Row | None:
    """A task's summary with its parameters (text) and definition; None when there is no such task in the VO."""
    columns = f"{SUMMARY}, parameters, lists, definition, changed"
    return as_changed(await read_models.row(f"select {columns} from task where task_id = %s and vo = %s", (task_id, vo)))


def as_changed(row: Row | None) -> Row | None:
    """The row of a task with its definition and parameters as commands have changed them since the refinement."""
    changed = row.pop("changed", None) if row is not None else None
    if row is None or not changed:
        return row
    parameters = changed.pop("parameters", None)
    if row["definition"]:
        row["definition"] = {**row["definition"], **changed}
    if parameters:
        row["parameters"] = _with(row["parameters"], parameters)
    return row


def _with(text: str, more: Row) -> str:
    """The JSON object `text` with `more` in it; as it is when it is none."""
    try:
        stored = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return json.dumps({**stored, **more}, separators=(",", ":"), ensure_ascii=False) if isinstance(stored, dict) else text


async def status_of(read_models: ReadModels, vo: str, task_id: int) -> str | None:
    """The status word; None when there is no such task in the VO."""
    row = await read_models.row("select status from task where task_id = %s and vo = %s", (task_id, vo))
    return None if row is None else str(row["status"])


async def is_in(read_models: ReadModels, vo: str, task_id: int | None) -> bool:
    """True when the VO has the task."""
    row = await read_models.row("select vo from task where task_id = %s", (task_id,))
    return row is not None and row["vo"] == vo


async def owner_of(read_models: ReadModels, task_id: int) -> Row | None:
    """`owner` and `vo` of a task of any VO, to judge whether a member may act on it; None when there is none."""
    return await read_models.row("select owner, vo from task where task_id = %s", (task_id,))


async def those_in(read_models: ReadModels, vo: str, task_ids: Iterable[int]) -> list[int]:
    """Those of `task_ids` that belong to the VO, in order."""
    rows = await read_models.rows(
        "select task_id from task where vo = %(vo)s and task_id = any(%(ids)s) order by 1", {"vo": vo, "ids": list(task_ids)}
    )
    return [row["task_id"] for row in rows]


async def newest_of_name(read_models: ReadModels, vo: str, owners: Sequence[str], name: str) -> int | None:
    """The newest task that one of `owners` has under `name`."""
    row = await read_models.row(
        "select max(task_id) as task_id from task where vo = %s and owner = any(%s) and name = %s", (vo, list(owners), name)
    )
    return None if row is None else row["task_id"]


async def summaries(
    read_models: ReadModels,
    vo: str,
    *,
    status: list[str] | None,
    super_status: list[str] | None,
    owner: str | None,
    owners: Sequence[str] | None = None,
    queue: str | None,
    text: str | None,
    since: int | None,
    after: int | None,
    limit: int,
) -> list[Row]:
    """Tasks of the VO, newest first.

    owner: subject, user name or nickname; owners: one of these subjects. text: in the name. after: a task id.
    """
    return await read_models.rows(
        f"select {SUMMARY} from task where vo = %(vo)s"
        " and (%(status)s::text[] is null or status = any(%(status)s))"
        " and (%(super_status)s::text[] is null or super_status = any(%(super_status)s))"
        " and (%(owner)s::text is null or %(owner)s in (owner, user_name, nickname))"
        " and (%(owners)s::text[] is null or owner = any(%(owners)s))"
        " and (%(queue)s::text is null or exists"
        " (select 1 from job where job.task_id = task.task_id and job.queue = %(queue)s))"
        " and (%(text)s::text is null or name ilike %(text)s)"
        " and (%(since)s::bigint is null or modified_at >= %(since)s)"
        " and (%(after)s::bigint is null or task_id < %(after)s)"
        " order by task_id desc limit %(limit)s",
        {
            "vo": vo,
            "status": status,
            "super_status": super_status,
            "owner": owner,
            "owners": None if owners is None else list(owners),
            "queue": queue,
            "text": containing(text),
            "since": since,
            "after": after,
            "limit": limit,
        },
    )


async def page(read_models: ReadModels, where: Where, order: SortOrder) -> list[Row]:
    """One row more than a page of the monitor's list has."""
    return await read_models.rows(
        f"select {PAGE_COLUMNS} from task where {where.sql} and {order.sql_after} order by {order.sql} limit %(limit)s",
        {**where.parameters, **order.parameters},
    )


async def facets(read_models: ReadModels, where: Where) -> dict[str, list[dict[str, Any]]]:
    """How many of the tasks that fit have which value, by facet."""
    return facets_of(await read_models.rows(facets_sql("task", FACETS, where.sql), where.parameters), list(FACETS))


async def latest(read_models: ReadModels, vo: str, count: int) -> list[Row]:
    """The newest tasks of the VO, as the home page shows them."""
    return await read_models.rows(
        "select task_id, name, user_name, status, modified_at, files_total, files_finished, files_failed from task"
        " where vo = %(vo)s order by task_id desc limit %(count)s",
        {"vo": vo, "count": count},
    )


async def counts_by_status(read_models: ReadModels, vo: str) -> list[Row]:
    """`status`, `count` of all tasks of the VO."""
    return await read_models.rows("select status, count(*) as count from task where vo = %(vo)s group by status", {"vo": vo})


async def counts_by_user(read_models: ReadModels, where: Where) -> list[Row]:
    """`user_name`, `status`, `count`, `last_at` of the tasks that fit."""
    return await read_models.rows(
        f"select user_name, status, count(*) as count, max(modified_at) as last_at from task where {where.sql} group by 1, 2",
        where.parameters,
    )


async def matching(
    read_models: ReadModels,
    vo: str,
    comparisons: Sequence[Comparison],
    *,
    owners: Sequence[str] | None,
    since: int | None,
    limit: int,
) -> list[Row]:
    """The newest tasks of the VO for which all `comparisons` hold, newest first. owners: subjects, None for everyone's."""
    conditions: list[str] = ["vo = %s", *(one.sql for one in comparisons)]
    values: list[Any] = [vo, *(one.value for one in comparisons)]
    if owners is not None:
        conditions.append("owner = any(%s)")
        values.append(list(owners))
    if since is not None:
        conditions.append("modified_at >= %s")
        values.append(since)
    return await read_models.rows(
        f"select * from task where {' and '.join(conditions)} order by task_id desc limit %s", [*values, limit]
    )


async def modified_since(
    read_models: ReadModels,
    vo: str,
    *,
    owners: Sequence[str] | None = None,
    user_name: str | None = None,
    since: int,
    label: str,
    first: int,
    limit: int,
) -> list[Row]:
    """Tasks of one person, by number from `first` on. owners (subjects), user_name: exactly one of them."""
    assert (owners is None) != (user_name is None), "name subjects or a user"
    column, persons = ("owner", list(owners)) if owners is not None else ("user_name", [user_name])
    return await read_models.rows(
        f"select * from task where vo = %s and {column} = any(%s) and modified_at >= %s and label = %s and task_id >= %s"
        " order by task_id limit %s",
        [vo, persons, since, label, first, limit],
    )


async def places_of_pattern(read_models: ReadModels, texts: Sequence[str], pattern: str) -> list[int]:
    """Places (from 1) of those `texts` in which Postgres' regular expression `pattern` is found, in order."""
    rows = await read_models.rows(
        "select place from unnest(%s::text[]) with ordinality as found(text, place) where text ~ %s", [list(texts), pattern]
    )
    return sorted(int(row["place"]) for row in rows)
