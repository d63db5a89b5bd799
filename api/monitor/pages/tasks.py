"""Tasks: filters, counts per facet, sort, pages that hold however many there are."""

from typing import Any

from api.monitor.filters import Field, facets_of, facets_sql, order_of, where_of
from api.monitor.page import Data, Page, View
from api.native.forms import with_times

COLUMNS = (
    "task_id, name, vo, owner, user_name, nickname, label, working_group, status, super_status, priority, current_priority,"
    " created_at, modified_at, started_at, ended_at, files_total, files_finished, files_failed, jobs_live, jobs_total, message,"
    " parent_task_id, site, attempt"
)
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


async def load(view: View) -> Data:
    """One page of tasks with the counts of all that fit."""
    where = where_of(view.parameters, FIELDS, "modified_at", view.vo, view.now)
    order = order_of(view.parameters, SORTS, "task_id", "jeditaskid-descending")
    rows = await view.rows(
        f"select {COLUMNS} from task where {where.sql} and {order.sql_after} order by {order.sql} limit %(limit)s",
        {**where.parameters, **order.parameters},
    )
    shown = rows[: order.limit]

    async def counts() -> Data:
        facets = facets_of(await view.rows(facets_sql("task", FACETS, where.sql), where.parameters), list(FACETS))
        return {"facets": facets, "total": sum(entry["count"] for entry in facets["status"])}

    return {
        **await view.counted(counts),
        "tasks": shown,
        "next": order.cursor_of(shown[-1]) if len(rows) > order.limit else None,
        "filters": where.words,
        "sort": {"name": order.name, "descending": order.descending, "names": list(SORTS)},
    }


def document(data: Data) -> Any:
    """A list of tasks under PanDA's names, as BigPanDA gives it."""
    return [task_document(task) for task in data["tasks"]]


def task_document(task: Data) -> Data:
    """A task under PanDA's names, with `dsinfo`; percentages are rounded down."""
    total, finished, failed = task["files_total"], task["files_finished"], task["files_failed"]
    given = with_times(task)
    return {
        "jeditaskid": task["task_id"],
        "taskname": task["name"],
        "status": task["status"],
        "superstatus": task["super_status"],
        "username": task["user_name"],
        "vo": task["vo"],
        "tasktype": task["label"],
        "prodsourcelabel": task["label"],
        "workinggroup": task["working_group"],
        "taskpriority": task["priority"],
        "currentpriority": task["current_priority"],
        "creationdate": given["created_at"],
        "modificationtime": given["modified_at"],
        "starttime": given["started_at"],
        "endtime": given["ended_at"],
        "attemptnr": task["attempt"],
        "parent_tid": task["parent_task_id"],
        "site": task["site"],
        "errordialog": task["message"],
        "dsinfo": {
            "nfiles": total,
            "nfilesfinished": finished,
            "nfilesfailed": failed,
            "pctfinished": 100 * finished // total if total else 0,
            "pctfailed": 100 * failed // total if total else 0,
        },
    }


PAGE = Page("tasks", r"/tasks/", lambda _: "Tasks", load, ("summary", "table"), document=document)
