"""What may be said to and by the queue aggregate.

Made by `python -m schemas generate` from the Avro files; change those, not this.
"""

from typing import Any, Self

from msgspec import Struct

from schemas.characters import (
    LINE,
    NAME,
    SUBJECT,
    TEXT,
    WORD,
    lines_of,
)
from schemas.types import (
    ClassLoad,
    EndedLease,
    JobGroupLoad,
    JobSpec,
    JobsSeen,
    LeaseEnding,
    LeaseSnapshot,
    LossCause,
    PilotOffer,
    PlaceInLine,
    QueueSettings,
    ShareGiven,
    ShareLoad,
    ShareRanks,
)


class AssignJobShares(Struct, frozen=True, kw_only=True, gc=False):
    """Jobs of a task are of another global share.

    task_id: The task.
    share: Leaf of the tree of shares.
    running: Jobs that pilots hold count for the share, too, not only those that wait.
    """

    task_id: int
    share: str
    running: bool = False

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "task_id": self.task_id,
            "share": self.share,
            "running": self.running,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            task_id=record["task_id"],
            share=record["share"],
            running=record["running"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            1 <= self.task_id <= 900000000000
            and 1 <= len(self.share) <= 128 and LINE.takes(self.share)
        )


_NAMES_OF_BINDJOB = lines_of(
    (NAME, 1, 255),
    (WORD, 1, 63),
    (NAME, 1, 255),
    (SUBJECT, 0, 255),
)


class BindJob(Struct, frozen=True, kw_only=True, gc=False):
    """A harvester asks to start a worker with a job, of a queue of mode PUSH; which job, the queue decides.

    worker_id: Worker.
    tag: What names it in the batch system: the id of the stack, a hyphen, the worker id.
    harvester_id: Harvester.
    epoch: Epoch of the service under which it is asked, from 1.
    submit_seconds: It is handed to the batch system within so many seconds or not at all.
    holder: Subject under which the worker will report; empty for the sender of the command.
    ranks: The shares as the API knows them; it puts them in itself in place of what a caller sends.
    """

    worker_id: str
    tag: str
    harvester_id: str
    epoch: int
    submit_seconds: int
    holder: str = ""
    ranks: ShareRanks | None = None

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "worker_id": self.worker_id,
            "tag": self.tag,
            "harvester_id": self.harvester_id,
            "epoch": self.epoch,
            "submit_seconds": self.submit_seconds,
            "holder": self.holder,
            "ranks": None if self.ranks is None else self.ranks.to_avro(),
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            worker_id=record["worker_id"],
            tag=record["tag"],
            harvester_id=record["harvester_id"],
            epoch=record["epoch"],
            submit_seconds=record["submit_seconds"],
            holder=record["holder"],
            ranks=None if record["ranks"] is None else ShareRanks.from_avro(record["ranks"]),
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            1 <= self.epoch <= 2147483647
            and 1 <= self.submit_seconds <= 120
            and _NAMES_OF_BINDJOB("\n".join((self.worker_id, self.tag, self.harvester_id, self.holder, ""))) is not None
            and (self.ranks is None or self.ranks.is_within_bounds())
        )


class ConfigureDispatch(Struct, frozen=True, kw_only=True, gc=False):
    """Give the queue its settings.

    settings: The settings.
    """

    settings: QueueSettings

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "settings": self.settings.to_avro(),
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            settings=QueueSettings.from_avro(record["settings"]),
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return self.settings.is_within_bounds()


class EndLease(Struct, frozen=True, kw_only=True, gc=False):
    """The job of a lease needs it no more.

    job_id: The job.
    ending: Why.
    """

    job_id: int
    ending: LeaseEnding

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "job_id": self.job_id,
            "ending": self.ending,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            job_id=record["job_id"],
            ending=LeaseEnding[record["ending"]],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return 1 <= self.job_id <= 9223372036854775807


class EndLeases(Struct, frozen=True, kw_only=True, gc=False):
    """The jobs of leases have ended.

    job_ids: The jobs.
    """

    job_ids: tuple[int, ...] = ()

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "job_ids": list(self.job_ids),
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            job_ids=tuple(record["job_ids"]),
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            len(self.job_ids) <= 2000
            and (not self.job_ids or 1 <= min(self.job_ids) <= max(self.job_ids) <= 9223372036854775807)
        )


class EnqueueJob(Struct, frozen=True, kw_only=True, gc=False):
    """Make a job available to pilots.

    spec: The job.
    """

    spec: JobSpec

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "spec": self.spec.to_avro(),
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            spec=JobSpec.from_avro(record["spec"]),
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return self.spec.is_within_bounds()


_NAMES_OF_EXPIRELEASE = lines_of(
    (WORD, 1, 64),
)


