"""Honest commands that bring an aggregate to where a command has something to do: hostile ones meet more than `unknown task`.

Ids are below those that Culm gives out, so that no task of anyone else can have them.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import TypeVar

from msgspec import Struct

from schemas import records
from schemas.catalog import messages
from schemas.dataset import RegisterFiles
from schemas.ids import FIRST_TASK_ID, job_id_of
from schemas.job import DefineJob, RecordLease, ReportJobEnd
from schemas.policy import OfferEnrolment
from schemas.queue import EnqueueJob
from schemas.ranges import AcquireRanges
from schemas.task import GenerateJobs, KillTask, ParkTask, PauseTask, RefineTask, ScheduleTaskCommand, SetTaskAside, SubmitTask
from schemas.types import (
    BrokerageEvidence,
    CommandEnvelope,
    DatasetRole,
    JobInput,
    JobKind,
    JobOutput,
    JobPlan,
    JobSpec,
    NameList,
    OutputTemplate,
    Requirements,
    SplitRules,
    TaskDefinition,
)
from schemas.wire import FRAME, MAGIC, Message, entry_of, to_bytes
from schemas.worker import ClaimService, IntendWorker
from schemas.workflow import AddEdges, AddWorks, SealWorkflow, StartWork, SubmitWorkflow
from tests.hostile.ground import VO, Ground, prelude_id, uuid_of
from tests.hostile.message import Record
from tests.hostile.records import plausible

T = TypeVar("T", bound=Struct)
IDS_FROM = 1_000_000
UNITS = 1
#: Commands to a task that has been submitted, refined, and has jobs (all others).
SUBMITTED = frozenset({"RefineTask", "BreakTask"})
#: Commands to a task whose names are to come.
WAITING = frozenset({"AddInputNames", "ExpireSubmission"})
#: Commands to a task that was killed before it had jobs.
ENDED = frozenset({"ReloadTask", "RetryTask"})
REFINED = frozenset({"GenerateJobs", "ParkTask", "ThrottleOrder", "AssignNucleus"})
FED = frozenset({"FeedContents", "ExpireInput"})
PARKED = frozenset({"WakeTask", "ExpirePending"})
LEASED = frozenset(
    {
        "ReportJobProgress", "ReportJobEnd", "LoseJob", "KillJob", "CompleteMerge", "ExpireJobState", "ReturnJob", "ReadSecrets",
    }
)  # fmt: skip
#: Commands to a worker that the service intended.
INTENDED = frozenset({"CancelWorker", "StopWorker", "WithdrawWorker", "ReportWorkers", "RecordFirstRequest"})
SERVED = frozenset({"IntendWorker", "IntendBoundWorker", "ReconcileWorkers"})
#: Commands to a workflow of which no work, or not every edge, has come.
ANNOUNCED, WITH_WORKS = frozenset({"AddWorks", "ExpireWorkflow"}), frozenset({"AddEdges"})
STARTED = frozenset({"RecordWorkEnd", "RecordUnitEnds"})
OFFERED = frozenset({"RedeemEnrolment", "EndEnrolment"})


def ground_of(ground: Ground, number: int) -> Ground:
    """The ground with a task of its own, known by `number`."""
    return replace(ground, tasks=(IDS_FROM + number % (FIRST_TASK_ID - IDS_FROM),))


def prelude(name: str, aggregate: str, ground: Ground, ids: Mapping[str, int]) -> tuple[Record, ...]:
    """Records to be written before the command `name` to the task, job or queue of `ground`."""
    key = _key_of(aggregate, name, ground)
    match aggregate:
        case "task" if name != "SubmitTask":
            commands = _task_commands(name, ground)
        case "job" if name != "DefineJob":
            commands = _job_commands(name, ground)
        case "queue" if name != "EnqueueJob":
            commands = [EnqueueJob(spec=spec_of(ground))]
        case "ranges" if name != "AcquireRanges":
            commands = [_meant(AcquireRanges, ground)]
        case "policy" if name in OFFERED:
            commands = [_meant(OfferEnrolment, ground)]
        case "dataset" if name == "CloseDataset":
            commands = [_meant(RegisterFiles, ground)]
        case "worker":
            commands = _worker_commands(name, ground)
        case "workflow" if name != "SubmitWorkflow":
            commands = _workflow_commands(name, ground)
        case _:
            commands = []
    counted = Counter[str]()
    found = []
    for command in commands:
        kind = type(command).__name__
        found.append(_record(command, key, ground, ids, counted[kind]))
        counted[kind] += 1
    return tuple(found)


def _key_of(aggregate: str, name: str, ground: Ground) -> str:
    """The key of what the command is sent to, where that is the first of its kind on the ground."""
    match aggregate:
        case "worker" | "queue":
            return ground.queue
        case _:
            return ground.key_of(aggregate, name, 0)


def _job_commands(name: str, ground: Ground) -> list[Message]:
    found: list[Message] = [DefineJob(spec=records.replace(spec_of(ground), needs_merge=name == "CompleteMerge"))]
    if name in LEASED:
        found.append(RecordLease(queue=ground.queue, pilot="word", node="word", lease_id="lease"))
    if name == "CompleteMerge":
        found.append(_meant(ReportJobEnd, ground))
    return found


def _worker_commands(name: str, ground: Ground) -> list[Message]:
    served: list[Message] = [_meant(ClaimService, ground)] if name in SERVED | INTENDED else []
    return [*served, _meant(IntendWorker, ground)] if name in INTENDED else served


def _task_commands(name: str, ground: Ground) -> list[Message]:
    submitted = SubmitTask(
        task_id=ground.tasks[0], name=f"user.hostile.{ground.tasks[0]}/", user_name="hostile", label="user", priority=1_000,
        parameters_json="{}",
    )  # fmt: skip
    definition = definition_of(ground, with_input=name in FED)
    refined = RefineTask(definition=definition, parameters_revision=0)
    plans = tuple(JobPlan(unit_ids=(unit,), queue=ground.queue) for unit in range(1, UNITS + 1))
    generated = GenerateJobs(order=1, kind=JobKind.NORMAL, plans=plans, brokerage=BrokerageEvidence(seed="seed"))
    if name in WAITING:
        return [records.replace(submitted, lists=(NameList(list="pfnList", count=3),))]
    if name in SUBMITTED:
        return [submitted]
    if name in REFINED | FED:
        return [submitted, refined]
    if name in PARKED:
        return [submitted, refined, ParkTask(order=1, message="parked", brokerage=BrokerageEvidence(seed="seed"))]
    if name == "RecordParentEnd":
        return [records.replace(submitted, parent_task_id=1), refined]
    if name in ENDED:
        return [submitted, refined, KillTask()]
    aside = SetTaskAside(dead_letter_id=uuid_of("dead_letter_id"), message="set aside")
    then: dict[str, list[Message]] = {
        "ResumeTask": [PauseTask()],
        "RestoreTask": [aside],
        "CancelScheduled": [_meant(ScheduleTaskCommand, ground)],
        "CarryOutScheduled": [_meant(ScheduleTaskCommand, ground)],
    }
    return [submitted, refined, generated, *then.get(name, [])]


def _workflow_commands(name: str, ground: Ground) -> list[Message]:
    """A workflow of one work with two jobs, the second of which waits for the first."""
    announced, works = _meant(SubmitWorkflow, ground), _meant(AddWorks, ground)
    works, depths = records.replace(works, depths=()), AddWorks(chunk=1, works=(), depths=(0, 1))
    if name in ANNOUNCED:
        return [announced]
    if name in WITH_WORKS:
        return [announced, works, depths]
    whole: list[Message] = [announced, works, depths, _meant(AddEdges, ground)]
    if name == "SealWorkflow":
        return whole
    started: list[Message] = [_meant(StartWork, ground)] if name in STARTED else []
    return [*whole, _meant(SealWorkflow, ground), *started]


def _meant(kind: type[T], ground: Ground) -> T:
    """A command as it is meant."""
    (entry,) = (one for one in messages() if one.name == kind.__name__)
    return records.record_from(kind, plausible(entry, ground))


def definition_of(ground: Ground, *, with_input: bool) -> TaskDefinition:
    """A job with an output; over the senders' dataset, or without input."""
    output = OutputTemplate(
        stream="OUTPUT0", role=DatasetRole.OUTPUT, dataset=f"user.hostile.{ground.tasks[0]}.out", scope="user.hostile",
        name_template="user.hostile.$JEDITASKID._${SN/P}.out.txt",
    )  # fmt: skip
    return TaskDefinition(
        transformation="http://127.0.0.1/trf/user/runGen", parameters='-o "${OUTPUT0}"', requirements=Requirements(),
        rules=SplitRules(files_per_job=1) if with_input else SplitRules(events_per_job=1),
        input_datasets=(ground.dataset,) if with_input else (), events_total=None if with_input else UNITS, outputs=(output,),
        wait_input=with_input,
    )  # fmt: skip


