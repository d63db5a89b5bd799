"""What a job says to a command: events, or no.

Guards: a final state is never left; only the pilot that holds the attempt may report; a late report changes nothing and
leaves a trace. Source: docs/reference/jedi.md, "Reports of pilots".
"""

from dataclasses import replace
from typing import assert_never

from commands.decision import Decision, FollowUp, Hits, accept, refuse
from commands.job.clocks import expire_state
from commands.job.guarded import guarded
from commands.job.kills import TO_BE_KILLED, kill, kill_error, unknown_job
from commands.job.model import FINAL, HELD, Job, JobStatus
from commands.job.outputs import complete_outputs, missing_outputs
from commands.job.pilots import is_of_other_pilot
from commands.job.returning import WORKER_GONE, begins, return_job
from schemas.job import (
    CompleteMerge,
    DefineJob,
    ExpireJobState,
    JobCancelled,
    JobCommand,
    JobDefined,
    JobFailed,
    JobFinished,
    JobHolding,
    JobLost,
    JobMerging,
    JobSent,
    JobStarted,
    JobStarting,
    JobTransferring,
    KillJob,
    LateReportRefused,
    LoseJob,
    ReadSecrets,
    RecordLease,
    ReportJobEnd,
    ReportJobProgress,
    ReturnJob,
    SecretsRead,
)
from schemas.queue import EndLease, EnqueueJob
from schemas.types import CommandEnvelope, JobError, LeaseEnding, LossCause, OutputFile, ReportedState

LOST_HEARTBEAT, NO_ANSWER_AFTER_SENT = 100, 102
PAYLOAD_OUT_OF_MEMORY = 1212
MERGE_FAILED = 113
OUTPUT_MISSING = 200


def decide(job: Job, command: JobCommand, by: CommandEnvelope) -> Decision:
    """Answer `command` against `job`; never look anywhere else."""
    match command:
        case DefineJob():
            return define(job, command)
        case RecordLease():
            return record_lease(job, command)
        case ReportJobProgress():
            return report_progress(job, command)
        case ReportJobEnd():
            return report_end(job, command)
        case ReadSecrets():
            return read_secrets(job, command)
        case KillJob():
            return replace(found := kill(job, command, by), hits=Hits(int(bool(found.events)), 0))
        case LoseJob():
            return lose(job, command)
        case ReturnJob():
            return give_back(job, command)
        case CompleteMerge():
            return complete_merge(job, command)
        case ExpireJobState():
            return expire_state(job, command)
        case _:
            assert_never(command)


def define(job: Job, command: DefineJob) -> Decision:
    """A new job is dispatchable at once: all its input is at hand when its task makes it. Its specification goes to the queue."""
    if job.status is not JobStatus.UNKNOWN:
        return refuse("ALREADY_EXISTS", f"job {command.spec.job_id} exists and is {job.status}")
    spec = command.spec
    return accept(JobDefined(spec=guarded(spec)), follow_ups=(FollowUp(spec.queue, EnqueueJob(spec=spec)),))


def record_lease(job: Job, command: RecordLease) -> Decision:
    """The queue gave the job to a pilot; a job that was killed meanwhile gives the lease back."""
    if job.status is JobStatus.UNKNOWN:
        return unknown_job()
    if job.status is not JobStatus.ACTIVATED:
        back = FollowUp(command.queue, EndLease(job_id=job.job_id, ending=LeaseEnding.REFUSED))
        return refuse("NOT_ACTIVATED", f"job is {job.status}, expected activated", follow_ups=(back,))
    sent = JobSent(
        lease_id=command.lease_id,
        queue=command.queue,
        pilot=command.pilot,
        node=command.node,
        harvester_id=command.harvester_id,
        worker_id=command.worker_id,
        rebind_max=command.rebind_max,
    )
    return accept(sent)