class ExpireLease(Struct, frozen=True, kw_only=True, gc=False):
    """A lease may have run out.

    job_id: The job.
    lease_id: The lease.
    at: Now, as the timer sees it.
    watched_since: Since when heartbeats arrived without a gap; no lease expires within its own length of it.
    """

    job_id: int
    lease_id: str
    at: int
    watched_since: int

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "job_id": self.job_id,
            "lease_id": self.lease_id,
            "at": self.at,
            "watched_since": self.watched_since,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            job_id=record["job_id"],
            lease_id=record["lease_id"],
            at=record["at"],
            watched_since=record["watched_since"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            1 <= self.job_id <= 9223372036854775807
            and 631152000000000 <= self.at <= 4102444800000000
            and 0 <= self.watched_since <= 4102444800000000
            and _NAMES_OF_EXPIRELEASE("\n".join((self.lease_id, ""))) is not None
        )


class HoldTask(Struct, frozen=True, kw_only=True, gc=False):
    """Dispatch no jobs of a task.

    task_id: The task.
    """

    task_id: int

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "task_id": self.task_id,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            task_id=record["task_id"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return 1 <= self.task_id <= 900000000000


class LeaseJob(Struct, frozen=True, kw_only=True, gc=False):
    """A pilot asks for a job.

    offer: What it offers.
    is_first_request: The door does not know that the pilot's worker has asked before.
    ranks: The shares as the API knows them; it puts them in itself in place of what a caller sends.
    """

    offer: PilotOffer
    is_first_request: bool = False
    ranks: ShareRanks | None = None

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "offer": self.offer.to_avro(),
            "is_first_request": self.is_first_request,
            "ranks": None if self.ranks is None else self.ranks.to_avro(),
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            offer=PilotOffer.from_avro(record["offer"]),
            is_first_request=record["is_first_request"],
            ranks=None if record["ranks"] is None else ShareRanks.from_avro(record["ranks"]),
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            self.offer.is_within_bounds()
            and (self.ranks is None or self.ranks.is_within_bounds())
        )


_NAMES_OF_LOSELEASES = lines_of(
    (NAME, 1, 255),
)


class LoseLeases(Struct, frozen=True, kw_only=True, gc=False):
    """A worker ended, as its batch system says, and its pilot is gone: take back the jobs that it held in the
    VO of the envelope.

    worker_id: Worker.
    reason: What the batch system said.
    cause: OUT_OF_MEMORY where the worker used more memory than it had, else WORKER_ENDED.
    """

    worker_id: str
    reason: str = ""
    cause: LossCause = LossCause.OUT_OF_MEMORY

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "worker_id": self.worker_id,
            "reason": self.reason,
            "cause": self.cause,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            worker_id=record["worker_id"],
            reason=record["reason"],
            cause=LossCause[record["cause"]],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            len(self.reason) <= 1000 and TEXT.takes(self.reason)
            and _NAMES_OF_LOSELEASES("\n".join((self.worker_id, ""))) is not None
        )


class OfferElsewhere(Struct, frozen=True, kw_only=True, gc=False):
    """Close jobs that wait in the queue, so that their tasks have them brokered again.

    code: Kill code that the jobs are closed with.
    reason: Why, for people.
    users_only: Jobs of users alone.
    share: Jobs of this global share alone; empty: of all.
    number_max: At most so many, those of the lowest priority; 0: all.
    after: Jobs with greater ids alone: where an earlier slice ended.
    """

    code: int = 51
    reason: str
    users_only: bool = False
    share: str = ""
    number_max: int = 0
    after: int = 0

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "code": self.code,
            "reason": self.reason,
            "users_only": self.users_only,
            "share": self.share,
            "number_max": self.number_max,
            "after": self.after,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            code=record["code"],
            reason=record["reason"],
            users_only=record["users_only"],
            share=record["share"],
            number_max=record["number_max"],
            after=record["after"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            2 <= self.code <= 60
            and len(self.reason) <= 1000 and TEXT.takes(self.reason)
            and len(self.share) <= 128 and LINE.takes(self.share)
            and 0 <= self.number_max <= 1000000
            and 0 <= self.after <= 9223372036854775807
        )


