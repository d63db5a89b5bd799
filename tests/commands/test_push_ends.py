"""How a job ends that travels with its worker: given back, expired, killed; and what a change of the mode leaves."""


import pytest

from commands.queue.snapshot import SNAPSHOT as QUEUE_ROWS
from commands.snapshot import MAIN
from schemas.job import JobCancelled, JobLost, JobReturned, KillJob, ReportJobEnd, ReportJobProgress
from schemas.queue import JobLeased, LeaseJob, LeaseProlonged
from schemas.task import KillTask
from schemas.types import LossCause, PilotOffer, ReportedState, WorkerMode, WorkerState
from schemas.worker import ReconcileWorkers, ReportWorker, WorkerCancelOrdered
from tests.commands.builders import QUEUE, TASK, a_queue, job
from tests.commands.in_memory import Culm
from tests.commands.push_scenes import SECONDS, a_push_queue, bind, ended, expire, starting, waiting_and_leased


def test_a_worker_that_ends_before_its_job_began_gives_it_back_without_using_an_attempt() -> None:
    culm = a_push_queue()
    bind(culm)
    before = len(culm.events)

    ended(culm, state=WorkerState.NODE_FAILED, reason="node n1 is down")

    assert culm.names(before) == ["WorkerEnded", "JobReturned", "LeaseEnded", "JobQueued"]
    returned = culm.last(JobReturned)
    assert (returned.worker_id, returned.worker_state, returned.reason, returned.returns) == (
        "w1", WorkerState.NODE_FAILED, "node n1 is down", 1,
    )  # fmt: skip
    assert culm.state("job", job(1)).status == "activated"
    assert waiting_and_leased(culm) == ([job(1), job(2), job(3)], [])
    answer = bind(culm, "w2")
    assert answer.leased is not None
    assert (answer.leased.spec.job_id, answer.leased.spec.attempt) == (job(1), 1)
    assert answer.leased.spec.parameters


def test_a_worker_that_was_missed_gives_its_job_back() -> None:
    culm = a_push_queue()
    bind(culm)
    culm.now += 200 * SECONDS

    for _ in range(2):
        culm.now += SECONDS
        culm.send(ReconcileWorkers(harvester_id="h1", epoch=1, began_seconds_ago=0, absent=("w1",)), QUEUE, role="pilot")

    assert culm.last(JobReturned).worker_state is WorkerState.MISSED
    assert waiting_and_leased(culm) == ([job(1), job(2), job(3)], [])


def test_after_so_many_returns_the_attempt_fails_with_what_the_batch_system_said() -> None:
    culm = a_push_queue(rebind_max=1)
    bind(culm, "w1")
    ended(culm, "w1")
    bind(culm, "w2")

    ended(culm, "w2", WorkerState.FAILED, reason="no such account")

    lost = culm.last(JobLost)
    assert lost.cause is LossCause.WORKER_ENDED
    assert [(error.code, error.diagnostic) for error in lost.errors] == [
        (300, "2 workers ended before the job began, the last w2 (failed: no such account)")
    ]
    assert waiting_and_leased(culm) == ([job(2), job(3)], [])


def test_a_job_that_has_begun_is_not_given_back() -> None:
    culm = a_push_queue()
    bind(culm)
    starting(culm, job(1))
    before = len(culm.events)

    ended(culm)

    assert culm.names(before) == ["WorkerEnded"]
    assert waiting_and_leased(culm) == ([job(2), job(3)], [job(1)])


def test_a_worker_that_starts_after_its_job_went_to_another_is_refused() -> None:
    culm = a_push_queue()
    bind(culm, "w1", holder="worker-1")
    ended(culm, "w1")
    bind(culm, "w2", holder="worker-2")

    late, right = starting(culm, job(1), "worker-1"), starting(culm, job(1), "worker-2")

    assert (late.accepted, late.pilot_command, right.accepted) == (False, "tobekilled", True)


