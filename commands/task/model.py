"""A task as its history describes it: status, input with its file accounts, live jobs, orders under way.

`evolve.py` folds it. A task of a million jobs is its input units and the jobs that live, both in columns; what ended is counters.
"""

from dataclasses import dataclass, field
from enum import StrEnum

from commands.task.input_units import InputUnits, UnitStatus
from commands.task.live_jobs import LiveJob, LiveJobs
from commands.task.measured import Learning
from commands.task.names import NamePage
from commands.task.secondaries import Secondaries
from commands.task.transitions import FINAL, TaskStatus
from commands.undo import UndoDict, UndoQueue, UndoSet
from identity.ruling import USER, Thing
from schemas.ids import task_id_of
from schemas.task import TaskCommand
from schemas.types import CommandEnvelope, FileAccounts, JobKind, NameList, OutputFile, TaskDefinition, UnmergedJob

#: What is known of a parent that has not ended.
AT_WORK = "at_work"


@dataclass(frozen=True, slots=True)
class Unmerged:
    """A job whose outputs wait for the merge step, with the input it stands for; where it stands is in the task's `jobs`."""

    job: UnmergedJob
    units: tuple[int, ...]
    merge_attempt: int = 0


@dataclass(frozen=True, slots=True)
class Order:
    """Input that the job generator was asked to plan. `parked` when no queue was found; `continues` when the last units of it
    may be left for the next order."""

    kind: JobKind
    units: tuple[int, ...]
    parked: bool = False
    continues: bool = False


@dataclass(frozen=True, slots=True)
class Scheduled:
    """A command that waits for its time (microseconds), and in whose name it is decided then."""

    at: int
    command: str
    fields_json: str
    actor: str
    role: str = USER
    rights: tuple[str, ...] = ()
    linked: tuple[str, ...] = ()


class Ending(StrEnum):
    """Why the task makes no more jobs."""

    KILL = "kill"
    FINISH = "finish"
    BROKEN = "broken"


class Scouts(StrEnum):
    """Where the scouts of a task stand. none: it has none, or its input is not known; forced: their verdict is not waited for."""

    NONE = "none"
    OUT = "out"
    FORCED = "forced"
    PASSED = "passed"
    EXHAUSTED = "exhausted"
    BROKEN = "broken"


