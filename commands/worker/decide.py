"""What the workers of a queue say to a command. Guards: a worker that ended stays ended."""

from typing import assert_never

from commands.decision import Decision, accept, refuse
from commands.worker.model import ENDINGS, Workers
from schemas.types import CommandEnvelope, WorkerState
from schemas.worker import (
    ReportWorker,
    WantWorkers,
    WorkerCommand,
    WorkerEnded,
    WorkerRunning,
    WorkerSubmitted,
    WorkersWanted,
)


def decide(workers: Workers, command: WorkerCommand, by: CommandEnvelope) -> Decision:
    """Answer `command` against `workers`; never look anywhere else."""
    match command:
        case WantWorkers():
            return want(workers, command)
        case ReportWorker():
            return report(workers, command)
        case _:
            assert_never(command)


def want(workers: Workers, command: WantWorkers) -> Decision:
    """The number of pilots to keep alive; saying the same number again is no news."""
    if command.wanted < 0:
        return refuse("BAD_NUMBER", f"wanted is {command.wanted}, expected 0 or more")
    if command.wanted == workers.wanted:
        return accept()
    return accept(WorkersWanted(wanted=command.wanted, live=len(workers.live), reason=command.reason))


def report(workers: Workers, command: ReportWorker) -> Decision:
    """A worker's life, as harvester and pilot tell it, in whichever order the two are heard."""
    known = workers.live.get(command.worker_id)
    if command.worker_id in workers.ended:
        return accept() if command.state in ENDINGS else _refuse_ended(command)
    live = len(workers.live) + (0 if known else 1)
    match command.state:
        case WorkerState.SUBMITTED:
            if known:
                return accept()
            return accept(
                WorkerSubmitted(worker_id=command.worker_id, harvester_id=command.harvester_id, live=live)
            )
        case WorkerState.RUNNING:
            if known is WorkerState.RUNNING:
                return accept()
            running = WorkerRunning(
                worker_id=command.worker_id, harvester_id=command.harvester_id, node=command.node, live=live
            )
            return accept(running)
        case WorkerState.FINISHED | WorkerState.FAILED | WorkerState.CANCELLED:
            ended = WorkerEnded(
                worker_id=command.worker_id,
                harvester_id=command.harvester_id,
                state=command.state,
                exit_code=command.exit_code,
                diagnostic=command.diagnostic,
                live=live - 1,
            )
            return accept(ended)
        case WorkerState.UNKNOWN:
            return refuse("BAD_STATE", f"worker {command.worker_id} reports an unknown state")
        case _:
            assert_never(command.state)


def _refuse_ended(command: ReportWorker) -> Decision:
    return refuse("WORKER_ENDED", f"worker {command.worker_id} ended already and cannot be {command.state.lower()}")
