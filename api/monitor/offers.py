"""Actions on tasks and jobs, and the states in which each makes sense. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from api.monitor.pages.words import LIVE_STATES, TASK_ENDED


@dataclass(frozen=True, slots=True)
class Action:
    """label: on the button. command: its name. from_states: in which it makes sense; empty: in any but those of `not_from`."""

    label: str
    kind: str
    command: str
    from_states: tuple[str, ...] = ()
    not_from: tuple[str, ...] = ()
    asks_priority: bool = False


ACTIONS: Mapping[str, Action] = {
    "kill_task": Action("Kill", "task", "KillTask", not_from=TASK_ENDED),
    "finish_task": Action("Finish", "task", "FinishTask", not_from=TASK_ENDED),
    "retry_task": Action("Retry", "task", "RetryTask", from_states=("finished", "failed", "exhausted")),
    "pause_task": Action("Pause", "task", "PauseTask", not_from=(*TASK_ENDED, "paused")),
    "resume_task": Action("Resume", "task", "ResumeTask", from_states=("paused",)),
    "priority_task": Action("Priority", "task", "ChangeTaskPriority", not_from=TASK_ENDED, asks_priority=True),
    "reload_task": Action("Run again", "task", "ReloadTask", from_states=("done", "finished", "failed", "aborted", "exhausted")),
    "wake_task": Action("Try now", "task", "WakeTask", from_states=("pending",)),
    "revert_task": Action(
        "Revert learned",
        "task",
        "RevertRequirements",
        from_states=("ready", "scouting", "running", "pending", "paused", "exhausted"),
    ),
    "reassign_job": Action("Reassign", "job", "KillJob", from_states=("activated",)),
    "kill_job": Action("Kill", "job", "KillJob", from_states=LIVE_STATES),
}


def possible_actions(kind: str, status: str) -> list[str]:
    """Names of the actions that make sense for a task or job in `status`, for all who ask."""
    return [name for name, action in ACTIONS.items() if action.kind == kind and not too_late(action, status)]


def too_late(action: Action, status: str) -> bool:
    """True when the action makes no sense in `status`."""
    return status in action.not_from or bool(action.from_states and status not in action.from_states)
