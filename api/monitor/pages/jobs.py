"""Jobs: filters, counts per facet, causes of failure, pages that hold with 10^6 rows."""

import asyncio
from typing import Any

from api.http.forms import with_times
from api.monitor.page import Data, MonitorPage, PageView
from api.queries import errors, jobs
from api.queries.filters import WINDOW_FIELDS, order_of, where_of
from schemas.instants import MICROSECONDS

CAUSES = 20


async def load(view: PageView) -> Data:
    """One page of jobs with the counts of all that fit."""
    where = where_of(view.parameters, jobs.FIELDS, "modified_at", view.vo, view.now)
    # A window is on the time of change: sorted by it, the first page is found without looking at the rest.
    default = "modificationtime" if any(view.parameters.get(name) for name in WINDOW_FIELDS) else "pandaid"
    order = order_of(view.parameters, jobs.SORTS, "job_id", f"{default}-descending")

    async def counts() -> Data:
        by_facet, found = await asyncio.gather(
            jobs.facets(view.read_models, where), errors.causes(view.read_models, where, CAUSES)
        )
        return {
            "facets": by_facet,
            "total": sum(entry["count"] for entry in by_facet["jobstatus"]),
            "causes": found,
        }

    # Neither needs the other: what takes longest is all that is waited for.
    rows, counted = await asyncio.gather(
        jobs.page(view.read_models, where, order),
        view.counted(counts),
    )
    shown = rows[: order.limit]
    return {
        **counted,
        "jobs": shown,
        "next": order.cursor_of(shown[-1]) if len(rows) > order.limit else None,
        "filters": where.words,
        "sort": {"name": order.name, "descending": order.descending, "names": list(jobs.SORTS)},
    }


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


PAGE = MonitorPage("jobs", r"/jobs/", lambda _: "Jobs", load, ("summary", "table"), document=document)
