"""A dispatch queue: a main row, a row for each job that waits or is leased, and pages of the times that heartbeats move.

Of a job that waits, only its place in line is read when a queue is restored. A lease's row is written once; its times are in one
of TIME_PAGES pages of columns, because many of them move at once.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from operator import attrgetter
from sys import intern
from typing import Any

from commands.queue.model import DispatchQueue, Lease, rebuilt
from commands.queue.waiting import WaitingJob, waiting_job
from commands.snapshot import MAIN, PackedRow, Row, SnapshotForm
from schemas.queue import (
    DispatchConfigured,
    JobLeased,
    JobQueued,
    JobSharesAssigned,
    JobWithdrawn,
    LeaseEnded,
    LeaseProlonged,
    LeasesEnded,
    LeasesRenewed,
    LeaseTimesSnapshot,
    QueuedJobSnapshot,
    QueueEvent,
    QueueSnapshot,
    TaskHeld,
    TaskReleased,
)
from schemas.types import LeaseSnapshot, PlaceInLine, ShareGiven

TIME_PAGES = 64
JOB, TIMES = "job-", "times-"


def changed(queue: DispatchQueue, event: QueueEvent) -> Iterable[str]:
    """The rows of the jobs that the event names."""
    match event:
        case DispatchConfigured() | TaskHeld() | TaskReleased():
            return ()
        case JobQueued():
            return (_job(event.spec.job_id),)
        case JobWithdrawn():
            return (_job(event.job_id),)
        case LeaseProlonged():
            return (_times(event.job_id),)
        case JobLeased() | LeaseEnded():
            return (_job(event.job_id), _times(event.job_id))
        case JobSharesAssigned():
            return map(_job, event.job_ids)
        case LeasesEnded():
            return {name for one in event.leases for name in (_job(one.job_id), _times(one.job_id))}
        case LeasesRenewed():
            return set(map(_times, event.job_ids))


def names(queue: DispatchQueue) -> Iterable[str]:
    """A row for each job, and the pages of times."""
    yield from map(_job, queue.waiting)
    yield from map(_job, queue.leases)
    yield from sorted(set(map(_times, queue.leases)))


def rows(queue: DispatchQueue, wanted: Collection[str]) -> Iterator[Row]:
    """The rows that are asked for."""
    pages = {name for name in wanted if name.startswith(TIMES)}
    for name in wanted:
        if name == MAIN:
            yield MAIN, _main_row(queue)
        elif name not in pages:
            yield name, _job_row(queue, int(name.removeprefix(JOB)))
    if pages:
        yield from _pages(queue, pages)


def _main_row(queue: DispatchQueue) -> QueueSnapshot:
    held = tuple(sorted(queue.held_tasks))
    return QueueSnapshot(
        name=queue.name,
        settings=queue.settings,
        held_tasks=held,
        quiet_since=queue.quiet_since,
        ranks_sequence=queue.ranks_sequence,
        given=tuple(ShareGiven(name=share, cores=cores) for share, cores in sorted(queue.given.items())),
    )


def restored(found: Mapping[str, Any]) -> DispatchQueue:
    """The queue of its rows."""
    main: QueueSnapshot = found[MAIN]
    times: dict[int, tuple[int, int | None]] = {}
    waiting: list[WaitingJob] = []
    leased: list[QueuedJobSnapshot] = []
    shared: dict[Any, Any] = {}
    for name, row in found.items():
        if isinstance(row, PackedRow):
            waiting.append(_unread(row, shared))
        elif name.startswith(JOB) and row.lease is None:
            waiting.append(waiting_job(row.job_id, row.place or row.spec, row.spec))
        elif name.startswith(JOB):
            leased.append(row)
        elif name.startswith(TIMES):
            for job_id, due_at, seen_at in zip(row.job_ids, row.due_at, row.seen_at, strict=True):
                times[job_id] = (due_at, seen_at or None)
    waiting.sort(key=attrgetter("job_id"))
    leased.sort(key=attrgetter("job_id"))
    leases = {row.job_id: _lease(row, row.lease, *times[row.job_id]) for row in leased if row.lease is not None}
    given = {one.name: one.cores for one in main.given}
    return rebuilt(
        main.name, main.settings, waiting, leases, main.held_tasks, main.quiet_since, main.ranks_sequence, given
    )


def _lease(row: QueuedJobSnapshot, held: LeaseSnapshot, due_at: int, seen_at: int | None) -> Lease:
    """The lease of a row, which is written once: what is given once more stands in it also after the first sign of life."""
    job = waiting_job(row.job_id, row.spec, row.spec) if row.spec is not None else None
    return Lease(
        held.lease_id,
        held.pilot,
        held.task_id,
        held.lease_seconds,
        due_at,
        seen_at,
        holder=intern(held.holder),
        vo=intern(held.vo),
        worker_id=held.worker_id,
        slot_class=intern(held.slot_class),
        job=job if not held.request_id else None,
        share=intern(held.share),
        cores=held.cores,
        request_id=held.request_id,
        given=job if held.request_id and seen_at is None else None,
        resource_type=intern(held.resource_type),
        owner=intern(held.owner),
        working_group=intern(held.working_group),
    )


def _unread(row: PackedRow, shared: dict[Any, Any]) -> WaitingJob:
    """A job that waits, as the beginning of its row has it. shared: what many jobs have in common is kept once."""
    job = waiting_job(row.beginning["job_id"], PlaceInLine.from_avro(row.beginning["place"]), row.read)
    return job._replace(owner=shared.setdefault(job.owner, job.owner), needs=shared.setdefault(job.needs, job.needs))


def _job_row(queue: DispatchQueue, job_id: int) -> QueuedJobSnapshot | None:
    job, lease = queue.waiting.get(job_id), queue.leases.get(job_id)
    if lease is not None:
        held = LeaseSnapshot(
            lease_id=lease.lease_id,
            pilot=lease.pilot,
            task_id=lease.task_id,
            lease_seconds=lease.lease_seconds,
            holder=lease.holder,
            vo=lease.vo,
            worker_id=lease.worker_id,
            slot_class=lease.slot_class,
            share=lease.share,
            cores=lease.cores,
            request_id=lease.request_id,
            resource_type=lease.resource_type,
            owner=lease.owner,
            working_group=lease.working_group,
        )
        kept = lease.job or lease.given
        return QueuedJobSnapshot(job_id=job_id, spec=kept.spec if kept is not None else None, lease=held)
    return None if job is None else QueuedJobSnapshot(job_id=job_id, place=job.place, spec=job.spec)


def _pages(queue: DispatchQueue, wanted: set[str]) -> Iterator[Row]:
    """One walk over all leases, however many pages are wanted: 100,000 leases cost about 30 ms."""
    held: dict[int, list[int]] = {int(name.removeprefix(TIMES)): [] for name in wanted}
    for job_id in queue.leases:
        page = held.get(job_id % TIME_PAGES)
        if page is not None:
            page.append(job_id)
    for number, job_ids in sorted(held.items()):
        leases = [queue.leases[job_id] for job_id in job_ids]
        row = LeaseTimesSnapshot(
            job_ids=tuple(job_ids),
            due_at=tuple(lease.due_at for lease in leases),
            seen_at=tuple(lease.seen_at or 0 for lease in leases),
        )
        yield f"{TIMES}{number}", row if job_ids else None


def _job(job_id: int) -> str:
    return f"{JOB}{job_id}"


def _times(job_id: int) -> str:
    return f"{TIMES}{job_id % TIME_PAGES}"


SNAPSHOT = SnapshotForm(rows, restored, changed, names, packed={"job": "place"}, work={"times": 16})
