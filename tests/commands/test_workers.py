"""The life of workers from the intent on, who may start them, and what listings of the batch system prove."""

from typing import Any

import pytest

from commands.worker.model import ENDED_REMEMBERED
from commands.worker.service import ON_ITS_WAY_SECONDS
from schemas.answer import CommandAnswered
from schemas.types import WorkerState
from schemas.worker import (
    ClaimService,
    IntendWorker,
    ReconcileWorkers,
    ReportWorker,
    ServiceClaimed,
    WorkerEnded,
    WorkerIntended,
    WorkerRunning,
    WorkersReconciled,
    WorkerSubmitted,
)
from tests.commands.builders import QUEUE
from tests.commands.in_memory import Culm, a_culm

SECONDS = 1_000_000


def claim(culm: Culm, harvester_id: str = "h1", instance: str = "i1", epoch: int = 1, **by: Any) -> CommandAnswered:
    command = ClaimService(harvester_id=harvester_id, instance=instance, epoch=epoch, seconds=300)
    return culm.send(command, QUEUE, role="pilot", **by)


def intend(culm: Culm, worker_id: str = "w", harvester_id: str = "h1", epoch: int = 1, **by: Any) -> CommandAnswered:
    command = IntendWorker(
        worker_id=worker_id,
        tag=f"culm-{worker_id}",
        harvester_id=harvester_id,
        epoch=epoch,
        memory_mb=4000,
        submit_seconds=60,
    )
    return culm.send(command, QUEUE, role="pilot", **by)


def report(culm: Culm, state: WorkerState, worker_id: str = "w", harvester_id: str = "h1", **more: Any) -> CommandAnswered:
    command = ReportWorker(worker_id=worker_id, harvester_id=harvester_id, state=state, **more)
    return culm.send(command, QUEUE, role="pilot")


def listing_without(culm: Culm, *absent: str, began_seconds_ago: int = 0, epoch: int = 1) -> CommandAnswered:
    command = ReconcileWorkers(harvester_id="h1", epoch=epoch, began_seconds_ago=began_seconds_ago, absent=absent)
    return culm.send(command, QUEUE, role="pilot")


def a_served_queue() -> Culm:
    """A queue that h1 serves in epoch 1."""
    culm = a_culm()
    assert claim(culm).accepted
    return culm


def events_of(culm: Culm, *kinds: type) -> list[Any]:
    return [event for event, _ in culm.events if isinstance(event, kinds)]


def test_a_worker_is_in_the_log_before_it_is_in_the_batch_system() -> None:
    culm = a_served_queue()

    assert intend(culm).event_types == ("WorkerIntended",)
    report(culm, WorkerState.SUBMITTED, batch_id="77", submit_host="ce1")
    report(culm, WorkerState.PENDING)
    report(culm, WorkerState.RUNNING, node="n1")
    report(culm, WorkerState.OUT_OF_MEMORY, exit_code=137, reason="OOMKilled", native_state="OUT_OF_MEMORY")

    (intended,), (submitted,), (ended,) = (events_of(culm, kind) for kind in (WorkerIntended, WorkerSubmitted, WorkerEnded))
    assert (intended.tag, intended.memory_mb, intended.epoch, intended.live) == ("culm-w", 4000, 1, 1)
    assert (submitted.batch_id, submitted.submit_host, submitted.foreign) == ("77", "ce1", False)
    assert (ended.state, ended.exit_code, ended.reason, ended.live) == (WorkerState.OUT_OF_MEMORY, 137, "OOMKilled", 0)


def test_a_batch_id_that_comes_after_the_pilot_reported_is_kept() -> None:
    culm = a_served_queue()
    intend(culm)
    report(culm, WorkerState.RUNNING, node="n1")

    report(culm, WorkerState.SUBMITTED, batch_id="77")

    (submitted,) = events_of(culm, WorkerSubmitted)
    assert (submitted.batch_id, submitted.state) == ("77", WorkerState.RUNNING)
    assert culm.state("worker", QUEUE).live["w"].state is WorkerState.RUNNING


def test_a_worker_of_a_foreign_harvester_begins_with_its_first_report_and_is_marked_so() -> None:
    culm = a_served_queue()

    report(culm, WorkerState.RUNNING, worker_id="17", harvester_id="CERN_central")

    (running,) = events_of(culm, WorkerRunning)
    assert (running.foreign, culm.state("worker", QUEUE).live["17"].is_intended) == (True, False)


def test_a_worker_of_our_own_harvester_that_was_never_intended_is_refused() -> None:
    answer = report(a_served_queue(), WorkerState.RUNNING)

    assert (answer.reason, answer.message) == ("UNKNOWN_WORKER", "worker w of h1 was never intended")


def test_a_late_report_about_a_worker_that_ended_long_ago_makes_no_new_worker() -> None:
    culm = a_served_queue()
    for number in range(ENDED_REMEMBERED + 1):
        intend(culm, f"w{number}")
        report(culm, WorkerState.FINISHED, f"w{number}")

    assert report(culm, WorkerState.RUNNING, "w0").reason == "UNKNOWN_WORKER"
    assert culm.state("worker", QUEUE).live == {}


