"""Laws about workers: Culm's own begin with an intent, one lives under each tag and with each job, and an end is for ever. Pure.

Whose a worker is follows from the log alone: harvesters that have served the queue are Culm's, all others are foreign. Source:
docs/decisions/0037.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from check.laws import Seen, Violation

REPORTS = (
    "WorkerSubmitted", "WorkerPending", "WorkerHeld", "WorkerRunning", "WorkerAsked", "WorkerCancelOrdered", "WorkerEnded",
)  # fmt: skip


@dataclass
class WorkersAreIntended:
    """A worker of a harvester of Culm has an intent first, tag and job are its own while it lives, its end is the last."""

    name: str = "workers are intended, one lives under a tag or with a job, ended stays ended"
    checked: int = 0
    #: By queue and worker id: the tag, empty of a foreign one.
    live: dict[tuple[str, str], str] = field(default_factory=dict)
    tags: dict[str, tuple[str, str]] = field(default_factory=dict)
    ended: set[tuple[str, str]] = field(default_factory=set)
    served: set[tuple[str, str]] = field(default_factory=set)
    epochs: dict[str, int] = field(default_factory=dict)
    #: The worker with which a job travels, and the job that travels with a worker.
    bound: dict[int, tuple[str, str]] = field(default_factory=dict)
    jobs: dict[tuple[str, str], int] = field(default_factory=dict)

    def see(self, record: Seen) -> Iterator[Violation]:
        """An event of a worker that must not be there, or an intent of someone else's epoch."""
        if record.role != "events" or record.aggregate != "worker":
            return
        queue, event = record.envelope.aggregate_id, record.message
        if record.name == "ServiceClaimed":
            self.checked += 1
            yield from self._claimed(record)
        elif record.name == "WorkerIntended":
            self.checked += 1
            yield from self._intended(record)
        elif record.name in REPORTS:
            self.checked += 1
            key = (queue, event.worker_id)
            if key in self.ended:
                yield self._violation(record, f"{record.name} of worker {event.worker_id}, which ended")
            elif key not in self.live and (queue, getattr(event, "harvester_id", "")) in self.served:
                yield self._violation(record, f"{record.name} of worker {event.worker_id}, which was never intended")
            self.live.setdefault(key, "")
            if record.name == "WorkerEnded":
                self._over(key)

    def end(self) -> Iterator[Violation]:
        """Nothing more."""
        yield from ()

    def _claimed(self, record: Seen) -> Iterator[Violation]:
        queue, event = record.envelope.aggregate_id, record.message
        before = self.epochs.get(queue, 0)
        if event.epoch not in (before, before + 1) or event.epoch == 0:
            yield self._violation(record, f"epoch {event.epoch} of the service of {queue} follows {before}")
        self.epochs[queue] = event.epoch
        self.served.add((queue, event.harvester_id))

    def _intended(self, record: Seen) -> Iterator[Violation]:
        queue, event = record.envelope.aggregate_id, record.message
        key = (queue, event.worker_id)
        if event.epoch != self.epochs.get(queue, 0):
            yield self._violation(record, f"worker {event.worker_id} is intended in epoch {event.epoch}, which is over")
        if key in self.live or key in self.ended:
            yield self._violation(record, f"worker {event.worker_id} is intended a second time")
        if event.tag in self.tags:
            yield self._violation(record, f"tag {event.tag} is that of worker {self.tags[event.tag][1]}, which lives")
        self.live[key], self.tags[event.tag] = event.tag, key
        if event.job_id is not None:
            other = self.bound.get(event.job_id)
            if other is not None:
                yield self._violation(record, f"job {event.job_id} travels with worker {other[1]}, which lives")
            self.bound[event.job_id], self.jobs[key] = key, event.job_id

    def _over(self, key: tuple[str, str]) -> None:
        """Ends of foreign workers are not kept: their ids may be given out again once Culm has forgotten them."""
        tag, job = self.live.pop(key), self.jobs.pop(key, None)
        if job is not None and self.bound.get(job) == key:
            del self.bound[job]
        if tag:
            self.tags.pop(tag, None)
            self.ended.add(key)

    def _violation(self, record: Seen, found: str) -> Violation:
        return Violation(self.name, str(record.place), found)
