"""Status words of a task, by event. Pure. Source: docs/flow.md; docs/reference/jedi.md, "Task status"."""

from typing import Any

from schemas.task import (
    ContentsFed,
    InputAwaited,
    InputNamesAdded,
    JobsGenerated,
    JobsOrdered,
    ParentAwaited,
    ParentEnded,
    ScoutsJudged,
    SecondaryInputFed,
    TaskBroken,
    TaskFinalized,
    TaskFinishOrdered,
    TaskKillOrdered,
    TaskParked,
    TaskPaused,
    TaskReassigned,
    TaskRefined,
    TaskReloaded,
    TaskRestored,
    TaskResumed,
    TaskRetried,
    TaskSetAside,
    TaskThrottled,
    TaskWoken,
)
from schemas.types import ScoutsVerdict

AT_WORK = frozenset({"ready", "scouting", "running", "pending", "throttled"})
#: Of a task at work, a further part of the retry is reported.
RETRIED = frozenset({"finished", "failed", "exhausted"})
#: Statuses that the calmer super_status repeats; others leave it as it was (docs/reference/jedi.md, "Super status").
PUBLIC = frozenset(
    {"registered", "ready", "running", "paused", "aborting", "exhausted"}
    | {"done", "finished", "failed", "broken", "aborted"}
)


def next_status(event: Any, status: str, old_status: str | None) -> tuple[str, str | None]:
    """Status and remembered status after `event`; a pause remembers what it interrupted, an ending stays an ending."""
    match event:
        case InputNamesAdded() | ContentsFed() | SecondaryInputFed() | ParentAwaited() | ParentEnded() | TaskReassigned():
            return event.status or status, old_status
        case TaskRefined() if status != "waiting":
            return "defined", old_status
        case JobsOrdered() if status == "defined":
            return "ready", old_status
        case JobsGenerated() if status in AT_WORK:
            return "scouting" if event.scouts else "running", old_status
        case JobsGenerated() if status == "paused":
            return status, "scouting" if event.scouts else "running"
        case TaskParked() | InputAwaited() | TaskThrottled() if status in AT_WORK or status == "defined":
            return "throttled" if isinstance(event, TaskThrottled) else "pending", old_status
        case TaskWoken() if status in ("pending", "throttled"):
            return "ready", old_status
        case TaskSetAside() if status in AT_WORK or status in ("registered", "rerefine"):
            return "pending", old_status
        case TaskRestored(status=str() as back) if back:
            return (status, back) if status == "paused" else (back, old_status)
        case TaskPaused():
            return "paused", status
        case TaskResumed():
            return old_status or status, None
        case _:
            return _ordered_status(event, status), old_status


def _ordered_status(event: Any, status: str) -> str:
    match event:
        case TaskKillOrdered():
            return "aborting"
        case TaskFinishOrdered():
            return "finishing"
        case TaskBroken():
            return "tobroken"
        case TaskReloaded():
            return "rerefine"
        case TaskRetried() if status in RETRIED:
            return "ready"
        case ScoutsJudged(verdict=ScoutsVerdict.GOOD) if status == "scouting":
            return "running"
        case TaskFinalized():
            return event.verdict.lower()
        case _:
            return status


def next_super_status(status: str, before: str, *, resumed: bool, started: bool) -> str:
    """super_status when the status became `status`; after a pause, the nearest public word."""
    if status in PUBLIC:
        return status
    if status == "scouting":
        return "submitting"
    if resumed:
        return "running" if started else "ready"
    return before
