"""The table of a task's legal transitions, as data. Source: docs/reference/jedi.md, "Task transitions"."""

from enum import StrEnum

from schemas.task import (
    AttemptsIncreased,
    AvalancheForced,
    BrokerageDecided,
    ChildRegistered,
    ContentsFed,
    InputAwaited,
    InputDropped,
    InputHeld,
    InputNamesAdded,
    InputReleased,
    JobOutcomesRecorded,
    JobsGenerated,
    JobsOrdered,
    NucleusAssigned,
    ParentAwaited,
    ParentEnded,
    RequirementsLearned,
    RequirementsReverted,
    ScheduledCommandEnded,
    ScoutsJudged,
    SecondaryInputFed,
    SplitRuleChanged,
    TaskAttributeChanged,
    TaskBroken,
    TaskCommandScheduled,
    TaskFinalized,
    TaskFinishOrdered,
    TaskKillOrdered,
    TaskParked,
    TaskPaused,
    TaskPriorityChanged,
    TaskReassigned,
    TaskRefined,
    TaskReloaded,
    TaskRestored,
    TaskResumed,
    TaskRetried,
    TaskSetAside,
    TaskShareAssigned,
    TaskSubmitted,
    TaskThrottled,
    TaskWoken,
)
from schemas.types import TaskVerdict


class TaskStatus(StrEnum):
    """Task status in JEDI's words; `unknown` is a task that was not submitted, `waiting` one whose lists of names arrive."""

    UNKNOWN = "unknown"
    WAITING = "waiting"
    REGISTERED = "registered"
    DEFINED = "defined"
    READY = "ready"
    RUNNING = "running"
    SCOUTING = "scouting"
    PENDING = "pending"
    THROTTLED = "throttled"
    PAUSED = "paused"
    FINISHING = "finishing"
    ABORTING = "aborting"
    TOBROKEN = "tobroken"
    REREFINE = "rerefine"
    DONE = "done"
    FINISHED = "finished"
    FAILED = "failed"
    BROKEN = "broken"
    ABORTED = "aborted"
    EXHAUSTED = "exhausted"


_S = TaskStatus
KEEP = TaskStatus.UNKNOWN
"""As the reached status: the status stays as it is (or `evolve` sets the remembered one)."""

WORKING = frozenset({_S.READY, _S.SCOUTING, _S.RUNNING, _S.PENDING, _S.THROTTLED})
ACTIVE = WORKING | {_S.WAITING, _S.REGISTERED, _S.REREFINE, _S.DEFINED}
ENDING = frozenset({_S.FINISHING, _S.ABORTING, _S.TOBROKEN})
RETRIABLE = frozenset({_S.FINISHED, _S.FAILED, _S.EXHAUSTED})
RELOADABLE = frozenset({_S.DONE, _S.FINISHED, _S.FAILED, _S.ABORTED, _S.EXHAUSTED})
#: Where a task may be before it makes its first job.
HELD = frozenset({_S.REGISTERED, _S.DEFINED, _S.REREFINE, _S.PENDING})
FINAL = frozenset({_S.DONE, _S.FINISHED, _S.FAILED, _S.BROKEN, _S.ABORTED})
VERDICTS = frozenset({_S.DONE, _S.FINISHED, _S.FAILED, _S.BROKEN, _S.ABORTED, _S.EXHAUSTED})

