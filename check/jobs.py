"""Laws about jobs: legal transitions, one pilot per job, no job lost or made twice. Pure.

The table is written from jedi-logic 2.1 and 2.2. A job is one attempt in Culm: a retry is a new job with the next number.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from check.laws import Seen, Violation
from schemas.reading import Place

HELD = frozenset({"sent", "starting", "running", "holding", "transferring"})
WAITING = frozenset({"defined", "activated"})
FINAL = frozenset({"finished", "failed", "cancelled", "closed"})
#: Event -> (states in which it may come, state it leads to; None: the same).
LEGAL: dict[str, tuple[frozenset[str], str | None]] = {
    "JobDefined": (frozenset({"unknown"}), "defined"),
    "JobActivated": (frozenset({"defined"}), "activated"),
    "JobSent": (frozenset({"activated"}), "sent"),
    "JobStarting": (frozenset({"sent"}), "starting"),
    "JobStarted": (frozenset({"sent", "starting"}), "running"),
    "JobHolding": (HELD - {"holding"}, "holding"),
    "JobTransferring": (HELD - {"transferring"}, "transferring"),
    "JobMerging": (HELD, "merging"),
    "JobFinished": (HELD | {"merging"}, "finished"),
    "JobFailed": (HELD | {"merging"}, "failed"),
    "JobLost": (HELD, "failed"),
    "JobCancelled": (HELD | WAITING | {"merging"}, "cancelled"),
    "JobClosed": (WAITING, "closed"),
    "JobKillOrdered": (HELD, None),
    "LateReportRefused": (FINAL, None),
}


@dataclass
class LegalJobs:
    """Each event of a job is legal in the state that the events before it made."""

    name: str = "job transitions are legal"
    checked: int = 0
    status: dict[str, str] = field(default_factory=dict)

    def see(self, record: Seen) -> Iterator[Violation]:
        """An event that the table does not allow. After it, the state is what the event says."""
        if record.role != "events" or record.aggregate != "job":
            return
        self.checked += 1
        job = record.envelope.aggregate_id
        found = self.status.get(job, "unknown")
        allowed, reached = LEGAL[record.name]
        self.status[job] = reached or found
        if found not in allowed:
            yield Violation(self.name, str(record.place), f"{record.name} of job {job} in state {found}")

    def end(self) -> Iterator[Violation]:
        """Nothing more."""
        yield from ()


@dataclass
class NoJobLost:
    """The jobs that tasks generated are the jobs that were ordered, and those that exist were generated; none is made twice.

    That an ordered job comes to be is the law of answers; that it is made once, the law of transitions.
    """

    name: str = "no job is lost, none is made twice"
    checked: int = 0
    ordered: set[str] = field(default_factory=set)
    generated: dict[str, Place] = field(default_factory=dict)
    defined: dict[str, Place] = field(default_factory=dict)

    def see(self, record: Seen) -> Iterator[Violation]:
        """A job that a task generates twice."""
        match record.name:
            case "DefineJob":
                self.ordered.add(record.envelope.aggregate_id)
            case "JobDefined":
                self.defined[record.envelope.aggregate_id] = record.place
            case "JobsGenerated":
                for job in record.message.jobs:
                    self.checked += 1
                    if str(job.job_id) in self.generated:
                        yield Violation(self.name, str(record.place), f"job {job.job_id} is generated a second time")
                    self.generated[str(job.job_id)] = record.place

    def end(self) -> Iterator[Violation]:
        """Jobs that no task generated, and generated ones that were never ordered."""
        for job, place in self.defined.items():
            if job not in self.generated:
                yield Violation(self.name, str(place), f"job {job} is defined and no task generated it")
        for job, place in self.generated.items():
            if job not in self.ordered:
                yield Violation(self.name, str(place), f"job {job} is generated and no command orders it")
