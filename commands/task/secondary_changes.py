"""What events do to the secondary input of a task. Pure."""

from collections.abc import Iterable, Iterator, Sequence

from commands.task.model import Task
from commands.task.secondaries import FAILED, FINISHED, FREE, USED, Secondaries, Secondary, accounts_with, files_of_a_job
from schemas.task import JobsGenerated, SecondaryInputFed
from schemas.types import GeneratedJob, JobKind, SecondaryAccounts, TaskDefinition, UnitChange


def refined_secondaries(task: Task, definition: TaskDefinition) -> Secondaries:
    """The streams of a new definition: one that is as it was goes on with its list, any other begins empty."""
    before = {} if task.definition is None else dict(zip(task.definition.secondaries, task.secondaries, strict=True))
    found = [before.get(stream) or Secondary() for stream in definition.secondaries]
    for secondary in found:
        secondary.read_again()
    return Secondaries(found)


def secondary_fed(task: Task, event: SecondaryInputFed) -> None:
    """Files go to the list of their stream."""
    secondary = task.secondaries[event.stream]
    assert task.definition is not None
    counted = task.definition.secondaries[event.stream].event_ratio is not None
    secondary.read(event.dataset, event.files, event.skipped, dataset_complete=event.dataset_complete, counted=counted)
    task.awaited.discard(event.dataset)


def secondaries_given(task: Task, event: JobsGenerated) -> None:
    """Units have the files that their jobs were given; those of a job without any of its own share those of its first."""
    if not task.secondaries or event.kind is not JobKind.NORMAL:
        return
    assert task.definition is not None
    for job in event.jobs:
        for one in job.secondaries:
            task.secondaries[one.stream].give((one.unit_id,) if one.unit_id else job.unit_ids, one.first, one.count)
        for stream, secondary in zip(task.definition.secondaries, task.secondaries, strict=True):
            if files_of_a_job(stream, secondary) is not None:
                _share(secondary, job)


def _share(secondary: Secondary, job: GeneratedJob) -> None:
    found = next((one for unit_id in job.unit_ids if (one := secondary.range_of(unit_id)) is not None), None)
    lacking = [unit_id for unit_id in job.unit_ids if secondary.range_of(unit_id) is None]
    if found is not None and lacking:
        secondary.share(lacking, *found)


def secondaries_ended(task: Task, units: Sequence[UnitChange]) -> None:
    """Files of units that are done or given up."""
    for secondary in task.secondaries:
        for change in units:
            if change.finished or change.failed:
                secondary.ended(change.unit_id, FINISHED if change.finished else FAILED)


def accounts_once_given(task: Task, jobs: Iterable[GeneratedJob]) -> tuple[SecondaryAccounts, ...]:
    """Counters of the streams when these jobs have their files."""
    given = (
        (one.stream, place, USED)
        for job in jobs
        for one in job.secondaries
        for place in range(one.first, one.first + one.count)
        if task.secondaries[one.stream].status[place] == FREE
    )
    return accounts_with(task.secondaries, given)


def accounts_once_ended(task: Task, units: Iterable[UnitChange]) -> tuple[SecondaryAccounts, ...]:
    """Counters of the streams when the changes of these units are accounted for."""
    return accounts_with(task.secondaries, _ends(task, tuple(units)))


def _ends(task: Task, units: Sequence[UnitChange]) -> Iterator[tuple[int, int, int]]:
    for number, secondary in enumerate(task.secondaries):
        for change in units:
            if change.finished or change.failed:
                code = FINISHED if change.finished else FAILED
                yield from ((number, place, code) for place in secondary.places_changed(change.unit_id, code))
