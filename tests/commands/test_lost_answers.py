"""A pilot whose answer was lost asks again under the same id, and has the job that it was given."""

from typing import Any

from commands.queue.model import DispatchQueue
from commands.queue.snapshot import SNAPSHOT
from commands.snapshot import MAIN
from schemas.queue import EndLeases, ExpireLease, JobLeased, LeaseJob, RenewLeases
from schemas.types import JobsSeen, PilotOffer
from tests.commands.builders import QUEUE, a_running_task, end, lease
from tests.commands.in_memory import Culm

SECOND = 1_000_000


def leases(culm: Culm) -> list[JobLeased]:
    return [message for message, _ in culm.events if isinstance(message, JobLeased)]


def seen(culm: Culm, job_id: int) -> None:
    beat = (JobsSeen(actor="pilot-1", job_ids=(job_id,)),)
    culm.send(RenewLeases(seen=beat, seen_at=culm.now + SECOND), QUEUE, role="system")


def asked(culm: Culm, request_id: str = "r1") -> Any:
    offer = PilotOffer(pilot="pilot-1", label="unified", request_id=request_id)
    return culm.send(LeaseJob(offer=offer), QUEUE, actor="pilot-1", role="pilot")


def test_the_same_request_has_the_same_job_under_the_same_lease() -> None:
    culm = a_running_task()
    first, again = asked(culm), asked(culm)

    assert first.leased is not None
    assert (again.accepted, again.repeated) == (True, False)
    assert again.leased == first.leased
    assert [event.request_id for event in leases(culm)] == ["r1"]
    assert culm.state("queue", QUEUE).leases.keys() == {first.leased.spec.job_id}


def test_another_request_and_one_without_an_id_have_another_job() -> None:
    culm = a_running_task()

    found = {lease(culm, request_id=request_id) for request_id in ("r1", "r2", "")}

    assert (len(found), None in found) == (3, False)
    assert lease(culm) is None, "there are three jobs"


def test_a_pilot_has_no_share_in_the_request_of_another() -> None:
    culm = a_running_task()

    assert lease(culm, "pilot-1", request_id="r1") != lease(culm, "pilot-2", request_id="r1")
    offer = LeaseJob(offer=PilotOffer(pilot="pilot-1", label="unified", request_id="r1"))
    answer = culm.send(offer, QUEUE, actor="pilot-1", role="pilot", vo="lsst")
    assert (answer.leased, answer.reason) == (None, "NO_JOBS")


def test_a_request_whose_job_has_begun_has_no_job_any_more() -> None:
    culm = a_running_task()
    job_id = asked(culm).leased.spec.job_id
    seen(culm, job_id)

    again = asked(culm)

    assert (again.leased, again.reason) == (None, "NO_JOBS")
    assert again.message == f"this request was answered with job {job_id}, which has begun; ask with another request_id"
    assert len(leases(culm)) == 1


def test_a_request_of_a_lease_that_ended_has_the_next_job() -> None:
    culm = a_running_task()
    first = asked(culm).leased.spec.job_id
    given = culm.last(JobLeased)

    culm.send(ExpireLease(job_id=first, lease_id=given.lease_id, at=given.due_at, watched_since=0), QUEUE, role="system")
    second = asked(culm).leased.spec.job_id
    end(culm, second)
    culm.send(EndLeases(job_ids=(second,)), QUEUE, role="system")
    third = asked(culm).leased.spec.job_id

    assert len({first, second, third}) == 3


def test_a_restart_forgets_no_request_and_gives_no_job_that_has_begun() -> None:
    culm = a_running_task()
    begun = asked(culm, "r1").leased.spec.job_id
    waits = asked(culm, "r2").leased.spec.job_id
    queue: DispatchQueue = culm.state("queue", QUEUE)
    # The row of a lease is written when it is given; the times in pages of their own change with a heartbeat.
    written = dict(SNAPSHOT.rows(queue, (f"job-{begun}",)))
    seen(culm, begun)
    rows = dict(SNAPSHOT.rows(queue, (MAIN, *SNAPSHOT.names(queue)))) | written

    again = SNAPSHOT.restored(rows)

    assert again.leases == dict(queue.leases)
    assert again.requests == {("wlcg", "pilot-1", "r1"): begun, ("wlcg", "pilot-1", "r2"): waits}
    assert written[f"job-{begun}"].spec is not None
    assert [again.leases[job_id].given is None for job_id in (begun, waits)] == [True, False]
