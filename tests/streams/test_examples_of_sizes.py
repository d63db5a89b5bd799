"""The sizes of jobs, slots and workers by example: classes of 4, 8 and 12 GB, what a payload may use, where it is tried again."""

from pathlib import Path
from typing import Any

import pytest

from agents.pilot.config import PilotConfig
from agents.pilot.job import PilotJob
from agents.pilot.usage import Usage, excess
from schemas.job import JobLost, JobSent, ReportJobEnd, ReportJobProgress
from schemas.queue import BindJob, JobLeased, JobQueued, LeaseJob
from schemas.task import RecordJobOutcomes
from schemas.types import (
    ClassLoad,
    JobError,
    JobUsage,
    LossCause,
    PilotOffer,
    QueueStatus,
    ReportedState,
    Requirements,
    RetryAction,
    WorkerMode,
    WorkerState,
)
from schemas.worker import (
    ClaimService,
    IntendWorker,
    ReportWorker,
    WantWorkers,
    WorkerIntended,
    WorkersHeldBack,
    WorkersWanted,
)
from streams.facts.snapshot import QueueFacts, Wanted
from streams.jedi.outcomes import roll_up
from streams.jedi.retry import memory_of
from streams.provisioning.demand import allowed, class_demands
from tests.commands.builders import QUEUE, TASK, a_definition, a_running_task, generate_all, job
from tests.commands.builders import a_queue as configure
from tests.commands.in_memory import Culm, a_culm
from tests.streams.builders import a_class, a_queue, an_envelope, record_read

SECOND = 1_000_000
CLASSES = (
    a_class("small", 4_000, standby_min=1, pilots_max=50),
    a_class("medium", 8_000, standby_min=1, pilots_max=50),
    a_class("large", 12_000, pilots_max=50),
)


def with_jobs(ram_mb: int, **settings: object) -> Culm:
    """Three jobs of one core wait in a queue of three classes."""
    culm = a_culm()
    configure(culm, **{"classes": CLASSES, "pilots_max": 150, "rss_mb_max": 12_000} | settings)
    needs = Requirements(ram_mb=ram_mb, core_count=1)
    return a_running_task(a_definition(requirements=needs), culm=culm)


def loads(culm: Culm) -> dict[str, tuple[int, int]]:
    """What the queue's last event says waits and is leased, by class."""
    told: tuple[ClassLoad, ...] = next(m.classes for m, _ in reversed(culm.events) if isinstance(m, JobQueued | JobLeased))
    return {one.name: (one.waiting, one.leased) for one in told}


def ask(culm: Culm, worker_id: str, memory_mb: int) -> int:
    """The job that the pilot of a worker gets."""
    offer = PilotOffer(pilot="pilot-1", label="unified", worker_id=worker_id, memory_mb=memory_mb)
    answer = culm.send(LeaseJob(offer=offer), QUEUE, actor="pilot-1", role="pilot")
    assert answer.leased is not None
    return answer.leased.spec.job_id


def a_worker(culm: Culm, worker_id: str = "w1", memory_mb: int = 8_000, class_name: str = "medium") -> None:
    """A pull worker of a class runs."""
    claim = ClaimService(harvester_id="h1", instance="i1", epoch=1, seconds=3_000)
    assert culm.send(claim, QUEUE, role="pilot").accepted
    intend = IntendWorker(
        worker_id=worker_id,
        tag=f"culm-{worker_id}",
        harvester_id="h1",
        epoch=1,
        submit_seconds=60,
        memory_mb=memory_mb,
        class_name=class_name,
    )
    assert culm.send(intend, QUEUE, role="pilot").accepted


def running(culm: Culm, job_id: int, actor: str = "pilot-1") -> None:
    report = ReportJobProgress(attempt=1, state=ReportedState.RUNNING)
    assert culm.send(report, str(job_id), actor=actor, role="pilot").accepted


