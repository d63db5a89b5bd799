"""What the workers of a queue say to a command.

Guards: a worker that ended stays ended; a worker of Culm's own harvester begins with an intent; only the one that serves the
queue starts workers (`service.py`).
"""

from typing import assert_never

from commands.decision import Decision, accept, refuse
from commands.worker.demand import confirm, want
from commands.worker.health import after_end, asked
from commands.worker.model import Worker, Workers
from commands.worker.returns import lost, returns, runs
from commands.worker.service import claim, intend, reconcile
from commands.worker.transitions import ENDINGS
from schemas.types import CommandEnvelope, WorkerState
from schemas.worker import (
    CancelWorker,
    ClaimService,
    ConfirmWorkers,
    IntendBoundWorker,
    IntendWorker,
    ReconcileWorkers,
    RecordFirstRequest,
    ReportWorker,
    StopWorker,
    WantWorkers,
    WithdrawWorker,
    WorkerCancelOrdered,
    WorkerCommand,
    WorkerEnded,
    WorkerEndReported,
    WorkerHeld,
    WorkerPending,
    WorkerRunning,
    WorkerSubmitted,
)


def decide(workers: Workers, command: WorkerCommand, by: CommandEnvelope) -> Decision:
    """Answer `command` against `workers`; never look anywhere else."""
    match command:
        case WantWorkers():
            return want(workers, command, by)
        case ConfirmWorkers():
            return confirm(workers, command, by)
        case ClaimService():
            return claim(workers, command, by)
        case IntendWorker() | IntendBoundWorker():
            return intend(workers, command, by)
        case ReportWorker():
            return report(workers, command, by)
        case RecordFirstRequest():
            return asked(workers, command, by)
        case WithdrawWorker() | CancelWorker() | StopWorker():
            return cancel(workers, command, by)
        case ReconcileWorkers():
            return reconcile(workers, command, by)
        case _:
            assert_never(command)


def report(workers: Workers, command: ReportWorker, by: CommandEnvelope) -> Decision:
    """A worker's life, as harvester and pilot report it, in any order of the two."""
    known = workers.live.get(command.worker_id)
    if command.worker_id in workers.ended:
        return _ended_before(workers, command, by) if command.state in ENDINGS else _refuse_ended(command)
    if command.state in (WorkerState.UNKNOWN, WorkerState.INTENDED):
        return refuse("BAD_STATE", f"worker {command.worker_id} reports the state {command.state}, expected where it is")
    if known is None and command.harvester_id in workers.harvesters:
        return refuse("UNKNOWN_WORKER", f"worker {command.worker_id} of {command.harvester_id} was never intended")
    live = len(workers.live) + (0 if known else 1)
    if command.state in ENDINGS:
        return _ended(workers, command, live - 1, by)
    return _lives(known, command, live, by.aggregate_id)


def _lives(known: Worker | None, command: ReportWorker, live: int, queue: str) -> Decision:
    """A living worker is somewhere; what is known already is no news."""
    worker_id, harvester_id, foreign = command.worker_id, command.harvester_id, known is None or not known.is_intended
    found = known.state if known else WorkerState.UNKNOWN
    match command.state:
        case WorkerState.SUBMITTED:
            if known and (known.is_submitted or (found is not WorkerState.INTENDED and not command.batch_id)):
                return accept()
            submitted = WorkerSubmitted(
                worker_id=worker_id,
                harvester_id=harvester_id,
                live=live,
                batch_id=command.batch_id,
                submit_host=command.submit_host,
                foreign=foreign,
                state=WorkerState.SUBMITTED if found in (WorkerState.UNKNOWN, WorkerState.INTENDED) else found,
            )
            return accept(submitted)
        case WorkerState.HELD:
            if found is WorkerState.HELD:
                return accept()
            return accept(
                WorkerHeld(worker_id=worker_id, harvester_id=harvester_id, reason=command.reason, live=live, foreign=foreign)
            )
        case _ if found is command.state:
            return accept()
        case WorkerState.PENDING:
            return accept(WorkerPending(worker_id=worker_id, harvester_id=harvester_id, live=live, foreign=foreign))
        case _:
            running = WorkerRunning(
                worker_id=worker_id, harvester_id=harvester_id, node=command.node, live=live, foreign=foreign
            )
            return accept(running, follow_ups=runs(queue, known))


def _ended(workers: Workers, command: ReportWorker, live: int, by: CommandEnvelope) -> Decision:
    known = workers.live.get(command.worker_id)
    if command.state is WorkerState.MISSED and known is not None and known.state is not WorkerState.INTENDED:
        return refuse("WORKER_SUBMITTED", f"worker {command.worker_id} is {known.state.lower()} and cannot have been missed")
    ended = WorkerEnded(
        worker_id=command.worker_id,
        harvester_id=command.harvester_id,
        state=command.state,
        exit_code=command.exit_code,
        diagnostic=command.diagnostic,
        live=live,
        native_state=command.native_state,
        reason=command.reason,
        signal=command.signal,
        fingerprint=command.fingerprint,
        foreign=known is None or not known.is_intended,
    )
    closed = after_end(workers, command.worker_id, command.fingerprint, by.issued_at)
    follow_ups = (*returns(workers, (ended,)), *lost(by.aggregate_id, workers, ended))
    return accept(ended, *closed, follow_ups=follow_ups)


def _ended_before(workers: Workers, command: ReportWorker, by: CommandEnvelope) -> Decision:
    """The first report says how a worker ended; what the batch system says later is kept as evidence, once."""
    if not command.native_state or workers.open_ends.get(command.worker_id) != by.vo:
        return accept()
    reported = WorkerEndReported(
        worker_id=command.worker_id,
        harvester_id=command.harvester_id,
        state=command.state,
        exit_code=command.exit_code,
        diagnostic=command.diagnostic,
        native_state=command.native_state,
        reason=command.reason,
        signal=command.signal,
        fingerprint=command.fingerprint,
    )
    return accept(reported)


def cancel(workers: Workers, command: WithdrawWorker | CancelWorker | StopWorker, by: CommandEnvelope) -> Decision:
    """The end of a worker is ordered once; its harvester carries it out, and the batch system's listing proves it.

    A harvester withdraws workers that wait; one that runs goes on, unless a person or Culm itself orders its end.
    """
    known = workers.live.get(command.worker_id)
    if known is None:
        if command.worker_id in workers.ended:
            return refuse("WORKER_ENDED", f"worker {command.worker_id} ended already")
        return refuse("UNKNOWN_WORKER", f"there is no worker {command.worker_id} in this queue")
    if known.cancel_ordered:
        return accept()
    if isinstance(command, WithdrawWorker) and known.state is WorkerState.RUNNING:
        # Its harvester saw it wait, in a listing that is older than the pilot's own word: it may have a job by now.
        return refuse("WORKER_RUNS", f"worker {command.worker_id} runs already")
    return accept(WorkerCancelOrdered(worker_id=command.worker_id, why=command.why, by=by.role or "user"))


def _refuse_ended(command: ReportWorker) -> Decision:
    return refuse("WORKER_ENDED", f"worker {command.worker_id} ended already and cannot be {command.state.lower()}")
