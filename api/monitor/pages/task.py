"""One task: progress, jobs by state, its steps, why it is where it is, brokerage, causes of failure, events, the past."""

from typing import Any

from api.http.errors import NotFound
from api.http.stored import stored_json
from api.monitor.page import Data, MonitorPage, PageView, Touched
from api.monitor.pages.as_it_was import task_then
from api.monitor.pages.charts import cumulated
from api.monitor.pages.home import in_order
from api.monitor.pages.past import history_of, past_of, scrubber_of, subject_of_page
from api.monitor.pages.task_timeline import as_data, timeline_of
from api.monitor.pages.tasks import task_document
from api.monitor.pages.words import JOB_STATES, LIVE_STATES, TASK_ENDED, WAITING_STATES
from api.queries import errors, task_parts, tasks
from api.queries.set_aside import set_aside_of
from schemas.instants import MICROSECONDS

BINS, CAUSES = 80, 20
#: What its document has of ours.
OWN_NAMES = ("set_aside", "jobs", "steps", "why", "brokerage", "causes", "timeline", "events", "past")
KINDS = ("BUILD", "NORMAL", "MERGE")


async def load(view: PageView) -> Data:
    """Everything about the task; raises NotFound."""
    task_id = int(view.names["task"])
    task = await tasks.whole(view.read_models, view.vo, task_id)
    if task is None:
        raise NotFound(f"no task {task_id} in {view.vo}")
    task["parameters"] = shown_parameters(task["parameters"])
    subject = subject_of_page("task", str(task_id))
    past = await past_of(view, subject)
    jobs = await task_parts.job_counts_by_kind(view.read_models, task_id) if past is None else past["kinds"]
    found: Data = {
        "task": task,
        "set_aside": await set_aside_of(view.read_models, "task", task_id),
        "datasets": await task_parts.datasets(view.read_models, task_id, by_role=True),
        "jobs": _by_kind(jobs),
        "why": await view.audit_service.why(view.identity, subject),
        "brokerage": await _brokerage(view, task_id, None if past is None else past["sequence"]),
        **await view.counted(lambda: _counts(view, task)),
        "events": await history_of(view, subject, past),
        "scrubber": await scrubber_of(view, subject),
        "past": past,
    }
    if past is not None:
        found |= task_then(view, found, past)
    return {**found, "steps": steps_of(found["task"], jobs)}


def shown_parameters(stored: Any) -> Data:
    """The parameters by name, from their stored text; none where it is no object: a command may hold any JSON."""
    found = stored_json(stored)
    return found if isinstance(found, dict) else {}


def _by_kind(rows: list[Data]) -> list[Data]:
    """A row of counts per kind of job."""
    kinds = [kind for kind in KINDS if any(row["kind"] == kind for row in rows)]
    kinds += sorted({row["kind"] for row in rows} - set(KINDS))
    return [
        {"kind": kind, "states": in_order([row for row in rows if row["kind"] == kind], JOB_STATES)} for kind in kinds
    ]


def steps_of(task: Data, rows: list[Data]) -> list[Data]:
    """The task as a graph, one step after the other: build, run, merge; each with its jobs by state, those to come with none."""
    definition = task["definition"] or {}
    groups = {group["kind"]: group["states"] for group in _by_kind(rows)}
    planned = [kind for kind in KINDS if kind in groups or kind == "NORMAL" or definition.get(kind.lower())]
    ended = task["status"] in TASK_ENDED
    return [_step(kind, groups.get(kind, []), ended=ended) for kind in (*planned, *sorted(set(groups) - set(KINDS)))]


def _step(kind: str, states: list[Data], *, ended: bool) -> Data:
    counts = {row["status"]: row["count"] for row in states}
    total, finished = sum(counts.values()), counts.get("finished", 0)
    failed = sum(counts.get(word, 0) for word in ("failed", "cancelled", "closed"))
    if not total:
        word = "not begun" if ended else "to come"
    elif finished + failed == total:
        word = "done" if finished else "failed"
    else:
        word = "running" if any(counts.get(state) for state in LIVE_STATES if state not in WAITING_STATES) else "activated"
    return {"kind": kind, "total": total, "finished": finished, "failed": failed, "status": word, "states": states}


async def _counts(view: PageView, task: Data) -> Data:
    """What takes a look at every job of the task."""
    causes = await errors.causes_of_task(view.read_models, task["task_id"], CAUSES)
    bars = await timeline_of(view, task["task_id"])
    return {"chart": await _chart(view, task), "causes": causes, "timeline": as_data(bars, view.now)}


async def _chart(view: PageView, task: Data) -> Data:
    """How many of its jobs were in which state, along the life of the task."""
    begin = task["created_at"]
    span = max(1, (task["ended_at"] or view.now) - begin)
    width = max(MICROSECONDS, span // BINS + 1)
    rows = await task_parts.states_over_time(view.read_models, task["task_id"], begin, width)
    return cumulated(rows, begin, width, span // width + 1)


async def _brokerage(view: PageView, task_id: int, until: int | None) -> Data | None:
    """The last decision, up to an event of the task: every queue that was looked at, and why it was taken or dropped."""
    rows, decisions = await task_parts.last_brokerage(view.read_models, task_id, until)
    if not rows:
        return None
    first = rows[0]
    return {
        "sequence": first["sequence"],
        "at": first["at"],
        "order": first["order_number"],
        "parked": first["parked"],
        "decisions": decisions,
        "verdicts": [{name: row[name] for name in ("queue", "taken", "code", "weight", "message", "change")} for row in rows],
    }


def concerned(touched: Touched, view: PageView) -> bool:
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
        **{name: data[name] for name in OWN_NAMES},
    }


PAGE = MonitorPage(
    "task",
    r"/task/(?P<task>\d{1,12})/",
    lambda data: f"Task {data['task']['task_id']}",
    load,
    ("head", "why", "progress", "steps", "timeline", "brokerage", "causes", "datasets", "events", "scrubber"),
    concerned,
    document,
    has_past=True,
)
