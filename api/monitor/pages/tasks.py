"""Tasks: filters, counts per facet, sort, pages that hold however many there are."""

from typing import Any

from api.http.forms import with_times
from api.monitor.page import Data, MonitorPage, PageView
from api.queries import tasks
from api.queries.filters import order_of, where_of


async def load(view: PageView) -> Data:
    """One page of tasks with the counts of all that fit."""
    where = where_of(view.parameters, tasks.FIELDS, "modified_at", view.vo, view.now)
    order = order_of(view.parameters, tasks.SORTS, "task_id", "jeditaskid-descending")
    rows = await tasks.page(view.read_models, where, order)
    shown = rows[: order.limit]

    async def counts() -> Data:
        facets = await tasks.facets(view.read_models, where)
        return {"facets": facets, "total": sum(entry["count"] for entry in facets["status"])}

    return {
        **await view.counted(counts),
        "tasks": shown,
        "next": order.cursor_of(shown[-1]) if len(rows) > order.limit else None,
        "filters": where.words,
        "sort": {"name": order.name, "descending": order.descending, "names": list(tasks.SORTS)},
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


PAGE = MonitorPage("tasks", r"/tasks/", lambda _: "Tasks", load, ("summary", "table"), document=document)
