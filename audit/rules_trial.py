"""What another set of retry rules would have saved: the failures of a recorded time judged again. Pure.

In: events of jobs, then those of their tasks, each in the order of the log; the rules to try. Out: a tally. A job is saved when
all its input would have been given up before it was made. Guards: nothing is guessed; what a saved job did in fact stands beside
it, so that results which the rules would have cost are seen. Memory costs the failed jobs and the input of jobs in that time.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from schemas.instants import MICROSECONDS
from schemas.job import JobCancelled, JobClosed, JobDefined, JobFailed, JobFinished, JobLost, JobMerging, JobStarted
from schemas.reading import Recorded
from schemas.task import JobOutcomesRecorded, JobsGenerated, TaskRetried
from schemas.types import JobError, JobKind, JobOutcome, OutcomeKind, RetryAction, RetryRule
from streams.jedi.retry import UNKNOWN_SCOPE, RulesScope, advise

SECONDS_AN_HOUR = 3600
#: Whether more memory is to be had depends on what the job was given, which is not read here.
TRIED_AGAIN = frozenset(
    {
        RetryAction.RETRY,
        RetryAction.MORE_MEMORY,
        RetryAction.MEMORY_BY_FACTOR,
        RetryAction.LESS_INPUT,
        RetryAction.MORE_CPU_TIME,
    }
)
ENDS = (JobFinished, JobMerging, JobFailed, JobLost, JobCancelled, JobClosed)


@dataclass(slots=True)
class RulesTally:
    """What would change. failures: how many were judged; unknown: those whose errors are not in the recorded time.

    advice: (family, code, recorded action, tried action) -> failures that would have been advised otherwise. saved: jobs that
    would not have been made; finished: of these, those that finished in fact. seconds: what the saved ones ran.
    """

    failures: int = 0
    unknown: int = 0
    saved: int = 0
    finished: int = 0
    seconds: int = 0
    advice: Counter[tuple[str, int, str, str]] = field(default_factory=Counter)

    def sentence(self) -> str:
        """`would save 12 jobs (3.5 h), of which 1 finished; 30 failures judged, 14 advised otherwise, 0 without their errors`."""
        hours = self.seconds / SECONDS_AN_HOUR
        return (
            f"would save {self.saved:,} jobs ({hours:,.1f} h), of which {self.finished:,} finished; {self.failures:,} failures"
            f" judged, {sum(self.advice.values()):,} advised otherwise, {self.unknown:,} without their errors"
        )


@dataclass(slots=True)
class RecordedJobs:
    """What the events of jobs say: errors of those that failed, for how long (s) each ran, and which rules may be for it."""

    errors: dict[int, tuple[JobError, ...]] = field(default_factory=dict)
    seconds: dict[int, int] = field(default_factory=dict)
    scopes: dict[int, RulesScope] = field(default_factory=dict)
    _began: dict[int, int] = field(default_factory=dict)

    def see(self, record: Recorded) -> None:
        """One event of a job."""
        job_id, at = int(record.event.aggregate_id), record.event.occurred_at
        match record.message:
            case JobDefined() as event:
                spec = event.spec
                self.scopes[job_id] = RulesScope(spec.architecture, spec.release, spec.share, spec.retry_rule_set)
            case JobStarted() as event:
                self._began[job_id] = event.started_at or at
            case JobFailed() | JobLost() as event:
                self.errors[job_id] = event.errors
            case _:
                pass
        if isinstance(record.message, ENDS) and (began := self._began.pop(job_id, None)) is not None:
            self.seconds[job_id] = max(0, at - began) // MICROSECONDS


@dataclass(slots=True)
class _Input:
    """Input of one task: how many jobs of a unit ended badly, which units would be given up, units of the jobs at work."""

    units: dict[int, tuple[int, ...]] = field(default_factory=dict)
    attempts: Counter[int] = field(default_factory=Counter)
    given_up: set[int] = field(default_factory=set)
    saved: set[int] = field(default_factory=set)


def try_rules(tasks: Iterable[Recorded], jobs: RecordedJobs, rules: Sequence[RetryRule]) -> RulesTally:
    """What `rules` would change of the failures in `tasks` (events of tasks, those of each in order)."""
    tally, inputs = RulesTally(), dict[str, _Input]()
    for record in tasks:
        held = inputs.setdefault(record.event.aggregate_id, _Input())
        match record.message:
            case JobsGenerated(kind=JobKind.NORMAL) as event:
                for job in event.jobs:
                    held.units[job.job_id] = job.unit_ids
                    if job.unit_ids and held.given_up.issuperset(job.unit_ids):
                        held.saved.add(job.job_id)
            case JobOutcomesRecorded() as event:
                for outcome in event.outcomes:
                    _ended(held, outcome, jobs, rules, tally)
            case TaskRetried() as event:
                held.given_up.difference_update(event.units)
                for unit_id in event.units:
                    del held.attempts[unit_id]
            case _:
                pass
    return tally


def _ended(held: _Input, outcome: JobOutcome, jobs: RecordedJobs, rules: Sequence[RetryRule], tally: RulesTally) -> None:
    units = held.units.pop(outcome.job_id, ())
    if outcome.job_id in held.saved:
        held.saved.discard(outcome.job_id)
        tally.saved += 1
        tally.finished += outcome.kind in (OutcomeKind.FINISHED, OutcomeKind.MERGING)
        tally.seconds += jobs.seconds.get(outcome.job_id, 0)
        return
    if outcome.kind is not OutcomeKind.FAILED:
        return
    errors = jobs.errors.get(outcome.job_id)
    if errors is None:
        tally.unknown += 1
        return
    tally.failures += 1
    advice = advise(errors, rules, outcome.ram_mb or 0, scope=jobs.scopes.get(outcome.job_id, UNKNOWN_SCOPE))
    if advice.action is not outcome.action and not {advice.action, outcome.action} <= TRIED_AGAIN:
        error = advice.error or JobError(source="", code=0, diagnostic="")
        tally.advice[(error.source, error.code, outcome.action.value, advice.action.value)] += 1
    held.attempts.update(units)
    over = advice.action is RetryAction.NO_RETRY
    limit = advice.attempts_max
    held.given_up.update(unit for unit in units if over or (limit is not None and held.attempts[unit] >= limit))