@dataclass(slots=True)
class Task:
    """One task.

    lists: long lists that came apart from the parameters; `names` has what arrived of them, by number of the chunk. wanted: while
    input is fed, the names of files that such a list restricts it to.
    known_units: units that it had when its definition was made; input that is fed after it may be one of them. files: by
    input dataset, how many files its units are of. input_events: their events, where the definition limits these. retrying:
    units of a retry are still to be given their attempts.
    jobs_finished, jobs_failed: since the task was refined or resumed. throttles: how often it was throttled for failures since it
    was refined; throttle: the number of the one that holds it, 0 where none does.
    reading: number of the present reading of the input, from 0. followed: of input datasets that still grow, how many files the
    task has had, in the order in which they were registered.
    request_id: of the workflow that it is a work of, if any.
    awaited: input datasets that do not exist yet. parent_status: AT_WORK, the status in which its parent ended, or empty
    before it told the parent of itself. children: tasks that learn of its end.
    blocked_at: since when no queue was found for its input (microseconds UTC); 0 while it waits for none.
    scheduled: commands that wait for their time, by the id of the command that ordered them.
    aside: dead letters that hold the task, with what met them. aside_from: the status that the first of them interrupted.
    """

    status: TaskStatus = TaskStatus.UNKNOWN
    old_status: TaskStatus = TaskStatus.UNKNOWN
    task_id: int = 0
    name: str = ""
    owner: str = ""
    linked: tuple[str, ...] = ()
    vo: str = ""
    user_name: str = ""
    nickname: str = ""
    label: str = ""
    working_group: str | None = None
    priority: int = 0
    parameters_json: str = "{}"
    parameters_revision: int = 0
    lists: tuple[NameList, ...] = ()
    names: UndoDict[int, NamePage] = field(default_factory=UndoDict)
    definition: TaskDefinition | None = None
    wanted: frozenset[str] = field(default=frozenset(), compare=False)
    fed: UndoDict[str, int] = field(default_factory=UndoDict)
    fed_whole: UndoSet[str] = field(default_factory=UndoSet)
    contents_complete: bool = False
    followed: UndoDict[str, int] = field(default_factory=UndoDict)
    files: UndoDict[str, int] = field(default_factory=UndoDict)
    input_events: int = 0
    reading: int = 0
    units: InputUnits = field(default_factory=InputUnits)
    secondaries: Secondaries = field(default_factory=Secondaries)
    known_units: int = 0
    retrying: bool = False
    jobs_finished: int = 0
    jobs_failed: int = 0
    throttles: int = 0
    throttle: int = 0
    scouts: Scouts = Scouts.NONE
    learning: Learning = field(default_factory=Learning)
    orders: UndoDict[int, Order] = field(default_factory=UndoDict)
    last_order: int = 0
    last_serial: int = 0
    jobs: LiveJobs = field(default_factory=LiveJobs)
    unmerged: UndoDict[int, Unmerged] = field(default_factory=UndoDict)
    library: OutputFile | None = None
    build_failures: int = 0
    queues_used: tuple[str, ...] = ()
    ending: Ending | None = None
    message: str = ""
    last_error: str = ""
    attempt: int = 1
    parent_task_id: int | None = None
    request_id: int | None = None
    parent_status: str = ""
    children: UndoDict[int, None] = field(default_factory=UndoDict)
    awaited: UndoSet[str] = field(default_factory=UndoSet)
    blocked_at: int = 0
    aside: UndoQueue[str, str] = field(default_factory=UndoQueue)
    aside_from: TaskStatus = TaskStatus.UNKNOWN
    scheduled: UndoDict[str, Scheduled] = field(default_factory=UndoDict)

    def job(self, job_id: int) -> LiveJob | None:
        """The job at work with this id; None for one that ended, and for one of another task."""
        return self.jobs.get(job_id) if task_id_of(job_id) == self.task_id else None

    @property
    def grows(self) -> bool:
        """True when jobs are made of the input that is known while more of it comes."""
        if self.contents_complete or self.definition is None or not self.followed:
            return False
        return all(name in self.fed_whole or name in self.followed for name in self.definition.input_datasets)

    @property
    def awaits_parent(self) -> bool:
        """True while the task has everything but the end of its parent, which it waits for."""
        waits = self.definition is not None and not self.definition.no_wait_parent and not self.contents_complete
        return waits and self.status is TaskStatus.PENDING and self.parent_status == AT_WORK

    @property
    def ready(self) -> int:
        """Number of units that are in no order, those that wait for their release and those that were dropped included."""
        return self.units.count(UnitStatus.READY)

    @property
    def to_do(self) -> int:
        """Number of units that are in no order and are needed, released or not."""
        return self.ready - self.units.dropped

    @property
    def finished(self) -> int:
        """Number of units that are done."""
        return self.units.count(UnitStatus.FINISHED)

    @property
    def failed(self) -> int:
        """Number of units that were given up."""
        return self.units.count(UnitStatus.FAILED)


def initial() -> Task:
    """A task that was not submitted."""
    return Task()


def accounts_of(task: Task) -> FileAccounts:
    """The task's counters as they stand."""
    total = len(task.units)
    return FileAccounts(
        total=total,
        used=total - task.ready - task.units.count(UnitStatus.ORDERED),
        finished=task.finished,
        failed=task.failed,
        jobs_live=task.jobs.counted(),
        jobs_total=task.last_serial,
    )


def is_closed(task: Task) -> bool:
    """True when the task ended; it can still be retried or reloaded."""
    return task.status in FINAL


def belongs(task: Task, command: TaskCommand, by: CommandEnvelope) -> Thing:
    """A task is of the one who submitted it."""
    return Thing(f"task {by.aggregate_id}", task.vo, task.owner)
