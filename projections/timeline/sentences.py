"""An event as one plain sentence. Pure. An event that nobody wrote a sentence for is told by its name."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from schemas.dataset import ContentsRequested, DatasetClosed, FilesRegistered
from schemas.job import (
    JobActivated,
    JobCancelled,
    JobClosed,
    JobDefined,
    JobFailed,
    JobFinished,
    JobHolding,
    JobKillOrdered,
    JobLost,
    JobMerging,
    JobSent,
    JobStarted,
    JobStarting,
    JobTransferring,
    LateReportRefused,
)
from schemas.policy import QueueConfigured, RetryRulesSet, SharesSet
from schemas.queue import DispatchConfigured, JobLeased, JobWithdrawn, LeaseEnded, TaskHeld, TaskReleased
from schemas.task import (
    AttemptsIncreased,
    ContentsFed,
    JobOutcomesRecorded,
    JobsGenerated,
    JobsOrdered,
    TaskBroken,
    TaskFinalized,
    TaskFinishOrdered,
    TaskKillOrdered,
    TaskParked,
    TaskPaused,
    TaskPriorityChanged,
    TaskReassigned,
    TaskRefined,
    TaskReloaded,
    TaskRestored,
    TaskResumed,
    TaskRetried,
    TaskSetAside,
    TaskSubmitted,
    TaskWoken,
)
from schemas.task_name import TaskNameClaimed
from schemas.types import JobError, OutcomeKind
from schemas.worker import WorkerEnded, WorkerRunning, WorkerSubmitted, WorkersWanted


def sentence(event: Any) -> str:
    """What happened, for people."""
    return SENTENCES.get(type(event), _named)(event)


def _named(event: Any) -> str:
    """The event's name taken apart: TaskFinalized -> Task finalized."""
    return re.sub(r"(?<!^)([A-Z])", lambda found: " " + found.group(1).lower(), type(event).__name__) + "."


def _finished(event: JobFinished) -> str:
    if event.merge_job_id is not None:
        return f"Finished by merge job {event.merge_job_id}."
    return f"Finished with {_files(len(event.outputs))}."


def _late(event: LateReportRefused) -> str:
    claim = "finished" if event.succeeded else "failed"
    return f"A late report of attempt {event.attempt} from {event.node} ({claim}) was refused: {event.reason}."


def _fed(event: ContentsFed) -> str:
    state = "all input is known" if event.complete else "more follows"
    return f"{_count(len(event.units), 'piece')} of input from {event.dataset}; {state}."


def _ordered(event: JobsOrdered) -> str:
    amount = _count(len(event.units) or len(event.unmerged), "piece")
    return f"Order {event.order}: {event.kind.lower()} jobs for {amount} of input."


def _generated(event: JobsGenerated) -> str:
    queues = ", ".join(sorted({job.queue for job in event.jobs}))
    return f"Order {event.order}: {_count(len(event.jobs), f'{event.kind.lower()} job')} for {queues}."


def _outcomes(event: JobOutcomesRecorded) -> str:
    kinds = [outcome.kind for outcome in event.outcomes]
    ended = ", ".join(f"{kinds.count(kind)} {kind.lower()}" for kind in OutcomeKind if kind in kinds)
    return f"Jobs ended: {ended or 'none'}; {event.accounts.finished} of {event.accounts.total} pieces of input done."


def _retried(event: TaskRetried) -> str:
    return f"Attempt {event.task_attempt}: {len(event.units)} of the failed pieces of input ready{_why(event.reason)}."


def _finish_ordered(event: TaskFinishOrdered) -> str:
    how = "when its running jobs have ended" if event.soft else "at once"
    return f"Ordered to end {how}{_why(event.reason)}."


def _configured(event: DispatchConfigured | QueueConfigured) -> str:
    return f"Queue {event.settings.name} has new settings and is {event.settings.status.lower()}."


def _words(name: str) -> str:
    return name.lower().replace("_", " ")


def _why(reason: str | None) -> str:
    return f": {reason.rstrip('.')}" if reason else ""


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def _files(number: int) -> str:
    return _count(number, "file")


def _errors(errors: tuple[JobError, ...]) -> str:
    said = (f"{error.source} {error.code} {error.diagnostic.rstrip('.')}" for error in errors)
    return "; ".join(said) or "no error given"