def test_a_job_that_is_over_is_reported_by_its_worker_alone_and_then_nothing_comes_back() -> None:
    culm = a_push_queue()
    bind(culm)
    starting(culm, job(1))
    end = ReportJobEnd(attempt=1, succeeded=False)

    assert culm.send(end, str(job(1)), actor="harvester", role="pilot").accepted
    ended(culm, state=WorkerState.FINISHED)

    assert job(1) not in culm.state("queue", QUEUE).waiting
    assert not any(isinstance(event, JobReturned) for event, _ in culm.events)


def test_the_lease_runs_until_the_worker_must_have_started() -> None:
    culm = a_push_queue()
    bind(culm)

    assert culm.last(JobLeased).due_at == culm.now + (60 + 600) * SECONDS
    culm.now += 659 * SECONDS
    assert expire(culm).reason == "LEASE_ALIVE"


def test_a_worker_that_did_not_start_is_cancelled_and_its_job_waits_for_the_proof() -> None:
    culm = a_push_queue()
    bind(culm)
    culm.now += 700 * SECONDS
    before = len(culm.events)

    expire(culm)

    assert culm.names(before) == ["LeaseProlonged", "WorkerCancelOrdered"]
    assert culm.last(LeaseProlonged).due_at == culm.now + 60 * SECONDS
    assert culm.last(WorkerCancelOrdered).why == "its job did not begin in time"
    assert waiting_and_leased(culm) == ([job(2), job(3)], [job(1)])
    ended(culm, state=WorkerState.CANCELLED)
    assert waiting_and_leased(culm) == ([job(1), job(2), job(3)], [])


def test_a_worker_that_runs_without_a_word_of_its_job_for_ten_minutes_is_cancelled() -> None:
    culm = a_push_queue(start_seconds_max=86_400)
    bind(culm)
    culm.now += 300 * SECONDS
    before = len(culm.events)

    culm.send(ReportWorker(worker_id="w1", harvester_id="h1", state=WorkerState.RUNNING, node="n"), QUEUE, role="pilot")

    assert culm.names(before) == ["WorkerRunning", "LeaseProlonged"]
    assert culm.last(LeaseProlonged).due_at == culm.now + 600 * SECONDS
    culm.now += 599 * SECONDS
    assert expire(culm).reason == "LEASE_ALIVE"
    culm.now += 1 * SECONDS
    expire(culm)
    assert culm.last(WorkerCancelOrdered).why == "its job did not begin in time"
    ended(culm, state=WorkerState.CANCELLED)
    assert waiting_and_leased(culm) == ([job(1), job(2), job(3)], [])


def test_a_worker_that_runs_gets_no_more_time_than_it_had() -> None:
    culm = a_push_queue(start_seconds_max=100)
    bind(culm)
    before = len(culm.events)

    culm.send(ReportWorker(worker_id="w1", harvester_id="h1", state=WorkerState.RUNNING, node="n"), QUEUE, role="pilot")

    assert culm.names(before) == ["WorkerRunning"]


def test_a_job_that_began_before_its_worker_was_said_to_run_has_a_lease_as_any_other() -> None:
    culm = a_push_queue()
    bind(culm)
    before = len(culm.events)

    starting(culm, job(1))
    culm.send(ReportWorker(worker_id="w1", harvester_id="h1", state=WorkerState.RUNNING, node="n"), QUEUE, role="pilot")

    assert culm.names(before) == ["JobStarted", "LeasesRenewed", "WorkerRunning"]
    assert culm.state("queue", QUEUE).leases[job(1)].due_at == culm.now + 60 * SECONDS


def test_the_kill_of_a_job_cancels_the_worker_that_has_not_begun_it() -> None:
    culm = a_push_queue()
    bind(culm)

    culm.send(KillJob(code=4, reason="not wanted"), str(job(1)))

    assert culm.last(WorkerCancelOrdered).why == "its job was killed: not wanted"
    ended(culm, state=WorkerState.CANCELLED)
    assert culm.last(JobCancelled).code == 4
    assert waiting_and_leased(culm) == ([job(2), job(3)], [])


