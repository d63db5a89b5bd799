"""Builders with defaults: a task definition, a job, a queue, a pilot's words."""

from typing import Any

from commands.task.model import Task
from schemas.ids import job_id_of
from schemas.job import ReportJobEnd, ReportJobProgress
from schemas.policy import ConfigureQueue
from schemas.queue import JobQueued, LeaseJob
from schemas.records import replace
from schemas.task import GenerateJobs, JobsOrdered, RecordJobOutcomes, RefineTask, SubmitTask
from schemas.types import (
    BrokerageEvidence,
    DatasetRole,
    JobError,
    JobKind,
    JobOutcome,
    JobPlan,
    JobSpec,
    OutcomeKind,
    OutputFile,
    OutputTemplate,
    PilotOffer,
    QueueSettings,
    ReportedState,
    Requirements,
    SplitRules,
    StepDefinition,
    TaskDefinition,
)
from tests.commands.in_memory import Culm, a_culm

TASK = 10_000_001
QUEUE = "LOCAL"


def a_definition(**changes: Any) -> TaskDefinition:
    """A task without input that makes three jobs with one output and a log each."""
    definition = TaskDefinition(
        transformation="http://127.0.0.1/trf/user/runGen",
        parameters="-a jobO.tar.gz -o \"{'out.txt': '${OUTPUT0}'}\" -p \"echo%20${SEQNUMBER}\"",
        requirements=Requirements(),
        rules=SplitRules(events_per_job=1),
        events_total=3,
        sequence_offset=10,
        outputs=(
            OutputTemplate(
                stream="OUTPUT0",
                role=DatasetRole.OUTPUT,
                dataset="user.jdoe.t1_out.txt",
                scope="user.jdoe",
                name_template="user.jdoe.$JEDITASKID._${SN/P}.out.txt",
            ),
            OutputTemplate(
                stream="LOG0",
                role=DatasetRole.LOG,
                dataset="user.jdoe.t1.log",
                scope="user.jdoe",
                name_template="user.jdoe.t1.log.$JEDITASKID.${SN}.log.tgz",
            ),
        ),
    )
    return replace(definition, **changes)


def a_merging_definition() -> TaskDefinition:
    """A task whose outputs are merged."""
    return a_definition(
        merge=StepDefinition(
            transformation="http://127.0.0.1/trf/user/runMerge",
            parameters="-r . -a jobO.tar.gz ${TRN_OUTPUT:OUTPUT} ${TRN_LOG:LOG}",
        )
    )


def a_queue(culm: Culm, **changes: Any) -> None:
    """Configure the queue LOCAL."""
    settings = replace(QueueSettings(name=QUEUE, site="LOCAL", lease_seconds=60), **changes)
    culm.send(ConfigureQueue(settings=settings), f"queue.{QUEUE}", role="operator", actor="ops")


def a_submission(**changes: Any) -> SubmitTask:
    """The submission of task TASK."""
    command = SubmitTask(
        task_id=TASK,
        name="user.jdoe.t1/",
        user_name="Jane Doe",
        nickname="jdoe",
        label="user",
        priority=1000,
        parameters_json="{}",
    )
    return replace(command, **changes)


def a_running_task(definition: TaskDefinition | None = None, *, inline: bool = True, culm: Culm | None = None) -> Culm:
    """A system with a queue and a task whose jobs are waiting for pilots. culm: one that has its queue already."""
    if culm is None:
        culm = a_culm(inline=inline)
        a_queue(culm)
    culm.send(a_submission(), str(TASK))
    culm.send(
        RefineTask(definition=definition or a_definition(), parameters_revision=0), str(TASK), role="system"
    )
    generate_all(culm)
    return culm


def generate_all(culm: Culm, per_job: int = 1) -> None:
    """Plan every open order onto LOCAL, `per_job` input units a job."""
    while orders := [(n, o) for n, o in the_task(culm).orders.items() if not o.parked]:
        number, order = orders[0]
        units = order.units
        plans = [JobPlan(unit_ids=units[at : at + per_job], queue=QUEUE) for at in range(0, len(units), per_job)]
        if order.kind is JobKind.MERGE:
            plans = [JobPlan(unit_ids=units, queue=QUEUE)]
        command = GenerateJobs(
            order=number,
            kind=order.kind,
            plans=tuple(plans) or (JobPlan(queue=QUEUE),),
            brokerage=BrokerageEvidence(seed="seed"),
        )
        answer = culm.send(command, str(TASK), role="system")
        assert answer.accepted, answer


