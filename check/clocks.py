"""A law about time: every task at work is moved by something. Pure.

Written from docs/reference/jedi.md, "Laws": a task that has not ended has an open order, a job at work, input to
come, a deadline, or waits for a person. That deadlines have their rows is the law of rows (`check/deadlines.py`).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from check.laws import Seen, Settled, Violation, is_settled
from check.tasks import LegalTasks

#: Statuses in which what moves a task is what it has; in all others it is said by the status.
JUDGED = frozenset({"defined", "ready", "scouting", "running", "pending", "finishing", "aborting", "tobroken"})


@dataclass(slots=True)
class Moved:
    """What may move one task. orders: by number, whether it is parked. live: jobs that are not accounted for as ended.

    merges: by merge job, the jobs whose outputs it merges, which end with it. serials: job by its serial.
    """

    orders: dict[int, bool] = field(default_factory=dict)
    live: set[int] = field(default_factory=set)
    serials: dict[int, int] = field(default_factory=dict)
    merges: dict[int, tuple[int, ...]] = field(default_factory=dict)
    awaited: set[str] = field(default_factory=set)
    letters: set[str] = field(default_factory=set)
    is_fed: bool = True
    is_held: bool = False
    is_retrying: bool = False
    parent_at_work: bool = False

    @property
    def by(self) -> str:
        """The first thing that moves it; empty when nothing does."""
        moving = {
            "a job": bool(self.live),
            "an order": bool(self.orders),
            "input to come": bool(self.awaited) or not self.is_fed,
            "its parent": self.parent_at_work,
            "the rest of a retry": self.is_retrying,
            "a person": bool(self.letters) or self.is_held,
        }
        return next((name for name, moves in moving.items() if moves), "")


@dataclass
class TasksAreMoved:
    """A task that has not ended, and of which no record is under way, is moved by something."""

    settled: Settled
    name: str = "no task stands still"
    checked: int = 0
    machine: LegalTasks = field(default_factory=LegalTasks)
    tasks: dict[str, Moved] = field(default_factory=dict)
    last: dict[str, str] = field(default_factory=dict)
    under_way: set[str] = field(default_factory=set)

    def see(self, record: Seen) -> Iterator[Violation]:
        """Note what moves it by now."""
        yield from ()
        if record.aggregate != "task" or record.role == "answers":
            return
        task = record.envelope.aggregate_id
        if not is_settled(record, self.settled):
            self.under_way.add(task)
        if record.role == "events":
            list(self.machine.see(record))
            self.last[task] = str(record.place)
            _entered(self.tasks.setdefault(task, Moved()), record.name, record.message)

    def end(self) -> Iterator[Violation]:
        """Tasks that nothing moves."""
        for task, moved in self.tasks.items():
            status = self.machine.status[task]
            self.checked += 1
            if status in JUDGED and task not in self.under_way and not moved.by:
                found = f"task {task} is {status} and nothing moves it: no order, no job, no input to come, no person"
                yield Violation(self.name, self.last[task], found)


def _entered(moved: Moved, name: str, event: Any) -> None:
    match name:
        case "JobsOrdered":
            moved.orders[event.order] = False
        case "TaskParked":
            moved.orders[event.order] = True
        case "TaskWoken":
            moved.orders = {order: parked for order, parked in moved.orders.items() if not parked}
        case "JobsGenerated":
            moved.orders.pop(event.order, None)
            _generated(moved, event)
        case "JobOutcomesRecorded":
            for outcome in event.outcomes:
                _ended(moved, outcome)
        case "TaskSetAside":
            moved.letters.add(event.dead_letter_id)
        case "TaskRestored":
            moved.letters.discard(event.dead_letter_id)
        case "InputHeld":
            # Whether all of it was released since is the law of released input.
            moved.is_held = moved.is_held or not event.scouts
        case _:
            _began(moved, name, event)


def _began(moved: Moved, name: str, event: Any) -> None:
    """Input and its sources; commands that take all orders back."""
    match name:
        case "TaskSubmitted" | "TaskReloaded" | "TaskRefined":
            moved.is_fed = False
        case "ContentsFed":
            moved.awaited.discard(event.dataset)
            moved.is_fed = event.complete
        case "InputAwaited":
            moved.awaited.add(event.dataset)
        case "ParentAwaited" | "ParentEnded":
            moved.parent_at_work = name == "ParentAwaited"
            moved.is_fed = moved.is_fed and not getattr(event, "rereads", False)
        case "TaskRetried":
            moved.is_retrying = event.more
        case _:
            pass
    if name in ("TaskKillOrdered", "TaskFinishOrdered", "TaskBroken", "TaskReassigned", "TaskReloaded", "TaskFinalized"):
        moved.orders.clear()
    if name in ("TaskKillOrdered", "TaskFinishOrdered", "TaskBroken"):
        moved.is_fed, moved.is_held, moved.is_retrying, moved.parent_at_work = True, False, False, False
        moved.awaited.clear()


def _generated(moved: Moved, event: Any) -> None:
    for job in event.jobs:
        moved.live.add(job.job_id)
        moved.serials[job.serial] = job.job_id
        if event.kind.value == "MERGE":
            moved.merges[job.job_id] = tuple(job.unit_ids)


def _ended(moved: Moved, outcome: Any) -> None:
    if outcome.kind.value != "MERGING" or outcome.ranges_judged:
        moved.live.discard(outcome.job_id)
    if outcome.kind.value == "FINISHED":
        moved.live -= {moved.serials[serial] for serial in moved.merges.pop(outcome.job_id, ()) if serial in moved.serials}
