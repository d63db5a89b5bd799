"""Ends of jobs rolled up into one command a task, with the retry rules' advice.

In: final job events in the order of the log, retry rules, memory of jobs. Out: `RecordJobOutcomes`, at most 200 ends and 500 kB
each (the outputs of one job may be more, as they were in its event). A
job that ends because its merge job ended says nothing new to its task and is left out.
"""

from collections.abc import Iterator, Mapping, Sequence

from schemas.ids import task_id_of
from schemas.instants import MICROSECONDS
from schemas.job import JobCancelled, JobClosed, JobFailed, JobFinished, JobLost, JobMerging
from schemas.task import RecordJobOutcomes
from schemas.types import EventEnvelope, JobError, JobOutcome, JobUsage, OutcomeKind, RetryAction, RetryRule
from streams.engine.messages import OutgoingCommand, RecordRead, outgoing_command
from streams.engine.record_size import bytes_of, cut
from streams.jedi.retry import DEFAULT_RULES, UNKNOWN_SCOPE, Advice, RulesScope, advise
from streams.jedi.shown import readable

OUTCOMES_MAX = 200
WALLTIME_SECONDS_MAX = 1_000_000_000
ENDINGS = ("JobFinished", "JobMerging", "JobFailed", "JobLost", "JobCancelled", "JobClosed")


def roll_up(
    records: Sequence[RecordRead],
    rules: Sequence[RetryRule] | None,
    memory: Mapping[int, int],
    cores: Mapping[int, int] | None = None,
    scopes: Mapping[int, RulesScope] | None = None,
) -> Iterator[OutgoingCommand]:
    """One command for each task among `records`, or several when more of its jobs ended than one may tell.

    rules: None for the built-in ones. memory: job id -> MB per core it had, as far as known. cores: of the
    jobs that have several. scopes: what rules may be limited to, as far as known.
    """
    by_task: dict[int, list[tuple[JobOutcome, EventEnvelope]]] = {}
    for one in records:
        job_id = int(one.cause.aggregate_id)
        known = DEFAULT_RULES if rules is None else rules
        scope = (scopes or {}).get(job_id, UNKNOWN_SCOPE)
        outcome = outcome_of(job_id, one.message, known, memory.get(job_id, 0), (cores or {}).get(job_id, 1), scope)
        if outcome is not None and task_id_of(job_id):
            by_task.setdefault(task_id_of(job_id), []).append((outcome, one.cause))
    for task_id, rows in by_task.items():
        for chunk in cut(rows, lambda row: bytes_of(row[0].to_avro()), OUTCOMES_MAX):
            command = RecordJobOutcomes(outcomes=tuple(outcome for outcome, _ in chunk))
            yield outgoing_command(command, str(task_id), [cause for _, cause in chunk])


def outcome_of(
    job_id: int,
    event: object,
    rules: Sequence[RetryRule],
    ram_mb: int,
    cores: int = 1,
    scope: RulesScope = UNKNOWN_SCOPE,
) -> JobOutcome | None:
    """How the job ended for its task; None for an end the task knows of already. ram_mb: memory per core that it had."""
    match event:
        case JobFinished():
            if event.merge_job_id is not None:
                return None
            return _success(job_id, OutcomeKind.FINISHED, event)
        case JobMerging():
            return _success(job_id, OutcomeKind.MERGING, event)
        case JobFailed():
            measured = (event.usage.rss_kb_max or 0) // 1024 if event.usage else 0
            advice = advise(event.errors, rules, ram_mb or measured, measured // cores, scope)
            return _failure(job_id, advice, _walltime(event), _events(event.usage))
        case JobLost():
            return _failure(job_id, advise(event.errors, rules, ram_mb, event.memory_mb // cores, scope))
        case JobCancelled():
            return _stopped(job_id, OutcomeKind.CANCELLED, event.errors)
        case JobClosed():
            return _stopped(job_id, OutcomeKind.CLOSED, event.errors)
        case _:
            raise AssertionError(f"{type(event).__name__} is no end of a job")


def _success(job_id: int, kind: OutcomeKind, event: JobFinished | JobMerging) -> JobOutcome:
    return JobOutcome(
        job_id=job_id,
        kind=kind,
        outputs=event.outputs,
        events=_events(event.usage),
        usage=event.usage,
        walltime_seconds=_walltime(event),
    )


def _walltime(event: JobFinished | JobMerging | JobFailed) -> int | None:
    """Seconds from its start to its end as its pilot reported them; None where it did not, or they make no sense."""
    if event.started_at is None or event.ended_at is None or event.started_at > event.ended_at:
        return None
    return min((event.ended_at - event.started_at) // MICROSECONDS, WALLTIME_SECONDS_MAX)


def _failure(job_id: int, advice: Advice, walltime: int | None = None, events: int | None = None) -> JobOutcome:
    return JobOutcome(
        job_id=job_id,
        kind=OutcomeKind.FAILED,
        walltime_seconds=walltime,
        events=events,
        action=advice.action,
        ram_mb=advice.ram_mb,
        attempts_max=advice.attempts_max,
        on_trial=advice.on_trial,
        error_source=advice.error.source if advice.error else None,
        error_code=advice.error.code if advice.error else None,
        error_diagnostic=readable(advice.error.diagnostic) if advice.error else None,
    )


def _stopped(job_id: int, kind: OutcomeKind, errors: Sequence[JobError]) -> JobOutcome:
    first = errors[0] if errors else None
    return JobOutcome(
        job_id=job_id,
        kind=kind,
        action=RetryAction.RETRY,
        error_source=first.source if first else None,
        error_code=first.code if first else None,
        error_diagnostic=readable(first.diagnostic) if first else None,
    )


def _events(usage: JobUsage | None) -> int | None:
    return usage.events if usage else None
