"""Events of a small task, for tests of its rows."""

from schemas.ids import job_id_of
from schemas.task import (
    ContentsFed,
    JobOutcomesRecorded,
    TaskRefined,
)
from schemas.types import (
    JobOutcome,
    OutcomeKind,
    UnitChange,
)
from tests.projections.sample_history import (
    INPUT,
    Said,
    a_definition,
    a_unit,
    accounts,
    an_output,
    generated,
    ordered,
    submitted,
)

TASK = 10_000_001
ONE = job_id_of(TASK, 1)


def until_running() -> list[Said]:
    """A task of two units with a job each."""
    units = (a_unit(1), a_unit(2))
    return [
        (submitted(TASK), TASK),
        (TaskRefined(definition=a_definition(), parameters_revision=0), TASK),
        (ContentsFed(dataset=INPUT, units=units, complete=True, accounts=accounts(total=2)), TASK),
        (ordered(TASK, 1, units), TASK),
        (generated(TASK, 1, {1: (1,), 2: (2,)}, total=2, used=2, jobs_live=2, jobs_total=2), TASK),
    ]


def outcome(job_id: int, kind: OutcomeKind, *changes: UnitChange, **counts: int) -> Said:
    """The end of a job and what it does to the input."""
    files = (an_output(1),) if kind is OutcomeKind.FINISHED else ()
    outcomes = (JobOutcome(job_id=job_id, kind=kind, outputs=files),)
    return JobOutcomesRecorded(outcomes=outcomes, units=changes, accounts=accounts(**counts)), TASK


def unit_is(number: int, *, finished: bool = False, failed: bool = False) -> UnitChange:
    """A change of an input unit; neither finished nor failed is ready again."""
    return UnitChange(unit_id=number, finished=finished, failed=failed, attempt=1, failed_attempt=1)
