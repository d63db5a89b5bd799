"""Laws about tasks: legal transitions, and file accounts that add up. Pure.

The table is written from docs/reference/jedi.md, "Task transitions", the accounts from "File accounts" there: each input
unit is ready, with a job, finished or given up; it is in one job at a time; the counters that events carry are the numbers
of units in those states.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from check.laws import Seen, Violation

WORKING = frozenset({"ready", "scouting", "running", "pending", "throttled"})
YOUNG = WORKING | {"waiting", "registered", "rerefine", "defined"}
ENDING = frozenset({"finishing", "aborting", "tobroken"})
ENDED = frozenset({"done", "finished", "failed", "broken", "aborted", "exhausted"})
#: Event -> (statuses in which it may come, status it leads to; None: the same, or as `_reached` says).
LEGAL: dict[str, tuple[frozenset[str], str | None]] = {
    "TaskSubmitted": (frozenset({"unknown"}), None),
    "InputNamesAdded": (frozenset({"waiting"}), None),
    "TaskRefined": (frozenset({"waiting", "registered", "rerefine"}), None),
    "ContentsFed": (WORKING | {"defined", "paused"}, None),
    "SecondaryInputFed": (WORKING | {"defined", "paused"}, None),
    "InputAwaited": (frozenset({"defined", "pending"}), "pending"),
    "ParentAwaited": (frozenset({"waiting", "defined"}), None),
    "ParentEnded": (YOUNG | {"paused", "finishing", "exhausted"}, None),
    "ChildRegistered": (YOUNG | ENDING | ENDED | {"paused"}, None),
    "JobsOrdered": (WORKING | {"defined", "finishing"}, None),
    "BrokerageDecided": (WORKING | {"paused", "finishing"}, None),
    "JobsGenerated": (WORKING | {"paused", "finishing"}, None),
    "TaskParked": (WORKING | {"paused", "finishing"}, None),
    "TaskThrottled": (WORKING | {"paused", "finishing"}, None),
    "TaskWoken": (WORKING | {"finishing"}, None),
    "TaskSetAside": (YOUNG | ENDING | {"paused"}, None),
    "TaskRestored": (YOUNG | ENDING | {"paused"}, None),
    "TaskPaused": (WORKING, "paused"),
    "TaskResumed": (frozenset({"paused"}), None),
    "JobOutcomesRecorded": (WORKING | ENDING | {"paused", "defined", "rerefine", "exhausted"}, None),
    "TaskKillOrdered": (YOUNG | {"paused", "finishing", "exhausted"}, "aborting"),
    "TaskFinishOrdered": (YOUNG | {"paused", "finishing", "exhausted"}, "finishing"),
    "TaskBroken": (YOUNG | {"paused", "finishing"}, "tobroken"),
    "TaskFinalized": (WORKING | ENDING | {"defined"}, None),
    # In a task at work: a further part of a retry.
    "TaskRetried": (frozenset({"finished", "failed", "exhausted", "defined", "paused"}) | WORKING, None),
    "TaskReloaded": (ENDED - {"broken"}, "rerefine"),
    "TaskReassigned": (YOUNG | {"paused", "exhausted"}, None),
    "AttemptsIncreased": (WORKING | {"paused"}, None),
    "TaskPriorityChanged": (YOUNG | {"paused", "exhausted"}, None),
    "TaskAttributeChanged": (YOUNG | {"paused", "exhausted"}, None),
    "TaskCommandScheduled": (YOUNG | ENDING | ENDED | {"paused"}, None),
    "ScheduledCommandEnded": (YOUNG | ENDING | ENDED | {"paused"}, None),
    "SplitRuleChanged": (YOUNG | {"paused", "exhausted"}, None),
    "AvalancheForced": (frozenset({"scouting"}), None),
    "ScoutsJudged": (WORKING | {"defined"}, None),
    "RequirementsLearned": (WORKING | {"defined"}, None),
    "RequirementsReverted": (YOUNG | {"paused", "exhausted"}, None),
    "InputReleased": (YOUNG | {"paused"}, None),
    "InputHeld": (YOUNG | {"paused"}, None),
    "InputDropped": (YOUNG | {"paused"}, None),
    "TaskShareAssigned": (YOUNG | {"paused", "exhausted"}, None),
}

#: Event -> statuses that it makes ready.
MADE_READY: dict[str, frozenset[str]] = {
    "TaskWoken": frozenset({"pending", "throttled"}),
    "JobsOrdered": frozenset({"defined"}),
    "TaskRetried": ENDED,
}


@dataclass
class LegalTasks:
    """Each event of a task is legal in the status that the events before it made."""

    name: str = "task transitions are legal"
    checked: int = 0
    status: dict[str, str] = field(default_factory=dict)
    interrupted: dict[str, str] = field(default_factory=dict)
    refined: set[str] = field(default_factory=set)
    """Tasks that have a definition."""

    def see(self, record: Seen) -> Iterator[Violation]:
        """An event that the table does not allow."""
        if record.role != "events" or record.aggregate != "task":
            return
        self.checked += 1
        task = record.envelope.aggregate_id
        found = self.status.get(task, "unknown")
        allowed, reached = LEGAL[record.name]
        self.status[task] = reached or self._reached(task, record, found)
        if record.name == "TaskPaused":
            self.interrupted[task] = found
        if found not in allowed:
            yield Violation(self.name, str(record.place), f"{record.name} of task {task} in status {found}")

    def end(self) -> Iterator[Violation]:
        """Nothing more."""
        yield from ()

    def _reached(self, task: str, record: Seen, found: str) -> str:
        match record.name:
            case "TaskSubmitted" | "InputNamesAdded" | "TaskRefined":
                return self._begun(task, record, found)
            case "ContentsFed" | "SecondaryInputFed" | "ParentAwaited" | "ParentEnded" if record.message.status:
                return str(record.message.status)
            case "TaskFinalized":
                return str(record.message.verdict.value).lower()
            case "TaskResumed":
                return self.interrupted.get(task, found)
            case "JobsGenerated":
                return self._generated(task, record, found)
            case "ScoutsJudged" if found == "scouting" and record.message.verdict.value == "GOOD":
                return "running"
            case "TaskParked" | "TaskThrottled" if found in WORKING:
                return "pending" if record.name == "TaskParked" else "throttled"
            case "TaskSetAside" if found in WORKING | {"registered", "rerefine"}:
                return "pending"
            case "TaskRestored" if record.message.status and found == "paused":
                self.interrupted[task] = record.message.status
            case "TaskRestored" if record.message.status:
                return str(record.message.status)
            case _ if found in MADE_READY.get(record.name, ()):
                return "ready"
            case _:
                pass
        return found

    def _generated(self, task: str, record: Seen, found: str) -> str:
        """A task at work has jobs now; one that is paused has them when it is resumed."""
        reached = "scouting" if record.message.scouts else "running"
        if found == "paused":
            self.interrupted[task] = reached
        return reached if found in WORKING else found

    def _begun(self, task: str, record: Seen, found: str) -> str:
        """A task with long lists waits for their last name, and may be refined meanwhile."""
        match record.name:
            case "TaskSubmitted":
                return "waiting" if record.message.lists else "registered"
            case "TaskRefined":
                self.refined.add(task)
                return found if found == "waiting" else "defined"
            case "InputNamesAdded" if record.message.names_left == 0:
                # With a definition: unless it waits for its parent.
                return str(record.message.status) if task in self.refined else "registered"
            case _:
                return found


@dataclass(slots=True)
class UnitAccount:
    """An input unit: `state` is ready, with job, finished or failed."""

    attempts_max: int
    state: str = "ready"
    attempt: int = 0


@dataclass(slots=True)
class TaskLedger:
    """What one task's events say of its input and its jobs."""

    attempts_max: int = 0
    units: dict[int, UnitAccount] = field(default_factory=dict)
    live: set[int] = field(default_factory=set)
    merging: set[int] = field(default_factory=set)
    serials: dict[int, int] = field(default_factory=dict)
    """Job by its serial within the task."""
    merges: dict[int, tuple[int, ...]] = field(default_factory=dict)
    """By merge job, the serials of the jobs whose outputs it merges."""
    jobs: int = 0
    ending: bool = False
    states: Counter[str] = field(default_factory=Counter)
    """How many units stand where: a task may have a million."""

    def fed(self, number: int) -> None:
        """Enter a unit; one that was there before is ready again."""
        before = self.units.get(number)
        if before is not None:
            self.states[before.state] -= 1
        self.units[number] = UnitAccount(self.attempts_max)
        self.states["ready"] += 1

    def moved(self, unit: UnitAccount, state: str) -> None:
        """Note where a unit stands from now on."""
        self.states[unit.state] -= 1
        self.states[state] += 1
        unit.state = state


