"""My work: the tasks of the one who looks by what needs them, each with why it is there and the action that follows.

Shifters see above them what they watch of the organisation.
"""

import asyncio
from collections.abc import Mapping

from api.http.errors import NotFound
from api.log.audit_service import AuditService
from api.monitor.page import Data, MonitorPage, PageView, Touched
from api.monitor.pages.expected_end import expected_end
from api.monitor.pages.past import subject_of_page
from api.monitor.pages.tiles import tiles_of
from api.monitor.pages.words import LIVE_STATES, TASK_ENDED, WAITING_STATES
from api.queries import job_counts, own_tasks, queues, tasks
from api.queries.own_tasks import RUNNING, WAITING
from api.queries.read_models import Row
from schemas.instants import DAY, HOUR

NEEDS, DONE = "needs you", "done"
#: States by group, in the order in which a person wants to see them.
GROUPS: Mapping[str, tuple[str, ...]] = {
    NEEDS: ("exhausted", "broken", "failed", "finished"),
    WAITING: ("pending", "paused", "waiting", "registered", "defined", "ready", "rerefine"),
    RUNNING: ("scouting", "running", "finishing", "aborting", "tobroken"),
    DONE: ("done", "aborted"),
}
SAYS: Mapping[str, str] = {
    NEEDS: "They ended without all of their input, or a person must decide.",
    WAITING: "Nothing of them runs at present.",
    RUNNING: "At least one job has a pilot.",
    DONE: "All of their input was processed, or they were killed.",
}
#: What follows from the state of an own task.
NEXT: Mapping[str, tuple[str, str]] = {
    "failed": ("retry_task", "Retry"), "finished": ("retry_task", "Retry the rest"), "exhausted": ("retry_task", "Retry"),
    "paused": ("resume_task", "Resume"),
}  # fmt: skip
SHOWN, DAYS, AT_ONCE = 8, 7, 4
EXPLAINED = (NEEDS, WAITING)


async def load(view: PageView) -> Data:
    """Own tasks by group; what shifters watch, empty for others."""
    rows = await own_tasks.by_group(
        view.read_models,
        view.vo,
        view.identity.owners,
        GROUPS,
        ended=TASK_ENDED,
        with_a_pilot=LIVE_STATES[len(WAITING_STATES) :],
        since=view.now - DAYS * DAY,
        count=SHOWN,
    )
    explained = [row for row in rows if row["work_group"] in EXPLAINED]
    about = tuple((row["task_id"], row["status"], row["attempt"]) for row in explained)
    reasons = await view.counted(lambda: _reasons(view, explained), ("why", about))
    watched = await view.counted(lambda: _watched(view), "tiles") if view.may_operate else {"tiles": []}
    return {
        "groups": [_group(name, [row for row in rows if row["work_group"] == name], reasons["why"], view) for name in GROUPS],
        "tiles": watched["tiles"],
        "days": DAYS,
        "counted_again": bool(reasons["counted_again"] or watched.get("counted_again")),
    }


def _group(name: str, rows: list[Row], why: Mapping[int, Data], view: PageView) -> Data:
    return {
        "name": name,
        "says": SAYS[name],
        "total": rows[0]["total"] if rows else 0,
        "states": ",".join(GROUPS[name]),
        "tasks": [_shown(row, why.get(row["task_id"]), view) for row in rows],
    }


def _shown(row: Row, reason: Data | None, view: PageView) -> Data:
    """A task with `why` (says, change, who), `next` (action, label) and `end` (an ExpectedEnd), each None without."""
    kept = {name: value for name, value in row.items() if name not in ("place", "total")}
    return {**kept, "why": reason, "next": NEXT.get(row["status"]), "end": expected_end(row, view.now)}


async def _reasons(view: PageView, rows: list[Row]) -> Data:
    """The strongest reason of each task, by number; none for one that has gone meanwhile."""
    turn = asyncio.Semaphore(AT_ONCE)

    async def one(task_id: int) -> tuple[int, Data | None]:
        async with turn:
            return task_id, await _reason(view.audit_service, view, task_id)

    found = await asyncio.gather(*(one(row["task_id"]) for row in rows))
    return {"why": {task_id: reason for task_id, reason in found if reason is not None}}


async def _reason(audit_service: AuditService, view: PageView, task_id: int) -> Data | None:
    try:
        reasons = await audit_service.why(view.identity, subject_of_page("task", str(task_id)))
    except NotFound:
        return None
    return {"says": reasons[0].says, "change": reasons[0].change, "who": reasons[0].who} if reasons else None


async def _watched(view: PageView) -> Data:
    """Counts of the whole organisation for its shifters."""
    rows, vo = view.read_models, view.vo
    ends = await job_counts.ended_by_queue(rows, vo, view.now - HOUR)
    return {"tiles": tiles_of(ends, await queues.busiest(rows, vo, 200), await tasks.counts_by_status(rows, vo))}


def concerned(touched: Touched, view: PageView) -> bool:
    """True when any task moved: a new one may be of the one who looks."""
    return bool(touched.tasks or (view.may_operate and touched.queues))


def document(data: Data) -> Data:
    """`groups` and `tiles`."""
    return {"groups": data["groups"], "tiles": data["tiles"]}


PAGE = MonitorPage(
    "my", r"/", lambda _: "My work", load, ("tiles", "own"), concerned, document, is_personal=True
)
