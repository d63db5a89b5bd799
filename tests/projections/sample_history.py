"""A small history with everything in it: datasets, tasks, jobs, leases, workers, policies."""

from collections.abc import Iterator
from typing import Any

from schemas.answer import CommandAnswered
from schemas.dataset import ContentsRequested, DatasetClosed, FilesRegistered
from schemas.ids import caused_command_id, event_id, job_id_of
from schemas.job import (
    JobDefined,
    JobFailed,
    JobFinished,
    JobLost,
    JobSent,
    JobStarted,
    JobStarting,
    LateReportRefused,
)
from schemas.policy import QueueConfigured, RetryRulesSet, SharesSet
from schemas.queue import DispatchConfigured, JobLeased, JobQueued, LeaseEnded, LeasesRenewed, TaskHeld, TaskReleased
from schemas.records import replace
from schemas.task import (
    BrokerageDecided,
    ContentsFed,
    JobOutcomesRecorded,
    JobsGenerated,
    JobsOrdered,
    TaskFinalized,
    TaskParked,
    TaskPaused,
    TaskRefined,
    TaskResumed,
    TaskSubmitted,
    TaskWoken,
)
from schemas.task_name import TaskNameClaimed
from schemas.types import (
    BrokerageCitation,
    BrokerageEvidence,
    DatasetFile,
    DatasetRole,
    FileAccounts,
    GeneratedJob,
    GlobalShare,
    InputUnit,
    JobError,
    JobKind,
    JobOutcome,
    JobSpec,
    LeaseEnding,
    LossCause,
    OutcomeKind,
    OutputFile,
    OutputTemplate,
    QueueSettings,
    QueueVerdict,
    QueueWaiting,
    Requirements,
    SplitRules,
    TaskDefinition,
    TaskVerdict,
    UnitChange,
    WorkerState,
)
from schemas.worker import WorkerEnded, WorkerRunning, WorkerSubmitted, WorkersWanted

QUEUE = "LOCAL"
INPUT = "user.jdoe.in"
OUTPUT = "user.jdoe.out"
Said = tuple[Any, object]
"""An event and the id of its aggregate."""


def a_definition(**changes: Any) -> TaskDefinition:
    """A task over INPUT that writes OUTPUT."""
    definition = TaskDefinition(
        transformation="http://127.0.0.1/trf/user/runGen",
        parameters="-p x",
        requirements=Requirements(site="LOCAL"),
        rules=SplitRules(files_per_job=1),
        input_datasets=(INPUT,),
        input_stream="IN",
        outputs=(
            OutputTemplate(
                stream="OUTPUT0", role=DatasetRole.OUTPUT, dataset=OUTPUT, scope="user.jdoe", name_template="o.${SN}"
            ),
        ),
    )
    return replace(definition, **changes)


def a_unit(number: int, **changes: Any) -> InputUnit:
    """Input unit `number`."""
    unit = InputUnit(
        unit_id=number,
        lfn=f"in.{number}",
        dataset=INPUT,
        scope="user.jdoe",
        guid=f"guid-{number}",
        size_bytes=1000,
        checksum="ad:00000001",
        endpoint="LOCAL_DISK",
    )
    return replace(unit, **changes)


def a_spec(job_id: int, task_id: int, **changes: Any) -> JobSpec:
    """A job of a task."""
    spec = JobSpec(
        job_id=job_id,
        task_id=task_id,
        attempt=1,
        serial=job_id % 10_000_000,
        kind=JobKind.NORMAL,
        name=f"job {job_id}",
        queue=QUEUE,
        transformation="http://127.0.0.1/trf/user/runGen",
        parameters="-p x",
        core_count=1,
        ram_mb_min=2000,
        disk_mb_max=1000,
        walltime_seconds_max=0,
        priority=1000,
        label="user",
        processing_type="panda-client",
        user_name="Jane Doe",
        owner="jdoe",
        vo="wlcg",
        share="User Analysis",
        resource_type="SCORE",
    )
    return replace(spec, **changes)


def an_output(number: int, **changes: Any) -> OutputFile:
    """A file that a job made."""
    file = OutputFile(
        lfn=f"o.{number}",
        dataset=OUTPUT,
        scope="user.jdoe",
        role=DatasetRole.OUTPUT,
        guid=f"out-{number}",
        size_bytes=10,
        checksum="ad:00000002",
        endpoint="LOCAL_DISK",
    )
    return replace(file, **changes)


def accounts(**counts: int) -> FileAccounts:
    """Counters, 0 unless named."""
    none = {"total": 0, "used": 0, "finished": 0, "failed": 0, "jobs_live": 0, "jobs_total": 0}
    return FileAccounts(**{**none, **counts})


