"""A task that is put into another global share, with its jobs."""

import pytest

from commands.task.snapshot import SNAPSHOT
from schemas.queue import JobQueued, JobSharesAssigned
from schemas.task import AssignShare, KillTask, TaskShareAssigned
from tests.commands.builders import QUEUE, TASK, a_definition, a_running_task, lease, the_task
from tests.commands.in_memory import Culm


def assign(culm: Culm, role: str = "operator", *, running: bool = False) -> str | None:
    reason: str | None = culm.send(AssignShare(share="Express", running=running), str(TASK), role=role).reason
    return reason


def test_the_row_of_the_definition_is_written_again() -> None:
    culm = a_running_task(a_definition(events_total=1))

    assert list(SNAPSHOT.changed(the_task(culm), TaskShareAssigned(share="Express"))) == ["definition"]


def test_the_jobs_that_wait_and_those_made_from_now_on_are_of_the_share() -> None:
    culm = a_running_task(a_definition(events_total=3))
    lease(culm)

    assert assign(culm) is None

    assert [event.share for event, _ in culm.events if isinstance(event, TaskShareAssigned)] == ["Express"]
    (moved,) = [event for event, _ in culm.events if isinstance(event, JobSharesAssigned)]
    assert len(moved.job_ids) == 2
    definition = the_task(culm).definition
    assert definition is not None
    assert definition.share == "Express"
    queue = culm.state("queue", QUEUE)
    assert {job.needs.share for job in queue.waiting.values()} == {"Express"}


def test_jobs_of_a_task_are_queued_with_its_share() -> None:
    culm = a_running_task(a_definition(events_total=1, share="Analysis"))

    assert [event.spec.share for event, _ in culm.events if isinstance(event, JobQueued)] == ["Analysis"]


@pytest.mark.parametrize(("running", "held"), [(False, "Undefined"), (True, "Express")])
def test_jobs_at_work_go_along_if_that_is_asked(running: bool, held: str) -> None:
    culm = a_running_task(a_definition(events_total=2))
    lease(culm)

    assign(culm, running=running)

    assert [one.share for one in culm.state("queue", QUEUE).leases.values()] == [held]


def test_the_same_share_again_is_no_event_and_a_user_may_not() -> None:
    culm = a_running_task(a_definition(events_total=2))
    assign(culm)
    count = len(culm.events)

    assert [assign(culm), assign(culm, role="user")] == [None, "NOT_PERMITTED"]
    assert len(culm.events) == count


def test_a_task_that_ended_keeps_its_share() -> None:
    culm = a_running_task(a_definition(events_total=1))
    culm.send(KillTask(), str(TASK))

    assert assign(culm) == "WRONG_STATUS"
