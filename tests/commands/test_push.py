"""Jobs that travel with workers that were started for them: bound once, given back when the worker never began, fenced."""

from typing import Any

import pytest

from commands.queue.snapshot import SNAPSHOT as QUEUE_ROWS
from commands.snapshot import MAIN
from schemas.job import JobLost, JobSent
from schemas.queue import JobLeased, LeaseJob
from schemas.types import LossCause, PilotOffer, WorkerMode, WorkerState
from schemas.worker import IntendWorker, ReportWorker, WorkerIntended
from tests.commands.builders import QUEUE, a_queue, job
from tests.commands.push_scenes import SECONDS, a_push_queue, bind, ended, expire, starting, waiting_and_leased


def test_job_and_worker_are_bound_in_one_decision_and_the_answer_has_the_job() -> None:
    culm = a_push_queue()
    before = len(culm.events)

    answer = bind(culm)

    assert answer.leased is not None
    assert (answer.leased.spec.job_id, answer.leased.lease_seconds) == (job(1), 60)
    assert culm.names(before) == ["JobLeased", "WorkerIntended", "JobSent"]
    assert (culm.last(JobLeased).bound, culm.last(JobLeased).worker_id) == (True, "w1")
    assert (culm.last(JobSent).worker_id, culm.last(JobSent).harvester_id) == ("w1", "h1")
    intended = culm.last(WorkerIntended)
    assert (intended.mode, intended.job_id, intended.lease_id) == (WorkerMode.PUSH, job(1), culm.last(JobLeased).lease_id)


def test_workers_that_bring_their_job_do_not_close_their_queue() -> None:
    culm = a_push_queue()

    for name in ("w1", "w2", "w3"):
        bind(culm, name)
    told = [ended(culm, name, fingerprint="no-shared-folder") for name in ("w1", "w2", "w3")]

    assert [one.event_types for one in told] == [("WorkerEnded",)] * 3


def test_a_worker_without_its_job_is_not_intended() -> None:
    culm = a_push_queue()
    alone = IntendWorker(worker_id="p", tag="culm-p", harvester_id="h1", epoch=1, submit_seconds=60, mode=WorkerMode.PUSH)

    assert culm.send(alone, QUEUE, role="pilot").reason == "NOT_BOUND"


def test_the_worker_gets_what_the_job_asked_for() -> None:
    culm = a_push_queue()

    bind(culm)

    intended = culm.last(WorkerIntended)
    assert (intended.memory_mb, intended.cores, intended.walltime_seconds) == (20_000, 4, 7_200)
    assert culm.last(JobLeased).job_memory_mb == 18_000


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"epoch": 2}, "OLD_EPOCH"),
        ({"worker_id": "W1"}, "BAD_TAG"),
        ({"vo": "lsst"}, "NO_JOBS"),
    ],
)
def test_where_the_worker_is_refused_no_job_is_leased(changes: dict[str, Any], reason: str) -> None:
    culm = a_push_queue()
    before = len(culm.events)

    answer = bind(culm, **changes)

    assert (answer.accepted, answer.reason, answer.leased) == (False, reason, None)
    assert culm.names(before) == []
    assert waiting_and_leased(culm) == ([job(1), job(2), job(3)], [])
    assert culm.letters == []


def test_the_same_question_gives_the_same_job_again_and_leases_nothing() -> None:
    culm = a_push_queue()
    first = bind(culm)
    before = len(culm.events)

    again = bind(culm)

    assert (again.accepted, again.leased, again.event_types) == (True, first.leased, ())
    assert culm.names(before) == []
    assert waiting_and_leased(culm) == ([job(2), job(3)], [job(1)])


def test_the_same_question_gives_the_same_job_after_the_queue_turned_to_pull_and_was_restored() -> None:
    culm = a_push_queue()
    first = bind(culm)
    a_queue(culm, mode=WorkerMode.PULL)
    queue = culm.state("queue", QUEUE)
    rows = dict(QUEUE_ROWS.rows(queue, {MAIN, *QUEUE_ROWS.names(queue)}))

    assert bind(culm).leased == first.leased
    assert QUEUE_ROWS.restored({name: row for name, row in rows.items() if row is not None}).bound == {"w1": job(1)}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [({"epoch": 2}, "OLD_EPOCH"), ({"holder": "another"}, "WORKER_KNOWN"), ({"actor": "another"}, "WORKER_KNOWN")],
)
def test_the_same_question_of_another_harvester_is_refused(changes: dict[str, Any], reason: str) -> None:
    culm = a_push_queue()
    bind(culm)

    answer = bind(culm, **changes)

    assert (answer.reason, answer.leased) == (reason, None)


def test_a_worker_that_the_batch_system_has_gets_no_job_again() -> None:
    culm = a_push_queue()
    bind(culm)
    culm.send(ReportWorker(worker_id="w1", harvester_id="h1", state=WorkerState.SUBMITTED, batch_id="7"), QUEUE, role="pilot")

    answer = bind(culm)

    assert (answer.reason, answer.leased) == ("WORKER_KNOWN", None)
    assert waiting_and_leased(culm) == ([job(2), job(3)], [job(1)])


def test_a_job_that_began_is_lost_with_its_lease_although_no_heartbeat_came() -> None:
    culm = a_push_queue()
    bind(culm)
    starting(culm, job(1))
    assert culm.state("queue", QUEUE).leases[job(1)].seen_at is not None
    ended(culm)
    culm.now += 700 * SECONDS

    expire(culm)

    assert culm.last(JobLost).cause is LossCause.LEASE_EXPIRED
    assert waiting_and_leased(culm)[1] == []


def test_a_decision_that_depends_on_another_waits_for_earlier_commands() -> None:
    culm = a_push_queue()
    culm.decider._inline.sent("culm.worker.commands.v1", QUEUE, "earlier")

    answer = bind(culm)

    assert (answer.reason, culm.letters) == ("NOT_NOW", [])
    assert waiting_and_leased(culm) == ([job(1), job(2), job(3)], [])
    culm.decider._inline.came("culm.worker.commands.v1", QUEUE, "earlier")
    assert bind(culm).accepted


def test_a_pilot_that_asks_gets_nothing_and_the_reason() -> None:
    culm = a_push_queue()

    answer = culm.send(LeaseJob(offer=PilotOffer(pilot="p", label="unified")), QUEUE, role="pilot")

    assert answer.reason == "NO_JOBS"
    assert answer.message == "jobs of queue LOCAL travel with their workers (mode PUSH): come again in 30 s"


def test_a_queue_whose_pilots_ask_binds_nothing() -> None:
    culm = a_push_queue(mode=WorkerMode.PULL)

    assert bind(culm).reason == "NOT_PUSHED"


def test_a_harvester_cannot_say_itself_which_job_travels_with_a_worker() -> None:
    culm = a_push_queue()
    command = IntendWorker(
        worker_id="w1", tag="culm-w1", harvester_id="h1", epoch=1, mode=WorkerMode.PUSH, submit_seconds=60
    )

    assert culm.send(command, QUEUE, role="pilot").reason == "NOT_BOUND"