def ends(culm: Culm, worker_id: str, state: WorkerState, **told: Any) -> None:
    """The batch system's word on a worker."""
    report = ReportWorker(worker_id=worker_id, harvester_id="h1", state=state, **told)
    assert culm.send(report, QUEUE, role="pilot").accepted


def tried_again(culm: Culm, job_id: int, ram_mb: int, cores: int = 1) -> JobQueued:
    """What is queued for the input of a job that ended last, by the real rules; ram_mb: as its definition asked."""
    event = next(m for m, by in reversed(culm.events) if by.aggregate_id == str(job_id))
    (command,) = roll_up([record_read(event, str(job_id))], None, {job_id: memory_of(int(ram_mb * 0.9), cores)}, {job_id: cores})
    assert isinstance(command.command, RecordJobOutcomes)
    assert command.command.outcomes[0].action is RetryAction.MORE_MEMORY
    assert culm.send(command.command, str(TASK), role="system").accepted
    generate_all(culm)
    queued = culm.last(JobQueued)
    assert isinstance(queued, JobQueued)
    return queued


def test_a_job_of_5000_mb_waits_for_a_medium_slot_and_its_pilot_is_submitted_with_8_gb() -> None:
    culm = with_jobs(5_000)

    found = class_demands(QueueFacts(culm.state("queue", QUEUE).settings, 3, 0, 0, culm.last(JobQueued).classes))

    assert loads(culm) == {"small": (0, 0), "medium": (3, 0), "large": (0, 0)}
    assert [(one.name, one.memory_mb, one.wanted) for one in found] == [
        ("small", 4_000, 1),
        ("medium", 8_000, 4),
        ("large", 12_000, 0),
    ]


@pytest.mark.parametrize(("used_mb", "code"), [(7_500, None), (8_500, 1235)])
def test_a_payload_in_a_slot_of_8_gb_lives_with_7_5_gb_and_is_ended_with_8_5_gb(
    tmp_path: Path, used_mb: int, code: int | None
) -> None:
    slot = PilotConfig("http://127.0.0.1", tmp_path, tmp_path / "token", QUEUE, memory_mb_max=8_000)
    of_5_gb = PilotJob(1, 1, 1, "runGen", "", (), (), core_count=1, ram_mb=4_500, walltime_seconds=0)

    trouble = excess(Usage(held_kb=used_mb * 1024), of_5_gb, slot, 1.0, tmp_path)

    assert (trouble.code if trouble else None) == code


def test_a_payload_that_used_8_5_gb_is_tried_again_in_a_slot_of_12_gb() -> None:
    culm = with_jobs(5_000)
    job_id = ask(culm, "w1", 8_000)
    running(culm, job_id)
    error = JobError(source="pilot", code=1235, diagnostic="the payload uses 8,704,000 kB of memory, allowed are 8,192,000 kB")
    usage = JobUsage(rss_kb_max=8_500 * 1024)
    culm.send(ReportJobEnd(attempt=1, succeeded=False, errors=(error,), usage=usage), str(job_id), actor="pilot-1", role="pilot")

    again = tried_again(culm, job_id, 5_000)

    assert (again.spec.memory_mb_asked, again.spec.ram_mb_min) == (10_000, 9_000)
    assert loads(culm)["large"] == (1, 0)


@pytest.mark.parametrize(
    ("state", "fingerprint"), [(WorkerState.OUT_OF_MEMORY, ""), (WorkerState.FAILED, "out-of-memory")]
)
def test_a_job_whose_worker_the_batch_system_ended_for_memory_is_lost_at_once_and_tried_again_in_a_larger_slot(
    state: WorkerState, fingerprint: str
) -> None:
    culm = with_jobs(5_000)
    a_worker(culm)
    job_id = ask(culm, "w1", 8_000)
    running(culm, job_id)

    ends(culm, "w1", state, reason="OUT_OF_MEMORY", fingerprint=fingerprint)

    lost = culm.last(JobLost)
    assert (lost.cause, lost.memory_mb) == (LossCause.OUT_OF_MEMORY, 8_000)
    assert [(one.source, one.code, one.diagnostic) for one in lost.errors] == [
        ("pilot", 1212, "its worker of 8,000 MB ran out of memory: OUT_OF_MEMORY")
    ]
    assert tried_again(culm, job_id, 5_000).spec.ram_mb_min == 8_100
    assert loads(culm)["large"] == (1, 0)