def spec_of(ground: Ground) -> JobSpec:
    """A job of the ground's task, on its queue."""
    task = ground.tasks[0]
    given = JobInput(
        lfn="in.root", dataset=ground.dataset, scope="user.hostile", size_bytes=5, checksum="ad:062c0215", endpoint="LOCAL_DISK"
    )
    made = JobOutput(lfn=f"out.{task}.txt", dataset=f"user.hostile.{task}.out", scope="user.hostile", role=DatasetRole.OUTPUT)
    return JobSpec(
        job_id=job_id_of(task, 1), task_id=task, attempt=1, serial=1, kind=JobKind.NORMAL, name="job", queue=ground.queue,
        transformation="http://127.0.0.1/trf/user/runGen", parameters="true", inputs=(given,), outputs=(made,), label="user",
        user_name="hostile", owner=ground.subject, vo=VO,
    )  # fmt: skip


def _record(command: Message, key: str, ground: Ground, ids: Mapping[str, int], number: int) -> Record:
    entry = entry_of(command)
    envelope = CommandEnvelope(
        command_id=prelude_id(entry.name, ground, number),
        aggregate_id=key,
        correlation_id=uuid_of("prelude", ground.now, ground.tasks[0]),
        issued_at=ground.now,
        actor=ground.subject,
        role="system",
        vo=VO,
    )
    value = FRAME.pack(MAGIC, ids[entry.full_name]) + to_bytes(command, envelope)
    return Record(entry.topic, key.encode(), value)
