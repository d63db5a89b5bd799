"""Jobs of a task that live as rows: a page for each order, and a row for each job whose outputs wait for their merge. Pure."""

from array import array
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from commands.snapshot import Row
from commands.task.live_jobs import JobPage, JobState, LiveJobs
from commands.task.model import Task, Unmerged
from commands.undo import UndoArray, UndoBytes, UndoDict, UndoList
from schemas.ids import JOBS_PER_TASK
from schemas.task import JobPageSnapshot, UnmergedSnapshot
from schemas.types import JobKind, JobOutcome

PAGE, UNMERGED = "jobs-", "unmerged-"


def of_serials(jobs: LiveJobs, serials: Iterable[int]) -> set[str]:
    """Names of the pages that these jobs stand in, and of their rows while they wait for a merge."""
    found = set()
    for serial in serials:
        first = jobs.page_of(serial)
        if first is not None:
            found.add(f"{PAGE}{first}")
            found.add(f"{UNMERGED}{serial}")
    return found


def of_outcomes(task: Task, outcomes: Iterable[JobOutcome]) -> set[str]:
    """Names of the rows that ends of jobs change; the end of a merge job changes those of the jobs that it merged."""
    serials: list[int] = []
    for outcome in outcomes:
        serials.append(outcome.job_id % JOBS_PER_TASK)
        job = task.job(outcome.job_id)
        if job is not None and job.kind is JobKind.MERGE:
            serials += job.units
    return of_serials(task.jobs, serials)


def names(task: Task) -> Iterable[str]:
    """All rows of jobs."""
    yield from (f"{PAGE}{page.first}" for page in task.jobs.pages)
    yield from (f"{UNMERGED}{serial}" for serial in task.unmerged)


def rows(task: Task, wanted: Collection[str]) -> Iterator[Row]:
    """Those of the wanted rows that are about jobs."""
    for name in wanted:
        if name.startswith(PAGE):
            yield name, _page_row(task.jobs.page_at(int(name.removeprefix(PAGE))))
        elif name.startswith(UNMERGED):
            row = task.unmerged.get(int(name.removeprefix(UNMERGED)))
            yield name, None if row is None else _unmerged_row(row)


def restored(found: Mapping[str, Any]) -> tuple[LiveJobs, UndoDict[int, Unmerged]]:
    """The jobs that the rows make, and those that wait for a merge."""
    pages = sorted((_page(row) for name, row in found.items() if name.startswith(PAGE)), key=lambda page: page.first)
    counts = [sum(page.state.count(state) for page in pages) for state in JobState]
    waiting = sorted((row.job.serial, row) for name, row in found.items() if name.startswith(UNMERGED))
    unmerged = {serial: Unmerged(row.job, row.units, row.merge_attempt) for serial, row in waiting}
    return LiveJobs(UndoList(pages), UndoArray("q", counts)), UndoDict(unmerged)


def _unmerged_row(row: Unmerged) -> UnmergedSnapshot:
    return UnmergedSnapshot(job=row.job, units=row.units, merge_attempt=row.merge_attempt)


def _page_row(page: JobPage | None) -> JobPageSnapshot | None:
    if page is None:
        return None
    return JobPageSnapshot(
        first=page.first,
        kind=page.kind,
        queues=page.queues,
        queue=tuple(page.queue),
        attempts=tuple(page.attempts),
        units=tuple(page.units),
        ends=tuple(page.ends),
        states=bytes(page.state),
    )


def _page(row: JobPageSnapshot) -> JobPage:
    return JobPage(
        first=row.first,
        kind=row.kind,
        queues=row.queues,
        queue=array("H", row.queue),
        attempts=array("I", row.attempts),
        units=array("I", row.units),
        ends=array("I", row.ends),
        state=UndoBytes(row.states),
    )