@pytest.mark.parametrize(
    "state",
    [
        WorkerState.FINISHED, WorkerState.FAILED, WorkerState.CANCELLED, WorkerState.NODE_FAILED, WorkerState.PREEMPTED,
        WorkerState.TIMEOUT,
    ],
)  # fmt: skip
def test_a_job_whose_worker_has_ended_by_the_word_of_the_batch_system_is_lost_at_once(state: WorkerState) -> None:
    culm = with_jobs(5_000)
    a_worker(culm)
    job_id = ask(culm, "w1", 8_000)
    running(culm, job_id)

    ends(culm, "w1", state, native_state="ENDED", reason="drained")

    lost = culm.last(JobLost)
    assert (lost.cause, lost.memory_mb) == (LossCause.WORKER_ENDED, 0)
    assert [(one.source, one.code, one.diagnostic) for one in lost.errors] == [
        ("taskbuffer", 300, "the worker ended without a final report: drained")
    ]
    assert culm.state("queue", QUEUE).leases == {}


@pytest.mark.parametrize("state", [WorkerState.FAILED, WorkerState.NODE_FAILED, WorkerState.LOST, WorkerState.TIMEOUT])
def test_a_worker_of_which_the_batch_system_says_nothing_leaves_its_job_to_heartbeats(state: WorkerState) -> None:
    culm = with_jobs(5_000)
    a_worker(culm)
    job_id = ask(culm, "w1", 8_000)
    running(culm, job_id)

    ends(culm, "w1", state)

    assert culm.state("job", job_id).status == "running"
    assert list(culm.state("queue", QUEUE).leases) == [job_id]


def test_a_worker_of_a_foreign_harvester_leaves_its_job_to_heartbeats() -> None:
    culm = with_jobs(5_000)
    ends(culm, "w1", WorkerState.RUNNING)
    job_id = ask(culm, "w1", 8_000)
    running(culm, job_id)

    ends(culm, "w1", WorkerState.FINISHED, native_state="ENDED")

    assert culm.state("job", job_id).status == "running"


def test_the_end_of_a_worker_for_memory_loses_no_job_of_another_worker_or_organisation() -> None:
    culm = with_jobs(5_000)
    a_worker(culm)
    other = ask(culm, "w2", 8_000)
    running(culm, other)

    ends(culm, "w1", WorkerState.OUT_OF_MEMORY)

    assert list(culm.state("queue", QUEUE).leases) == [other]


def test_a_pushed_job_of_20_gb_has_a_worker_of_exactly_20_gb_and_more_when_that_was_not_enough() -> None:
    culm = with_jobs(20_000, mode=WorkerMode.PUSH, classes=(), rss_mb_max=220_000)
    assert culm.send(ClaimService(harvester_id="h1", instance="i1", epoch=1, seconds=3_000), QUEUE, role="pilot").accepted
    bind = BindJob(worker_id="w1", tag="culm-w1", harvester_id="h1", epoch=1, submit_seconds=60)
    assert culm.send(bind, QUEUE, role="pilot", actor="harvester").accepted
    assert (culm.last(WorkerIntended).memory_mb, culm.last(JobSent).worker_id) == (20_000, "w1")
    running(culm, job(1), actor="harvester")

    ends(culm, "w1", WorkerState.OUT_OF_MEMORY, reason="OUT_OF_MEMORY")

    assert culm.last(JobLost).memory_mb == 20_000
    again = tried_again(culm, job(1), 20_000).spec
    assert (again.memory_mb_asked, again.ram_mb_min) == (23_000, 20_700)


