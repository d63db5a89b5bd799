"""Jobs of an event service: they take ranges of the events of their input, and the set of these judges their end. Pure.

Guards: the task accounts for such a job once the set has judged it (`commands/ranges`), which is the only one that knows what is
processed. Source: docs/reference/jedi.md, "Event service in brief"; docs/decisions/0104.
"""

from collections.abc import Iterable, Mapping

from commands.decision import FollowUp
from commands.ranges.consumers import ALL_FAILED, TASKBUFFER
from commands.task.job_files import UNMERGED, definition_of
from commands.task.live_jobs import LiveJob
from commands.task.model import Task
from schemas.ranges import AdmitConsumers, ReturnRanges
from schemas.records import replace
from schemas.types import (
    DatasetRole,
    EndedConsumer,
    GeneratedJob,
    InputUnit,
    JobKind,
    JobOutcome,
    NewConsumer,
    OutcomeKind,
    RangeInput,
    RetryAction,
)


def one_file_a_job(task: Task, kind: JobKind) -> bool:
    """True where each job takes ranges of one input unit: what came of them is merged by unit."""
    return kind is JobKind.NORMAL and definition_of(task).rules.events_per_range is not None


def admissions(task: Task, jobs: Iterable[GeneratedJob], units: Mapping[int, InputUnit]) -> tuple[FollowUp, ...]:
    """The set learns which input each of the new jobs has; nothing for a task whose jobs process their input whole."""
    per_range = definition_of(task).rules.events_per_range
    if per_range is None or not units:
        return ()
    pairs = [(job.job_id, units[job.unit_ids[0]]) for job in jobs]
    consumers = tuple(NewConsumer(job_id=job_id, input=_input_of(unit)) for job_id, unit in pairs if unit.events)
    return (FollowUp(str(task.task_id), AdmitConsumers(events_per_range=per_range, consumers=consumers)),)


def awaits_ranges(task: Task, outcome: JobOutcome, job: LiveJob | None) -> bool:
    """True for the end of a job that the set has to judge before the task accounts for it."""
    return job is not None and not outcome.ranges_judged and one_file_a_job(task, job.kind)


def to_be_judged(task: Task, outcomes: Iterable[JobOutcome]) -> tuple[FollowUp, ...]:
    """The set takes back what jobs did not report, and tells the task how far their input is processed."""
    jobs = tuple(
        EndedConsumer(job_id=one.job_id, is_failure=one.kind is OutcomeKind.FAILED, outcome=one) for one in outcomes
    )
    return (FollowUp(str(task.task_id), ReturnRanges(jobs=jobs)),) if jobs else ()


def with_merge(task: Task, outcome: JobOutcome) -> JobOutcome:
    """A judged end as the task records it: what came of the ranges of processed input waits to be merged (es_merge)."""
    definition = definition_of(task)
    if not outcome.ranges_judged or outcome.kind is not OutcomeKind.FINISHED or definition.merge is None:
        return outcome
    if not any(file.role is DatasetRole.OUTPUT for file in outcome.outputs):
        return replace(
            outcome,
            kind=OutcomeKind.FAILED,
            outputs=(),
            action=RetryAction.NO_RETRY,
            error_source=TASKBUFFER,
            error_code=ALL_FAILED,
            error_diagnostic="no pilot named a file that holds what came of the ranges (zipFile)",
        )
    first = next(one for one in definition.outputs if one.role is DatasetRole.OUTPUT and not one.merge_only)
    named = tuple(
        replace(file, dataset=UNMERGED + first.dataset, scope=first.scope) if file.role is DatasetRole.OUTPUT else file
        for file in outcome.outputs
    )
    return replace(outcome, kind=OutcomeKind.MERGING, outputs=named)


def _input_of(unit: InputUnit) -> RangeInput:
    return RangeInput(
        file_id=unit.unit_id, lfn=unit.lfn, scope=unit.scope, guid=unit.guid, first_event=1, events=unit.events or 1
    )