class ReleaseTask(Struct, frozen=True, kw_only=True, gc=False):
    """Dispatch jobs of a task again.

    task_id: The task.
    """

    task_id: int

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "task_id": self.task_id,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            task_id=record["task_id"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return 1 <= self.task_id <= 900000000000


class RenewLeases(Struct, frozen=True, kw_only=True, gc=False):
    """Heartbeats were seen.

    job_ids: Of earlier releases, which did not say who reported; renews nothing.
    seen_at: The latest of them.
    seen: Jobs by the subject that reported of them.
    """

    job_ids: tuple[int, ...] = ()
    seen_at: int
    seen: tuple[JobsSeen, ...] = ()

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "job_ids": list(self.job_ids),
            "seen_at": self.seen_at,
            "seen": [item.to_avro() for item in self.seen],
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            job_ids=tuple(record["job_ids"]),
            seen_at=record["seen_at"],
            seen=tuple(JobsSeen.from_avro(item) for item in record["seen"]),
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            len(self.job_ids) <= 50000
            and (not self.job_ids or 1 <= min(self.job_ids) <= max(self.job_ids) <= 9223372036854775807)
            and 631152000000000 <= self.seen_at <= 4102444800000000
            and len(self.seen) <= 50000
            and (not self.seen or all(map(JobsSeen.is_within_bounds, self.seen)))
        )


_NAMES_OF_REVOKELEASES = lines_of(
    (SUBJECT, 0, 255),
    (WORD, 0, 64),
)


class RevokeLeases(Struct, frozen=True, kw_only=True, gc=False):
    """Take back what a revoked pilot holds in the VO of the envelope; of the other VOs the queue tells itself.

    holder: The subject that was revoked.
    enrolment: Digest of the enrolment code that was ended: all workers that came of it.
    """

    holder: str | None = None
    enrolment: str | None = None

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "holder": self.holder,
            "enrolment": self.enrolment,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            holder=record["holder"],
            enrolment=record["enrolment"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            _NAMES_OF_REVOKELEASES("\n".join((self.holder or "", self.enrolment or "", ""))) is not None
            and self.holder != ""
            and self.enrolment != ""
        )


_NAMES_OF_UNBINDJOB = lines_of(
    (WORD, 1, 64),
)


class UnbindJob(Struct, frozen=True, kw_only=True, gc=False):
    """The worker of a job ended before the job began: the job waits again.

    job_id: The job.
    lease_id: The lease.
    """

    job_id: int
    lease_id: str

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "job_id": self.job_id,
            "lease_id": self.lease_id,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            job_id=record["job_id"],
            lease_id=record["lease_id"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            1 <= self.job_id <= 9223372036854775807
            and _NAMES_OF_UNBINDJOB("\n".join((self.lease_id, ""))) is not None
        )


_NAMES_OF_WATCHBOUNDJOB = lines_of(
    (WORD, 1, 64),
)


class WatchBoundJob(Struct, frozen=True, kw_only=True, gc=False):
    """The worker that was started for a job runs, or the job has begun: until when its lease runs follows from
    that.

    job_id: The job.
    lease_id: The lease.
    begun: The job has begun; else its worker runs, and the job was not reported so far.
    """

    job_id: int
    lease_id: str
    begun: bool = False

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "job_id": self.job_id,
            "lease_id": self.lease_id,
            "begun": self.begun,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            job_id=record["job_id"],
            lease_id=record["lease_id"],
            begun=record["begun"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            1 <= self.job_id <= 9223372036854775807
            and _NAMES_OF_WATCHBOUNDJOB("\n".join((self.lease_id, ""))) is not None
        )


class WithdrawJob(Struct, frozen=True, kw_only=True, gc=False):
    """Take a waiting job off the queue.

    job_id: The job.
    reason: Why.
    """

    job_id: int
    reason: str = ""

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "job_id": self.job_id,
            "reason": self.reason,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            job_id=record["job_id"],
            reason=record["reason"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            1 <= self.job_id <= 9223372036854775807
            and len(self.reason) <= 4000 and TEXT.takes(self.reason)
        )


class DispatchConfigured(Struct, frozen=True, kw_only=True, gc=False):
    """The queue has new settings.

    settings: The settings.
    """

    settings: QueueSettings

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "settings": self.settings.to_avro(),
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            settings=QueueSettings.from_avro(record["settings"]),
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return self.settings.is_within_bounds()


_NAMES_OF_JOBLEASED = lines_of(
    (WORD, 1, 64),
    (NAME, 1, 255),
    (NAME, 0, 255),
    (NAME, 0, 255),
    (WORD, 0, 64),
    (WORD, 0, 64),
    (SUBJECT, 0, 255),
    (WORD, 0, 64),
)