def report_progress(job: Job, command: ReportJobProgress) -> Decision:
    """A sign of life that may change the state; a state that is already reached is no news."""
    refusal = _refusal_of_report(job, command)
    if refusal is not None:
        return refusal
    pilot_command, begun = TO_BE_KILLED if job.kill_code is not None else None, begins(job)
    match command.state:
        case ReportedState.STARTING if job.status is JobStatus.SENT:
            started = JobStarting(node=command.node, batch_id=command.batch_id, pilot_id=command.pilot_id)
            return accept(started, follow_ups=begun, pilot_command=pilot_command)
        case ReportedState.RUNNING if job.status in (JobStatus.SENT, JobStatus.STARTING):
            running = JobStarted(
                node=command.node,
                batch_id=command.batch_id,
                pilot_id=command.pilot_id,
                started_at=command.started_at,
            )
            return accept(running, follow_ups=begun, pilot_command=pilot_command)
        case ReportedState.HOLDING if job.status is not JobStatus.HOLDING:
            return accept(JobHolding(sub_status=command.sub_status), follow_ups=begun, pilot_command=pilot_command)
        case ReportedState.TRANSFERRING if job.status is not JobStatus.TRANSFERRING:
            return accept(JobTransferring(sub_status=command.sub_status), follow_ups=begun, pilot_command=pilot_command)
        case _:
            return accept(pilot_command=pilot_command)


def report_end(job: Job, command: ReportJobEnd) -> Decision:
    """The pilot's final report, accepted only from the pilot that holds the job.

    A report that repeats how the job ended is harmless. `finished` becomes JobFinished in the same decision that checks
    the outputs, so no state in between can be lost (docs/reference/jedi.md, "Job transitions"). The event names the queue
    whose lease is over; `EndLeases` ends many of them at once (streams/leases/ends.py).
    """
    if job.status in FINAL and command.attempt == job.attempt:
        agrees = job.status is (JobStatus.FINISHED if command.succeeded else JobStatus.FAILED) and not job.lost
        if agrees:
            return accept()
        return _refuse_late(job, command, f"job is {job.status} already")
    if job.status is JobStatus.MERGING and command.succeeded:
        return accept()
    refusal = _refusal_of_report(job, command)
    if refusal is not None:
        return refusal
    outputs = complete_outputs(job.outputs, command.outputs)
    if job.kill_code is not None:
        cancelled = JobCancelled(
            code=job.kill_code,
            errors=(kill_error(job.kill_code),),
            reason="killed while a pilot held it",
            outputs=outputs,
            lease_on=job.queue,
        )
        return accept(cancelled)
    if not command.succeeded:
        return accept(_failed(job, command, outputs, command.errors))
    missing = missing_outputs(job.outputs, outputs)
    if missing:
        error = JobError(source="ddm", code=OUTPUT_MISSING, diagnostic=f"output not reported: {', '.join(missing)}")
        return accept(_failed(job, command, outputs, (error,)))
    if job.needs_merge:
        merging = JobMerging(
            outputs=outputs,
            usage=command.usage,
            exit_code=command.exit_code,
            started_at=command.started_at,
            ended_at=command.ended_at,
            metadata_json=command.metadata_json,
            lease_on=job.queue,
        )
        return accept(merging)
    finished = JobFinished(
        outputs=outputs,
        usage=command.usage,
        exit_code=command.exit_code,
        started_at=command.started_at,
        ended_at=command.ended_at,
        timing=command.timing,
        metadata_json=command.metadata_json,
        lease_on=job.queue,
    )
    return accept(finished)


def read_secrets(job: Job, command: ReadSecrets) -> Decision:
    """Secrets are for the pilot that holds the job now, of a job whose task asks for them."""
    if job.status is JobStatus.UNKNOWN:
        return unknown_job()
    if job.status not in HELD or job.lease_id != command.lease_id:
        return refuse("NOT_LEASED", f"job is {job.status} and not held under lease {command.lease_id}")
    if not job.uses_secrets:
        return refuse("NO_SECRETS", "its task asks for no secrets (useSecrets)")
    return accept(SecretsRead(lease_id=command.lease_id, secret_ids=command.secret_ids))


def lose(job: Job, command: LoseJob) -> Decision:
    """The lease is over without a word from the pilot: the job failed, or was cancelled if that was wanted anyway."""
    if job.status is JobStatus.UNKNOWN:
        return unknown_job()
    if job.status not in HELD or job.lease_id != command.lease_id:
        return refuse("NOT_LEASED", f"job is {job.status} and not held under lease {command.lease_id}")
    if job.kill_code is not None:
        errors = (kill_error(job.kill_code),)
        return accept(JobCancelled(code=job.kill_code, errors=errors, reason="killed; its pilot is gone"))
    lost = JobLost(
        lease_id=command.lease_id,
        cause=command.cause,
        errors=(_loss_error(job, command),),
        last_seen_at=command.last_seen_at,
        memory_mb=command.memory_mb,
    )
    return accept(lost)


