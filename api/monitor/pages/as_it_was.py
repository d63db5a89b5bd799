"""Pages of tasks, jobs and queues as they were at a moment: what a loader found for now, laid over with what was true then.

In: the data of a page for now, and its past (`past.py`). Out: the data of then. What can be had for now alone is left out by the
templates, never shown as if it were of then.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from api.monitor.page import Data, PageView
from api.monitor.pages.words import LIVE_STATES, WAITING_STATES
from api.queries import tasks
from audit.reason import Reason
from audit.why import TaskFacts, why_task

#: What a thing is called and whose it is, which no event changes: shown of what was not there yet, too.
NAMES = frozenset({"task_id", "job_id", "name", "vo", "owner", "user_name", "nickname", "label", "parameters", "kind", "queue",
                   "files_total", "files_finished", "files_failed", "errors", "outputs", "lists"})  # fmt: skip
COUNTS = ("files_total", "files_finished", "files_failed")
NOT_YET = Reason("It was not there yet.")


def row_then(row: Mapping[str, Any], past: Data) -> Data:
    """The row of a task or job as it was; names and zeros when it was not there yet."""
    if past["row"] is not None:
        return {**row, **past["row"]}
    then = {name: value if name in NAMES else None for name, value in row.items()}
    return {**then, **{name: 0 for name in COUNTS if name in row}, **{name: [] for name in ("errors", "outputs") if name in row}}


def task_then(view: PageView, data: Data, past: Data) -> Data:
    """What differs of a task's page; `steps` and `jobs` are made of `past["jobs"]` by the loader."""
    task = row_then(data["task"], past)
    if past["row"] is not None:
        task = {**(tasks.as_changed({**task}) or task), "parameters": data["task"]["parameters"]}
    decided = data["brokerage"]
    at = past["at"] or view.now
    counts = {one["status"]: one["count"] for one in past["jobs"]}
    facts = TaskFacts(task, at, counts, verdicts=decided["verdicts"] if decided else ())
    return {
        "task": task,
        "set_aside": None,
        "datasets": sorted(past["tables"].get("task_dataset", ()), key=lambda row: (row["role"], row["dataset"])),
        "why": [NOT_YET] if past["row"] is None else why_task(facts),
    }


def job_then(view: PageView, data: Data, past: Data) -> Data:
    """What differs of a job's page, but for its files."""
    job = row_then(data["job"], past)
    at = past["at"] or 0
    return {
        "job": job,
        "set_aside": None,
        "why": [NOT_YET if past["row"] is None else why_job_was(job)],
        "lease": None,
        "slot": None if job["status"] is None or job["status"] in WAITING_STATES else data["slot"],
        "states": [_cut(one, at) for one in data["states"] if one["at"] <= at],
        "attempts": [_attempt_then(one, job, at) for one in data["attempts"] if one["created_at"] <= at],
        "good_job": None,
    }


def why_job_was(job: Mapping[str, Any]) -> Reason:
    """Why a job was where it was, from its own events alone: what its queue and pilots did then is in theirs."""
    status = job["status"]
    if status in WAITING_STATES:
        return Reason(f"It waited for a pilot at {job['queue']}.", since=job["activated_at"] or job["created_at"])
    if status in LIVE_STATES:
        return Reason(f"Pilot {job['pilot']} on {job['node'] or 'an unknown node'} had it ({status}).", since=job["sent_at"])
    said = "; ".join(f"{one['source']} {one['code']} {one['diagnostic']}".strip() for one in job["errors"] or ())
    return Reason(f"It had ended {status}" + (f": {said}." if said else "."), since=job["ended_at"])


def _cut(state: Data, at: int) -> Data:
    """A state that may have gone on beyond the moment, up to it."""
    lasted = state["lasted"]
    return {**state, "lasted": None if lasted is None else min(lasted, at - state["at"])}


def _attempt_then(attempt: Data, job: Mapping[str, Any], at: int) -> Data:
    """Another attempt, as far as it had come by its times; this one as it was."""
    if attempt["job_id"] == job["job_id"]:
        return {name: job[name] for name in attempt}
    ended = attempt["ended_at"] is not None and attempt["ended_at"] <= at
    began = attempt["started_at"] is not None and attempt["started_at"] <= at
    word = attempt["status"] if ended else "running" if began else "activated"
    shown = {name: attempt[name] if kept else None for name, kept in (("started_at", began), ("ended_at", ended))}
    return {**attempt, **shown, "status": word, "errors": attempt["errors"] if ended else []}


def queue_then(data: Data, past: Data) -> Data:
    """What differs of a queue's page: its settings, its counters and what was held there."""
    row = past["row"] or {"settings": None, "waiting": 0, "leased": 0}
    held: Sequence[Mapping[str, Any]] = past["tables"].get("held_task", ())
    return {"queue": {**data["queue"], **row, "held_tasks": [one["task_id"] for one in held]}, "set_aside": None}