def test_the_memory_of_a_job_of_several_cores_that_is_not_asked_per_core_grows_too() -> None:
    culm = a_culm()
    configure(culm, rss_mb_max=220_000, core_count=4)
    needs = Requirements(ram_mb=8_000, core_count=4, ram_per_core=False)
    culm = a_running_task(a_definition(requirements=needs), culm=culm)
    offer = PilotOffer(pilot="pilot-1", label="unified", worker_id="w1", memory_mb=220_000, cores=4)
    answer = culm.send(LeaseJob(offer=offer), QUEUE, actor="pilot-1", role="pilot")
    assert answer.leased is not None
    job_id = answer.leased.spec.job_id
    running(culm, job_id)
    error = JobError(source="pilot", code=1212, diagnostic="killed by the kernel")
    culm.send(ReportJobEnd(attempt=1, succeeded=False, errors=(error,)), str(job_id), actor="pilot-1", role="pilot")

    # 2,000 MB a core, and the next step of the ladder is 3,000.
    assert tried_again(culm, job_id, 8_000, cores=4).spec.memory_mb_asked == 12_000


@pytest.mark.parametrize("standby", [1, 2, 3])
@pytest.mark.parametrize(("status", "share"), [(QueueStatus.ONLINE, 1), (QueueStatus.OFFLINE, 0)])
def test_without_jobs_one_to_three_pilots_stand_by(standby: int, status: QueueStatus, share: int) -> None:
    (found,) = class_demands(a_queue(standby_min=standby, pilots_max=100, status=status))

    assert (found.wanted, found.waiting, found.running) == (standby * share, 0, 0)


def test_500_jobs_reach_pilots_max_on_the_ramp_and_the_way_back_is_never_held_back() -> None:
    culm, minute, steps = a_culm(), 0, []
    waiting, leased, pilots = 500, 0, 0
    before: Wanted | None = None
    while waiting or leased or pilots > 2:
        facts = QueueFacts(a_queue(standby_min=2, pilots_max=100, ramp_per_minute=30).settings, waiting, leased, pilots)
        found = allowed(facts, class_demands(facts), before, minute * 60 * SECOND)
        number = sum(one.wanted for one in found)
        order = WantWorkers(wanted=number, classes=found, evaluated_at=minute * 60 * SECOND)
        assert culm.send(order, QUEUE, role="system").accepted
        cause = an_envelope(QUEUE, 1, occurred_at=minute * 60 * SECOND)
        before = Wanted(number, f"e{minute}", cause, {one.name: one for one in found})
        steps.append(number)
        pilots = live(culm, number)
        # Each pilot runs one job in a minute.
        leased = min(waiting, pilots)
        waiting -= leased
        minute, culm.now = minute + 1, culm.now + 60 * SECOND
        leased = 0 if waiting == 0 and minute > 10 else leased

    assert steps[:4] == [30, 60, 90, 100]
    assert (max(steps), steps[-1]) == (100, 2)
    assert [type(message) for message, _ in culm.events if isinstance(message, WorkersHeldBack)] == []
    assert culm.last(WorkersWanted).wanted == 2


def live(culm: Culm, number: int) -> int:
    """Workers come and go until so many live; how many do."""
    known = list(culm.state("worker", QUEUE).live)
    for place in range(len(known), number):
        name = f"w{len(culm.events)}-{place}"
        culm.send(ReportWorker(worker_id=name, harvester_id="foreign", state=WorkerState.RUNNING), QUEUE, role="pilot")
    for name in known[number:]:
        culm.send(ReportWorker(worker_id=name, harvester_id="foreign", state=WorkerState.FINISHED), QUEUE, role="pilot")
    return len(culm.state("worker", QUEUE).live)