class JobLeased(Struct, frozen=True, kw_only=True, gc=False):
    """A pilot got a job.

    shares: Jobs of the global shares that it concerns, after it; empty for jobs without a share.
    groups: Jobs of the shares, resource types and users that it concerns, after it; empty in events of earlier
        releases.
    job_id: The job.
    task_id: Its task.
    attempt: Its attempt.
    lease_id: The lease; the id of the command that asked.
    pilot: The pilot.
    node: Host.
    worker_id: Worker.
    lease_seconds: Length of the lease.
    due_at: When it runs out without a heartbeat.
    waiting: Waiting jobs now.
    leased: Leased jobs now.
    classes: The same by class; empty for a queue without classes.
    job_class: The smallest class that fits the job; empty where the queue has no classes.
    slot_class: The class of the pilot; empty where the queue has no classes or the pilot does not say its
        memory.
    job_memory_mb: Memory that the job needs.
    slot_memory_mb: Memory that the pilot offered; 0 where it did not say.
    reason: Why a larger slot than the job needs; empty where it has its own.
    holder: Subject that holds it; empty where that is the sender of the command.
    bound: The job travels with a worker that was started for it.
    share: Its global share; empty in events of earlier releases.
    share_rank: Place of its share when it was chosen, from 1; 0 where shares were not ranked.
    ranks_sequence: Sequence of the ranking of shares by which it was chosen; 0 where there was none.
    by_age: Chosen by its age alone, as one request in ten is.
    request_id: The pilot's own id of the request that the job answers; empty where it gave none.
    """

    shares: tuple[ShareLoad, ...] = ()
    groups: tuple[JobGroupLoad, ...] = ()
    job_id: int
    task_id: int
    attempt: int
    lease_id: str
    pilot: str
    node: str = ""
    worker_id: str | None = None
    lease_seconds: int
    due_at: int
    waiting: int
    leased: int
    classes: tuple[ClassLoad, ...] = ()
    job_class: str = ""
    slot_class: str = ""
    job_memory_mb: int = 0
    slot_memory_mb: int = 0
    reason: str = ""
    holder: str = ""
    bound: bool = False
    share: str = ""
    share_rank: int = 0
    ranks_sequence: int = 0
    by_age: bool = False
    request_id: str = ""

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "shares": [item.to_avro() for item in self.shares],
            "groups": [item.to_avro() for item in self.groups],
            "job_id": self.job_id,
            "task_id": self.task_id,
            "attempt": self.attempt,
            "lease_id": self.lease_id,
            "pilot": self.pilot,
            "node": self.node,
            "worker_id": self.worker_id,
            "lease_seconds": self.lease_seconds,
            "due_at": self.due_at,
            "waiting": self.waiting,
            "leased": self.leased,
            "classes": [item.to_avro() for item in self.classes],
            "job_class": self.job_class,
            "slot_class": self.slot_class,
            "job_memory_mb": self.job_memory_mb,
            "slot_memory_mb": self.slot_memory_mb,
            "reason": self.reason,
            "holder": self.holder,
            "bound": self.bound,
            "share": self.share,
            "share_rank": self.share_rank,
            "ranks_sequence": self.ranks_sequence,
            "by_age": self.by_age,
            "request_id": self.request_id,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            shares=tuple(ShareLoad.from_avro(item) for item in record["shares"]),
            groups=tuple(JobGroupLoad.from_avro(item) for item in record["groups"]),
            job_id=record["job_id"],
            task_id=record["task_id"],
            attempt=record["attempt"],
            lease_id=record["lease_id"],
            pilot=record["pilot"],
            node=record["node"],
            worker_id=record["worker_id"],
            lease_seconds=record["lease_seconds"],
            due_at=record["due_at"],
            waiting=record["waiting"],
            leased=record["leased"],
            classes=tuple(ClassLoad.from_avro(item) for item in record["classes"]),
            job_class=record["job_class"],
            slot_class=record["slot_class"],
            job_memory_mb=record["job_memory_mb"],
            slot_memory_mb=record["slot_memory_mb"],
            reason=record["reason"],
            holder=record["holder"],
            bound=record["bound"],
            share=record["share"],
            share_rank=record["share_rank"],
            ranks_sequence=record["ranks_sequence"],
            by_age=record["by_age"],
            request_id=record["request_id"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            len(self.shares) <= 1000
            and len(self.groups) <= 4000
            and 1 <= self.job_id <= 9223372036854775807
            and 1 <= self.task_id <= 900000000000
            and 0 <= self.attempt <= 1000000
            and 1 <= self.lease_seconds <= 10000000
            and 631152000000000 <= self.due_at <= 4165516800000000
            and 0 <= self.waiting <= 1000000000000000
            and 0 <= self.leased <= 1000000000000000
            and len(self.classes) <= 21
            and 0 <= self.job_memory_mb <= 10000000000000
            and 0 <= self.slot_memory_mb <= 100000000000
            and len(self.reason) <= 500 and TEXT.takes(self.reason)
            and len(self.share) <= 128 and LINE.takes(self.share)
            and 0 <= self.share_rank <= 100000
            and 0 <= self.ranks_sequence <= 9223372036854775807
            and _NAMES_OF_JOBLEASED("\n".join((self.lease_id, self.pilot, self.node, self.worker_id or "", self.job_class, self.slot_class, self.holder, self.request_id, ""))) is not None
            and self.worker_id != ""
            and (not self.shares or all(map(ShareLoad.is_within_bounds, self.shares)))
            and (not self.groups or all(map(JobGroupLoad.is_within_bounds, self.groups)))
            and (not self.classes or all(map(ClassLoad.is_within_bounds, self.classes)))
        )


