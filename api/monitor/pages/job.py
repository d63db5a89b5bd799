"""One job: why it is where it is, its states and attempts, files, errors, use of memory and CPU, events, the past."""

from typing import Any

from api.http.errors import NotFound
from api.monitor.page import Data, Page, Touched, View
from api.monitor.pages.jobs import job_document
from api.monitor.pages.past import STATE_AFTER, history_of, past_of, scrubber_of, subject_of_page
from api.native.set_aside import set_aside_of

FINAL = frozenset({"finished", "failed", "cancelled", "closed"})


async def load(view: View) -> Data:
    """Everything about the job; raises NotFound."""
    job_id = int(view.names["job"])
    about = {"id": job_id, "vo": view.vo}
    job = await view.row("select * from job where job_id = %(id)s and vo = %(vo)s", about)
    if job is None:
        raise NotFound(f"no job {job_id} in {view.vo}")
    subject = subject_of_page("job", str(job_id))
    return {
        "job": job,
        "set_aside": await set_aside_of(view.read_models, "job", job_id),
        "why": await view.desk.why(view.identity, subject),
        "lease": await view.row(
            "select lease_id, pilot, node, lease_seconds, leased_at, seen_at, due_at from lease where job_id = %(id)s", about
        ),
        "states": await _states(view, job),
        "attempts": await _attempts(view, job),
        "files": await view.files.of(job),
        "events": await history_of(view, subject),
        "scrubber": await scrubber_of(view, subject),
        "past": await past_of(view, subject),
    }


async def _states(view: View, job: Data) -> list[Data]:
    """The states it went through, each with its begin and how long it lasted (microseconds)."""
    rows = await view.rows(
        "select at, event_type from timeline where aggregate = 'job' and aggregate_id = %(id)s::bigint::text"
        " and event_type = any(%(known)s) order by sequence",
        {"id": job["job_id"], "known": list(STATE_AFTER)},
    )
    states: list[Data] = []
    for row in rows:
        word = STATE_AFTER[row["event_type"]]
        if states and states[-1]["status"] == word:
            continue
        states.append({"status": word, "at": row["at"]})
    for place, state in enumerate(states):
        following = states[place + 1]["at"] if place + 1 < len(states) else None
        if following is None and state["status"] not in FINAL:
            following = view.now
        state["lasted"] = None if following is None else max(0, following - state["at"])
    return states


async def _attempts(view: View, job: Data) -> list[Data]:
    """All jobs that had a piece of the same input, in their order; only itself without input."""
    rows = await view.rows(
        "select job_id, attempt, kind, status, queue, node, created_at, started_at, ended_at, errors from job where job_id in"
        " (select o.job_id from attempt_unit m join attempt_unit o on o.task_id = m.task_id and o.unit_id = m.unit_id"
        " where m.job_id = %(id)s) order by job_id limit 50",
        {"id": job["job_id"]},
    )
    return rows or [{name: job[name] for name in ("job_id", "attempt", "kind", "status", "queue", "node", "created_at",
                                                  "started_at", "ended_at", "errors")}]  # fmt: skip


def concerned(touched: Touched, view: View) -> bool:
    """True when the job moved."""
    return int(view.names["job"]) in touched.jobs


def document(data: Data) -> Any:
    """`job`, `files` and `dsfiles`, as BigPanDA gives them, and ours."""
    job, files = data["job"], data["files"]
    return {
        "job": job_document(job),
        "files": [
            {
                "lfn": one["lfn"],
                "type": one["role"],
                "scope": one["scope"],
                "dataset": one["dataset"],
                "fsize": one["size_bytes"],
                "checksum": one["checksum"],
                "guid": one["guid"],
                "endpoint": one["endpoint"],
                "status": one["state"],
            }
            for one in files
        ],
        "dsfiles": sorted({str(one["dataset"]) for one in files}),
        **{name: data[name] for name in ("set_aside", "why", "lease", "states", "attempts", "events", "past")},
    }


PAGE = Page(
    "job",
    r"/job/(?P<job>\d{1,18})/",
    lambda data: f"Job {data['job']['job_id']}",
    load,
    ("head", "why", "states", "attempts", "files", "log", "events", "scrubber"),
    concerned,
    document,
    has_past=True,
)