def test_the_same_intent_again_is_the_same_worker() -> None:
    culm = a_served_queue()
    intend(culm)

    assert (intend(culm).accepted, intend(culm).event_types) == (True, ())


@pytest.mark.parametrize("tag", ["w", "Culm-w", "culm-v", "1-w", f"{'c' * 62}-w", "culm_w"])
def test_a_tag_that_does_not_name_the_worker_is_refused(tag: str) -> None:
    culm = a_served_queue()

    command = IntendWorker(worker_id="w", tag=tag, harvester_id="h1", epoch=1, submit_seconds=60)

    assert culm.send(command, QUEUE, role="pilot").reason in ("BAD_TAG", "OUT_OF_BOUNDS")


def test_another_harvester_takes_over_only_once_the_time_of_the_first_is_over() -> None:
    culm = a_served_queue()
    early = claim(culm, "h2", epoch=2)
    culm.now += 300 * SECONDS

    late = claim(culm, "h2", epoch=2)

    assert early.reason == "SERVICE_HELD"
    assert late.event_types == ("ServiceClaimed",)


def test_a_new_process_of_the_same_harvester_takes_over_at_once_and_the_old_one_starts_no_more_workers() -> None:
    culm = a_served_queue()
    intend(culm, "w1")

    assert claim(culm, "h1", "i2", epoch=2).accepted

    assert intend(culm, "w2", epoch=1).message == "epoch 1 of the service, expected 2, or 3 to take it up"
    assert claim(culm, "h1", "i1", epoch=1).reason == "OLD_EPOCH"
    assert intend(culm, "w2", epoch=2).accepted


def test_of_two_that_claim_the_same_epoch_one_gets_it() -> None:
    culm = a_culm()

    answers = [claim(culm, "h1", epoch=1), claim(culm, "h2", epoch=1)]

    assert [answer.accepted for answer in answers] == [True, False]


def test_the_service_is_renewed_with_an_event_only_when_half_of_its_time_is_over() -> None:
    culm = a_served_queue()
    at_once = claim(culm)
    culm.now += 200 * SECONDS

    later = claim(culm)

    assert (at_once.accepted, at_once.event_types, later.event_types) == (True, (), ("ServiceClaimed",))
    assert [event.epoch for event in events_of(culm, ServiceClaimed)] == [1, 1]


def test_another_organisation_neither_starts_workers_nor_takes_over_while_the_queue_is_served() -> None:
    culm = a_served_queue()

    refused = [claim(culm, "h9", epoch=2, vo="other"), intend(culm, vo="other")]

    assert [answer.reason for answer in refused] == ["NOT_PERMITTED", "NOT_PERMITTED"]


def test_a_submission_of_unknown_outcome_is_missed_after_two_listings_that_began_after_its_deadline() -> None:
    culm = a_served_queue()
    intend(culm)
    culm.now += (60 + ON_ITS_WAY_SECONDS + 5) * SECONDS

    before_the_deadline = listing_without(culm, "w", began_seconds_ago=40)
    first = listing_without(culm, "w")
    same_listing_again = listing_without(culm, "w", began_seconds_ago=1)
    culm.now += 10 * SECONDS
    second = listing_without(culm, "w")

    assert (before_the_deadline.event_types, same_listing_again.event_types) == ((), ())
    assert first.event_types == ("WorkersReconciled",)
    assert second.event_types == ("WorkersReconciled", "WorkerEnded")
    assert [event.state for event in events_of(culm, WorkerEnded)] == [WorkerState.MISSED]


def test_a_worker_that_a_listing_shows_again_is_not_lost_at_the_next_one_without_it() -> None:
    culm = a_served_queue()
    intend(culm)
    report(culm, WorkerState.RUNNING)
    for absent in (("w",), (), ("w",)):
        culm.now += 10 * SECONDS
        listing_without(culm, *absent)

    assert [event.absent for event in events_of(culm, WorkersReconciled)] == [("w",), (), ("w",)]
    assert events_of(culm, WorkerEnded) == []


def test_a_worker_that_vanished_is_lost_and_one_of_a_foreign_harvester_is_not_ours_to_give_up() -> None:
    culm = a_served_queue()
    intend(culm)
    report(culm, WorkerState.RUNNING)
    report(culm, WorkerState.RUNNING, "17", "CERN_central")
    for _ in range(2):
        culm.now += 10 * SECONDS
        listing_without(culm, "w", "17", "never-heard-of")

    assert [(event.worker_id, event.state) for event in events_of(culm, WorkerEnded)] == [("w", WorkerState.LOST)]


def test_a_listing_of_a_harvester_that_was_taken_over_proves_nothing() -> None:
    culm = a_served_queue()
    intend(culm)
    claim(culm, instance="i2", epoch=2)

    assert listing_without(culm, "w", epoch=1).reason == "OLD_EPOCH"