class JobQueued(Struct, frozen=True, kw_only=True, gc=False):
    """A job is available to pilots.

    shares: Jobs of the global shares that it concerns, after it; empty for jobs without a share.
    groups: Jobs of the shares, resource types and users that it concerns, after it; empty in events of earlier
        releases.
    spec: The job.
    waiting: Waiting jobs now.
    leased: Leased jobs now.
    classes: The same by class; empty for a queue without classes.
    quiet_since: Since when no pilot has taken, held or ended a job of the queue while one waits there
        (microseconds UTC); 0 is not known.
    """

    shares: tuple[ShareLoad, ...] = ()
    groups: tuple[JobGroupLoad, ...] = ()
    spec: JobSpec
    waiting: int
    leased: int
    classes: tuple[ClassLoad, ...] = ()
    quiet_since: int = 0

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "shares": [item.to_avro() for item in self.shares],
            "groups": [item.to_avro() for item in self.groups],
            "spec": self.spec.to_avro(),
            "waiting": self.waiting,
            "leased": self.leased,
            "classes": [item.to_avro() for item in self.classes],
            "quiet_since": self.quiet_since,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            shares=tuple(ShareLoad.from_avro(item) for item in record["shares"]),
            groups=tuple(JobGroupLoad.from_avro(item) for item in record["groups"]),
            spec=JobSpec.from_avro(record["spec"]),
            waiting=record["waiting"],
            leased=record["leased"],
            classes=tuple(ClassLoad.from_avro(item) for item in record["classes"]),
            quiet_since=record["quiet_since"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            len(self.shares) <= 1000
            and len(self.groups) <= 4000
            and 0 <= self.waiting <= 1000000000000000
            and 0 <= self.leased <= 1000000000000000
            and len(self.classes) <= 21
            and 0 <= self.quiet_since <= 4165516800000000
            and (not self.shares or all(map(ShareLoad.is_within_bounds, self.shares)))
            and (not self.groups or all(map(JobGroupLoad.is_within_bounds, self.groups)))
            and self.spec.is_within_bounds()
            and (not self.classes or all(map(ClassLoad.is_within_bounds, self.classes)))
        )


class JobSharesAssigned(Struct, frozen=True, kw_only=True, gc=False):
    """Jobs of a task are of another global share.

    shares: Jobs of the global shares that it concerns, after it.
    groups: Jobs of the shares, resource types and users that it concerns, after it; empty in events of earlier
        releases.
    task_id: The task.
    share: Leaf of the tree of shares.
    job_ids: The jobs.
    """

    shares: tuple[ShareLoad, ...] = ()
    groups: tuple[JobGroupLoad, ...] = ()
    task_id: int
    share: str
    job_ids: tuple[int, ...] = ()

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "shares": [item.to_avro() for item in self.shares],
            "groups": [item.to_avro() for item in self.groups],
            "task_id": self.task_id,
            "share": self.share,
            "job_ids": list(self.job_ids),
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            shares=tuple(ShareLoad.from_avro(item) for item in record["shares"]),
            groups=tuple(JobGroupLoad.from_avro(item) for item in record["groups"]),
            task_id=record["task_id"],
            share=record["share"],
            job_ids=tuple(record["job_ids"]),
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            len(self.shares) <= 1000
            and len(self.groups) <= 4000
            and 1 <= self.task_id <= 900000000000
            and 1 <= len(self.share) <= 128 and LINE.takes(self.share)
            and len(self.job_ids) <= 50000
            and (not self.job_ids or 1 <= min(self.job_ids) <= max(self.job_ids) <= 9223372036854775807)
            and (not self.shares or all(map(ShareLoad.is_within_bounds, self.shares)))
            and (not self.groups or all(map(JobGroupLoad.is_within_bounds, self.groups)))
        )


