"""Laws about jobs: legal transitions, one pilot per job, no job lost or made twice. Pure.

The table is written from docs/reference/jedi.md, "Job transitions". A job is one attempt: a retry is a new job with the next
number.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from check.laws import Seen, Settled, Violation, is_settled
from schemas.reading import Place

HELD = frozenset({"sent", "starting", "running", "holding", "transferring"})
WAITING = frozenset({"activated"})
FINAL = frozenset({"finished", "failed", "cancelled", "closed"})
#: Logs of earlier releases say in an event of its own, the second of each job, that it may be dispatched.
ACTIVATED_AT = 2
#: Event -> (states in which it may come, state it leads to; None: the same).
LEGAL: dict[str, tuple[frozenset[str], str | None]] = {
    "JobDefined": (frozenset({"unknown"}), "activated"),
    "JobActivated": (frozenset({"activated"}), "activated"),
    "JobSent": (frozenset({"activated"}), "sent"),
    "JobReturned": (frozenset({"sent"}), "activated"),
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
    "SecretsRead": (HELD, None),
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
        if found not in allowed or (record.name == "JobActivated" and record.envelope.sequence != ACTIVATED_AT):
            yield Violation(self.name, str(record.place), f"{record.name} of job {job} in state {found}")

    def end(self) -> Iterator[Violation]:
        """Nothing more."""
        yield from ()


@dataclass
class NoJobLost:
    """The jobs that tasks generated were ordered or exist, and those that exist were generated; none is made twice.

    That an ordered job comes to be is the law of answers; that it is made once, the law of transitions.
    """

    settled: Settled
    name: str = "no job is lost, none is made twice"
    checked: int = 0
    ordered: set[str] = field(default_factory=set)
    generated: dict[str, Place | None] = field(default_factory=dict)
    defined: dict[str, Place] = field(default_factory=dict)

    def see(self, record: Seen) -> Iterator[Violation]:
        """A job that a task generates twice."""
        match record.name:
            case "DefineJob":
                self.ordered.add(record.envelope.aggregate_id)
            case "JobDefined":
                self.ordered.add(record.envelope.aggregate_id)
                if is_settled(record, self.settled):
                    self.defined[record.envelope.aggregate_id] = record.place
            case "JobsGenerated":
                for job in record.message.jobs:
                    self.checked += 1
                    if str(job.job_id) in self.generated:
                        yield Violation(self.name, str(record.place), f"job {job.job_id} is generated a second time")
                    self.generated[str(job.job_id)] = record.place if is_settled(record, self.settled) else None

    def end(self) -> Iterator[Violation]:
        """Jobs that no task generated, and generated ones that were never ordered and never came to be."""
        for job, place in self.defined.items():
            if job not in self.generated:
                yield Violation(self.name, str(place), f"job {job} is defined and no task generated it")
        for job, made in self.generated.items():
            if made is not None and job not in self.ordered:
                yield Violation(self.name, str(made), f"job {job} is generated, no command orders it and it does not exist")


@dataclass
class AcceptedIsTerminalOrLive:
    """Every accepted job has ended or is live; a live one stands where its status says: on its queue, or in a pilot's hands.

    A job with a command under way, or with an event that is not settled, is between two places and is not judged.
    """

    settled: Settled
    name: str = "accepted jobs are terminal or live, and live ones have their place"
    checked: int = 0
    terminal: int = 0
    live: int = 0
    status: dict[str, str] = field(default_factory=dict)
    last: dict[str, Place] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)
    under_way: set[str] = field(default_factory=set)

    def see(self, record: Seen) -> Iterator[Violation]:
        """Note where it is."""
        if record.role in ("commands", "events") and not is_settled(record, self.settled):
            self.under_way |= _jobs_of(record)
        if record.role == "events" and record.aggregate == "job":
            job = record.envelope.aggregate_id
            self.status[job] = LEGAL[record.name][1] or self.status.get(job, "unknown")
            self.last[job] = record.place
        elif record.role == "events" and record.name in PLACE_AFTER:
            for job in _jobs_of(record):
                self.places[job] = PLACE_AFTER[record.name]
        yield from ()

    def end(self) -> Iterator[Violation]:
        """Live jobs that are nowhere."""
        for job, status in self.status.items():
            self.checked += 1
            if status in FINAL:
                self.terminal += 1
                continue
            self.live += 1
            expected = PLACES_OF.get(status)
            found = self.places.get(job, "nowhere")
            if expected is not None and found not in expected and job not in self.under_way:
                sentence = f"job {job} is {status}, its queue says {found}, expected {' or '.join(sorted(expected))}"
                yield Violation(self.name, str(self.last[job]), sentence)


#: Where the queue has a job after its event.
PLACE_AFTER = {"JobQueued": "waiting", "JobLeased": "leased", "JobWithdrawn": "gone", "LeaseEnded": "gone", "LeasesEnded": "gone"}
#: Where a live job must be. A leased one may not have got the command yet; one that merges is on no queue.
PLACES_OF = {"activated": frozenset({"waiting", "leased"}), **dict.fromkeys(HELD, frozenset({"leased"}))}


def _jobs_of(record: Seen) -> set[str]:
    """The jobs that a command or an event of a queue is about."""
    if record.aggregate == "job":
        return {str(record.envelope.aggregate_id)}
    message = record.message
    if hasattr(message, "spec"):
        return {str(message.spec.job_id)}
    if hasattr(message, "job_id"):
        return {str(message.job_id)}
    if hasattr(message, "leases"):
        return {str(ended.job_id) for ended in message.leases}
    return {str(job) for job in getattr(message, "job_ids", ())}