def test_a_kill_at_once_cancels_the_worker_too() -> None:
    culm = a_push_queue()
    bind(culm)

    culm.send(KillJob(code=9, reason="at once"), str(job(1)))

    assert culm.last(WorkerCancelOrdered).why == "its job is over"
    assert waiting_and_leased(culm) == ([job(2), job(3)], [])


def test_a_queue_turns_from_push_to_pull_and_back_and_bound_jobs_stay_bound() -> None:
    culm = a_push_queue()
    bind(culm)

    a_queue(culm, mode=WorkerMode.PULL)
    pulled = culm.send(LeaseJob(offer=PilotOffer(pilot="p", label="unified")), QUEUE, actor="p", role="pilot")

    assert pulled.leased is not None
    assert pulled.leased.spec.job_id == job(2)
    assert waiting_and_leased(culm) == ([job(3)], [job(1), job(2)])
    ended(culm)
    assert waiting_and_leased(culm) == ([job(1), job(3)], [job(2)])
    a_queue(culm, mode=WorkerMode.PUSH)
    assert starting(culm, job(2), "p").accepted
    bound = bind(culm, "w2")
    assert bound.leased is not None
    assert bound.leased.spec.job_id == job(1)


def test_a_bound_job_comes_back_from_a_restored_queue_as_it_was() -> None:
    culm = a_push_queue()
    bind(culm)
    queue = culm.state("queue", QUEUE)

    rows = dict(QUEUE_ROWS.rows(queue, {MAIN, *QUEUE_ROWS.names(queue)}))
    found = QUEUE_ROWS.restored({name: row for name, row in rows.items() if row is not None})

    assert found == queue
    assert found.leases[job(1)].job.spec == queue.leases[job(1)].job.spec


def copy_says(culm: Culm, name: str, state: ReportedState, node: str = "n1") -> tuple[bool, str | None, str | None]:
    """The answer to one of several processes that have worker, token and lease in common."""
    report = ReportJobProgress(attempt=1, state=state, node=node, pilot_id=f"{name}|PUSH|culm-light")
    answer = culm.send(report, str(job(1)), actor="harvester", role="pilot")
    return answer.accepted, answer.reason, answer.pilot_command


@pytest.mark.parametrize("node", ["n1", "n2"])
def test_of_two_copies_of_a_worker_the_one_that_reports_first_has_the_job(node: str) -> None:
    culm = a_push_queue()
    bind(culm)

    assert copy_says(culm, "w1-a", ReportedState.STARTING) == (True, None, None)
    assert copy_says(culm, "w1-b", ReportedState.STARTING, node) == (False, "OTHER_PILOT", "tobekilled")
    assert copy_says(culm, "w1-a", ReportedState.RUNNING) == (True, None, None)
    end = ReportJobEnd(attempt=1, succeeded=True, node=node, pilot_id="w1-b|PUSH|culm-light")
    assert culm.send(end, str(job(1)), actor="harvester", role="pilot").reason == "OTHER_PILOT"


def test_a_job_that_came_back_is_of_the_process_of_the_next_worker() -> None:
    culm = a_push_queue()
    bind(culm)
    ended(culm)
    bind(culm, "w2")

    assert copy_says(culm, "w2-a", ReportedState.STARTING, "n2") == (True, None, None)
    assert copy_says(culm, "w1-a", ReportedState.STARTING, "n1") == (False, "OTHER_PILOT", "tobekilled")


def test_the_kill_of_a_task_orders_the_end_of_its_workers_that_wait_in_the_batch_system() -> None:
    culm = a_push_queue()
    for name in ("w1", "w2"):
        bind(culm, name)
        pending = ReportWorker(worker_id=name, harvester_id="h1", state=WorkerState.PENDING)
        assert culm.send(pending, QUEUE, role="pilot").accepted

    assert culm.send(KillTask(reason="no more"), str(TASK)).accepted

    ordered = [(one.worker_id, one.why) for one, _ in culm.events if isinstance(one, WorkerCancelOrdered)]
    assert ordered == [("w1", "its job was killed: task killed"), ("w2", "its job was killed: task killed")]