@dataclass
class UnitCounters:
    """Counters of a task equal what its events did to each input unit; none is in two jobs, none is finished twice."""

    name: str = "file accounts add up"
    checked: int = 0
    ledger: dict[str, TaskLedger] = field(default_factory=dict)

    def see(self, record: Seen) -> Iterator[Violation]:
        """A step that an input unit cannot make, or counters that differ."""
        if record.role != "events" or record.aggregate != "task":
            return
        task = record.envelope.aggregate_id
        ledger = self.ledger.setdefault(task, TaskLedger())
        for found in _entered(ledger, record.name, record.message):
            yield Violation(self.name, str(record.place), f"task {task}: {found}")
        accounts = getattr(record.message, "accounts", None)
        if accounts is not None:
            self.checked += 1
            said = (accounts.total, accounts.used, accounts.finished, accounts.failed, accounts.jobs_live, accounts.jobs_total)
            expected = _counters(ledger)
            if said != expected:
                found = f"{record.name} says {said} for (total, used, finished, failed, jobs live, jobs), its events {expected}"
                yield Violation(self.name, str(record.place), f"task {task}: {found}")

    def end(self) -> Iterator[Violation]:
        """Nothing more."""
        yield from ()


def _counters(ledger: TaskLedger) -> tuple[int, ...]:
    return (
        len(ledger.units),
        len(ledger.units) - ledger.states["ready"],
        ledger.states["finished"],
        ledger.states["failed"],
        len(ledger.live),
        ledger.jobs,
    )


