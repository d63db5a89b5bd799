"""Who may start workers of a queue, and what a listing of the batch system proves of them. Pure.

In: claims, intents and listings of harvesters. Out: decisions. Guards: of two harvesters only the one with the present epoch
starts workers; a worker is given up only after two complete listings in a row that began after all that could still have
submitted it.
All times are those of the commands: a listing says how long ago it began, so that the clock of a site does not matter.
"""

import re

from commands.decision import Decision, accept, refuse
from commands.worker.health import after_end
from commands.worker.model import Service, Worker, Workers
from commands.worker.returns import returns
from schemas.types import CommandEnvelope, WorkerMode, WorkerState
from schemas.worker import (
    ClaimService,
    IntendBoundWorker,
    IntendWorker,
    ReconcileWorkers,
    ServiceClaimed,
    WorkerEnded,
    WorkerIntended,
    WorkersReconciled,
)

MICROS = 1_000_000
#: A tag is the name of the worker in every batch system.
_TAG = re.compile(r"[a-z][a-z0-9-]{0,62}\Z")
HARVESTERS_MAX = 1_000
LIVE_MAX = 200_000
#: For the time that a command is on its way: so much later a listing must have begun than the last moment of a submission.
ON_ITS_WAY_SECONDS = 30


def claim(workers: Workers, command: ClaimService, by: CommandEnvelope) -> Decision:
    """The holder goes on; another one takes over once the time is over, a new process of the same harvester at once."""
    held = workers.service
    until = by.issued_at + command.seconds * MICROS
    claimed = ServiceClaimed(
        harvester_id=command.harvester_id, instance=command.instance, epoch=command.epoch, until=until
    )
    if command.epoch == held.epoch and (command.harvester_id, command.instance) == (held.harvester_id, held.instance):
        left, whole = held.until - by.issued_at, command.seconds * MICROS
        return accept() if whole // 2 < left <= whole else accept(claimed)
    if command.epoch != held.epoch + 1:
        return _old_epoch(held, command.epoch)
    if held.epoch and command.harvester_id != held.harvester_id and by.issued_at < held.until:
        left_seconds = (held.until - by.issued_at) // MICROS + 1
        return refuse("SERVICE_HELD", f"harvester {held.harvester_id} serves the queue for another {left_seconds} s")
    if command.harvester_id not in workers.harvesters and len(workers.harvesters) >= HARVESTERS_MAX:
        return refuse("TOO_MANY_HARVESTERS", f"{HARVESTERS_MAX} harvesters have served the queue, and no other one can")
    return accept(claimed)


def intend(workers: Workers, command: IntendWorker | IntendBoundWorker, by: CommandEnvelope) -> Decision:
    """A worker may be started; the same intent again is the same worker."""
    if (refused := _not_served_by(workers, command.harvester_id, command.epoch)) is not None:
        return refused
    if not _TAG.match(command.tag) or not command.tag.endswith(f"-{command.worker_id}"):
        return refuse(
            "BAD_TAG",
            f"tag: found {command.tag!r}, expected up to 63 of a-z, 0-9 and hyphen that end in -{command.worker_id}",
        )
    bound = command if isinstance(command, IntendBoundWorker) else None
    mode = WorkerMode.PUSH if isinstance(command, IntendBoundWorker) else command.mode
    if mode is WorkerMode.PUSH and bound is None:
        return refuse("NOT_BOUND", "the queue decides which job travels with a worker: ask it by BindJob")
    lease_id = bound.lease_id if bound else ""
    known = workers.live.get(command.worker_id)
    asked = command.tag, lease_id, WorkerState.INTENDED
    if known is not None and (known.tag, known.lease_id, known.state) == asked:
        return accept()
    if known is not None or command.worker_id in workers.ended:
        return refuse("WORKER_KNOWN", f"there has been a worker {command.worker_id} before")
    if len(workers.live) >= LIVE_MAX:
        return refuse("TOO_MANY_WORKERS", f"{len(workers.live)} workers live, expected fewer than {LIVE_MAX}")
    intended = WorkerIntended(
        worker_id=command.worker_id,
        tag=command.tag,
        harvester_id=command.harvester_id,
        epoch=command.epoch,
        class_name=command.class_name,
        cores=command.cores,
        memory_mb=command.memory_mb,
        disk_mb=command.disk_mb,
        walltime_seconds=command.walltime_seconds,
        mode=mode,
        submit_by=by.issued_at + command.submit_seconds * MICROS,
        live=len(workers.live) + 1,
        job_id=bound.job_id if bound else None,
        lease_id=lease_id,
    )
    return accept(intended)


def reconcile(workers: Workers, command: ReconcileWorkers, by: CommandEnvelope) -> Decision:
    """Workers that a complete listing did not show are noted at the first time, and given up at the second in a row."""
    if (refused := _not_served_by(workers, command.harvester_id, command.epoch)) is not None:
        return refused
    began_at = by.issued_at - command.began_seconds_ago * MICROS
    absent: list[str] = []
    gone: list[str] = []
    for worker_id in dict.fromkeys(command.absent):
        worker = workers.live.get(worker_id)
        if worker is None or not _should_show(worker, began_at):
            continue
        noted = workers.absent.get(worker_id)
        (gone if noted is not None and noted < began_at else absent).append(worker_id)
    if not gone and not command.adopted and set(absent) == set(workers.absent):
        return accept()
    states = [WorkerState.MISSED if workers.live[name].state is WorkerState.INTENDED else WorkerState.LOST for name in gone]
    missed = states.count(WorkerState.MISSED)
    reconciled = WorkersReconciled(
        harvester_id=command.harvester_id,
        epoch=command.epoch,
        began_at=began_at,
        seen=command.seen,
        adopted=command.adopted,
        absent=tuple(absent),
        missed=missed,
        vanished=len(gone) - missed,
    )
    ends = tuple(
        WorkerEnded(
            worker_id=worker_id,
            harvester_id=command.harvester_id,
            state=state,
            live=len(workers.live) - number,
            diagnostic="it never reached the batch system" if state is WorkerState.MISSED else "the batch system has it no more",
        )
        for number, (worker_id, state) in enumerate(zip(gone, states, strict=True), 1)
    )
    closed = [event for worker_id in gone for event in after_end(workers, worker_id, "", by.issued_at)]
    return accept(reconciled, *ends, *closed[:1], follow_ups=returns(workers, ends))


def _should_show(worker: Worker, began_at: int) -> bool:
    """Whether a listing that began then would show the worker if the batch system had it."""
    if not worker.is_intended:
        return False
    return worker.state is not WorkerState.INTENDED or began_at > worker.submit_by + ON_ITS_WAY_SECONDS * MICROS


def _not_served_by(workers: Workers, harvester_id: str, epoch: int) -> Decision | None:
    held = workers.service
    if epoch != held.epoch:
        return _old_epoch(held, epoch)
    if harvester_id != held.harvester_id:
        return refuse("SERVICE_HELD", f"harvester {held.harvester_id} serves the queue in epoch {epoch}, not {harvester_id}")
    return None


def _old_epoch(held: Service, epoch: int) -> Decision:
    return refuse("OLD_EPOCH", f"epoch {epoch} of the service, expected {held.epoch}, or {held.epoch + 1} to take it up")