class JobWithdrawn(Struct, frozen=True, kw_only=True, gc=False):
    """A waiting job was taken off.

    shares: Jobs of the global shares that it concerns, after it; empty for jobs without a share.
    groups: Jobs of the shares, resource types and users that it concerns, after it; empty in events of earlier
        releases.
    job_id: The job.
    reason: Why.
    waiting: Waiting jobs now.
    leased: Leased jobs now.
    classes: The same by class; empty for a queue without classes.
    quiet_since: Since when no pilot has taken, held or ended a job of the queue while one waits there
        (microseconds UTC); 0 is not known.
    """

    shares: tuple[ShareLoad, ...] = ()
    groups: tuple[JobGroupLoad, ...] = ()
    job_id: int
    reason: str = ""
    waiting: int
    leased: int
    classes: tuple[ClassLoad, ...] = ()
    quiet_since: int = 0

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "shares": [item.to_avro() for item in self.shares],
            "groups": [item.to_avro() for item in self.groups],
            "job_id": self.job_id,
            "reason": self.reason,
            "waiting": self.waiting,
            "leased": self.leased,
            "classes": [item.to_avro() for item in self.classes],
            "quiet_since": self.quiet_since,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            shares=tuple(ShareLoad.from_avro(item) for item in record["shares"]),
            groups=tuple(JobGroupLoad.from_avro(item) for item in record["groups"]),
            job_id=record["job_id"],
            reason=record["reason"],
            waiting=record["waiting"],
            leased=record["leased"],
            classes=tuple(ClassLoad.from_avro(item) for item in record["classes"]),
            quiet_since=record["quiet_since"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            len(self.shares) <= 1000
            and len(self.groups) <= 4000
            and 1 <= self.job_id <= 9223372036854775807
            and len(self.reason) <= 4000 and TEXT.takes(self.reason)
            and 0 <= self.waiting <= 1000000000000000
            and 0 <= self.leased <= 1000000000000000
            and len(self.classes) <= 21
            and 0 <= self.quiet_since <= 4165516800000000
            and (not self.shares or all(map(ShareLoad.is_within_bounds, self.shares)))
            and (not self.groups or all(map(JobGroupLoad.is_within_bounds, self.groups)))
            and (not self.classes or all(map(ClassLoad.is_within_bounds, self.classes)))
        )


_NAMES_OF_LEASEENDED = lines_of(
    (WORD, 1, 64),
    (NAME, 1, 255),
)


class LeaseEnded(Struct, frozen=True, kw_only=True, gc=False):
    """A lease is over.

    shares: Jobs of the global shares that it concerns, after it; empty for jobs without a share.
    groups: Jobs of the shares, resource types and users that it concerns, after it; empty in events of earlier
        releases.
    job_id: The job.
    lease_id: The lease.
    pilot: Who held it.
    ending: Why.
    last_seen_at: Last heartbeat.
    waiting: Waiting jobs now.
    leased: Leased jobs now.
    classes: The same by class; empty for a queue without classes.
    """

    shares: tuple[ShareLoad, ...] = ()
    groups: tuple[JobGroupLoad, ...] = ()
    job_id: int
    lease_id: str
    pilot: str
    ending: LeaseEnding
    last_seen_at: int | None = None
    waiting: int
    leased: int
    classes: tuple[ClassLoad, ...] = ()

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "shares": [item.to_avro() for item in self.shares],
            "groups": [item.to_avro() for item in self.groups],
            "job_id": self.job_id,
            "lease_id": self.lease_id,
            "pilot": self.pilot,
            "ending": self.ending,
            "last_seen_at": self.last_seen_at,
            "waiting": self.waiting,
            "leased": self.leased,
            "classes": [item.to_avro() for item in self.classes],
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            shares=tuple(ShareLoad.from_avro(item) for item in record["shares"]),
            groups=tuple(JobGroupLoad.from_avro(item) for item in record["groups"]),
            job_id=record["job_id"],
            lease_id=record["lease_id"],
            pilot=record["pilot"],
            ending=LeaseEnding[record["ending"]],
            last_seen_at=record["last_seen_at"],
            waiting=record["waiting"],
            leased=record["leased"],
            classes=tuple(ClassLoad.from_avro(item) for item in record["classes"]),
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            len(self.shares) <= 1000
            and len(self.groups) <= 4000
            and 1 <= self.job_id <= 9223372036854775807
            and (self.last_seen_at is None or (631152000000000 <= self.last_seen_at <= 4102444800000000))
            and 0 <= self.waiting <= 1000000000000000
            and 0 <= self.leased <= 1000000000000000
            and len(self.classes) <= 21
            and _NAMES_OF_LEASEENDED("\n".join((self.lease_id, self.pilot, ""))) is not None
            and (not self.shares or all(map(ShareLoad.is_within_bounds, self.shares)))
            and (not self.groups or all(map(JobGroupLoad.is_within_bounds, self.groups)))
            and (not self.classes or all(map(ClassLoad.is_within_bounds, self.classes)))
        )


_NAMES_OF_LEASEPROLONGED = lines_of(
    (WORD, 1, 64),
    (NAME, 0, 255),
)