def _entered(ledger: TaskLedger, name: str, event: Any) -> Iterator[str]:
    """Enter the event into the books; steps that cannot be."""
    match name:
        case "TaskRefined":
            ledger.attempts_max = event.definition.attempts_max
        case "ContentsFed":
            for unit in event.units:
                if unit.unit_id in ledger.units:
                    yield f"input unit {unit.unit_id} comes a second time"
                ledger.fed(unit.unit_id)
        case "JobsGenerated":
            yield from _generated(ledger, event)
        case "JobOutcomesRecorded":
            yield from _outcomes(ledger, event)
        case "TaskRetried" | "AttemptsIncreased":
            yield from _given_attempts(ledger, name, event)
        case "TaskKillOrdered" | "TaskFinishOrdered" | "TaskBroken" | "TaskReloaded":
            ledger.ending = name != "TaskReloaded"
        case _:
            pass


def _unknown(ledger: TaskLedger, numbers: Iterable[int]) -> Iterator[str]:
    """Input units that are spoken of and never came; they are entered, so that each is named once."""
    for number in numbers:
        if number not in ledger.units:
            yield f"input unit {number} is spoken of and never came"
            ledger.fed(number)


def _given_attempts(ledger: TaskLedger, name: str, event: Any) -> Iterator[str]:
    """Input units that were given up come back when they have attempts again."""
    if name == "TaskRetried":
        ledger.ending = False
        yield from _unknown(ledger, event.units)
        for number in event.units:
            unit = ledger.units[number]
            unit.attempts_max = max(unit.attempts_max, unit.attempt + event.attempts_max)
            if unit.state == "failed":
                ledger.moved(unit, "ready")
        return
    for unit in ledger.units.values():
        unit.attempts_max += event.increase
        if unit.state == "failed" and unit.attempt < unit.attempts_max and not ledger.ending:
            ledger.moved(unit, "ready")


def _generated(ledger: TaskLedger, event: Any) -> Iterator[str]:
    for job in event.jobs:
        ledger.live.add(job.job_id)
        ledger.jobs = max(ledger.jobs, job.serial)
        ledger.serials[job.serial] = job.job_id
        if event.kind.value == "MERGE":
            ledger.merges[job.job_id] = tuple(job.unit_ids)
        if event.kind.value != "NORMAL":
            continue
        yield from _unknown(ledger, job.unit_ids)
        for number in job.unit_ids:
            unit = ledger.units[number]
            if unit.state != "ready":
                yield f"input unit {number} is {unit.state} and goes to job {job.job_id} too"
            ledger.moved(unit, "with job")


def _outcomes(ledger: TaskLedger, event: Any) -> Iterator[str]:
    left: set[int] = set()  # live before the event, ended in it
    for outcome in event.outcomes:
        if outcome.job_id not in ledger.live and outcome.job_id not in left:
            yield f"job {outcome.job_id} ends and was not live"
        # What came of ranges of events waits to be merged without its job, which has ended.
        if outcome.kind.value != "MERGING" or outcome.ranges_judged:
            left |= ledger.live & {outcome.job_id}
            ledger.live.discard(outcome.job_id)
        # A job that waits for its merge is not ended for its task, and comes to wait once.
        elif outcome.job_id in ledger.merging:
            yield f"job {outcome.job_id} comes to wait for its merge a second time"
        else:
            ledger.merging.add(outcome.job_id)
        if outcome.kind.value == "FINISHED":
            merged = {ledger.serials[serial] for serial in ledger.merges.get(outcome.job_id, ()) if serial in ledger.serials}
            left |= ledger.live & merged
            ledger.live -= merged
    yield from _unknown(ledger, (change.unit_id for change in event.units))
    for change in event.units:
        unit = ledger.units[change.unit_id]
        if unit.state != "with job":
            yield f"input unit {change.unit_id} ends a job and was {unit.state}"
        ledger.moved(unit, "finished" if change.finished else "failed" if change.failed else "ready")
        unit.attempt = change.attempt
        unit.attempts_max += change.attempts_given