def evidence() -> BrokerageEvidence:
    """One queue taken, one not."""
    return BrokerageEvidence(
        verdicts=(
            QueueVerdict(queue=QUEUE, taken=True, code="use", weight=1.5, message="taken"),
            QueueVerdict(queue="OTHER", taken=False, code="status", weight=0.0, message="is offline"),
        ),
        seed="seed",
    )


def submitted(task_id: int) -> TaskSubmitted:
    """The submission of a task."""
    return TaskSubmitted(
        task_id=task_id,
        name=f"user.jdoe.{task_id}/",
        user_name="Jane Doe",
        nickname="jdoe",
        label="user",
        priority=1000,
        parameters_json='{"nFiles": 2}',
    )


def ordered(task_id: int, order: int, units: tuple[InputUnit, ...]) -> JobsOrdered:
    """An order for normal jobs."""
    return JobsOrdered(
        order=order, kind=JobKind.NORMAL, units=units, definition=a_definition(), task_id=task_id, priority=1000
    )


def generated(task_id: int, order: int, serials: dict[int, tuple[int, ...]], **counts: int) -> JobsGenerated:
    """Jobs by serial with their units."""
    jobs = tuple(
        GeneratedJob(job_id=job_id_of(task_id, serial), serial=serial, queue=QUEUE, unit_ids=units, attempt=1)
        for serial, units in serials.items()
    )
    return JobsGenerated(
        order=order, kind=JobKind.NORMAL, jobs=jobs, brokerage=evidence(), accounts=accounts(**counts)
    )


def citing_orders(task_id: int, written: int, of: int = 0) -> tuple[list[Said], str]:
    """A decision, which is the event that a writer writes after `written` others, and two orders that cite it; its id. of: the
    other task that they say it was made for."""
    decision = event_id(caused_command_id("test", written + 1), 0)
    said: list[Said] = [(BrokerageDecided(order=2, ram_mb=2000, brokerage=evidence()), task_id)]
    for order, waiting in ((2, 3), (3, 4)):
        draw = (QueueWaiting(queue=QUEUE, waiting=waiting),)
        citation = BrokerageCitation(decision=decision, ram_mb=2000, waiting=draw, task_id=of)
        cites = BrokerageEvidence(seed=f"seed-{order}", cited=(citation,))
        said.append((replace(generated(task_id, order, {}, total=2, used=2), brokerage=cites), task_id))
    return said, decision


def world() -> Iterator[Said]:
    """A configured queue, policies, a worker and a dataset with two files."""
    settings = QueueSettings(name=QUEUE, site="LOCAL")
    yield QueueConfigured(settings=settings), f"queue.{QUEUE}"
    yield SharesSet(shares=(GlobalShare(name="User Analysis", percent=100.0),)), "shares"
    yield RetryRulesSet(), "retry_rules"
    yield DispatchConfigured(settings=settings), QUEUE
    files = tuple(
        DatasetFile(
            lfn=f"in.{n}",
            scope="user.jdoe",
            guid=f"guid-{n}",
            size_bytes=1000,
            checksum="ad:00000001",
            endpoint="LOCAL_DISK",
        )
        for n in (1, 2)
    )
    yield FilesRegistered(files=files, role=DatasetRole.INPUT, files_total=2), INPUT
    yield DatasetClosed(), INPUT
    yield WorkersWanted(wanted=1, live=0, reason="2 jobs wait"), QUEUE
    yield WorkerSubmitted(worker_id="w1", harvester_id="h1", live=1), QUEUE
    yield WorkerRunning(worker_id="w1", harvester_id="h1", node="node1", live=1), QUEUE


