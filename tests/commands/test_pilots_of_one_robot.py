"""Pilots that share one subject: a report counts from the one that took the lease."""

import pytest

from schemas.job import JobFailed, ReportJobEnd, ReportJobProgress
from schemas.types import ReportedState
from tests.commands.builders import a_running_task, lease
from tests.commands.in_memory import Culm

REFUSED = "the report is of pilot {pilot!r} on node {node!r}, another pilot holds the job"


def held(**offer: str) -> tuple[Culm, int]:
    """A job that the robot pilot-1 leased."""
    culm = a_running_task()
    job_id = lease(culm, **offer)
    assert job_id is not None
    return culm, job_id


def say(culm: Culm, job_id: int, pilot_id: str, node: str, state: ReportedState = ReportedState.RUNNING) -> str | None:
    """Why a sign of life is refused; None when it is not."""
    command = ReportJobProgress(attempt=1, state=state, pilot_id=pilot_id, node=node)
    answer = culm.send(command, str(job_id), actor="pilot-1", role="pilot")
    assert answer.pilot_command == (None if answer.accepted else "tobekilled")
    return None if answer.accepted else answer.reason


def end(culm: Culm, job_id: int, pilot_id: str, node: str) -> str | None:
    """Why a final report is refused; None when it is not."""
    command = ReportJobEnd(attempt=1, succeeded=False, pilot_id=pilot_id, node=node)
    return culm.send(command, str(job_id), actor="pilot-1", role="pilot").reason


@pytest.mark.parametrize(("pilot_id", "node"), [
    ("unknown|PR|3.7", "n2"), ("other|PR|3.7", "n1"), ("", "n1"), ("unknown|PR|3.7", ""), ("", ""),
])  # fmt: skip
def test_another_pilot_of_the_robot_neither_changes_nor_ends_the_job(pilot_id: str, node: str) -> None:
    culm, job_id = held(node="n1")
    say(culm, job_id, "unknown|PR|3.7", "n1", ReportedState.STARTING)

    assert say(culm, job_id, pilot_id, node) == "OTHER_PILOT"
    assert end(culm, job_id, pilot_id, node) == "OTHER_PILOT"
    assert culm.state("job", job_id).status == "starting"


def test_the_refusal_names_the_sender_and_not_the_holder() -> None:
    culm, job_id = held(node="n1")
    say(culm, job_id, "unknown|PR|3.7", "n1")

    command = ReportJobEnd(attempt=1, succeeded=True, pilot_id="mine|PR", node="n2")
    answer = culm.send(command, str(job_id), actor="pilot-1", role="pilot")

    assert answer.message == REFUSED.format(pilot="mine|PR", node="n2")


def test_the_first_report_that_names_its_pilot_is_of_the_node_that_took_the_lease() -> None:
    culm, job_id = held(node="n1")

    assert say(culm, job_id, "unknown|PR|3.7", "n2") == "OTHER_PILOT"
    assert end(culm, job_id, "unknown|PR|3.7", "n2") == "OTHER_PILOT"
    assert say(culm, job_id, "unknown|PR|3.7", "n1") is None


def test_a_pilot_that_learns_its_batch_system_later_is_the_same_one() -> None:
    culm, job_id = held(node="n1")
    say(culm, job_id, "gtag|PR|3.7", "n1", ReportedState.STARTING)

    assert say(culm, job_id, "gtag|Condor|PR|3.7", "n1") is None
    assert end(culm, job_id, "gtag|Condor|PR|3.7", "n1") is None
    assert culm.last(JobFailed)


def test_a_pilot_without_an_id_is_believed_on_its_lease_alone() -> None:
    culm, job_id = held(node="n1")

    assert say(culm, job_id, "", "another") is None
    assert end(culm, job_id, "", "third") is None


def test_a_job_that_a_harvester_asked_for_is_reported_from_where_it_runs() -> None:
    culm, job_id = held(node="vm-of-harvester", harvester_id="h")

    assert say(culm, job_id, "unknown|PR|3.7", "n1") is None
    assert end(culm, job_id, "", "") is None


def test_a_worker_of_a_harvester_that_asks_by_itself_is_bound_to_its_node() -> None:
    culm, job_id = held(node="n1", harvester_id="h", worker_id="h:7")

    assert say(culm, job_id, "unknown|PR|3.7", "n2") == "OTHER_PILOT"


def test_the_node_and_id_are_forgotten_at_the_end() -> None:
    culm, job_id = held(node="n1")
    say(culm, job_id, "unknown|PR|3.7", "n1")

    end(culm, job_id, "unknown|PR|3.7", "n1")

    job = culm.state("job", job_id)
    assert (job.node, job.pilot_id, end(culm, job_id, "unknown|PR|3.7", "n1")) == ("", "", None)
