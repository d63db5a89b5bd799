"""A job as its history describes it, and the table of its legal transitions.

In: job events. Out: `Job`. Guards: an event that the table does not allow is a bug, found at once by `evolve`.
The table also makes the diagram in the docs and the exhaustive (state x command) test. Source:
docs/reference/jedi.md, "Job transitions".
"""

from dataclasses import dataclass
from enum import StrEnum
from sys import intern

from identity.ruling import Thing
from schemas.job import (
    JobActivated,
    JobCancelled,
    JobClosed,
    JobCommand,
    JobDefined,
    JobEvent,
    JobFailed,
    JobFinished,
    JobHolding,
    JobKillOrdered,
    JobLost,
    JobMerging,
    JobReturned,
    JobSent,
    JobStarted,
    JobStarting,
    JobTransferring,
    LateReportRefused,
    ReadSecrets,
    ReportJobEnd,
    ReportJobProgress,
    SecretsRead,
)
from schemas.types import CommandEnvelope, EventEnvelope, JobOutput


class JobStatus(StrEnum):
    """jobStatus, in PanDA's words; `unknown` is a job that was never defined."""

    UNKNOWN = "unknown"
    ACTIVATED = "activated"
    SENT = "sent"
    STARTING = "starting"
    RUNNING = "running"
    HOLDING = "holding"
    TRANSFERRING = "transferring"
    MERGING = "merging"
    FINISHED = "finished"
    FAILED = "failed"
    CANCELLED = "cancelled"
    CLOSED = "closed"


WAITING = frozenset({JobStatus.ACTIVATED})
HELD = frozenset(
    {JobStatus.SENT, JobStatus.STARTING, JobStatus.RUNNING, JobStatus.HOLDING, JobStatus.TRANSFERRING}
)
FINAL = frozenset({JobStatus.FINISHED, JobStatus.FAILED, JobStatus.CANCELLED, JobStatus.CLOSED})

_S = JobStatus
TRANSITIONS: frozenset[tuple[JobStatus, type, JobStatus]] = frozenset(
    {
        (_S.UNKNOWN, JobDefined, _S.ACTIVATED),
        # In logs of earlier releases only, which said so in an event of its own.
        (_S.ACTIVATED, JobActivated, _S.ACTIVATED),
        (_S.ACTIVATED, JobSent, _S.SENT),
        (_S.SENT, JobReturned, _S.ACTIVATED),
        (_S.SENT, JobStarting, _S.STARTING),
        (_S.SENT, JobStarted, _S.RUNNING),
        (_S.STARTING, JobStarted, _S.RUNNING),
        (_S.MERGING, JobFinished, _S.FINISHED),
        (_S.MERGING, JobFailed, _S.FAILED),
        (_S.MERGING, JobCancelled, _S.CANCELLED),
    }
    | {(found, JobHolding, _S.HOLDING) for found in HELD - {_S.HOLDING}}
    | {(found, JobTransferring, _S.TRANSFERRING) for found in HELD - {_S.TRANSFERRING}}
    | {
        (found, event, reached)
        for found in HELD
        for event, reached in (
            (JobMerging, _S.MERGING),
            (JobFinished, _S.FINISHED),
            (JobFailed, _S.FAILED),
            (JobLost, _S.FAILED),
            (JobCancelled, _S.CANCELLED),
            (JobKillOrdered, found),
        )
    }
    | {(found, event, reached) for found in WAITING for event, reached in ((JobCancelled, _S.CANCELLED), (JobClosed, _S.CLOSED))}
    | {(found, SecretsRead, found) for found in HELD}
    | {(found, LateReportRefused, found) for found in FINAL}
)
NEXT: dict[tuple[JobStatus, type], JobStatus] = {(found, event): reached for found, event, reached in TRANSITIONS}


@dataclass(slots=True)
class Job:
    """One job, as far as its guards need it.

    owner, vo: of the task. holder: the subject that leased it, also after its end.
    worker_id, rebind_max: of a job that travels with a worker, and how often it may come back; returns: how often it did.
    kill_code: set when a kill was ordered. lost: it ended without its pilot's word. node: where the pilot runs that asked for
    it, or that began it where it travels with its worker; empty for one that a Harvester asked for. pilot_id: as `name_of_pilot`
    says, from the first report that has it.
    lease_id, outputs, node, pilot_id: forgotten at its end.
    """

    status: JobStatus = JobStatus.UNKNOWN
    job_id: int = 0
    attempt: int = 0
    queue: str = ""
    needs_merge: bool = False
    outputs: tuple[JobOutput, ...] = ()
    lease_id: str | None = None
    kill_code: int | None = None
    lost: bool = False
    late_reports: int = 0
    owner: str = ""
    vo: str = ""
    holder: str = ""
    uses_secrets: bool = False
    node: str = ""
    pilot_id: str = ""
    worker_id: str = ""
    rebind_max: int = -1
    returns: int = 0


def initial() -> Job:
    """A job before its first event."""
    return Job()


def evolve(job: Job, event: JobEvent, envelope: EventEnvelope) -> Job:
    """`job` after `event`; applies every event unchecked, and stops at one that the table does not know."""
    reached = NEXT.get((job.status, type(event)))
    assert reached is not None, f"{type(event).__name__} in state {job.status} is not in the table of transitions"
    job.status = reached
    match event:
        case JobDefined():
            spec = event.spec
            job.job_id, job.attempt, job.queue = spec.job_id, spec.attempt, spec.queue
            job.needs_merge, job.outputs = spec.needs_merge, spec.outputs
            job.owner, job.vo, job.uses_secrets = intern(spec.owner), intern(spec.vo), spec.uses_secrets
        case JobSent():
            job.lease_id, job.holder = event.lease_id, intern(envelope.actor)
            is_pushed = bool(event.harvester_id) and not event.worker_id
            job.node = "" if is_pushed else intern(event.node)
            job.rebind_max = event.rebind_max
            job.worker_id = event.worker_id if event.rebind_max >= 0 else ""
        case JobReturned():
            job.lease_id, job.returns, job.worker_id = None, event.returns, ""
            job.node = job.pilot_id = ""
        case JobStarting() | JobStarted():
            # Of a job that travels with its worker the lease names no node: the first report does.
            job.node = job.node or (intern(event.node) if job.rebind_max >= 0 else "")
            job.pilot_id = job.pilot_id or (intern(name_of_pilot(event.pilot_id)) if job.node else "")
        case JobKillOrdered():
            job.kill_code = event.code
        case JobLost():
            job.lost = True
        case LateReportRefused():
            job.late_reports += 1
        case _:
            pass
    if reached in FINAL:
        job.lease_id, job.outputs, job.node, job.pilot_id = None, (), "", ""
    return job


def name_of_pilot(pilot_id: str) -> str:
    """What a pilot is called for the whole of a job: what follows in its `pilotID` (batch system, version) may come later."""
    return pilot_id.partition("|")[0]


def is_closed(job: Job) -> bool:
    """True when nothing but a late report can come any more."""
    return job.status in FINAL


def belongs(job: Job, command: JobCommand, by: CommandEnvelope) -> Thing:
    """Whose the job is: for reports, of the one who leased it."""
    owner = job.holder if isinstance(command, ReportJobProgress | ReportJobEnd | ReadSecrets) else job.owner
    return Thing(f"job {by.aggregate_id}", job.vo, owner, job.lease_id or "")