SENTENCES: Mapping[type, Callable[[Any], str]] = {
    JobDefined: lambda event: f"Attempt {event.spec.attempt} was made for queue {event.spec.queue}.",
    JobActivated: lambda event: f"The job may be taken by pilots of {event.queue}.",
    JobSent: lambda event: f"Pilot {event.pilot} on {event.node} holds the job.",
    JobStarting: lambda event: f"The pilot on {event.node} prepares the payload.",
    JobStarted: lambda event: f"The payload runs on {event.node}.",
    JobHolding: lambda event: f"The pilot asked to wait{_why(event.sub_status)}.",
    JobTransferring: lambda event: f"Outputs travel{_why(event.sub_status)}.",
    JobKillOrdered: lambda event: f"The pilot will be told to stop, code {event.code}{_why(event.reason)}.",
    JobLeased: lambda event: f"Leased to pilot {event.pilot} on {event.node} for {event.lease_seconds} s.",
    LeaseEnded: lambda event: f"The lease of pilot {event.pilot} ended: {_words(event.ending)}.",
    JobWithdrawn: lambda event: f"Taken off the queue{_why(event.reason)}.",
    JobMerging: lambda event: f"The payload succeeded; {_files(len(event.outputs))} wait for the merge step.",
    JobFinished: _finished,
    JobFailed: lambda event: f"Failed: {_errors(event.errors)}.",
    JobLost: lambda event: f"The pilot is gone ({_words(event.cause)}): {_errors(event.errors)}.",
    JobCancelled: lambda event: f"Killed with code {event.code}{_why(event.reason)}.",
    JobClosed: lambda event: f"Withdrawn with code {event.code}{_why(event.sub_status)}.",
    LateReportRefused: _late,
    TaskSubmitted: lambda event: f"{event.user_name} submitted {event.name}.",
    TaskRefined: lambda event: f"Refined, with {_count(len(event.definition.input_datasets), 'input dataset')}.",
    ContentsFed: _fed,
    JobsOrdered: _ordered,
    JobsGenerated: _generated,
    TaskParked: lambda event: f"No queue for order {event.order}: {event.message}",
    TaskWoken: lambda event: f"Tried again: {event.cause}.",
    JobOutcomesRecorded: _outcomes,
    TaskPaused: lambda event: f"Paused{_why(event.reason)}.",
    TaskSetAside: lambda event: f"Waits, {event.message}.",
    TaskRestored: lambda event: f"Dead letter {event.dead_letter_id} was handled after all{_why(event.message)}.",
    TaskResumed: lambda event: f"Goes on{_why(event.reason)}.",
    TaskKillOrdered: lambda event: f"Ordered killed{_why(event.reason)}.",
    TaskFinishOrdered: _finish_ordered,
    TaskRetried: _retried,
    TaskReloaded: lambda event: f"Attempt {event.task_attempt}: runs again, parameters {event.parameters_revision}.",
    TaskReassigned: lambda event: f"Reassigned to {event.site or event.cloud or 'other queues'} ({event.mode}).",
    TaskPriorityChanged: lambda event: f"Priority is {event.priority} from now on{_why(event.reason)}.",
    AttemptsIncreased: lambda event: f"Every piece of input got {event.increase} more attempts.",
    TaskBroken: lambda event: f"Cannot be worked on: {event.message}",
    TaskFinalized: lambda event: f"Ended {event.verdict.lower()}{_why(event.message)}.",
    TaskNameClaimed: lambda event: f"The name {event.name} belongs to task {event.task_id}.",
    FilesRegistered: lambda event: f"{_files(len(event.files))} added, {event.files_total} now.",
    DatasetClosed: lambda event: f"Closed{_why(event.reason)}.",
    ContentsRequested: lambda event: f"Task {event.task_id} was sent {_files(event.files_total)}.",
    DispatchConfigured: _configured,
    QueueConfigured: _configured,
    TaskHeld: lambda event: f"Jobs of task {event.task_id} are held back.",
    TaskReleased: lambda event: f"Jobs of task {event.task_id} are dispatched again.",
    WorkersWanted: lambda event: f"{_count(event.wanted, 'pilot')} wanted, {event.live} alive: {event.reason}",
    WorkerSubmitted: lambda event: f"Worker {event.worker_id} was handed to the batch system.",
    WorkerRunning: lambda event: f"Worker {event.worker_id} runs on {event.node}.",
    WorkerEnded: lambda event: f"Worker {event.worker_id} {event.state.lower()}{_why(event.diagnostic)}.",
    SharesSet: lambda event: f"{_count(len(event.shares), 'share')} set.",
    RetryRulesSet: lambda event: f"{_count(len(event.rules), 'retry rule')} set.",
}