class LeaseProlonged(Struct, frozen=True, kw_only=True, gc=False):
    """A worker has not begun its job so far, and when that is looked at again: it has just come to run, or it
    did not begin in time, its end is ordered, and the job waits for the proof that it is gone.

    job_id: The job.
    lease_id: The lease.
    worker_id: Worker.
    lease_seconds: Length of the lease.
    due_at: When it is looked at again.
    """

    job_id: int
    lease_id: str
    worker_id: str = ""
    lease_seconds: int
    due_at: int

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "job_id": self.job_id,
            "lease_id": self.lease_id,
            "worker_id": self.worker_id,
            "lease_seconds": self.lease_seconds,
            "due_at": self.due_at,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            job_id=record["job_id"],
            lease_id=record["lease_id"],
            worker_id=record["worker_id"],
            lease_seconds=record["lease_seconds"],
            due_at=record["due_at"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            1 <= self.job_id <= 9223372036854775807
            and 1 <= self.lease_seconds <= 10000000
            and 631152000000000 <= self.due_at <= 4165516800000000
            and _NAMES_OF_LEASEPROLONGED("\n".join((self.lease_id, self.worker_id, ""))) is not None
        )


class LeasesEnded(Struct, frozen=True, kw_only=True, gc=False):
    """Leases are over because their jobs ended.

    shares: Jobs of the global shares that it concerns, after it; empty for jobs without a share.
    groups: Jobs of the shares, resource types and users that it concerns, after it; empty in events of earlier
        releases.
    leases: The leases.
    waiting: Waiting jobs now.
    leased: Leased jobs now.
    classes: The same by class; empty for a queue without classes.
    """

    shares: tuple[ShareLoad, ...] = ()
    groups: tuple[JobGroupLoad, ...] = ()
    leases: tuple[EndedLease, ...] = ()
    waiting: int
    leased: int
    classes: tuple[ClassLoad, ...] = ()

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "shares": [item.to_avro() for item in self.shares],
            "groups": [item.to_avro() for item in self.groups],
            "leases": [item.to_avro() for item in self.leases],
            "waiting": self.waiting,
            "leased": self.leased,
            "classes": [item.to_avro() for item in self.classes],
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            shares=tuple(ShareLoad.from_avro(item) for item in record["shares"]),
            groups=tuple(JobGroupLoad.from_avro(item) for item in record["groups"]),
            leases=tuple(EndedLease.from_avro(item) for item in record["leases"]),
            waiting=record["waiting"],
            leased=record["leased"],
            classes=tuple(ClassLoad.from_avro(item) for item in record["classes"]),
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            len(self.shares) <= 1000
            and len(self.groups) <= 4000
            and len(self.leases) <= 2000
            and 0 <= self.waiting <= 1000000000000000
            and 0 <= self.leased <= 1000000000000000
            and len(self.classes) <= 21
            and (not self.shares or all(map(ShareLoad.is_within_bounds, self.shares)))
            and (not self.groups or all(map(JobGroupLoad.is_within_bounds, self.groups)))
            and (not self.leases or all(map(EndedLease.is_within_bounds, self.leases)))
            and (not self.classes or all(map(ClassLoad.is_within_bounds, self.classes)))
        )


class LeasesRenewed(Struct, frozen=True, kw_only=True, gc=False):
    """Heartbeats kept leases alive.

    job_ids: The jobs.
    seen_at: When they were seen; each lease runs from here.
    """

    job_ids: tuple[int, ...] = ()
    seen_at: int

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "job_ids": list(self.job_ids),
            "seen_at": self.seen_at,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            job_ids=tuple(record["job_ids"]),
            seen_at=record["seen_at"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            len(self.job_ids) <= 50000
            and (not self.job_ids or 1 <= min(self.job_ids) <= max(self.job_ids) <= 9223372036854775807)
            and 631152000000000 <= self.seen_at <= 4102444800000000
        )


