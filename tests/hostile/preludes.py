"""Honest commands that bring an aggregate to where a command has something to do: hostile ones meet more than `unknown task`.

Ids are below those that Culm gives out, so that no task of anyone else can have them.
"""

from collections.abc import Mapping
from dataclasses import replace

from schemas import records
from schemas.ids import FIRST_TASK_ID, job_id_of
from schemas.job import DefineJob, RecordLease
from schemas.queue import EnqueueJob
from schemas.task import FinishTask, GenerateJobs, KillTask, ParkTask, PauseTask, RefineTask, SubmitTask
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
from tests.hostile.ground import VO, Ground, uuid_of
from tests.hostile.message import Record

IDS_FROM = 1_000_000
UNITS = 1
#: Commands to a task that has been submitted, refined, and has jobs (all others).
SUBMITTED = frozenset({"RefineTask", "BreakTask"})
#: Commands to a task whose names are to come.
WAITING = frozenset({"AddInputNames", "ExpireSubmission"})
REFINED = frozenset({"GenerateJobs", "ParkTask"})
FED = frozenset({"FeedContents"})
PARKED = frozenset({"WakeTask"})
LEASED = frozenset({"ReportJobProgress", "ReportJobEnd", "LoseJob", "KillJob", "CompleteMerge"})


def ground_of(ground: Ground, number: int) -> Ground:
    """The ground with a task of its own, known by `number`."""
    return replace(ground, tasks=(IDS_FROM + number % (FIRST_TASK_ID - IDS_FROM),))


def prelude(name: str, aggregate: str, ground: Ground, ids: Mapping[str, int]) -> tuple[Record, ...]:
    """Records to be written before the command `name` to the task, job or queue of `ground`."""
    task, job = ground.tasks[0], job_id_of(ground.tasks[0], 1)
    match aggregate:
        case "task" if name != "SubmitTask":
            commands = [(message, str(task)) for message in _task_commands(name, ground)]
        case "job" if name != "DefineJob":
            commands = [(DefineJob(spec=spec_of(ground)), str(job))]
            if name in LEASED:
                lease = RecordLease(queue=ground.queue, pilot="p", node="n", lease_id="lease")
                commands.append((lease, str(job)))
        case "queue" if name != "EnqueueJob":
            commands = [(EnqueueJob(spec=spec_of(ground)), ground.queue)]
        case _:
            commands = []
    return tuple(_record(command, key, ground, ids) for command, key in commands)


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
    then: dict[str, list[Message]] = {
        "ResumeTask": [PauseTask()],
        "ReloadTask": [KillTask()],
        "RetryTask": [FinishTask(soft=False)],
    }
    return [submitted, refined, generated, *then.get(name, [])]


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


def _record(command: Message, key: str, ground: Ground, ids: Mapping[str, int]) -> Record:
    entry = entry_of(command)
    envelope = CommandEnvelope(
        command_id=uuid_of("prelude", entry.name, ground.now, ground.tasks[0]),
        aggregate_id=key,
        correlation_id=uuid_of("prelude", ground.now, ground.tasks[0]),
        issued_at=ground.now,
        actor=ground.subject,
        role="system",
        vo=VO,
    )
    value = FRAME.pack(MAGIC, ids[entry.full_name]) + to_bytes(command, envelope)
    return Record(entry.topic, key.encode(), value)
