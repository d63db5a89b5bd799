"""What moves a task and its jobs: for each of them a reaction that is to come, another job, a deadline or clock, or a person.

In: a system in memory after any history, the rows of deadlines that its events make, the clocks there are. Out: by name of the
task or job what moves it, empty for one that nothing moves. Lengths of 0 are clocks that never ring.
"""

from collections.abc import Collection, Iterator

from commands.job.model import FINAL, HELD, JobStatus
from commands.task.live_jobs import LiveJob
from commands.task.model import AT_WORK, Task
from commands.task.transitions import FINAL as ENDED
from commands.task.transitions import TaskStatus
from projections.deadlines.apply import apply
from projections.deadlines.tables import DEADLINE
from projections.engine.changes import RowChanges, TableShape
from schemas.clocks import BUILT_IN, JobClock
from schemas.ids import job_id_of
from schemas.job import JobDefined
from schemas.reading import Place, Recorded
from streams.engine.decoder import Decoder
from streams.facts.extract import HELD as HELD_FACTS
from streams.facts.reader import Facts
from streams.processors import listeners
from tests.commands.in_memory import Culm

SHAPE = TableShape("deadline", ("kind", "aggregate", "aggregate_id", "key"), dict.fromkeys(
    (column.name for column in DEADLINE.columns if column.computed is None), None
))  # fmt: skip


def reactions(culm: Culm) -> frozenset[str]:
    """Names of the events to which a processor of Culm reacts."""
    facts = Facts("nowhere", Decoder(culm.codec))
    found = listeners(Decoder(culm.codec), None, facts, "http://127.0.0.1")  # type: ignore[arg-type]  # nothing is sent
    return frozenset().union(*(kinds_of(listener) for listener in found))


def kinds_of(listener: object) -> frozenset[str]:
    """Names of the records that a listener asks about."""
    return getattr(listener, "_kinds", frozenset())


def deadlines(culm: Culm) -> set[tuple[str, str]]:
    """Kind and subject (task, or job of a lease) of every deadline that the events so far set."""
    changes = RowChanges([SHAPE])
    for number, (message, envelope) in enumerate(culm.events):
        apply(Recorded(Place("t", 0, number), message, envelope), changes)
    rows = (change.row for change in changes.of("deadline").values())
    return {(row["kind"], row["key"] or row["aggregate_id"]) for row in rows if row is not None}


def moved_by(
    culm: Culm, task_id: int, kinds: frozenset[str], rows: set[tuple[str, str]], clocks: Collection[JobClock] = BUILT_IN
) -> dict[str, str]:
    """By `task` and by job id, what moves it."""
    task: Task = culm.state("task", task_id)
    of_task = {kind for kind, about in rows if about == str(task_id)} | levels(culm, task_id)
    found = {"task": next(_task(task, kinds, of_task), "")}
    for event, _ in culm.events:
        if isinstance(event, JobDefined):
            job_id = event.spec.job_id
            found[str(job_id)] = next(_job(culm, task, job_id, event.spec.label, kinds, rows, clocks), "")
    return found


def levels(culm: Culm, task_id: int) -> set[str]:
    """`level` where the facts, from which throttled orders are woken, say that one of the task waits for a level."""
    waits = False
    for message, envelope in culm.events:
        name = type(message).__name__
        if envelope.aggregate_id == str(task_id) and "ThrottledTask" in HELD_FACTS.get(name, ()):
            waits = name == "TaskThrottled"
    return {"level"} if waits else set()


#: Status -> what moves a task in it: the event to which a processor reacts, or a deadline.
BEGINNING = {
    TaskStatus.WAITING: "submission", TaskStatus.REGISTERED: "TaskSubmitted", TaskStatus.REREFINE: "TaskReloaded",
}  # fmt: skip


def _task(task: Task, kinds: frozenset[str], rows: set[str]) -> Iterator[str]:
    if task.status in ENDED or task.status is TaskStatus.UNKNOWN:
        yield "it has ended"
    if task.status is TaskStatus.PAUSED or task.aside:
        yield "a person"
    if task.status is TaskStatus.EXHAUSTED:
        yield from ("deadline exhausted",) if "exhausted" in rows else ()
        yield from ("a person",) if task.definition is not None and not task.definition.auto_finish else ()
        return
    if task.status in BEGINNING and BEGINNING[task.status] in kinds | rows:
        yield "reaction refine, or deadline submission"
    yield from _work(task, kinds, rows)


def _work(task: Task, kinds: frozenset[str], rows: set[str]) -> Iterator[str]:
    if task.jobs.counted():
        yield "its jobs"
    parked = [order.parked for order in task.orders.values()]
    if not all(parked) and "JobsOrdered" in kinds:
        yield "reaction generate"
    if any(parked) and {"parked", "pending"} <= rows:
        yield "deadlines parked, pending"
    if any(parked) and "level" in rows:
        yield "the level that it waits for"
    if task.awaited and ("input" in rows or task.parent_status == AT_WORK):
        yield "deadline input"
    if task.parent_status == AT_WORK:
        yield "its parent"
    if task.units.gate.held:
        yield "a person"


def _job(
    culm: Culm, task: Task, job_id: int, label: str, kinds: frozenset[str], rows: set[tuple[str, str]],
    clocks: Collection[JobClock],
) -> Iterator[str]:  # fmt: skip
    job = culm.state("job", job_id)
    if job.status in FINAL:
        known: LiveJob | None = task.job(job_id)
        ended = {"finished": "JobFinished", "failed": "JobFailed", "cancelled": "JobCancelled", "closed": "JobClosed"}
        yield from ("it has ended",) if known is None else ()
        yield from ("reaction outcomes",) if ended[job.status] in kinds else ()
        return
    if job.status is JobStatus.MERGING:
        serials = {job_id_of(task.task_id, serial) for serial in task.unmerged}
        yield from ("its merge",) if job_id in serials else ()
        yield from ("reaction outcomes",) if "JobMerging" in kinds else ()
        return
    if job.status in HELD and ("lease", str(job_id)) not in rows:
        return
    yield from (f"clock {clock.name}" for clock in clocks if _fits(clock, job.status, label))


def _fits(clock: JobClock, status: str, label: str) -> bool:
    """True for a clock that rings for the job for certain, if nothing else happens at its queue.

    Its age counts where nothing else is bounded: a job that runs has its lease, and no limit of its own.
    """
    is_users = label in ("user", "panda")
    asked = clock.quiet_queue_seconds or clock.quiet_task_seconds or (clock.name == "age" and status != "running")
    return clock.seconds > 0 and not asked and status in clock.statuses and clock.user in (None, is_users)
