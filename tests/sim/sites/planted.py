"""Bugs to be planted in the harvester and in what decides about its workers; the simulation of sites must find every one.

Each is a way in which systems like this one have been wrong. They change the code of Culm, never that of the laws.
"""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any
from unittest.mock import patch
from weakref import WeakKeyDictionary

from agents.errors import CallFailed
from agents.harvester.batch import ServedSystem
from agents.harvester.submission import WorkerSubmission
from agents.harvester.systems.contract import BatchSystem, Listing
from commands.job import decide as job_decide
from commands.worker import service as worker_service


def submit_before_intent() -> Any:
    """The batch system gets a worker first, and only then is it reported to Culm."""

    def start(submission: WorkerSubmission, service: Any, system: BatchSystem, size: Any, count: int) -> None:
        for _ in range(count):
            worker, fields = submission._new(service, size)
            service.add(worker)
            spec = submission._spec(service, worker, size)
            submission._submit(service, system, [(worker, submission._clock.monotonic() + 20, spec)])
            with contextlib.suppress(CallFailed):
                submission._calls.intend(service.name, service.epoch, fields)

    return patch.object(WorkerSubmission, "_start_some", start)


def incomplete_listings_believed() -> Any:
    """A listing that failed or was cut proves that what it does not show is not there."""
    listing = ServedSystem._listing

    def believed(system: ServedSystem) -> Listing:
        found = listing(system)
        return Listing(True, found.began_at, found.workers)

    return patch.object(ServedSystem, "_listing", believed)


def known_by_batch_id() -> Any:
    """A worker is what the batch system first showed under its id."""
    tags: WeakKeyDictionary[ServedSystem, dict[str, str]] = WeakKeyDictionary()
    listing = ServedSystem._listing

    def by_id(system: ServedSystem) -> Listing:
        known, found = tags.setdefault(system, {}), listing(system)
        workers = tuple(replace(one, tag=known.setdefault(one.batch_id, one.tag)) for one in found.workers)
        return Listing(found.complete, found.began_at, workers, found.problem)

    return patch.object(ServedSystem, "_listing", by_id)


def epochs_not_looked_at() -> Any:
    """Anyone may start workers of a queue and say what a listing shows."""
    return patch.object(worker_service, "_not_served_by", lambda *_: None)


def copies_not_told_apart() -> Any:
    """A report is believed from each process that has the token of the worker."""
    return patch.object(job_decide, "is_of_other_pilot", lambda *_: False)


def strays_left_alone() -> Any:
    """What lives in the batch system under a tag of ours, and in no log, goes on."""
    return patch.object(ServedSystem, "_old_strays", lambda system, strays: [])


PLANTS: dict[str, Callable[[], Any]] = {
    plant.__name__: plant
    for plant in (
        submit_before_intent,
        incomplete_listings_believed,
        known_by_batch_id,
        epochs_not_looked_at,
        copies_not_told_apart,
        strays_left_alone,
    )
}


@contextlib.contextmanager
def planted(name: str | None) -> Iterator[None]:
    """Culm with the bug `name`; without any for None."""
    if name is None:
        yield
        return
    with PLANTS[name]():
        yield