class TaskHeld(Struct, frozen=True, kw_only=True, gc=False):
    """Jobs of a task are not dispatched.

    task_id: The task.
    """

    task_id: int

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "task_id": self.task_id,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            task_id=record["task_id"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return 1 <= self.task_id <= 900000000000


class TaskReleased(Struct, frozen=True, kw_only=True, gc=False):
    """Jobs of a task are dispatched again.

    task_id: The task.
    """

    task_id: int

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "task_id": self.task_id,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            task_id=record["task_id"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return 1 <= self.task_id <= 900000000000


class LeaseTimesSnapshot(Struct, frozen=True, kw_only=True, gc=False):
    """Until when some leases of a queue run: three columns of equal length.

    job_ids: The jobs.
    due_at: When the lease of each runs out (microseconds UTC).
    seen_at: When the pilot of each was last seen (microseconds UTC); 0 for never.
    """

    job_ids: tuple[int, ...] = ()
    due_at: tuple[int, ...] = ()
    seen_at: tuple[int, ...] = ()

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "job_ids": list(self.job_ids),
            "due_at": list(self.due_at),
            "seen_at": list(self.seen_at),
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            job_ids=tuple(record["job_ids"]),
            due_at=tuple(record["due_at"]),
            seen_at=tuple(record["seen_at"]),
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            len(self.job_ids) <= 100000
            and (not self.job_ids or 1 <= min(self.job_ids) <= max(self.job_ids) <= 9223372036854775807)
            and len(self.due_at) <= 100000
            and (not self.due_at or 631152000000000 <= min(self.due_at) <= max(self.due_at) <= 4165516800000000)
            and len(self.seen_at) <= 100000
            and (not self.seen_at or 0 <= min(self.seen_at) <= max(self.seen_at) <= 4165516800000000)
        )


_NAMES_OF_QUEUESNAPSHOT = lines_of(
    (SUBJECT, 0, 1400),
)


class QueueSnapshot(Struct, frozen=True, kw_only=True, gc=False):
    """A dispatch queue without its jobs.

    name: Name of the queue.
    settings: Settings for dispatch, once they are known.
    held_tasks: Tasks whose jobs are not dispatched.
    quiet_since: Since when no pilot has taken, held or ended a job of the queue while one waits there
        (microseconds UTC); 0 is not known.
    ranks_sequence: Sequence of the newest ranking of shares by which a job was chosen; 0 while there was none.
    given: What was given to each share since that ranking.
    """

    name: str
    settings: QueueSettings | None = None
    held_tasks: tuple[int, ...] = ()
    quiet_since: int = 0
    ranks_sequence: int = 0
    given: tuple[ShareGiven, ...] = ()

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "name": self.name,
            "settings": None if self.settings is None else self.settings.to_avro(),
            "held_tasks": list(self.held_tasks),
            "quiet_since": self.quiet_since,
            "ranks_sequence": self.ranks_sequence,
            "given": [item.to_avro() for item in self.given],
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            name=record["name"],
            settings=None if record["settings"] is None else QueueSettings.from_avro(record["settings"]),
            held_tasks=tuple(record["held_tasks"]),
            quiet_since=record["quiet_since"],
            ranks_sequence=record["ranks_sequence"],
            given=tuple(ShareGiven.from_avro(item) for item in record["given"]),
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            len(self.held_tasks) <= 100000
            and (not self.held_tasks or 1 <= min(self.held_tasks) <= max(self.held_tasks) <= 900000000000)
            and 0 <= self.quiet_since <= 4165516800000000
            and 0 <= self.ranks_sequence <= 9223372036854775807
            and len(self.given) <= 1000
            and _NAMES_OF_QUEUESNAPSHOT("\n".join((self.name, ""))) is not None
            and (self.settings is None or self.settings.is_within_bounds())
            and (not self.given or all(map(ShareGiven.is_within_bounds, self.given)))
        )


class QueuedJobSnapshot(Struct, frozen=True, kw_only=True, gc=False):
    """A job that waits in a queue, or is leased.

    job_id: The job.
    place: Its place in line, while it waits; read alone, so it stands before the specification.
    spec: What it is, while it waits, or while it may come back from a worker that was started for it.
    lease: Its lease, while a pilot has it.
    """

    job_id: int
    place: PlaceInLine | None = None
    spec: JobSpec | None = None
    lease: LeaseSnapshot | None = None

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "job_id": self.job_id,
            "place": None if self.place is None else self.place.to_avro(),
            "spec": None if self.spec is None else self.spec.to_avro(),
            "lease": None if self.lease is None else self.lease.to_avro(),
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            job_id=record["job_id"],
            place=None if record["place"] is None else PlaceInLine.from_avro(record["place"]),
            spec=None if record["spec"] is None else JobSpec.from_avro(record["spec"]),
            lease=None if record["lease"] is None else LeaseSnapshot.from_avro(record["lease"]),
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            1 <= self.job_id <= 9223372036854775807
            and (self.place is None or self.place.is_within_bounds())
            and (self.spec is None or self.spec.is_within_bounds())
            and (self.lease is None or self.lease.is_within_bounds())
        )


QueueCommand = (
    AssignJobShares
    | BindJob
    | ConfigureDispatch
    | EndLease
    | EndLeases
    | EnqueueJob
    | ExpireLease
    | HoldTask
    | LeaseJob
    | LoseLeases
    | OfferElsewhere
    | ReleaseTask
    | RenewLeases
    | RevokeLeases
    | UnbindJob
    | WatchBoundJob
    | WithdrawJob
)

QueueEvent = (
    DispatchConfigured
    | JobLeased
    | JobQueued
    | JobSharesAssigned
    | JobWithdrawn
    | LeaseEnded
    | LeaseProlonged
    | LeasesEnded
    | LeasesRenewed
    | TaskHeld
    | TaskReleased
)