def a_task(task_id: int) -> Iterator[Said]:
    """A task of two jobs: one finishes, one is lost and its input is given up."""
    one, two = job_id_of(task_id, 1), job_id_of(task_id, 2)
    units = (a_unit(1), a_unit(2))
    yield TaskNameClaimed(name=f"user.jdoe.{task_id}/", task_id=task_id), f"wlcg/user/jdoe/user.jdoe.{task_id}/"
    yield submitted(task_id), task_id
    yield TaskRefined(definition=a_definition(), parameters_revision=0), task_id
    yield ContentsRequested(task_id=task_id, files_total=2), INPUT
    yield ContentsFed(dataset=INPUT, units=units, complete=True, accounts=accounts(total=2)), task_id
    yield ordered(task_id, 1, units), task_id
    yield TaskParked(order=1, brokerage=evidence(), message="no queue has room"), task_id
    yield TaskWoken(cause="TIMER"), task_id
    yield ordered(task_id, 2, units), task_id
    yield generated(task_id, 2, {1: (1,), 2: (2,)}, total=2, used=2, jobs_live=2, jobs_total=2), task_id
    for job_id in (one, two):
        yield JobDefined(spec=a_spec(job_id, task_id)), job_id
        yield JobQueued(spec=a_spec(job_id, task_id), waiting=1, leased=0), QUEUE
    yield TaskPaused(reason="lunch"), task_id
    yield TaskHeld(task_id=task_id), QUEUE
    yield TaskResumed(), task_id
    yield TaskReleased(task_id=task_id), QUEUE
    yield from a_job_that_finishes(task_id, one)
    yield from a_job_that_is_lost(task_id, two)
    outcomes = (
        JobOutcome(job_id=one, kind=OutcomeKind.FINISHED, outputs=(an_output(1),)),
        JobOutcome(
            job_id=two,
            kind=OutcomeKind.FAILED,
            error_source="jobdispatcher",
            error_code=100,
            error_diagnostic="lost heartbeat",
        ),
    )
    changes = (
        UnitChange(unit_id=1, finished=True, failed=False, attempt=1, failed_attempt=0),
        UnitChange(unit_id=2, finished=False, failed=True, attempt=1, failed_attempt=1),
    )
    final = accounts(total=2, used=2, finished=1, failed=1, jobs_total=2)
    yield JobOutcomesRecorded(outcomes=outcomes, units=changes, accounts=final), task_id
    yield TaskFinalized(verdict=TaskVerdict.FINISHED, message="1 of 2 input files failed", accounts=final), task_id


def a_job_that_finishes(task_id: int, job_id: int) -> Iterator[Said]:
    """From the lease to the output."""
    yield leased(task_id, job_id), QUEUE
    yield JobSent(lease_id=f"lease-{job_id}", queue=QUEUE, pilot="w1", node="node1"), job_id
    yield JobStarting(node="node1", pilot_id="p1"), job_id
    yield JobStarted(node="node1", pilot_id="p1"), job_id
    yield LeasesRenewed(job_ids=(job_id,), seen_at=1_900_000_000_000_000), QUEUE
    yield JobFinished(outputs=(an_output(1),), exit_code=0), job_id
    yield ended(job_id, LeaseEnding.JOB_ENDED), QUEUE


def a_job_that_is_lost(task_id: int, job_id: int) -> Iterator[Said]:
    """From the lease to a silence, and a late word."""
    yield leased(task_id, job_id), QUEUE
    yield JobSent(lease_id=f"lease-{job_id}", queue=QUEUE, pilot="w1", node="node1"), job_id
    yield ended(job_id, LeaseEnding.EXPIRED), QUEUE
    error = JobError(source="jobdispatcher", code=100, diagnostic="lost heartbeat")
    yield JobLost(lease_id=f"lease-{job_id}", cause=LossCause.LEASE_EXPIRED, errors=(error,)), job_id
    yield LateReportRefused(attempt=1, succeeded=True, node="node1", reason="ALREADY_FINAL"), job_id


def leased(task_id: int, job_id: int) -> JobLeased:
    """A lease of a minute."""
    return JobLeased(
        job_id=job_id,
        task_id=task_id,
        attempt=1,
        lease_id=f"lease-{job_id}",
        pilot="w1",
        node="node1",
        worker_id="w1",
        lease_seconds=60,
        due_at=1_800_000_100_000_000,
        waiting=1,
        leased=1,
    )


def ended(job_id: int, ending: LeaseEnding) -> LeaseEnded:
    """The end of a lease."""
    return LeaseEnded(job_id=job_id, lease_id=f"lease-{job_id}", pilot="w1", ending=ending, waiting=0, leased=0)


def failed_job(job_id: int) -> Said:
    """A job that failed with text that Postgres cannot hold."""
    error = JobError(source="exe", code=1, diagnostic="core\x00dumped")
    return JobFailed(errors=(error,), log_extract="a\x00b"), job_id


def worker_over() -> Said:
    """The worker ends."""
    return WorkerEnded(worker_id="w1", harvester_id="h1", state=WorkerState.FINISHED, exit_code=0, live=0), QUEUE


def an_answer(number: int, **changes: Any) -> CommandAnswered:
    """The answer to a command."""
    answer = CommandAnswered(
        command_id=caused_command_id("answer", number),
        command_type="SubmitTask",
        aggregate="task",
        aggregate_id="10000001",
        correlation_id=caused_command_id("answer", 0),
        accepted=True,
        sequence=number,
        answered_at=number,
        vo="wlcg",
        actor="jdoe",
    )
    return replace(answer, **changes)
