"""One task: progress, jobs by state, its steps, why it is where it is, brokerage, causes of failure, events, the past."""

from typing import Any

import orjson

from api.errors import NotFound
from api.monitor.page import Data, Page, Touched, View
from api.monitor.pages.charts import cumulated
from api.monitor.pages.home import in_order
from api.monitor.pages.past import history_of, past_of, scrubber_of, subject_of_page
from api.monitor.pages.tasks import task_document
from api.monitor.pages.words import JOB_STATES
from schemas.ids import JOBS_PER_TASK

BINS, CAUSES = 80, 20
KINDS = ("BUILD", "NORMAL", "MERGE")


async def load(view: View) -> Data:
    """Everything about the task; raises NotFound."""
    task_id = int(view.names["task"])
    about: dict[str, Any] = {"id": task_id, "vo": view.vo, "causes": CAUSES}
    task = await view.row("select * from task where task_id = %(id)s and vo = %(vo)s", about)
    if task is None:
        raise NotFound(f"no task {task_id} in {view.vo}")
    task["parameters"] = orjson.loads(task["parameters"])
    subject = subject_of_page("task", str(task_id))
    jobs = await view.rows(
        "select kind, status, count(*) as count from job where task_id = %(id)s group by kind, status", about
    )
    return {
        "task": task,
        "datasets": await view.rows(
            "select dataset, role, stream, files_total, files_finished, files_failed from task_dataset"
            " where task_id = %(id)s order by role, dataset",
            about,
        ),
        "jobs": _by_kind(jobs),
        "steps": _steps(jobs),
        "chart": await _chart(view, task),
        "why": await view.desk.why(view.identity, subject),
        "brokerage": await _brokerage(view, about),
        "causes": await view.rows(
            "select error_source, error_code, left(regexp_replace(error_diagnostic, '\\d+', '#', 'g'), 200) as text,"
            " count(*) as count, max(job_id) as example from attempt_job where job_id >= %(first)s and job_id < %(beyond)s"
            " and outcome = 'failed' group by 1, 2, 3 order by 4 desc limit %(causes)s",
            {**about, **_job_range(task_id)},
        ),
        "events": await history_of(view, subject),
        "scrubber": await scrubber_of(view, subject),
        "past": await past_of(view, subject),
    }


def _job_range(task_id: int) -> Data:
    return {"first": task_id * JOBS_PER_TASK, "beyond": (task_id + 1) * JOBS_PER_TASK}


def _by_kind(rows: list[Data]) -> list[Data]:
    """A row of counts per kind of job."""
    kinds = [kind for kind in KINDS if any(row["kind"] == kind for row in rows)]
    kinds += sorted({row["kind"] for row in rows} - set(KINDS))
    return [
        {"kind": kind, "states": in_order([row for row in rows if row["kind"] == kind], JOB_STATES)} for kind in kinds
    ]


def _steps(rows: list[Data]) -> list[Data]:
    """The task as a graph: build, run and merge one after the other, with how far each is."""
    steps = []
    for group in _by_kind(rows):
        counts = {row["status"]: row["count"] for row in group["states"]}
        total = sum(counts.values())
        ended = counts.get("finished", 0)
        failed = counts.get("failed", 0) + counts.get("cancelled", 0) + counts.get("closed", 0)
        word = "done" if ended + failed == total and ended else "failed" if failed == total else "running"
        steps.append({"kind": group["kind"], "total": total, "finished": ended, "failed": failed, "status": word})
    return steps


async def _chart(view: View, task: Data) -> Data:
    """Ends of attempts, summed up over the life of the task."""
    begin = task["created_at"]
    width = max(1_000_000, ((task["ended_at"] or view.now) - begin) // BINS + 1)
    rows = await view.rows(
        "select outcome, (at - %(begin)s) / %(width)s as bin, count(*) as count from attempt_job"
        " where job_id >= %(first)s and job_id < %(beyond)s and at is not null group by 1, 2",
        {**_job_range(task["task_id"]), "begin": begin, "width": width},
    )
    return cumulated(rows, begin, width, BINS)


async def _brokerage(view: View, about: Data) -> Data | None:
    """The last decision: every queue that was looked at, and why it was taken or dropped."""
    rows = await view.rows(
        "select sequence, at, order_number, queue, taken, code, weight, message, parked from brokerage"
        " where task_id = %(id)s and sequence = (select max(sequence) from brokerage where task_id = %(id)s)"
        " order by taken desc, weight desc, place",
        about,
    )
    if not rows:
        return None
    total = await view.row("select count(distinct sequence) as decisions from brokerage where task_id = %(id)s", about)
    first = rows[0]
    decisions = total["decisions"] if total else 1
    return {
        "sequence": first["sequence"],
        "at": first["at"],
        "order": first["order_number"],
        "parked": first["parked"],
        "decisions": decisions,
        "verdicts": [{name: row[name] for name in ("queue", "taken", "code", "weight", "message")} for row in rows],
    }


def concerned(touched: Touched, view: View) -> bool:
    """True when the task or one of its jobs moved."""
    return int(view.names["task"]) in touched.tasks


def document(data: Data) -> Any:
    """`task`, `taskparams` and `datasets`, as BigPanDA gives them, and ours."""
    task = data["task"]
    return {
        "task": task_document(task),
        "taskparams": task["parameters"],
        "datasets": [
            {
                "datasetname": row["dataset"],
                "type": row["role"].lower(),
                "streamname": row["stream"],
                "nfiles": row["files_total"],
                "nfilesfinished": row["files_finished"],
                "nfilesfailed": row["files_failed"],
            }
            for row in data["datasets"]
        ],
        **{name: data[name] for name in ("jobs", "steps", "why", "brokerage", "causes", "events", "past")},
    }


PAGE = Page(
    "task",
    r"/task/(?P<task>\d{1,12})/",
    lambda data: f"Task {data['task']['task_id']}",
    load,
    ("head", "why", "progress", "jobs", "brokerage", "causes", "datasets", "events", "scrubber"),
    concerned,
    document,
    has_past=True,
)
