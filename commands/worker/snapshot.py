"""The workers of a queue: a main row with what was wanted, who serves and what ended, and a row for each live worker."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from operator import attrgetter
from typing import Any

from commands.snapshot import MAIN, Row, SnapshotForm, part_name
from commands.undo import UndoDict, UndoQueue
from commands.worker.model import EarlyEnds, HeldOrder, Service, Worker, Workers
from schemas.worker import (
    QueueHealthy,
    QueueUnhealthy,
    ServiceClaimed,
    WorkerEndReported,
    WorkerEvent,
    WorkersHeldBack,
    WorkerSnapshot,
    WorkersReconciled,
    WorkersSnapshot,
    WorkersWanted,
)


def changed(workers: Workers, event: WorkerEvent) -> Iterable[str]:
    """The row of the worker that the event is about."""
    match event:
        case WorkersWanted() | WorkersHeldBack() | ServiceClaimed() | WorkersReconciled() | QueueUnhealthy() | QueueHealthy():
            return ()
        case WorkerEndReported():
            return ()
        case _:
            return (_name(event.worker_id),)


def names(workers: Workers) -> Iterable[str]:
    """A row for each live worker."""
    return map(_name, workers.live)


def rows(workers: Workers, wanted: Collection[str]) -> Iterator[Row]:
    """The rows that are asked for."""
    left = set(wanted) - {MAIN}
    if MAIN in wanted:
        yield MAIN, _main(workers)
    for worker_id, worker in workers.live.items() if left else ():
        name = _name(worker_id)
        if name in left:
            left.discard(name)
            yield name, _row(worker_id, worker)
    for name in sorted(left):
        yield name, None


def restored(found: Mapping[str, Any]) -> Workers:
    """The workers of their rows."""
    main: WorkersSnapshot = found[MAIN]
    rows = sorted((row for name, row in found.items() if name != MAIN), key=attrgetter("worker_id"))
    return Workers(
        main.wanted,
        UndoDict((row.worker_id, _worker(row)) for row in rows),
        UndoQueue(dict.fromkeys(main.ended)),
        UndoDict(zip(main.absent, main.absent_since, strict=True)),
        UndoDict(dict.fromkeys(main.harvesters)),
        Service(main.epoch, main.harvester_id, main.instance, main.until, main.service_vo),
        main.classes,
        HeldOrder(main.held_wanted, main.held_at, main.held_classes) if main.held_wanted >= 0 else None,
        EarlyEnds(main.early_fingerprint, main.early_ended, main.is_unhealthy, main.probes, main.probe_at),
        UndoDict(zip(main.ended_open, main.ended_open_vo, strict=True)),
    )


def _main(workers: Workers) -> WorkersSnapshot:
    service, absent, held = workers.service, sorted(workers.absent.items()), workers.held or HeldOrder(-1, 0)
    open_ends = sorted(workers.open_ends.items())
    return WorkersSnapshot(
        wanted=workers.wanted,
        ended=tuple(workers.ended),
        ended_open=tuple(name for name, _ in open_ends),
        ended_open_vo=tuple(vo for _, vo in open_ends),
        epoch=service.epoch,
        harvester_id=service.harvester_id,
        instance=service.instance,
        until=service.until,
        service_vo=service.vo,
        harvesters=tuple(sorted(workers.harvesters)),
        absent=tuple(name for name, _ in absent),
        absent_since=tuple(since for _, since in absent),
        classes=workers.classes,
        held_wanted=held.asked,
        held_at=held.at,
        held_classes=held.classes,
        early_fingerprint=workers.early.fingerprint,
        early_ended=workers.early.ended,
        is_unhealthy=workers.early.is_closed,
        probes=workers.early.probes,
        probe_at=workers.early.probe_at,
    )


def _row(worker_id: str, worker: Worker) -> WorkerSnapshot:
    return WorkerSnapshot(
        worker_id=worker_id,
        state=worker.state,
        vo=worker.vo,
        tag=worker.tag,
        is_submitted=worker.is_submitted,
        cancel_ordered=worker.cancel_ordered,
        submit_by=worker.submit_by,
        has_asked=worker.has_asked,
        job_id=worker.job_id,
        lease_id=worker.lease_id,
    )


def _worker(row: WorkerSnapshot) -> Worker:
    return Worker(
        row.state,
        row.vo,
        row.tag,
        row.submit_by,
        row.is_submitted,
        row.cancel_ordered,
        has_asked=row.has_asked,
        job_id=row.job_id,
        lease_id=row.lease_id,
    )


def _name(worker_id: str) -> str:
    return part_name("worker", worker_id)


SNAPSHOT = SnapshotForm(rows, restored, changed, names)
