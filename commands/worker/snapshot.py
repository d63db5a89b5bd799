"""The workers of a queue: a main row with what was wanted and what ended, and a row for each live worker."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from operator import attrgetter
from typing import Any

from commands.snapshot import MAIN, Row, SnapshotForm, part_name
from commands.undo import UndoDict, UndoQueue
from commands.worker.model import Workers
from schemas.worker import (
    WorkerEnded,
    WorkerEvent,
    WorkerRunning,
    WorkerSnapshot,
    WorkersSnapshot,
    WorkerSubmitted,
    WorkersWanted,
)


def changed(workers: Workers, event: WorkerEvent) -> Iterable[str]:
    """The row of the worker that the event is about."""
    match event:
        case WorkersWanted():
            return ()
        case WorkerSubmitted() | WorkerRunning() | WorkerEnded():
            return (_name(event.worker_id),)


def names(workers: Workers) -> Iterable[str]:
    """A row for each live worker."""
    return map(_name, workers.live)


def rows(workers: Workers, wanted: Collection[str]) -> Iterator[Row]:
    """The rows that are asked for."""
    left = set(wanted) - {MAIN}
    if MAIN in wanted:
        yield MAIN, WorkersSnapshot(wanted=workers.wanted, ended=tuple(workers.ended))
    for worker_id, state in workers.live.items() if left else ():
        name = _name(worker_id)
        if name in left:
            left.discard(name)
            yield name, WorkerSnapshot(worker_id=worker_id, state=state, vo=workers.vos.get(worker_id, ""))
    for name in sorted(left):
        yield name, None


def restored(found: Mapping[str, Any]) -> Workers:
    """The workers of their rows."""
    main: WorkersSnapshot = found[MAIN]
    rows = sorted((row for name, row in found.items() if name != MAIN), key=attrgetter("worker_id"))
    live = UndoDict((row.worker_id, row.state) for row in rows)
    vos = UndoDict((row.worker_id, row.vo) for row in rows if row.vo)
    return Workers(main.wanted, live, vos, UndoQueue(dict.fromkeys(main.ended)))


def _name(worker_id: str) -> str:
    return part_name("worker", worker_id)


SNAPSHOT = SnapshotForm(rows, restored, changed, names)