def the_task(culm: Culm) -> Task:
    """State of task TASK."""
    task = culm.state("task", TASK)
    assert isinstance(task, Task)
    return task


def the_order(culm: Culm) -> JobsOrdered:
    """The last order."""
    order = culm.last(JobsOrdered)
    assert isinstance(order, JobsOrdered)
    return order


def lease(culm: Culm, pilot: str = "pilot-1", **offer: Any) -> int | None:
    """Id of the job the pilot got, or None."""
    answer = culm.send(
        LeaseJob(offer=PilotOffer(pilot=pilot, label="unified", **offer)), QUEUE, actor=pilot, role="pilot"
    )
    return answer.leased.spec.job_id if answer.leased else None


def report(culm: Culm, job_id: int, state: ReportedState, attempt: int = 1) -> Any:
    """The answer to a pilot's sign of life."""
    return culm.send(ReportJobProgress(attempt=attempt, state=state), str(job_id), actor="pilot-1", role="pilot")


def end(culm: Culm, job_id: int, *, succeeded: bool = True, attempt: int = 1, outputs: Any = None) -> Any:
    """The answer to a pilot's final report, with every expected output unless given otherwise."""
    expected = spec_of(culm, job_id).outputs
    files = [
        OutputFile(
            lfn=output.lfn,
            dataset="",
            scope="",
            role=output.role,
            size_bytes=6,
            checksum="ad:084b021f",
            endpoint="LOCAL_DISK",
        )
        for output in expected
        if succeeded or output.role is DatasetRole.LOG
    ]
    errors = () if succeeded else (JobError(source="exe", code=1, diagnostic="boom happened"),)
    command = ReportJobEnd(
        attempt=attempt, succeeded=succeeded, outputs=tuple(files if outputs is None else outputs), errors=errors
    )
    return culm.send(command, str(job_id), actor="pilot-1", role="pilot")


def account(culm: Culm, job_id: int, kind: OutcomeKind, **changes: Any) -> Any:
    """The answer to the outcome roll-up of one job."""
    outputs = culm_outputs(culm, job_id) if kind in (OutcomeKind.FINISHED, OutcomeKind.MERGING) else ()
    outcome = replace(JobOutcome(job_id=job_id, kind=kind, outputs=outputs), **changes)
    return culm.send(RecordJobOutcomes(outcomes=(outcome,)), str(TASK), role="system", actor="pilot-1")


def culm_outputs(culm: Culm, job_id: int) -> tuple[OutputFile, ...]:
    """Outputs in the last event of the job that names any."""
    for message, envelope in reversed(culm.events):
        if envelope.aggregate_id == str(job_id) and getattr(message, "outputs", ()):
            return tuple(message.outputs)
    return ()


def run_all(culm: Culm, *, succeed: bool = True) -> list[int]:
    """Ids of the jobs that were leased, ended and accounted for until nothing waits and nothing is ordered."""
    done: list[int] = []
    while True:
        generate_all(culm)
        job_id = lease(culm)
        if job_id is None:
            return done
        spec = spec_of(culm, job_id)
        end(culm, job_id, succeeded=succeed, attempt=spec.attempt)
        status = culm.state("job", job_id).status
        kind = {"finished": OutcomeKind.FINISHED, "merging": OutcomeKind.MERGING}.get(status, OutcomeKind.FAILED)
        error = {} if succeed else {"error_source": "exe", "error_code": 1, "error_diagnostic": "boom happened"}
        account(culm, job_id, kind, **error)
        done.append(job_id)


def spec_of(culm: Culm, job_id: int) -> JobSpec:
    """What the job is, as its queue got it."""
    return next(event.spec for event, _ in culm.events if isinstance(event, JobQueued) and event.spec.job_id == job_id)


def job(number: int) -> int:
    """PandaID of the job with serial `number` of TASK."""
    return job_id_of(TASK, number)