TRANSITIONS: frozenset[tuple[TaskStatus, type, TaskStatus]] = frozenset(
    {
        (_S.UNKNOWN, TaskSubmitted, _S.REGISTERED),
        (_S.UNKNOWN, TaskSubmitted, _S.WAITING),
        (_S.WAITING, InputNamesAdded, _S.WAITING),
        (_S.WAITING, InputNamesAdded, _S.REGISTERED),
        (_S.WAITING, InputNamesAdded, _S.DEFINED),
        (_S.WAITING, TaskRefined, _S.WAITING),
        (_S.REGISTERED, TaskRefined, _S.DEFINED),
        (_S.REREFINE, TaskRefined, _S.DEFINED),
        (_S.WAITING, InputNamesAdded, _S.PENDING),
        (_S.WAITING, ParentAwaited, _S.WAITING),
        (_S.DEFINED, ParentAwaited, _S.DEFINED),
        (_S.DEFINED, ParentAwaited, _S.PENDING),
        (_S.PENDING, ParentEnded, _S.DEFINED),
        (_S.DEFINED, InputAwaited, _S.PENDING),
        (_S.PENDING, InputAwaited, _S.PENDING),
        (_S.DEFINED, TaskRetried, _S.DEFINED),
        (_S.DEFINED, JobsOrdered, _S.READY),
        (_S.READY, JobsOrdered, _S.READY),
        (_S.SCOUTING, JobsOrdered, _S.SCOUTING),
        (_S.RUNNING, JobsOrdered, _S.RUNNING),
        (_S.PENDING, JobsOrdered, _S.PENDING),
        (_S.THROTTLED, JobsOrdered, _S.THROTTLED),
        (_S.THROTTLED, TaskParked, _S.PENDING),
        (_S.THROTTLED, TaskWoken, _S.READY),
        (_S.PAUSED, TaskThrottled, _S.PAUSED),
        (_S.FINISHING, TaskThrottled, _S.FINISHING),
        (_S.PAUSED, JobsGenerated, _S.PAUSED),
        (_S.FINISHING, JobsGenerated, _S.FINISHING),
        (_S.FINISHING, JobsOrdered, _S.FINISHING),
        (_S.READY, TaskParked, _S.PENDING),
        (_S.SCOUTING, TaskParked, _S.PENDING),
        (_S.RUNNING, TaskParked, _S.PENDING),
        (_S.PENDING, TaskParked, _S.PENDING),
        (_S.PAUSED, TaskParked, _S.PAUSED),
        (_S.FINISHING, TaskParked, _S.FINISHING),
        (_S.PENDING, TaskWoken, _S.READY),
        (_S.READY, TaskWoken, _S.READY),
        (_S.SCOUTING, TaskWoken, _S.SCOUTING),
        (_S.RUNNING, TaskWoken, _S.RUNNING),
        (_S.FINISHING, TaskWoken, _S.FINISHING),
        (_S.PAUSED, TaskResumed, KEEP),
        (_S.SCOUTING, AvalancheForced, _S.SCOUTING),
        (_S.SCOUTING, ScoutsJudged, _S.RUNNING),
        (_S.SCOUTING, ScoutsJudged, _S.SCOUTING),
    }
    | {(found, BrokerageDecided, found) for found in WORKING | {_S.PAUSED, _S.FINISHING}}
    | {(found, TaskThrottled, _S.THROTTLED) for found in WORKING}
    | {(found, ParentEnded, found) for found in ACTIVE | {_S.PAUSED, _S.FINISHING, _S.EXHAUSTED}}
    | {
        (found, event, reached)
        for event in (ContentsFed, SecondaryInputFed)
        for found, reached in (
            (_S.READY, _S.READY),
            (_S.RUNNING, _S.RUNNING),
            (_S.SCOUTING, _S.SCOUTING),
            (_S.THROTTLED, _S.THROTTLED),
            (_S.PAUSED, _S.PAUSED),
            (_S.PENDING, _S.DEFINED),
            (_S.PENDING, _S.PENDING),
            (_S.DEFINED, _S.DEFINED),
        )
    }
    | {(found, ChildRegistered, found) for found in TaskStatus if found is not _S.UNKNOWN}
    # Scouts that are not judged make a task scouting, all other jobs make it running.
    | {(found, JobsGenerated, reached) for found in WORKING for reached in (_S.SCOUTING, _S.RUNNING)}
    | {(found, RequirementsLearned, found) for found in WORKING | {_S.DEFINED}}
    | {(found, RequirementsReverted, found) for found in ACTIVE | {_S.PAUSED, _S.EXHAUSTED}}
    | {(found, ScoutsJudged, found) for found in WORKING | {_S.DEFINED} - {_S.SCOUTING}}
    | {(found, TaskSetAside, _S.PENDING) for found in WORKING | {_S.REGISTERED, _S.REREFINE}}
    | {(found, TaskSetAside, found) for found in ENDING | {_S.WAITING, _S.DEFINED, _S.PAUSED}}
    | {(found, TaskRestored, found) for found in ACTIVE | ENDING | {_S.PAUSED}}
    | {(found, JobOutcomesRecorded, found) for found in WORKING | ENDING | {_S.PAUSED, _S.DEFINED, _S.REREFINE, _S.EXHAUSTED}}
    | {(found, TaskKillOrdered, _S.ABORTING) for found in ACTIVE | {_S.PAUSED, _S.FINISHING, _S.EXHAUSTED}}
    | {(found, TaskFinishOrdered, _S.FINISHING) for found in ACTIVE | {_S.PAUSED, _S.EXHAUSTED, _S.FINISHING}}
    | {(found, TaskBroken, _S.TOBROKEN) for found in ACTIVE | {_S.PAUSED, _S.FINISHING}}
    | {(found, TaskFinalized, reached) for found in WORKING | ENDING | {_S.DEFINED} for reached in VERDICTS}
    | {(found, TaskRetried, _S.READY) for found in RETRIABLE}
    # A further part of a retry: the status is what came of the first.
    | {(found, TaskRetried, found) for found in WORKING | {_S.PAUSED}}
    # A task that waits for its workflow gets other parameters, too.
    | {(found, TaskReloaded, _S.REREFINE) for found in RELOADABLE | HELD}
    | {(found, TaskReassigned, found) for found in ACTIVE | {_S.EXHAUSTED, _S.PAUSED}}
    # With another nucleus, where it is not to keep its status.
    | {(found, TaskReassigned, _S.READY) for found in (_S.RUNNING, _S.SCOUTING, _S.PENDING)}
    | {(found, NucleusAssigned, found) for found in ACTIVE | {_S.EXHAUSTED, _S.PAUSED, _S.FINISHING}}
    | {(found, TaskPaused, _S.PAUSED) for found in WORKING}
    | {(found, AttemptsIncreased, found) for found in WORKING | {_S.PAUSED}}
    | {(found, event, found) for found in ACTIVE | {_S.PAUSED} for event in (InputReleased, InputHeld, InputDropped)}
    | {(found, TaskPriorityChanged, found) for found in ACTIVE | {_S.PAUSED, _S.EXHAUSTED}}
    | {
        (found, event, found)
        for found in ACTIVE | {_S.PAUSED, _S.EXHAUSTED}
        for event in (TaskAttributeChanged, SplitRuleChanged)
    }
    | {
        (found, event, found)
        for found in set(TaskStatus) - {_S.UNKNOWN}
        for event in (TaskCommandScheduled, ScheduledCommandEnded)
    }
    | {(found, TaskShareAssigned, found) for found in ACTIVE | {_S.PAUSED, _S.EXHAUSTED}}
)
#: Events that may lead to several statuses and say to which.
_SAYS_STATUS = frozenset(
    {
        TaskSubmitted, InputNamesAdded, TaskFinalized, ContentsFed, SecondaryInputFed, ParentAwaited, ParentEnded, JobsGenerated,
        ScoutsJudged, TaskReassigned,
    }
)
NEXT: dict[tuple[TaskStatus, type], TaskStatus] = {
    (found, event): KEEP if event in _SAYS_STATUS else reached for found, event, reached in TRANSITIONS
}
STATUS_OF_VERDICT: dict[TaskVerdict, TaskStatus] = {
    verdict: TaskStatus(verdict.lower()) for verdict in TaskVerdict if verdict is not TaskVerdict.UNKNOWN
}
