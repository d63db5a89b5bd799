"""Calls below `task/` that list tasks by what they are like. Only the caller's VO is ever seen."""

import asyncio
from collections.abc import Sequence
from typing import Any

import orjson

from api.http.errors import BadRequest
from api.log.later import micros_of
from api.panda.calls import Call
from api.panda.envelope import Reply, done, failed
from api.panda.filters import Selection, UnknownAttribute, passes, selection
from api.panda.task_details import details_of
from api.panda.task_object import task_object
from api.queries import tasks as questions
from api.queries.read_models import Row

TASKS_MAX = 10_000
DETAILED_MAX = 500
NOT_RETRIEVED = "Failed to retrieve task IDs"
SHORT = (
    "jediTaskID", "modificationTime", "status", "processingType", "transUses", "transHome", "architecture", "reqID",
    "creationDate", "site", "cloud", "taskName",
)  # fmt: skip


async def tasks_since(call: Call) -> Reply:
    """The newest tasks that pass the filters, in ascending order of their ids.

    The caller's own tasks unless the filters name a user.
    """
    try:
        filters = _filters(call["filters"])
        wanted = selection(filters)
    except UnknownAttribute as problem:
        return failed(f"{NOT_RETRIEVED}: {problem}")
    names_a_user = "username" in {name.lower() for name in filters}
    since = micros_of(call["since"]) if call["since"] else None
    if call["since"] and since is None:
        return _no_time(call["since"])
    limit = max(0, min(call["n_tasks"], TASKS_MAX))
    try:
        most = limit if wanted.complete else TASKS_MAX
        rows = await questions.matching(
            call.services.read_models,
            call.identity.vo,
            wanted.comparisons,
            owners=None if names_a_user else call.identity.owners,
            since=since,
            limit=most,
        )
        tasks = await _passing(call, await asyncio.to_thread(_objects, rows), wanted)
    except BadRequest as problem:
        return failed(f"{NOT_RETRIEVED}: {problem.detail}")
    return done(tasks[:limit][::-1])


async def modified_since(call: Call) -> Reply:
    """Tasks of the caller (or of the user that `dn` names) by reqID, with their details when `full`."""
    since = micros_of(call["since"])
    if since is None:
        return _no_time(call["since"])
    rows = await questions.modified_since(
        call.services.read_models,
        call.identity.vo,
        owners=call.identity.owners if call["dn"] is None else None,
        user_name=call["dn"],
        since=since,
        label=call["prod_source_label"],
        first=call["min_task_id"] or 0,
        limit=DETAILED_MAX if call["full"] else TASKS_MAX,
    )
    tasks = await asyncio.to_thread(_objects, rows)
    details = await details_of(call, [row["task_id"] for row in rows]) if call["full"] else {}
    return done(
        {
            str(task["jediTaskID"]): {name: task[name] for name in SHORT} | details.get(task["jediTaskID"], {})
            for task in tasks
        }
    )


async def _passing(call: Call, tasks: list[dict[str, Any]], wanted: Selection) -> list[dict[str, Any]]:
    """Those of `tasks` that pass what SQL on columns did not check."""
    left = [task for task in tasks if passes(task, wanted.exact)]
    for name, pattern in wanted.patterns.items():
        places = await questions.places_of_pattern(call.services.read_models, [str(task[name]) for task in left], pattern)
        left = [left[place - 1] for place in places]
    return left


def _objects(rows: Sequence[Row]) -> list[dict[str, Any]]:
    return [task_object(row) for row in rows]


def _filters(text: str | None) -> dict[str, Any]:
    """The filters of a request; raises UnknownAttribute for anything but a JSON object."""
    try:
        found = orjson.loads(text or "{}")
    except orjson.JSONDecodeError as problem:
        raise UnknownAttribute(f"filters is not JSON: {problem}") from problem
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise UnknownAttribute(f"filters is a JSON {type(found).__name__}, expected an object")
    return found


def _no_time(found: str) -> Reply:
    return failed(f"Argument error: since is {found[:60]!r}, expected YYYY-MM-DD HH:MM:SS")
