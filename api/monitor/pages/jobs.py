"""Jobs: filters, counts per facet, causes of failure, pages that hold with 10^6 rows."""

import asyncio
from typing import Any

from api.monitor.filters import WINDOW_FIELDS, Field, facets_of, facets_sql, order_of, where_of
from api.monitor.page import Data, Page, View
from api.native.forms import with_times
from schemas.instants import MICROSECONDS

COLUMNS = (
    "job_id, task_id, attempt, kind, name, queue, status, sub_status, priority, vo, user_name, label, processing_type, share,"
    " resource_type, core_count, created_at, started_at, ended_at, modified_at, node, exit_code, errors, error_source,"
    " error_code, batch_id, pilot_id"
)
FIELDS = {
    "pandaid": Field("job_id", "number"),
    "jeditaskid": Field("task_id", "number"),
    "jobname": Field("name"),
    "jobstatus": Field("status", "state"),
    "jobsubstatus": Field("sub_status"),
    "computingsite": Field("queue"),
    "produsername": Field("user_name"),
    "kind": Field("kind", "state"),
    "gshare": Field("share"),
    "resourcetype": Field("resource_type"),
    "processingtype": Field("processing_type"),
    "prodsourcelabel": Field("label"),
    "attemptnr": Field("attempt", "number"),
    "modificationhost": Field("node"),
    "batchid": Field("batch_id"),
    "errorsource": Field("error_source"),
    "errorcode": Field("error_code", "number"),
    "errormessage": Field("error_cluster"),
    "transexitcode": Field("exit_code", "number"),
}
SORTS = {"pandaid": "job_id", "modificationtime": "modified_at"}
FACETS = {"jobstatus": "status", "computingsite": "queue", "produsername": "user_name", "gshare": "share"}
CAUSES = 20


async def load(view: View) -> Data:
    """One page of jobs with the counts of all that fit."""
    where = where_of(view.parameters, FIELDS, "modified_at", view.vo, view.now)
    # A window is on the time of change: sorted by it, the first page is found without looking at the rest.
    default = "modificationtime" if any(view.parameters.get(name) for name in WINDOW_FIELDS) else "pandaid"
    order = order_of(view.parameters, SORTS, "job_id", f"{default}-descending")

    async def counts() -> Data:
        facets, found = await asyncio.gather(
            view.rows(facets_sql("job", FACETS, where.sql), where.parameters), causes(view, where.sql, where.parameters)
        )
        by_facet = facets_of(facets, list(FACETS))
        return {
            "facets": by_facet,
            "total": sum(entry["count"] for entry in by_facet["jobstatus"]),
            "causes": found,
        }

    # Neither needs the other: what takes longest is all that is waited for.
    rows, counted = await asyncio.gather(
        view.rows(
            f"select {COLUMNS} from job where {where.sql} and {order.sql_after} order by {order.sql} limit %(limit)s",
            {**where.parameters, **order.parameters},
        ),
        view.counted(counts),
    )
    shown = rows[: order.limit]
    return {
        **counted,
        "jobs": shown,
        "next": order.cursor_of(shown[-1]) if len(rows) > order.limit else None,
        "filters": where.words,
        "sort": {"name": order.name, "descending": order.descending, "names": list(SORTS)},
    }


async def causes(view: View, where: str, parameters: Data, count: int = CAUSES) -> list[Data]:
    """The commonest first errors of the jobs that fit, with an example each."""
    return await view.rows(
        "select error_source, error_code, error_cluster, count(*) as count, count(distinct queue) as queues,"
        " count(distinct user_name) as users, count(distinct task_id) as tasks, max(job_id) as example, max(ended_at) as last_at"
        f" from job where {where} and error_source is not null group by 1, 2, 3 order by 4 desc, 1, 2 limit %(causes)s",
        {**parameters, "causes": count},
    )


def document(data: Data) -> Any:
    """`selectionsummary`, `jobs` and `errsByCount`, as BigPanDA gives them."""
    return {
        "selectionsummary": [
            {"field": name, "list": [{"kname": one["value"], "kvalue": one["count"]} for one in values]}
            for name, values in data["facets"].items()
        ],
        "jobs": [job_document(job) for job in data["jobs"]],
        "errsByCount": [
            {
                "error": f"{cause['error_source']}:{cause['error_code']}",
                "codename": cause["error_source"],
                "codeval": cause["error_code"],
                "diag": cause["error_cluster"],
                "example_pandaid": cause["example"],
                "count": cause["count"],
            }
            for cause in data["causes"]
        ],
        "meta": {"total": data["total"], "next_cursor": data["next"], "truncated": data["next"] is not None},
    }


def job_document(job: Data) -> Data:
    """A job under PanDA's names."""
    given = with_times(job)
    begun, ended = job["started_at"], job["ended_at"]
    return {
        "pandaid": job["job_id"],
        "jeditaskid": job["task_id"],
        "jobname": job["name"],
        "jobstatus": job["status"],
        "jobsubstatus": job["sub_status"],
        "attemptnr": job["attempt"],
        "computingsite": job["queue"],
        "produsername": job["user_name"],
        "vo": job["vo"],
        "prodsourcelabel": job["label"],
        "processingtype": job["processing_type"],
        "currentpriority": job["priority"],
        "corecount": job["core_count"],
        "gshare": job["share"],
        "resourcetype": job["resource_type"],
        "creationtime": given["created_at"],
        "starttime": given["started_at"],
        "endtime": given["ended_at"],
        "modificationtime": given["modified_at"],
        "modificationhost": job["node"],
        "batchid": job["batch_id"],
        "transexitcode": job["exit_code"],
        "errors": job["errors"],
        "durationsec": (ended - begun) // MICROSECONDS if begun and ended else None,
        "waittimesec": (begun - job["created_at"]) // MICROSECONDS if begun else None,
    }


PAGE = Page("jobs", r"/jobs/", lambda _: "Jobs", load, ("summary", "table"), document=document)