def give_back(job: Job, command: ReturnJob) -> Decision:
    """The worker that was started for the job is gone."""
    if job.status is JobStatus.UNKNOWN:
        return unknown_job()
    return return_job(job, command, (kill_error(job.kill_code),) if job.kill_code is not None else ())


def complete_merge(job: Job, command: CompleteMerge) -> Decision:
    """The merge step decides how an unmerged job ended."""
    if job.status is JobStatus.UNKNOWN:
        return unknown_job()
    if job.status is not JobStatus.MERGING:
        return refuse("NOT_MERGING", f"job is {job.status}, expected merging")
    if command.succeeded:
        return accept(JobFinished(merge_job_id=command.merge_job_id))
    error = JobError(source="taskbuffer", code=MERGE_FAILED, diagnostic=f"merge job {command.merge_job_id} failed")
    return accept(JobFailed(errors=(error,)))


def _failed(job: Job, command: ReportJobEnd, outputs: tuple[OutputFile, ...], errors: tuple[JobError, ...]) -> JobFailed:
    return JobFailed(
        errors=errors or (JobError(source="pilot", code=1008, diagnostic="failed without an error code"),),
        outputs=outputs,
        usage=command.usage,
        exit_code=command.exit_code,
        started_at=command.started_at,
        ended_at=command.ended_at,
        log_extract=command.log_extract,
        metadata_json=command.metadata_json,
        lease_on=job.queue,
    )


def _refusal_of_report(job: Job, command: ReportJobProgress | ReportJobEnd) -> Decision | None:
    """Why a report is refused; None when it is accepted."""
    if job.status is JobStatus.UNKNOWN:
        return unknown_job()
    if command.attempt != job.attempt:
        return refuse("BAD_ATTEMPT", f"attempt {command.attempt}, expected {job.attempt}", pilot_command=TO_BE_KILLED)
    if job.status in FINAL or job.status is JobStatus.MERGING:
        return refuse("ALREADY_FINAL", f"job is {job.status} already", pilot_command=TO_BE_KILLED)
    if job.status not in HELD:
        return refuse("NOT_LEASED", f"job is {job.status}: no pilot holds it", pilot_command=TO_BE_KILLED)
    if is_of_other_pilot(job, command.pilot_id, command.node):
        found = f"pilot {command.pilot_id[:80]!a} on node {command.node[:80]!a}"
        return refuse("OTHER_PILOT", f"the report is of {found}, another pilot holds the job", pilot_command=TO_BE_KILLED)
    return None


def _refuse_late(job: Job, command: ReportJobEnd, message: str) -> Decision:
    """The trace of a late report is kept once; saying it again changes nothing."""
    trace = LateReportRefused(
        attempt=command.attempt, succeeded=command.succeeded, node=command.node, reason="ALREADY_FINAL"
    )
    events = () if job.late_reports else (trace,)
    return refuse("ALREADY_FINAL", message, *events, pilot_command=TO_BE_KILLED)


def _loss_error(job: Job, command: LoseJob) -> JobError:
    cause = command.cause
    if cause is LossCause.OUT_OF_MEMORY:
        # The code that a pilot gives to a payload that was out of memory: the same rule of the task holds for both.
        said = f": {command.reason}" if command.reason else ""
        had = f" of {command.memory_mb:,} MB" if command.memory_mb else ""
        return JobError(source="pilot", code=PAYLOAD_OUT_OF_MEMORY, diagnostic=f"its worker{had} ran out of memory{said}")
    if cause is LossCause.WORKER_ENDED:
        said = f": {command.reason}" if command.reason else ""
        return JobError(source="taskbuffer", code=WORKER_GONE, diagnostic=f"the worker ended without a final report{said}")
    if cause is LossCause.HOLDER_REVOKED:
        return JobError(source="jobdispatcher", code=LOST_HEARTBEAT, diagnostic="taken from its pilot, which is believed no more")
    code = NO_ANSWER_AFTER_SENT if job.status is JobStatus.SENT else LOST_HEARTBEAT
    return JobError(source="jobdispatcher", code=code, diagnostic=f"lost heartbeat while {job.status}")

