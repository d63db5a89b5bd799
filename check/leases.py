"""Laws about leases: a job is in one queue once, one pilot holds it once, and what runs is what was leased. Pure.

A job is one attempt in Culm, so that attempts never overlap means: it is leased at most once, and an input unit is in one
job at a time (`check/tasks.py`). A job whose worker ended before it began is leased again, once that lease has ended as
returned. Source: docs/reference/jedi.md, "Laws".
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from check.laws import Seen, Settled, Violation, is_settled
from schemas.instants import MICROSECONDS
from schemas.reading import Place

#: Event -> (state it finds the job in, state it leaves it in).
STEPS = {
    "JobQueued": ("new", "waiting"),
    "JobLeased": ("waiting", "leased"),
    "JobWithdrawn": ("waiting", "gone"),
    "LeaseEnded": ("leased", "gone"),
    "LeasesEnded": ("leased", "gone"),
}


#: The ending of a lease after which its job is queued a second time.
RETURNED = "RETURNED"


@dataclass(slots=True)
class HeldLease:
    """Where a job stands in its queue. returned: leases under which it did not begin. request: of the pilot, for it."""

    queue: str
    state: str
    lease_id: str = ""
    due_at: int = 0
    lease_seconds: int = 0
    returned: tuple[str, ...] = ()
    request: tuple[str, str, str, str] | None = None


@dataclass
class OnePilotEach:
    """A job is queued once, leased to one pilot, runs under it to its end; one request has one job; a queue counts right."""

    settled: Settled
    name: str = "no two pilots hold one job"
    checked: int = 0
    jobs: dict[int, HeldLease] = field(default_factory=dict)
    counts: dict[tuple[str, str], int] = field(default_factory=dict)
    sent: dict[str, tuple[str, Place]] = field(default_factory=dict)
    #: The job that answers a pilot's request, while it is held: by queue, organisation, holder and the pilot's id of the request.
    requests: dict[tuple[str, str, str, str], int] = field(default_factory=dict)

    def see(self, record: Seen) -> Iterator[Violation]:
        """A lease of what is not waiting, a renewal of what is not leased, or a wrong number."""
        if record.role != "events":
            return
        if record.name == "JobSent" and is_settled(record, self.settled):
            self.sent[record.envelope.aggregate_id] = (record.message.lease_id, record.place)
        elif record.name in STEPS:
            self.checked += 1
            yield from self._step(record)
        elif record.name == "LeaseProlonged":
            held = self.jobs.get(record.message.job_id)
            if held is not None:
                held.due_at = record.message.due_at
        elif record.name == "LeasesRenewed":
            for job in record.message.job_ids:
                held = self.jobs.get(job)
                if held is not None:
                    held.due_at = record.message.seen_at + held.lease_seconds * MICROSECONDS
                if held is None or held.state != "leased":
                    found = f"the lease of job {job} is renewed while it is {held.state if held else 'in no queue'}"
                    yield Violation(self.name, str(record.place), found)

    def end(self) -> Iterator[Violation]:
        """Jobs that were sent under a lease that their queue never gave."""
        for job, (lease, place) in self.sent.items():
            held = self.jobs.get(int(job))
            if held is None or lease not in (held.lease_id, *held.returned):
                yield Violation(self.name, str(place), f"job {job} is sent under lease {lease}, which no queue gave it")

    def _step(self, record: Seen) -> Iterator[Violation]:
        queue, event, place = record.envelope.aggregate_id, record.message, str(record.place)
        for job, lease_id in _jobs_of(record):
            held = self.jobs.setdefault(job, HeldLease(queue, "new"))
            found, reached = STEPS[record.name]
            if record.name == "LeaseEnded" and event.ending.value == RETURNED:
                reached, held.returned = "new", (*held.returned, lease_id)
            if (held.queue, held.state) != (queue, found):
                sentence = f"{record.name} of job {job} in queue {queue}, which is {held.state} in queue {held.queue}"
                yield Violation(self.name, place, sentence)
            for state, change in ((held.state, -1), (reached, 1)):
                self.counts[(queue, state)] = self.counts.get((queue, state), 0) + change
            held.queue, held.state = queue, reached
            if record.name == "JobLeased":
                held.lease_id, held.due_at, held.lease_seconds = lease_id, event.due_at, event.lease_seconds
                yield from self._request(record, held, job)
            elif record.name in ("LeaseEnded", "LeasesEnded"):
                yield from self._ended(record, held, job, lease_id)
        counted = (self.counts.get((queue, "waiting"), 0), self.counts.get((queue, "leased"), 0))
        if (event.waiting, event.leased) != counted:
            sentence = f"{record.name} says {event.waiting} waiting and {event.leased} leased in queue {queue}, counted {counted}"
            yield Violation(self.name, place, sentence)

    def _request(self, record: Seen, held: HeldLease, job: int) -> Iterator[Violation]:
        """One request of a pilot has one job at a time."""
        by, event = record.envelope, record.message
        held.request = (held.queue, by.vo, event.holder or by.actor, event.request_id) if event.request_id else None
        if held.request is not None:
            before = self.requests.get(held.request)
            if before is not None:
                found = f"request {event.request_id} of {held.request[2]} is given job {job} while it has job {before}"
                yield Violation(self.name, str(record.place), found)
            self.requests[held.request] = job

    def _ended(self, record: Seen, held: HeldLease, job: int, lease_id: str) -> Iterator[Violation]:
        event, place = record.message, str(record.place)
        if held.request is not None:
            self.requests.pop(held.request, None)
        if lease_id != held.lease_id:
            yield Violation(self.name, place, f"lease {lease_id} of job {job} ends, it has {held.lease_id}")
        if record.name == "LeaseEnded" and event.ending.value == "EXPIRED" and record.envelope.occurred_at < held.due_at:
            early = held.due_at - record.envelope.occurred_at
            yield Violation(self.name, place, f"the lease of job {job} expires {early} us before its time")


#: Commands of pilots about a job. What follows from another command bears its own type.
REPORTS = frozenset({"ReportJobProgress", "ReportJobEnd"})


@dataclass
class ReportsOfTheHolder:
    """What a pilot's report brought about was reported by the subject that leased the job, in its VO, under no other lease."""

    name: str = "no report under another subject's lease"
    checked: int = 0
    holders: dict[str, tuple[str, str]] = field(default_factory=dict)
    leases: dict[str, str] = field(default_factory=dict)
    #: Of reports with a token for one job: the lease that it was for, by the id of the command.
    named: dict[str, str] = field(default_factory=dict)

    def see(self, record: Seen) -> Iterator[Violation]:
        """An event that follows from the report of another, or under another lease."""
        if record.role == "commands" and record.name in REPORTS and record.envelope.lease_id is not None:
            self.named[record.envelope.command_id] = record.envelope.lease_id
        if record.role != "events" or record.aggregate != "job":
            return
        by, job = record.envelope, record.envelope.aggregate_id
        if record.name == "JobSent":
            self.holders[job], self.leases[job] = (by.actor, by.vo), record.message.lease_id
        elif by.command_type in REPORTS:
            self.checked += 1
            holder = self.holders.get(job)
            if holder != (by.actor, by.vo):
                expected = f"{holder[0]} of {holder[1]} holds it" if holder else "no one holds it"
                found = f"{record.name} of job {job} comes from a report of {by.actor} of {by.vo}, {expected}"
                yield Violation(self.name, str(record.place), found)
            lease, named = self.leases.get(job), self.named.get(by.command_id)
            # A job that ended has forgotten its lease; what a late report leaves is its refusal.
            if named is not None and named != lease and record.name != "LateReportRefused":
                found = f"{record.name} of job {job} comes from a report with a token for lease {named}, it has {lease}"
                yield Violation(self.name, str(record.place), found)

    def end(self) -> Iterator[Violation]:
        """Nothing more."""
        yield from ()


def _jobs_of(record: Seen) -> list[tuple[int, str]]:
    """The jobs that an event of a queue moves, with the lease that it names, if any."""
    match record.name:
        case "JobQueued":
            return [(record.message.spec.job_id, "")]
        case "LeasesEnded":
            return [(ended.job_id, ended.lease_id) for ended in record.message.leases]
        case _:
            return [(record.message.job_id, getattr(record.message, "lease_id", ""))]
