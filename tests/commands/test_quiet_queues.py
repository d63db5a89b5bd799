"""Since when no pilot has come to a queue where jobs wait; through the aggregate, without Kafka."""

from schemas.queue import EndLeases, JobQueued
from schemas.types import OutcomeKind
from tests.commands.builders import (
    QUEUE,
    a_definition,
    a_running_task,
    account,
    end,
    generate_all,
    job,
    lease,
)
from tests.commands.in_memory import MINUTE, START, Culm


def quiet_since(culm: Culm) -> list[int]:
    """Minutes after the start that the events of jobs that begin to wait say."""
    return [(event.quiet_since - START) // MINUTE for event, _ in culm.events if isinstance(event, JobQueued)]


def test_a_queue_is_quiet_from_its_first_waiting_job_on() -> None:
    culm = a_running_task(a_definition(events_total=2))
    culm.now += 60 * MINUTE

    account(culm, job(1), OutcomeKind.FAILED)
    generate_all(culm)

    assert quiet_since(culm) == [0, 0, 0]


def test_a_queue_is_quiet_from_the_last_pilot_on() -> None:
    culm = a_running_task(a_definition(events_total=2))
    culm.now += 60 * MINUTE
    taken = lease(culm) or 0
    culm.now += MINUTE

    account(culm, taken, OutcomeKind.FAILED)
    generate_all(culm)

    assert quiet_since(culm) == [0, 0, 60]


def test_a_queue_that_was_empty_is_quiet_from_its_next_job_on() -> None:
    culm = a_running_task(a_definition(events_total=1))
    taken = lease(culm) or 0
    end(culm, taken, succeeded=False)
    culm.send(EndLeases(job_ids=(taken,)), QUEUE, role="system")
    culm.now += 600 * MINUTE

    account(culm, taken, OutcomeKind.FAILED)
    generate_all(culm)

    assert quiet_since(culm) == [0, 600]
