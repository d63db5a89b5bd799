"""What a revoked pilot holds is taken back at once, and runs elsewhere; no one else's lease is touched."""

import pytest

from identity.agents import subject_of_agent
from schemas.job import JobLost, ReportJobEnd
from schemas.queue import LeaseJob, LeasesEnded, RevokeLeases
from schemas.types import LossCause, PilotOffer
from tests.commands.builders import QUEUE, a_definition, a_running_task, lease
from tests.commands.in_memory import Culm

CODE = "c" * 64


def revoke(culm: Culm, vo: str = "wlcg", **whose: str) -> None:
    assert culm.send(RevokeLeases(**whose), QUEUE, actor="administrator", role="system", vo=vo).accepted


def two_leased() -> tuple[Culm, int, int]:
    """A system in which two pilots hold a job each."""
    culm = a_running_task(a_definition(events_total=4))
    return culm, lease(culm, "pilot-1") or 0, lease(culm, "pilot-2") or 0


def test_the_jobs_of_a_revoked_pilot_are_lost_to_it_and_no_others() -> None:
    culm, first, second = two_leased()

    revoke(culm, holder="pilot-1")

    assert culm.last(LeasesEnded).leases[0].job_id == first
    assert culm.last(JobLost).cause is LossCause.HOLDER_REVOKED
    assert culm.last(JobLost).errors[0].diagnostic == "taken from its pilot, which is believed no more"
    assert list(culm.state("queue", QUEUE).leases) == [second]
    assert culm.state("job", second).status == "sent"


def test_a_report_that_comes_after_all_changes_nothing() -> None:
    culm, first, _ = two_leased()
    revoke(culm, holder="pilot-1")

    answer = culm.send(ReportJobEnd(attempt=1, succeeded=True), str(first), actor="pilot-1", role="pilot")

    assert (answer.accepted, answer.reason, answer.pilot_command) == (False, "ALREADY_FINAL", "tobekilled")


def test_revoking_again_or_one_who_holds_nothing_is_no_event() -> None:
    culm, _, _ = two_leased()
    revoke(culm, holder="pilot-1")
    events = len(culm.events)

    revoke(culm, holder="pilot-1")
    revoke(culm, holder="no-one")
    revoke(culm, enrolment=CODE)

    assert culm.names(events) == []


def test_the_end_of_an_enrolment_ends_the_leases_of_every_worker_that_came_of_it() -> None:
    culm = a_running_task(a_definition(events_total=4))
    held = []
    for worker in ("w1", "w2"):
        offer = PilotOffer(pilot=worker, label="unified", worker_id=worker)
        answer = culm.send(LeaseJob(offer=offer), QUEUE, actor=subject_of_agent(CODE, worker), role="pilot")
        assert answer.leased is not None
        held.append(answer.leased.spec.job_id)
    other = lease(culm, "pilot-2")

    revoke(culm, enrolment=CODE)

    assert sorted(one.job_id for one in culm.last(LeasesEnded).leases) == sorted(held)
    assert list(culm.state("queue", QUEUE).leases) == [other]


def test_what_happens_to_jobs_of_an_organisation_is_recorded_as_its_own_whichever_one_revoked() -> None:
    culm, first, _ = two_leased()

    revoke(culm, vo="lsst", holder="pilot-1")

    assert [envelope.vo for message, envelope in culm.events if isinstance(message, LeasesEnded | JobLost)] == ["wlcg", "wlcg"]
    assert culm.state("job", first).status == "failed"


def test_more_leases_than_one_decision_takes_end_in_several(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("commands.queue.revoked.LEASES_MAX", 2)
    culm = a_running_task(a_definition(events_total=5))
    for _ in range(5):
        assert lease(culm, "pilot-1")

    revoke(culm, holder="pilot-1")

    ended = [len(message.leases) for message, _ in culm.events if isinstance(message, LeasesEnded)]
    assert ended == [2, 2, 1]
    assert not culm.state("queue", QUEUE).leases
