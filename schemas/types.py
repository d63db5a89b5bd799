"""Parts that messages are made of: enumerations and nested records.

Made by `python -m schemas generate` from the Avro files; change those, not this.
"""

from enum import StrEnum
from typing import Any, Self

from msgspec import Struct

from schemas.characters import (
    FILE_NAME,
    LINE,
    NAME,
    SUBJECT,
    TEMPLATE,
    TEXT,
    URL,
    UUID,
    WORD,
    lines_of,
)


class EmptyFor(StrEnum):
    """Of which requests an answer without a job holds, until the queue has another event that may change it.
    REQUEST: of this one alone, at its time; NARROWER: of those of the organisation that offer no more;
    ORGANISATION: of all those of the organisation."""

    UNKNOWN = "UNKNOWN"
    REQUEST = "REQUEST"
    NARROWER = "NARROWER"
    ORGANISATION = "ORGANISATION"


class LossCause(StrEnum):
    """Why a job was taken from its pilot. LEASE_EXPIRED: no heartbeat within the lease; WORKER_ENDED: the
    worker ended without a report; PILOT_RELEASED: the pilot gave it back; HOLDER_REVOKED: its pilot is believed
    no more; OUT_OF_MEMORY: the batch system ended its worker, which used more memory than it had; CLOCK: it
    stayed in one state for too long."""

    UNKNOWN = "UNKNOWN"
    LEASE_EXPIRED = "LEASE_EXPIRED"
    WORKER_ENDED = "WORKER_ENDED"
    PILOT_RELEASED = "PILOT_RELEASED"
    HOLDER_REVOKED = "HOLDER_REVOKED"
    OUT_OF_MEMORY = "OUT_OF_MEMORY"
    CLOCK = "CLOCK"


class ReportedState(StrEnum):
    """What a pilot says of a running job. STARTING: stage-in; RUNNING: payload runs; HOLDING: trouble, wait;
    TRANSFERRING: own stage-out."""

    UNKNOWN = "UNKNOWN"
    STARTING = "STARTING"
    RUNNING = "RUNNING"
    HOLDING = "HOLDING"
    TRANSFERRING = "TRANSFERRING"


class BrokerKind(StrEnum):
    """Which filters and which weight choose queues. GENERIC: PanDA's for any VO; ANALYSIS: for work of users;
    PRODUCTION: for managed work."""

    UNKNOWN = "UNKNOWN"
    GENERIC = "GENERIC"
    ANALYSIS = "ANALYSIS"
    PRODUCTION = "PRODUCTION"


class IssuerProfile(StrEnum):
    """How the tokens of an issuer say what their owner may. WLCG: wlcg.groups with a leading slash and
    wlcg.ver; IAM: groups without a slash; AARC: entitlement URNs; KEYCLOAK: groups as full paths or names;
    CULM: groups, as Culm's own issuer writes them."""

    UNKNOWN = "UNKNOWN"
    WLCG = "WLCG"
    IAM = "IAM"
    AARC = "AARC"
    KEYCLOAK = "KEYCLOAK"
    CULM = "CULM"


class QueueStatus(StrEnum):
    """Whether a queue takes part in brokerage. ONLINE: yes; BROKEROFF: only jobs that name it; OFFLINE: no;
    TEST: only test jobs."""

    UNKNOWN = "UNKNOWN"
    ONLINE = "ONLINE"
    BROKEROFF = "BROKEROFF"
    OFFLINE = "OFFLINE"
    TEST = "TEST"


class SignatureAlgorithm(StrEnum):
    """A way to sign tokens. RS256: RSA with SHA-256; ES256: the curve P-256 with SHA-256. There is no other."""

    UNKNOWN = "UNKNOWN"
    RS256 = "RS256"
    ES256 = "ES256"


class StorageMedium(StrEnum):
    """What a storage keeps files on. DISK: ready to read; TAPE: to be staged first."""

    UNKNOWN = "UNKNOWN"
    DISK = "DISK"
    TAPE = "TAPE"


class LeaseEnding(StrEnum):
    """Why a lease ended. JOB_ENDED: the job reached a final state; EXPIRED: no heartbeat in time; REFUSED: the
    job was final already; WORKER_ENDED: the worker ended; RETURNED: the worker ended before the job began,
    which waits again."""

    UNKNOWN = "UNKNOWN"
    JOB_ENDED = "JOB_ENDED"
    EXPIRED = "EXPIRED"
    REFUSED = "REFUSED"
    WORKER_ENDED = "WORKER_ENDED"
    RETURNED = "RETURNED"


class RangeEnd(StrEnum):
    """What a pilot says of a range. FAILED: another try may help; FATAL: none will."""

    UNKNOWN = "UNKNOWN"
    DONE = "DONE"
    FAILED = "FAILED"
    FATAL = "FATAL"


class DatasetRole(StrEnum):
    """What a dataset is to a task. INPUT: master input with files; PSEUDO_INPUT: made-up input: event ranges or
    numbers; OUTPUT: output of jobs; LOG: log archives."""

    UNKNOWN = "UNKNOWN"
    INPUT = "INPUT"
    PSEUDO_INPUT = "PSEUDO_INPUT"
    OUTPUT = "OUTPUT"
    LOG = "LOG"


class JobKind(StrEnum):
    """What a job does for its task. NORMAL: runs the payload over input; BUILD: builds the library that normal
    jobs need; MERGE: merges outputs of normal jobs."""

    UNKNOWN = "UNKNOWN"
    NORMAL = "NORMAL"
    BUILD = "BUILD"
    MERGE = "MERGE"


class OutcomeKind(StrEnum):
    """How a job ended for its task. FINISHED: outputs are there; MERGING: outputs are there and wait for the
    merge step; FAILED: it failed; CANCELLED: it was killed; CLOSED: it was withdrawn; no failure of the input."""

    UNKNOWN = "UNKNOWN"
    FINISHED = "FINISHED"
    MERGING = "MERGING"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"
    CLOSED = "CLOSED"


class RetryAction(StrEnum):
    """What the retry rules say about a failed job's input. RETRY: try again while attempts are left; NO_RETRY:
    never again; MORE_MEMORY: try again with more memory; SYSTEM: infrastructure error: the failure does not
    count against failures_max; LIMIT_RETRY: try again, but have no more attempts in all than the rule says;
    MEMORY_BY_FACTOR: try again with memory times the factor of the task; LESS_INPUT: try again, and jobs of the
    task get less input; MORE_CPU_TIME: try again, and the CPU time of the task is corrected."""

    UNKNOWN = "UNKNOWN"
    RETRY = "RETRY"
    NO_RETRY = "NO_RETRY"
    MORE_MEMORY = "MORE_MEMORY"
    SYSTEM = "SYSTEM"
    LIMIT_RETRY = "LIMIT_RETRY"
    MEMORY_BY_FACTOR = "MEMORY_BY_FACTOR"
    LESS_INPUT = "LESS_INPUT"
    MORE_CPU_TIME = "MORE_CPU_TIME"


class ScoutsVerdict(StrEnum):
    """What the scouts of a task showed. GOOD: all other input is released; EXHAUSTED: too few succeeded, a
    person must decide; BROKEN: none succeeded, the task cannot work."""

    UNKNOWN = "UNKNOWN"
    GOOD = "GOOD"
    EXHAUSTED = "EXHAUSTED"
    BROKEN = "BROKEN"


class TaskVerdict(StrEnum):
    """How a task ended. DONE: every input succeeded; FINISHED: part of the input succeeded; FAILED: nothing
    succeeded, or the goal was missed; ABORTED: it was killed; BROKEN: it could never work; EXHAUSTED: limits
    were reached; a person must decide."""

    UNKNOWN = "UNKNOWN"
    DONE = "DONE"
    FINISHED = "FINISHED"
    FAILED = "FAILED"
    ABORTED = "ABORTED"
    BROKEN = "BROKEN"
    EXHAUSTED = "EXHAUSTED"


class ThrottleRule(StrEnum):
    """Which limit stops an order. IDLE: too many jobs wait and none runs; RATIO: too many wait for those that
    run; RUNNING_CAP, QUEUE_CAP: too many run, wait; ACCOUNT_RUNNING, ACCOUNT_QUEUED, ACCOUNT_CORES: too many
    jobs of the user or group run, wait, or hold too many cores. UNKNOWN: a rule of a later release."""

    UNKNOWN = "UNKNOWN"
    IDLE = "IDLE"
    RATIO = "RATIO"
    RUNNING_CAP = "RUNNING_CAP"
    QUEUE_CAP = "QUEUE_CAP"
    ACCOUNT_RUNNING = "ACCOUNT_RUNNING"
    ACCOUNT_QUEUED = "ACCOUNT_QUEUED"
    ACCOUNT_CORES = "ACCOUNT_CORES"


class WorkerMode(StrEnum):
    """How a worker comes to jobs. PULL: its pilot asks for them; PUSH: it was started for one, which travels
    with it."""

    UNKNOWN = "UNKNOWN"
    PULL = "PULL"
    PUSH = "PUSH"


class WorkerState(StrEnum):
    """Where a worker is. INTENDED: it will be handed to the batch system, or is there without that being known;
    SUBMITTED: handed to the batch system; PENDING: it waits there; HELD: it waits for someone to repair
    something; RUNNING: its pilot runs. How it ended. FINISHED: well; FAILED: badly; CANCELLED: withdrawn;
    MISSED: it never reached the batch system; LOST: it vanished from there; TIMEOUT: over its wall time;
    OUT_OF_MEMORY: over its memory; NODE_FAILED: its node went away; PREEMPTED: its place was taken by another."""

    UNKNOWN = "UNKNOWN"
    SUBMITTED = "SUBMITTED"
    RUNNING = "RUNNING"
    FINISHED = "FINISHED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"
    INTENDED = "INTENDED"
    PENDING = "PENDING"
    HELD = "HELD"
    MISSED = "MISSED"
    LOST = "LOST"
    TIMEOUT = "TIMEOUT"
    OUT_OF_MEMORY = "OUT_OF_MEMORY"
    NODE_FAILED = "NODE_FAILED"
    PREEMPTED = "PREEMPTED"


class ConditionBranch(StrEnum):
    """Which branch a condition took. TRUE: its predicates held. FALSE: they did not, and all works that it asks
    had ended."""

    UNKNOWN = "UNKNOWN"
    TRUE = "TRUE"
    FALSE = "FALSE"


class PredicateMethod(StrEnum):
    """What a condition asks. Of a work, or of a workflow within this one: STARTED, STARTING, RUNNING, how it
    ended (FINISHED to EXPIRED), PROCESSED (FINISHED or SUBFINISHED), TERMINATED (any end). Of another
    condition: HOLDS, FAILS (its predicates do not hold). ALWAYS and NEVER ask nothing."""

    UNKNOWN = "UNKNOWN"
    STARTED = "STARTED"
    STARTING = "STARTING"
    RUNNING = "RUNNING"
    FINISHED = "FINISHED"
    SUBFINISHED = "SUBFINISHED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"
    SUSPENDED = "SUSPENDED"
    EXPIRED = "EXPIRED"
    PROCESSED = "PROCESSED"
    TERMINATED = "TERMINATED"
    HOLDS = "HOLDS"
    FAILS = "FAILS"
    ALWAYS = "ALWAYS"
    NEVER = "NEVER"


class WorkEnd(StrEnum):
    """How a work ended."""

    UNKNOWN = "UNKNOWN"
    FINISHED = "FINISHED"
    SUBFINISHED = "SUBFINISHED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"
    SUSPENDED = "SUSPENDED"
    EXPIRED = "EXPIRED"


class WorkflowClock(StrEnum):
    """A clock of a workflow. SUBMISSION: its parts must arrive. LIFETIME: it must end. PENDING: something must
    happen in it."""

    UNKNOWN = "UNKNOWN"
    SUBMISSION = "SUBMISSION"
    LIFETIME = "LIFETIME"
    PENDING = "PENDING"


class WorkflowEnding(StrEnum):
    """Why a workflow comes to its end before its works have ended. ABORT, EXPIRE: its tasks are killed. FINISH:
    its tasks are finished with what they have. CLOSE: no further work starts."""

    UNKNOWN = "UNKNOWN"
    ABORT = "ABORT"
    CLOSE = "CLOSE"
    FINISH = "FINISH"
    EXPIRE = "EXPIRE"


class WorkflowOutcome(StrEnum):
    """How a workflow ended."""

    UNKNOWN = "UNKNOWN"
    FINISHED = "FINISHED"
    SUBFINISHED = "SUBFINISHED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"
    EXPIRED = "EXPIRED"


_NAMES_OF_ACCOUNTCAP = lines_of(
    (WORD, 0, 64),
)


class AccountCap(Struct, frozen=True, kw_only=True, gc=False):
    """How much of a user or a working group may run before its orders are throttled.

    vo: Tenant; empty for each.
    name: Subject of the user or name of the group; empty for each.
    group: For a working group, and not a user.
    jobs_max: Jobs; 0 is no cap.
    cores_max: Cores; 0 is no cap.
    """

    vo: str = ""
    name: str = ""
    group: bool = False
    jobs_max: int = 0
    cores_max: int = 0

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "vo": self.vo,
            "name": self.name,
            "group": self.group,
            "jobs_max": self.jobs_max,
            "cores_max": self.cores_max,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            vo=record["vo"],
            name=record["name"],
            group=record["group"],
            jobs_max=record["jobs_max"],
            cores_max=record["cores_max"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            len(self.name) <= 255 and LINE.takes(self.name)
            and 0 <= self.jobs_max <= 1000000000000000
            and 0 <= self.cores_max <= 1000000000000000
            and _NAMES_OF_ACCOUNTCAP("\n".join((self.vo, ""))) is not None
        )


class AdmittedConsumer(Struct, frozen=True, kw_only=True, gc=False):
    """A job that may take ranges of one part of its task's input.

    job_id: The job.
    file_id: Number of the input unit in its task.
    """

    job_id: int
    file_id: int

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "job_id": self.job_id,
            "file_id": self.file_id,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            job_id=record["job_id"],
            file_id=record["file_id"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            1 <= self.job_id <= 9223372036854775807
            and 1 <= self.file_id <= 1000000000
        )


class AsideSnapshot(Struct, frozen=True, kw_only=True, gc=False):
    """A dead letter that holds the task.

    dead_letter_id: The letter.
    cause: What met it.
    """

    dead_letter_id: str
    cause: str

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "dead_letter_id": self.dead_letter_id,
            "cause": self.cause,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            dead_letter_id=record["dead_letter_id"],
            cause=record["cause"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            len(self.dead_letter_id) <= 255 and TEXT.takes(self.dead_letter_id)
            and len(self.cause) <= 20000 and TEXT.takes(self.cause)
        )


_NAMES_OF_AWAITINGTASK = lines_of(
    (WORD, 0, 64),
)


class AwaitingTask(Struct, frozen=True, kw_only=True, gc=False):
    """A task that waits for the first files of a dataset.

    task_id: The task.
    vo: Its tenant.
    """

    task_id: int
    vo: str

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "task_id": self.task_id,
            "vo": self.vo,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            task_id=record["task_id"],
            vo=record["vo"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            1 <= self.task_id <= 900000000000
            and _NAMES_OF_AWAITINGTASK("\n".join((self.vo, ""))) is not None
        )


_NAMES_OF_BROKERFIGURE = lines_of(
    (WORD, 1, 128),
)


class BrokerFigure(Struct, frozen=True, kw_only=True, gc=False):
    """A figure of the brokers under PanDA's configuration key.

    key: Configuration key, for example OVERLOAD_MIN_QUEUE.
    value: Its value.
    """

    key: str
    value: float

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "key": self.key,
            "value": self.value,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            key=record["key"],
            value=record["value"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            -1000000000000000.0 <= self.value <= 1000000000000000.0
            and _NAMES_OF_BROKERFIGURE("\n".join((self.key, ""))) is not None
        )


_NAMES_OF_BROKERRULE = lines_of(
    (WORD, 0, 128),
    (WORD, 0, 128),
)


class BrokerRule(Struct, frozen=True, kw_only=True, gc=False):
    """Which broker chooses queues for the work of a VO and label.

    vo: VO; empty is any.
    label: prodSourceLabel; empty is any.
    broker: The broker.
    nuclei: A nucleus, the site that takes the output, is chosen for tasks of it before their first jobs. Tasks
        that were refined before the rule said so stay without one.
    """

    vo: str = ""
    label: str = ""
    broker: BrokerKind
    nuclei: bool = False

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "vo": self.vo,
            "label": self.label,
            "broker": self.broker,
            "nuclei": self.nuclei,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            vo=record["vo"],
            label=record["label"],
            broker=BrokerKind[record["broker"]],
            nuclei=record["nuclei"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return _NAMES_OF_BROKERRULE("\n".join((self.vo, self.label, ""))) is not None


class BucketCount(Struct, frozen=True, kw_only=True, gc=False):
    """How many events fell into ten minutes.

    bucket: Which ten minutes: their number since 1970.
    count: How many.
    """

    bucket: int
    count: int

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "bucket": self.bucket,
            "count": self.count,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            bucket=record["bucket"],
            count=record["count"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            0 <= self.bucket <= 1000000000
            and 0 <= self.count <= 1000000000000
        )


class CertificateAuthority(Struct, frozen=True, kw_only=True, gc=False):
    """An authority of certificates and for whom it counts.

    name: Its name, in the slash form.
    vos: Organisations for which its members count.
    """

    name: str
    vos: tuple[str, ...]

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "name": self.name,
            "vos": list(self.vos),
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            name=record["name"],
            vos=tuple(record["vos"]),
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            1 <= len(self.name) <= 1000 and LINE.takes(self.name)
            and len(self.vos) <= 100
            and (not self.vos or all(1 <= len(item) <= 64 and WORD.takes(item) for item in self.vos))
        )


class CertifiedPerson(Struct, frozen=True, kw_only=True, gc=False):
    """A person whom a certificate alone gives groups, without an attribute certificate.

    authority: Name of the authority, in the slash form.
    name: Name of the person, in the slash form.
    groups: What it has, as vo or vo/group.
    """

    authority: str
    name: str
    groups: tuple[str, ...]

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "authority": self.authority,
            "name": self.name,
            "groups": list(self.groups),
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            authority=record["authority"],
            name=record["name"],
            groups=tuple(record["groups"]),
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            1 <= len(self.authority) <= 1000 and LINE.takes(self.authority)
            and 1 <= len(self.name) <= 1000 and LINE.takes(self.name)
            and len(self.groups) <= 20
            and (not self.groups or all(1 <= len(item) <= 255 and NAME.takes(item) for item in self.groups))
        )


_NAMES_OF_CLASSDEMAND = lines_of(
    (WORD, 1, 64),
)


class ClassDemand(Struct, frozen=True, kw_only=True, gc=False):
    """How many pilots a class of slots should have, and each term of it.

    name: Name of the class.
    wanted: How many pilots.
    memory_mb: Memory of a slot; 0 is no limit.
    cores: Cores of a slot; 0 is any.
    walltime_seconds: Time that a slot lasts; 0 is no limit.
    standby: Pilots that stand by.
    waiting: Jobs that wait for a pilot of the class.
    running: Jobs that pilots of the class hold.
    cut_by_pilots_max: Pilots that the limit of the class cut off.
    cut_by_pending_max: Pilots that the limit of those not at work yet cut off.
    cut_by_ramp: Pilots that come later, because no more may be wanted within a minute.
    kept_for_now: Of the wanted, those that are given up later, because no more than a tenth is at once; none is
        started in their place.
    """

    name: str
    wanted: int = 0
    memory_mb: int = 0
    cores: int = 0
    walltime_seconds: int = 0
    standby: int = 0
    waiting: int = 0
    running: int = 0
    cut_by_pilots_max: int = 0
    cut_by_pending_max: int = 0
    cut_by_ramp: int = 0
    kept_for_now: int = 0

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "name": self.name,
            "wanted": self.wanted,
            "memory_mb": self.memory_mb,
            "cores": self.cores,
            "walltime_seconds": self.walltime_seconds,
            "standby": self.standby,
            "waiting": self.waiting,
            "running": self.running,
            "cut_by_pilots_max": self.cut_by_pilots_max,
            "cut_by_pending_max": self.cut_by_pending_max,
            "cut_by_ramp": self.cut_by_ramp,
            "kept_for_now": self.kept_for_now,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            name=record["name"],
            wanted=record["wanted"],
            memory_mb=record["memory_mb"],
            cores=record["cores"],
            walltime_seconds=record["walltime_seconds"],
            standby=record["standby"],
            waiting=record["waiting"],
            running=record["running"],
            cut_by_pilots_max=record["cut_by_pilots_max"],
            cut_by_pending_max=record["cut_by_pending_max"],
            cut_by_ramp=record["cut_by_ramp"],
            kept_for_now=record["kept_for_now"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            0 <= self.wanted <= 2147483647
            and 0 <= self.memory_mb <= 100000000000
            and 0 <= self.cores <= 100000
            and 0 <= self.walltime_seconds <= 1000000000
            and 0 <= self.standby <= 2147483647
            and 0 <= self.waiting <= 1000000000000000
            and 0 <= self.running <= 1000000000000000
            and 0 <= self.cut_by_pilots_max <= 2147483647
            and 0 <= self.cut_by_pending_max <= 2147483647
            and 0 <= self.cut_by_ramp <= 2147483647
            and 0 <= self.kept_for_now <= 2147483647
            and _NAMES_OF_CLASSDEMAND("\n".join((self.name, ""))) is not None
        )


_NAMES_OF_CLASSLOAD = lines_of(
    (WORD, 0, 64),
)


class ClassLoad(Struct, frozen=True, kw_only=True, gc=False):
    """The jobs of a queue that a class of slots serves.

    name: Name of the class; empty for jobs that fit none.
    waiting: Jobs that wait, by the smallest class that fits them.
    leased: Jobs that pilots hold, by the class of the pilot.
    """

    name: str = ""
    waiting: int = 0
    leased: int = 0

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "name": self.name,
            "waiting": self.waiting,
            "leased": self.leased,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            name=record["name"],
            waiting=record["waiting"],
            leased=record["leased"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            0 <= self.waiting <= 1000000000000000
            and 0 <= self.leased <= 1000000000000000
            and _NAMES_OF_CLASSLOAD("\n".join((self.name, ""))) is not None
        )


_NAMES_OF_CLOCKSETTING = lines_of(
    (WORD, 1, 64),
)


class ClockSetting(Struct, frozen=True, kw_only=True, gc=False):
    """How long jobs may stay as they are, by one clock.

    name: Its name, as docs/flow.md lists them.
    seconds: After so long it rings; 0 never.
    """

    name: str
    seconds: int

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "name": self.name,
            "seconds": self.seconds,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            name=record["name"],
            seconds=record["seconds"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            0 <= self.seconds <= 1000000000
            and _NAMES_OF_CLOCKSETTING("\n".join((self.name, ""))) is not None
        )


_NAMES_OF_COMMANDENVELOPE = lines_of(
    (UUID, 36, 36),
    (SUBJECT, 1, 1400),
    (UUID, 36, 36),
    (UUID, 0, 36),
    (SUBJECT, 1, 255),
    (WORD, 0, 64),
    (WORD, 1, 64),
    (SUBJECT, 0, 320),
    (WORD, 0, 64),
)


class CommandEnvelope(Struct, frozen=True, kw_only=True, gc=False):
    """What every command carries about itself.

    command_id: uuid; the client's Idempotency-Key or uuid5 of what caused it. Decided at most once.
    aggregate_id: Equals the record key.
    correlation_id: uuid that is constant through a whole tree of requests.
    causation_id: event_id (or command_id) that led to this command; null when it came from outside.
    issued_at: When it was issued (UTC); becomes occurred_at of its events.
    actor: Opaque subject id of the issuer.
    role: What the actor acts as: user, production, pilot, operator or system.
    vo: Tenant.
    expected_sequence: Refused as STALE unless the aggregate is at this sequence; null asks for no such check.
    rule: By which rule the sender was let in: the role and what gave it; empty where Culm itself is the sender,
        and in commands of earlier releases.
    group: Group that gave the role; empty where none did.
    rights: Rights of the role, by the access policy when it was sent; `none` where it has none; empty where
        they are the built-in ones.
    lease_id: Of a pilot with a token for one job: the lease that the token is for. Reports under another lease
        are refused.
    linked_actors: Other ids of the same person at that time, in the order of texts: what they own is the
        actor's own.
    expires_at: Refused as EXPIRED when it is decided later: its sender does not wait any more; null for one
        that stands until it is decided.
    dry_run: True for a command that is decided and answered, but not carried out: no event, nothing that
        follows.
    """

    command_id: str
    aggregate_id: str
    correlation_id: str
    causation_id: str | None = None
    issued_at: int
    actor: str
    role: str = "user"
    vo: str
    expected_sequence: int | None = None
    rule: str = ""
    group: str = ""
    rights: tuple[str, ...] = ()
    lease_id: str | None = None
    linked_actors: tuple[str, ...] = ()
    expires_at: int | None = None
    dry_run: bool = False

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "command_id": self.command_id,
            "aggregate_id": self.aggregate_id,
            "correlation_id": self.correlation_id,
            "causation_id": self.causation_id,
            "issued_at": self.issued_at,
            "actor": self.actor,
            "role": self.role,
            "vo": self.vo,
            "expected_sequence": self.expected_sequence,
            "rule": self.rule,
            "group": self.group,
            "rights": list(self.rights),
            "lease_id": self.lease_id,
            "linked_actors": list(self.linked_actors),
            "expires_at": self.expires_at,
            "dry_run": self.dry_run,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            command_id=record["command_id"],
            aggregate_id=record["aggregate_id"],
            correlation_id=record["correlation_id"],
            causation_id=record["causation_id"],
            issued_at=record["issued_at"],
            actor=record["actor"],
            role=record["role"],
            vo=record["vo"],
            expected_sequence=record["expected_sequence"],
            rule=record["rule"],
            group=record["group"],
            rights=tuple(record["rights"]),
            lease_id=record["lease_id"],
            linked_actors=tuple(record["linked_actors"]),
            expires_at=record["expires_at"],
            dry_run=record["dry_run"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            631152000000000 <= self.issued_at <= 4102444800000000
            and (self.expected_sequence is None or (0 <= self.expected_sequence <= 9223372036854775807))
            and len(self.rule) <= 400 and LINE.takes(self.rule)
            and len(self.rights) <= 10
            and (not self.rights or all(1 <= len(item) <= 64 and WORD.takes(item) for item in self.rights))
            and len(self.linked_actors) <= 16
            and (not self.linked_actors or all(1 <= len(item) <= 255 and SUBJECT.takes(item) for item in self.linked_actors))
            and (self.expires_at is None or (631152000000000 <= self.expires_at <= 4102444800000000))
            and _NAMES_OF_COMMANDENVELOPE("\n".join((self.command_id, self.aggregate_id, self.correlation_id, self.causation_id or "", self.actor, self.role, self.vo, self.group, self.lease_id or "", ""))) is not None
            and self.causation_id != ""
            and self.lease_id != ""
        )


_NAMES_OF_COMPUTINGSITE = lines_of(
    (WORD, 1, 128),
    (WORD, 0, 128),
)


class ComputingSite(Struct, frozen=True, kw_only=True, gc=False):
    """A site as its source describes it.

    name: Its name, as queues write it.
    cloud: Cloud or region.
    nucleus: Takes the output of tasks, as the task broker chooses it.
    t1_weight: Weight of the site in the production broker; below 0: nucleus alone.
    storages: Its storages, the one for output first.
    ipv6: Reachable over IPv6.
    down_from: Begin of the announced downtime; null is none.
    down_until: End of it; null with `down_from` is open.
    """

    name: str
    cloud: str = ""
    nucleus: bool = False
    t1_weight: float = 1.0
    storages: tuple[str, ...] = ()
    ipv6: bool = False
    down_from: int | None = None
    down_until: int | None = None

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "name": self.name,
            "cloud": self.cloud,
            "nucleus": self.nucleus,
            "t1_weight": self.t1_weight,
            "storages": list(self.storages),
            "ipv6": self.ipv6,
            "down_from": self.down_from,
            "down_until": self.down_until,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            name=record["name"],
            cloud=record["cloud"],
            nucleus=record["nucleus"],
            t1_weight=record["t1_weight"],
            storages=tuple(record["storages"]),
            ipv6=record["ipv6"],
            down_from=record["down_from"],
            down_until=record["down_until"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            -1 <= self.t1_weight <= 1000000
            and len(self.storages) <= 1000
            and (not self.storages or all(1 <= len(item) <= 255 and WORD.takes(item) for item in self.storages))
            and (self.down_from is None or (631152000000000 <= self.down_from <= 4102444800000000))
            and (self.down_until is None or (631152000000000 <= self.down_until <= 4102444800000000))
            and _NAMES_OF_COMPUTINGSITE("\n".join((self.name, self.cloud, ""))) is not None
        )


class ConditionPredicate(Struct, frozen=True, kw_only=True, gc=False):
    """One predicate of a condition.

    method: What is asked.
    work: Number of the work that is asked; null for a predicate that asks none.
    works: Numbers of the works of a workflow within this one, which is asked as a whole, those first that start
        with it; empty for a predicate that asks none.
    starting: How many of these works start with that workflow: it has started when they have.
    asked: Numbers of the conditions of that workflow that are asked from its start on, each before this one.
    condition: Number of the condition that is asked, which is one before this one; null for a predicate that
        asks none.
    """

    method: PredicateMethod
    work: int | None = None
    works: tuple[int, ...] = ()
    starting: int = 0
    asked: tuple[int, ...] = ()
    condition: int | None = None

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "method": self.method,
            "work": self.work,
            "works": list(self.works),
            "starting": self.starting,
            "asked": list(self.asked),
            "condition": self.condition,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            method=PredicateMethod[record["method"]],
            work=record["work"],
            works=tuple(record["works"]),
            starting=record["starting"],
            asked=tuple(record["asked"]),
            condition=record["condition"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            (self.work is None or (0 <= self.work <= 9999))
            and len(self.works) <= 1000
            and (not self.works or 0 <= min(self.works) <= max(self.works) <= 9999)
            and 0 <= self.starting <= 1000
            and len(self.asked) <= 1000
            and (not self.asked or 0 <= min(self.asked) <= max(self.asked) <= 9999)
            and (self.condition is None or (0 <= self.condition <= 9999))
        )


_NAMES_OF_COUNTEDQUEUE = lines_of(
    (WORD, 1, 128),
    (WORD, 64, 64),
)


class CountedQueue(Struct, frozen=True, kw_only=True, gc=False):
    """When a Harvester last counted the workers of a queue.

    queue: Queue.
    digest: SHA-256 of what it counted.
    at: When that was recorded.
    """

    queue: str
    digest: str
    at: int

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "queue": self.queue,
            "digest": self.digest,
            "at": self.at,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            queue=record["queue"],
            digest=record["digest"],
            at=record["at"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            631152000000000 <= self.at <= 4102444800000000
            and _NAMES_OF_COUNTEDQUEUE("\n".join((self.queue, self.digest, ""))) is not None
        )


_NAMES_OF_DATASETFILE = lines_of(
    (FILE_NAME, 1, 1024),
    (NAME, 0, 255),
    (WORD, 0, 80),
    (WORD, 0, 100),
    (WORD, 0, 255),
)


class DatasetFile(Struct, frozen=True, kw_only=True, gc=False):
    """A file of a dataset.

    lfn: Logical file name.
    scope: Scope.
    guid: GUID.
    size_bytes: Size in bytes.
    checksum: ad:<adler32> or md:<md5>.
    endpoint: Storage element that holds it.
    events: Number of events.
    lumi_block: Luminosity block of its events.
    boundary_id: Group of files that it belongs to.
    """

    lfn: str
    scope: str
    guid: str = ""
    size_bytes: int
    checksum: str
    endpoint: str
    events: int | None = None
    lumi_block: int | None = None
    boundary_id: int | None = None

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "lfn": self.lfn,
            "scope": self.scope,
            "guid": self.guid,
            "size_bytes": self.size_bytes,
            "checksum": self.checksum,
            "endpoint": self.endpoint,
            "events": self.events,
            "lumi_block": self.lumi_block,
            "boundary_id": self.boundary_id,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            lfn=record["lfn"],
            scope=record["scope"],
            guid=record["guid"],
            size_bytes=record["size_bytes"],
            checksum=record["checksum"],
            endpoint=record["endpoint"],
            events=record["events"],
            lumi_block=record["lumi_block"],
            boundary_id=record["boundary_id"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            0 <= self.size_bytes <= 1152921504606846976
            and (self.events is None or (0 <= self.events <= 1000000000000))
            and (self.lumi_block is None or (0 <= self.lumi_block <= 1000000000000))
            and (self.boundary_id is None or (0 <= self.boundary_id <= 1000000000000))
            and _NAMES_OF_DATASETFILE("\n".join((self.lfn, self.scope, self.guid, self.checksum, self.endpoint, ""))) is not None
        )


_NAMES_OF_ENDEDLEASE = lines_of(
    (WORD, 1, 64),
)


class EndedLease(Struct, frozen=True, kw_only=True, gc=False):
    """A lease whose job has ended.

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
            and _NAMES_OF_ENDEDLEASE("\n".join((self.lease_id, ""))) is not None
        )


_NAMES_OF_ENROLMENT = lines_of(
    (NAME, 0, 128),
    (WORD, 0, 64),
)


class Enrolment(Struct, frozen=True, kw_only=True, gc=False):
    """The state of an enrolment code.

    queues: Queues that the agent may speak for.
    worker_id: The worker that the agent is; null for a harvester, which makes tokens for its workers.
    expires_at: Until when the code may be used.
    tokens_until: Until when tokens that come of it may be renewed.
    redeemer: Digest of what the agent chose when it used the code; null before.
    ended: True when the code and what came of it are refused.
    """

    queues: tuple[str, ...]
    worker_id: str | None = None
    expires_at: int
    tokens_until: int
    redeemer: str | None = None
    ended: bool = False

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "queues": list(self.queues),
            "worker_id": self.worker_id,
            "expires_at": self.expires_at,
            "tokens_until": self.tokens_until,
            "redeemer": self.redeemer,
            "ended": self.ended,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            queues=tuple(record["queues"]),
            worker_id=record["worker_id"],
            expires_at=record["expires_at"],
            tokens_until=record["tokens_until"],
            redeemer=record["redeemer"],
            ended=record["ended"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            len(self.queues) <= 20
            and (not self.queues or all(1 <= len(item) <= 128 and WORD.takes(item) for item in self.queues))
            and 631152000000000 <= self.expires_at <= 4102444800000000
            and 631152000000000 <= self.tokens_until <= 4102444800000000
            and _NAMES_OF_ENROLMENT("\n".join((self.worker_id or "", self.redeemer or "", ""))) is not None
            and self.redeemer != ""
        )


_NAMES_OF_EVENTENVELOPE = lines_of(
    (UUID, 36, 36),
    (SUBJECT, 1, 1400),
    (UUID, 36, 36),
    (UUID, 36, 36),
    (SUBJECT, 1, 255),
    (WORD, 1, 64),
    (UUID, 0, 36),
    (WORD, 0, 128),
    (WORD, 0, 64),
)


class EventEnvelope(Struct, frozen=True, kw_only=True, gc=False):
    """What every event carries about itself; kept inside the value so that a replay from a file loses nothing.

    event_id: uuid5(command_id, decision_index): the same decision made twice has the same ids.
    aggregate_id: Equals the record key; another value is poison.
    sequence: 1, 2, 3 ... within the aggregate, without gaps; a reader accepts last + 1 only.
    decision_index: Place of the event in its decision, from 0.
    decision_size: Number of events of the decision; fewer of them in the log is a torn decision.
    command_id: uuid of the command that was decided.
    correlation_id: uuid that is constant through a whole tree of requests.
    occurred_at: Time on the command (UTC), never the decider's clock.
    actor: Opaque subject id of the issuer of its command; never an e-mail address or a DN.
    vo: Tenant; checked on every read path.
    writer_epoch: Fencing number of the decider that wrote it.
    causation_id: event_id (or command_id) that led to the command; null when it came from outside, and in
        events of the first release.
    command_type: Name of the command that was decided, for example KillTask; empty in events of the first
        release.
    role: What the actor acted as: user, production, pilot, operator or system; empty in events of the first
        release.
    is_answer: True when the events of the decision are the answer to its command, which was accepted: none
        stands in the topic of answers.
    """

    event_id: str
    aggregate_id: str
    sequence: int
    decision_index: int
    decision_size: int
    command_id: str
    correlation_id: str
    occurred_at: int
    actor: str
    vo: str
    writer_epoch: int
    causation_id: str | None = None
    command_type: str = ""
    role: str = ""
    is_answer: bool = False

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "event_id": self.event_id,
            "aggregate_id": self.aggregate_id,
            "sequence": self.sequence,
            "decision_index": self.decision_index,
            "decision_size": self.decision_size,
            "command_id": self.command_id,
            "correlation_id": self.correlation_id,
            "occurred_at": self.occurred_at,
            "actor": self.actor,
            "vo": self.vo,
            "writer_epoch": self.writer_epoch,
            "causation_id": self.causation_id,
            "command_type": self.command_type,
            "role": self.role,
            "is_answer": self.is_answer,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            event_id=record["event_id"],
            aggregate_id=record["aggregate_id"],
            sequence=record["sequence"],
            decision_index=record["decision_index"],
            decision_size=record["decision_size"],
            command_id=record["command_id"],
            correlation_id=record["correlation_id"],
            occurred_at=record["occurred_at"],
            actor=record["actor"],
            vo=record["vo"],
            writer_epoch=record["writer_epoch"],
            causation_id=record["causation_id"],
            command_type=record["command_type"],
            role=record["role"],
            is_answer=record["is_answer"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            1 <= self.sequence <= 9223372036854775807
            and 0 <= self.decision_index <= 2147483647
            and 1 <= self.decision_size <= 2147483647
            and 631152000000000 <= self.occurred_at <= 4102444800000000
            and 0 <= self.writer_epoch <= 9223372036854775807
            and _NAMES_OF_EVENTENVELOPE("\n".join((self.event_id, self.aggregate_id, self.command_id, self.correlation_id, self.actor, self.vo, self.causation_id or "", self.command_type, self.role, ""))) is not None
            and self.causation_id != ""
        )


_NAMES_OF_EXPECTEDWORKERS = lines_of(
    (WORD, 1, 128),
)


class ExpectedWorkers(Struct, frozen=True, kw_only=True, gc=False):
    """How many workers of a queue are alive once what was ordered has come.

    queue: Queue.
    alive: How many.
    until: Until then; later the order counts as lost.
    """

    queue: str
    alive: int
    until: int

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "queue": self.queue,
            "alive": self.alive,
            "until": self.until,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            queue=record["queue"],
            alive=record["alive"],
            until=record["until"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            0 <= self.alive <= 2147483647
            and 631152000000000 <= self.until <= 4102444800000000
            and _NAMES_OF_EXPECTEDWORKERS("\n".join((self.queue, ""))) is not None
        )


class FileAccounts(Struct, frozen=True, kw_only=True, gc=False):
    """The counters of a task's master input; finished + failed <= used <= total.

    total: Units known.
    used: Units handed to jobs and not returned.
    finished: Units done.
    failed: Units given up.
    jobs_live: Jobs not yet ended.
    jobs_total: Jobs made so far.
    """

    total: int
    used: int
    finished: int
    failed: int
    jobs_live: int
    jobs_total: int

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "total": self.total,
            "used": self.used,
            "finished": self.finished,
            "failed": self.failed,
            "jobs_live": self.jobs_live,
            "jobs_total": self.jobs_total,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            total=record["total"],
            used=record["used"],
            finished=record["finished"],
            failed=record["failed"],
            jobs_live=record["jobs_live"],
            jobs_total=record["jobs_total"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            0 <= self.total <= 1000000000000000
            and 0 <= self.used <= 1000000000000000
            and 0 <= self.finished <= 1000000000000000
            and 0 <= self.failed <= 1000000000000000
            and 0 <= self.jobs_live <= 1000000000000000
            and 0 <= self.jobs_total <= 1000000000000000
        )


class GlobalShare(Struct, frozen=True, kw_only=True, gc=False):
    """A leaf or node of the tree of shares.

    name: Share name.
    parent: Parent; null at the top.
    percent: Share among its siblings.
    label_pattern: Regular expression on prodSourceLabel.
    working_group_pattern: Regular expression on working group.
    processing_type_pattern: Regular expression on processing type.
    campaign_pattern: Regular expression on campaign.
    transformation_pattern: Regular expression on the name of the transformation (transPath).
    resource_type_pattern: Regular expression on resource type.
    vo_pattern: Regular expression on VO.
    """

    name: str
    parent: str | None = None
    percent: float
    label_pattern: str | None = None
    working_group_pattern: str | None = None
    processing_type_pattern: str | None = None
    campaign_pattern: str | None = None
    transformation_pattern: str | None = None
    resource_type_pattern: str | None = None
    vo_pattern: str | None = None

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "name": self.name,
            "parent": self.parent,
            "percent": self.percent,
            "label_pattern": self.label_pattern,
            "working_group_pattern": self.working_group_pattern,
            "processing_type_pattern": self.processing_type_pattern,
            "campaign_pattern": self.campaign_pattern,
            "transformation_pattern": self.transformation_pattern,
            "resource_type_pattern": self.resource_type_pattern,
            "vo_pattern": self.vo_pattern,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            name=record["name"],
            parent=record["parent"],
            percent=record["percent"],
            label_pattern=record["label_pattern"],
            working_group_pattern=record["working_group_pattern"],
            processing_type_pattern=record["processing_type_pattern"],
            campaign_pattern=record["campaign_pattern"],
            transformation_pattern=record["transformation_pattern"],
            resource_type_pattern=record["resource_type_pattern"],
            vo_pattern=record["vo_pattern"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            1 <= len(self.name) <= 128 and LINE.takes(self.name)
            and (self.parent is None or (len(self.parent) <= 128 and LINE.takes(self.parent)))
            and 0 <= self.percent <= 1000000
            and (self.label_pattern is None or (len(self.label_pattern) <= 500 and LINE.takes(self.label_pattern)))
            and (self.working_group_pattern is None or (len(self.working_group_pattern) <= 500 and LINE.takes(self.working_group_pattern)))
            and (self.processing_type_pattern is None or (len(self.processing_type_pattern) <= 500 and LINE.takes(self.processing_type_pattern)))
            and (self.campaign_pattern is None or (len(self.campaign_pattern) <= 500 and LINE.takes(self.campaign_pattern)))
            and (self.transformation_pattern is None or (len(self.transformation_pattern) <= 500 and LINE.takes(self.transformation_pattern)))
            and (self.resource_type_pattern is None or (len(self.resource_type_pattern) <= 500 and LINE.takes(self.resource_type_pattern)))
            and (self.vo_pattern is None or (len(self.vo_pattern) <= 500 and LINE.takes(self.vo_pattern)))
        )


_NAMES_OF_HARVESTERDIALOG = lines_of(
    (WORD, 0, 16),
)


class HarvesterDialog(Struct, frozen=True, kw_only=True, gc=False):
    """A message of a Harvester's own log.

    number: Number that the Harvester gave it.
    module: Module that wrote it.
    identifier: What it was about.
    written_at: When it was written.
    level: How serious it is.
    message: The text.
    """

    number: int
    module: str = ""
    identifier: str = ""
    written_at: int | None = None
    level: str = ""
    message: str = ""

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "number": self.number,
            "module": self.module,
            "identifier": self.identifier,
            "written_at": self.written_at,
            "level": self.level,
            "message": self.message,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            number=record["number"],
            module=record["module"],
            identifier=record["identifier"],
            written_at=record["written_at"],
            level=record["level"],
            message=record["message"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            0 <= self.number <= 9223372036854775807
            and len(self.module) <= 100 and LINE.takes(self.module)
            and len(self.identifier) <= 100 and LINE.takes(self.identifier)
            and (self.written_at is None or (631152000000000 <= self.written_at <= 4102444800000000))
            and len(self.message) <= 1000 and TEXT.takes(self.message)
            and _NAMES_OF_HARVESTERDIALOG("\n".join((self.level, ""))) is not None
        )


_NAMES_OF_HARVESTERORDER = lines_of(
    (WORD, 1, 200),
)


class HarvesterOrder(Struct, frozen=True, kw_only=True, gc=False):
    """An order for a Harvester, in Harvester's own words.

    number: Its number, 1 to 2,097,151, then from 1 again.
    command: Name, and for some a queue behind a colon.
    parameters_json: Its parameters: a JSON object or list.
    ack_requested: True when the Harvester is asked to say that it was carried out.
    ordered_at: When it was ordered.
    """

    number: int
    command: str
    parameters_json: str
    ack_requested: bool = False
    ordered_at: int

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "number": self.number,
            "command": self.command,
            "parameters_json": self.parameters_json,
            "ack_requested": self.ack_requested,
            "ordered_at": self.ordered_at,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            number=record["number"],
            command=record["command"],
            parameters_json=record["parameters_json"],
            ack_requested=record["ack_requested"],
            ordered_at=record["ordered_at"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            1 <= self.number <= 2097151
            and 2 <= len(self.parameters_json) <= 8000 and TEXT.takes(self.parameters_json)
            and 631152000000000 <= self.ordered_at <= 4102444800000000
            and _NAMES_OF_HARVESTERORDER("\n".join((self.command, ""))) is not None
        )


class InputSnapshot(Struct, frozen=True, kw_only=True, gc=False):
    """What a task knows about one of its input datasets.

    dataset: The dataset.
    chunks_fed: Chunks that were fed; null before the first.
    fed_whole: True when all of it was fed.
    files: Files that the task's units are of.
    greatest_lfn: Last file name of its units.
    greatest_start: First event of the last range of that file; -1 for a whole file.
    awaited: True while it does not exist and the task waits for it.
    position: While the task follows it: how many of its files, in the order in which they were registered, the
        task has had.
    """

    dataset: str
    chunks_fed: int | None = None
    fed_whole: bool = False
    files: int | None = None
    greatest_lfn: str | None = None
    greatest_start: int = -1
    awaited: bool = False
    position: int | None = None

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "dataset": self.dataset,
            "chunks_fed": self.chunks_fed,
            "fed_whole": self.fed_whole,
            "files": self.files,
            "greatest_lfn": self.greatest_lfn,
            "greatest_start": self.greatest_start,
            "awaited": self.awaited,
            "position": self.position,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            dataset=record["dataset"],
            chunks_fed=record["chunks_fed"],
            fed_whole=record["fed_whole"],
            files=record["files"],
            greatest_lfn=record["greatest_lfn"],
            greatest_start=record["greatest_start"],
            awaited=record["awaited"],
            position=record["position"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            len(self.dataset) <= 640 and TEXT.takes(self.dataset)
            and (self.chunks_fed is None or (0 <= self.chunks_fed <= 2147483647))
            and (self.files is None or (0 <= self.files <= 2147483647))
            and (self.greatest_lfn is None or (len(self.greatest_lfn) <= 1100 and TEXT.takes(self.greatest_lfn)))
            and -1 <= self.greatest_start <= 1000000000000000
            and (self.position is None or (0 <= self.position <= 1000000000000000))
        )


_NAMES_OF_INPUTUNIT = lines_of(
    (URL, 1, 1100),
    (NAME, 1, 640),
    (NAME, 0, 255),
    (WORD, 0, 80),
    (WORD, 0, 100),
    (WORD, 0, 255),
)


class InputUnit(Struct, frozen=True, kw_only=True, gc=False):
    """The smallest piece of input: a file, a range of events of it, or a made-up record.

    unit_id: 1, 2, 3 ... within the task, in input order.
    lfn: Logical file name.
    dataset: Dataset it comes from.
    scope: Scope of the file.
    guid: GUID of the file.
    size_bytes: Size in bytes.
    checksum: ad:<adler32> or md:<md5>.
    endpoint: Storage element that holds it; empty for made-up input.
    events: Number of events.
    start_event: First event of the range, from 0.
    end_event: Last event of the range.
    ram_mb: Memory this unit was boosted to after memory failures.
    boundary: Luminosity block or group of its file, where the rules of the task look at it.
    """

    unit_id: int
    lfn: str
    dataset: str
    scope: str = ""
    guid: str = ""
    size_bytes: int = 0
    checksum: str = ""
    endpoint: str = ""
    events: int | None = None
    start_event: int | None = None
    end_event: int | None = None
    ram_mb: int | None = None
    boundary: int | None = None

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "unit_id": self.unit_id,
            "lfn": self.lfn,
            "dataset": self.dataset,
            "scope": self.scope,
            "guid": self.guid,
            "size_bytes": self.size_bytes,
            "checksum": self.checksum,
            "endpoint": self.endpoint,
            "events": self.events,
            "start_event": self.start_event,
            "end_event": self.end_event,
            "ram_mb": self.ram_mb,
            "boundary": self.boundary,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            unit_id=record["unit_id"],
            lfn=record["lfn"],
            dataset=record["dataset"],
            scope=record["scope"],
            guid=record["guid"],
            size_bytes=record["size_bytes"],
            checksum=record["checksum"],
            endpoint=record["endpoint"],
            events=record["events"],
            start_event=record["start_event"],
            end_event=record["end_event"],
            ram_mb=record["ram_mb"],
            boundary=record["boundary"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            1 <= self.unit_id <= 1000000000
            and 0 <= self.size_bytes <= 1152921504606846976
            and (self.events is None or (0 <= self.events <= 1000000000000))
            and (self.start_event is None or (0 <= self.start_event <= 1000000000000000))
            and (self.end_event is None or (0 <= self.end_event <= 1000000000000000))
            and (self.ram_mb is None or (0 <= self.ram_mb <= 10000000000000))
            and (self.boundary is None or (0 <= self.boundary <= 1000000000000))
            and _NAMES_OF_INPUTUNIT("\n".join((self.lfn, self.dataset, self.scope, self.guid, self.checksum, self.endpoint, ""))) is not None
        )


_NAMES_OF_ISSUERLOGIN = lines_of(
    (SUBJECT, 1, 255),
    (URL, 0, 500),
)


class IssuerLogin(Struct, frozen=True, kw_only=True, gc=False):
    """How people log in at an issuer: with the device flow of panda-client and culm, and in the monitor.

    client_id: The public client that Culm is registered as at the provider.
    is_direct: True when clients talk to the provider themselves; else Culm hands their requests on and repairs
        the answers.
    audience: What the provider is asked to issue tokens for; null where it needs no such parameter.
    scopes: Scopes that are asked for beside those of the client.
    """

    client_id: str
    is_direct: bool = False
    audience: str | None = None
    scopes: tuple[str, ...] = ()

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "client_id": self.client_id,
            "is_direct": self.is_direct,
            "audience": self.audience,
            "scopes": list(self.scopes),
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            client_id=record["client_id"],
            is_direct=record["is_direct"],
            audience=record["audience"],
            scopes=tuple(record["scopes"]),
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            len(self.scopes) <= 20
            and (not self.scopes or all(len(item) <= 100 and SUBJECT.takes(item) for item in self.scopes))
            and _NAMES_OF_ISSUERLOGIN("\n".join((self.client_id, self.audience or "", ""))) is not None
        )


_NAMES_OF_JOBERROR = lines_of(
    (WORD, 1, 64),
)


class JobError(Struct, frozen=True, kw_only=True, gc=False):
    """One of the error families a job can carry.

    source: pilot, exe, ddm, jobdispatcher, taskbuffer, trans, sup.
    code: Code within the family.
    diagnostic: The sentence for people.
    """

    source: str
    code: int
    diagnostic: str = ""

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "source": self.source,
            "code": self.code,
            "diagnostic": self.diagnostic,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            source=record["source"],
            code=record["code"],
            diagnostic=record["diagnostic"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            -2147483648 <= self.code <= 2147483647
            and len(self.diagnostic) <= 4000 and TEXT.takes(self.diagnostic)
            and _NAMES_OF_JOBERROR("\n".join((self.source, ""))) is not None
        )


_NAMES_OF_JOBGROUPLOAD = lines_of(
    (WORD, 0, 64),
    (WORD, 0, 64),
    (SUBJECT, 1, 255),
    (WORD, 0, 128),
)


class JobGroupLoad(Struct, frozen=True, kw_only=True, gc=False):
    """The jobs of a queue that are of one global share, resource type and user.

    share: Their global share; Undefined for jobs without one.
    resource_type: Their resource type.
    vo: Their tenant.
    owner: Whose they are.
    working_group: The group that they are for; empty where there is none, and for jobs of rows of earlier
        releases.
    waiting: Jobs that wait.
    leased: Jobs that pilots hold.
    cores: Cores of the jobs that pilots hold.
    """

    share: str
    resource_type: str
    vo: str
    owner: str
    working_group: str = ""
    waiting: int
    leased: int
    cores: int

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "share": self.share,
            "resource_type": self.resource_type,
            "vo": self.vo,
            "owner": self.owner,
            "working_group": self.working_group,
            "waiting": self.waiting,
            "leased": self.leased,
            "cores": self.cores,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            share=record["share"],
            resource_type=record["resource_type"],
            vo=record["vo"],
            owner=record["owner"],
            working_group=record["working_group"],
            waiting=record["waiting"],
            leased=record["leased"],
            cores=record["cores"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            1 <= len(self.share) <= 128 and LINE.takes(self.share)
            and 0 <= self.waiting <= 1000000000000000
            and 0 <= self.leased <= 1000000000000000
            and 0 <= self.cores <= 1000000000000000
            and _NAMES_OF_JOBGROUPLOAD("\n".join((self.resource_type, self.vo, self.owner, self.working_group, ""))) is not None
        )


_NAMES_OF_JOBINPUT = lines_of(
    (FILE_NAME, 1, 1024),
    (NAME, 1, 640),
    (NAME, 0, 255),
    (WORD, 0, 80),
    (WORD, 0, 100),
    (WORD, 0, 255),
)


class JobInput(Struct, frozen=True, kw_only=True, gc=False):
    """A file a job reads.

    lfn: Logical file name.
    dataset: Dataset.
    scope: Scope.
    guid: GUID.
    size_bytes: Size in bytes.
    checksum: ad:<adler32> or md:<md5>.
    endpoint: Storage element that holds it.
    """

    lfn: str
    dataset: str
    scope: str
    guid: str = ""
    size_bytes: int
    checksum: str
    endpoint: str

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "lfn": self.lfn,
            "dataset": self.dataset,
            "scope": self.scope,
            "guid": self.guid,
            "size_bytes": self.size_bytes,
            "checksum": self.checksum,
            "endpoint": self.endpoint,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            lfn=record["lfn"],
            dataset=record["dataset"],
            scope=record["scope"],
            guid=record["guid"],
            size_bytes=record["size_bytes"],
            checksum=record["checksum"],
            endpoint=record["endpoint"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            0 <= self.size_bytes <= 1152921504606846976
            and _NAMES_OF_JOBINPUT("\n".join((self.lfn, self.dataset, self.scope, self.guid, self.checksum, self.endpoint, ""))) is not None
        )


_NAMES_OF_JOBOUTPUT = lines_of(
    (FILE_NAME, 1, 1024),
    (NAME, 1, 640),
    (NAME, 0, 255),
    (WORD, 0, 255),
    (WORD, 0, 80),
)


class JobOutput(Struct, frozen=True, kw_only=True, gc=False):
    """A file a job shall make.

    lfn: Logical file name.
    dataset: Dataset.
    scope: Scope.
    role: OUTPUT or LOG.
    endpoint: Storage element to write it to; empty is the queue's own.
    guid: GUID given to a log.
    allow_no_output: The job may finish without it.
    """

    lfn: str
    dataset: str
    scope: str
    role: DatasetRole
    endpoint: str = ""
    guid: str = ""
    allow_no_output: bool = False

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "lfn": self.lfn,
            "dataset": self.dataset,
            "scope": self.scope,
            "role": self.role,
            "endpoint": self.endpoint,
            "guid": self.guid,
            "allow_no_output": self.allow_no_output,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            lfn=record["lfn"],
            dataset=record["dataset"],
            scope=record["scope"],
            role=DatasetRole[record["role"]],
            endpoint=record["endpoint"],
            guid=record["guid"],
            allow_no_output=record["allow_no_output"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return _NAMES_OF_JOBOUTPUT("\n".join((self.lfn, self.dataset, self.scope, self.endpoint, self.guid, ""))) is not None


_NAMES_OF_JOBPLAN = lines_of(
    (WORD, 1, 128),
    (WORD, 0, 40),
)


class JobPlan(Struct, frozen=True, kw_only=True, gc=False):
    """A job to be made: its input and its queue.

    unit_ids: Input units (normal), or serials of unmerged jobs (merge).
    queue: The queue drawn for it.
    resource_type: What its cores and memory make it; empty where the built-in table says it.
    priority: Priority by what its user has at work; null: that of its task.
    """

    unit_ids: tuple[int, ...] = ()
    queue: str
    resource_type: str = ""
    priority: int | None = None

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "unit_ids": list(self.unit_ids),
            "queue": self.queue,
            "resource_type": self.resource_type,
            "priority": self.priority,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            unit_ids=tuple(record["unit_ids"]),
            queue=record["queue"],
            resource_type=record["resource_type"],
            priority=record["priority"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            len(self.unit_ids) <= 100000
            and (not self.unit_ids or 1 <= min(self.unit_ids) <= max(self.unit_ids) <= 1000000000)
            and (self.priority is None or (-2147483648 <= self.priority <= 2147483647))
            and _NAMES_OF_JOBPLAN("\n".join((self.queue, self.resource_type, ""))) is not None
        )


class JobUsage(Struct, frozen=True, kw_only=True, gc=False):
    """What a payload used.

    cpu_seconds: CPU time.
    cpu_unit: Host CPU model as the pilot says it.
    rss_kb_max: Largest resident set.
    pss_kb_max: Largest proportional set.
    vmem_kb_max: Largest address space.
    swap_kb_max: Largest swap.
    rss_kb_avg: Mean resident set.
    read_bytes: Bytes read.
    written_bytes: Bytes written.
    core_count: Cores used.
    events: Events processed.
    work_dir_bytes: Largest size of the working directory.
    leak_kb_per_second: Slope of the memory over the running time, as the pilot fitted it; negative where memory
        fell.
    """

    cpu_seconds: float | None = None
    cpu_unit: str | None = None
    rss_kb_max: int | None = None
    pss_kb_max: int | None = None
    vmem_kb_max: int | None = None
    swap_kb_max: int | None = None
    rss_kb_avg: int | None = None
    read_bytes: int | None = None
    written_bytes: int | None = None
    core_count: float | None = None
    events: int | None = None
    work_dir_bytes: int | None = None
    leak_kb_per_second: float | None = None

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "cpu_seconds": self.cpu_seconds,
            "cpu_unit": self.cpu_unit,
            "rss_kb_max": self.rss_kb_max,
            "pss_kb_max": self.pss_kb_max,
            "vmem_kb_max": self.vmem_kb_max,
            "swap_kb_max": self.swap_kb_max,
            "rss_kb_avg": self.rss_kb_avg,
            "read_bytes": self.read_bytes,
            "written_bytes": self.written_bytes,
            "core_count": self.core_count,
            "events": self.events,
            "work_dir_bytes": self.work_dir_bytes,
            "leak_kb_per_second": self.leak_kb_per_second,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            cpu_seconds=record["cpu_seconds"],
            cpu_unit=record["cpu_unit"],
            rss_kb_max=record["rss_kb_max"],
            pss_kb_max=record["pss_kb_max"],
            vmem_kb_max=record["vmem_kb_max"],
            swap_kb_max=record["swap_kb_max"],
            rss_kb_avg=record["rss_kb_avg"],
            read_bytes=record["read_bytes"],
            written_bytes=record["written_bytes"],
            core_count=record["core_count"],
            events=record["events"],
            work_dir_bytes=record["work_dir_bytes"],
            leak_kb_per_second=record["leak_kb_per_second"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            (self.cpu_seconds is None or (0 <= self.cpu_seconds <= 1000000000000))
            and (self.cpu_unit is None or (len(self.cpu_unit) <= 255 and LINE.takes(self.cpu_unit)))
            and (self.rss_kb_max is None or (0 <= self.rss_kb_max <= 1125899906842624))
            and (self.pss_kb_max is None or (0 <= self.pss_kb_max <= 1125899906842624))
            and (self.vmem_kb_max is None or (0 <= self.vmem_kb_max <= 1125899906842624))
            and (self.swap_kb_max is None or (0 <= self.swap_kb_max <= 1125899906842624))
            and (self.rss_kb_avg is None or (0 <= self.rss_kb_avg <= 1125899906842624))
            and (self.read_bytes is None or (0 <= self.read_bytes <= 1152921504606846976))
            and (self.written_bytes is None or (0 <= self.written_bytes <= 1152921504606846976))
            and (self.core_count is None or (0 <= self.core_count <= 1000000))
            and (self.events is None or (0 <= self.events <= 1000000000000))
            and (self.work_dir_bytes is None or (0 <= self.work_dir_bytes <= 1152921504606846976))
            and (self.leak_kb_per_second is None or (-1000000000 <= self.leak_kb_per_second <= 1000000000))
        )


_NAMES_OF_JOBSSEEN = lines_of(
    (SUBJECT, 1, 255),
)


class JobsSeen(Struct, frozen=True, kw_only=True, gc=False):
    """Jobs of which one subject gave signs of life.

    actor: Who reported; believed for the leases that it holds, and for no others.
    job_ids: The jobs.
    """

    actor: str
    job_ids: tuple[int, ...] = ()

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "actor": self.actor,
            "job_ids": list(self.job_ids),
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            actor=record["actor"],
            job_ids=tuple(record["job_ids"]),
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            len(self.job_ids) <= 50000
            and (not self.job_ids or 1 <= min(self.job_ids) <= max(self.job_ids) <= 9223372036854775807)
            and _NAMES_OF_JOBSSEEN("\n".join((self.actor, ""))) is not None
        )


_NAMES_OF_KEPTRULE = lines_of(
    (WORD, 1, 16),
)


class KeptRule(Struct, frozen=True, kw_only=True, gc=False):
    """A split rule of JEDI that changes nothing here (docs/reference/jedi.md, Split-rule codes).

    code: Its code of two letters.
    value: Its value; 1 of a rule that is set or not.
    """

    code: str
    value: int

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "code": self.code,
            "value": self.value,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            code=record["code"],
            value=record["value"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            0 <= self.value <= 1000000000000
            and _NAMES_OF_KEPTRULE("\n".join((self.code, ""))) is not None
        )


_NAMES_OF_KEPTSECRET = lines_of(
    (WORD, 64, 64),
    (UUID, 36, 36),
)


class KeptSecret(Struct, frozen=True, kw_only=True, gc=False):
    """A secret as its owner's row holds it.

    name_digest: SHA-256 of the owner and the name; the name itself is encrypted with the value.
    secret_id: Id of what is kept; a secret that is set again gets a new one.
    size_bytes: Length of the value.
    """

    name_digest: str
    secret_id: str
    size_bytes: int

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "name_digest": self.name_digest,
            "secret_id": self.secret_id,
            "size_bytes": self.size_bytes,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            name_digest=record["name_digest"],
            secret_id=record["secret_id"],
            size_bytes=record["size_bytes"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            0 <= self.size_bytes <= 4194304
            and _NAMES_OF_KEPTSECRET("\n".join((self.name_digest, self.secret_id, ""))) is not None
        )


_NAMES_OF_LEARNEDREQUIREMENT = lines_of(
    (WORD, 0, 32),
)


class LearnedRequirement(Struct, frozen=True, kw_only=True, gc=False):
    """One requirement of a task, worked out from what its jobs used.

    parameter: ram_mb, hs06_seconds_per_event, walltime_seconds, disk_mb, output_kb_per_event,
        output_kb_per_input_mb, io_intensity_kbps, disk_io_kbps, cpu_efficiency_percent, leak_kbps_of_core,
        files_per_job, gigabytes_per_job, files_per_job_max; io_kb_per_second in events of earlier releases.
    old: Value in force before; null: none.
    new: Value that the sample gives, with its margin; 0 of files_per_job and gigabytes_per_job: none.
    applied: True when it is in force from now on; false: recorded alone.
    reduction: How the sample became one value: percentile 75, median, mean, maximum.
    margin_percent: What was added.
    jobs: The sample: PandaIDs.
    values: Of each of them, the value.
    """

    parameter: str
    old: float | None = None
    new: float
    applied: bool
    reduction: str
    margin_percent: int
    jobs: tuple[int, ...] = ()
    values: tuple[float, ...] = ()

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "parameter": self.parameter,
            "old": self.old,
            "new": self.new,
            "applied": self.applied,
            "reduction": self.reduction,
            "margin_percent": self.margin_percent,
            "jobs": list(self.jobs),
            "values": list(self.values),
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            parameter=record["parameter"],
            old=record["old"],
            new=record["new"],
            applied=record["applied"],
            reduction=record["reduction"],
            margin_percent=record["margin_percent"],
            jobs=tuple(record["jobs"]),
            values=tuple(record["values"]),
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            (self.old is None or (0 <= self.old <= 1000000000000000.0))
            and 0 <= self.new <= 1000000000000000.0
            and len(self.reduction) <= 32 and LINE.takes(self.reduction)
            and 0 <= self.margin_percent <= 1000
            and len(self.jobs) <= 1000
            and (not self.jobs or 1 <= min(self.jobs) <= max(self.jobs) <= 9223372036854775807)
            and len(self.values) <= 1000
            and (not self.values or 0 <= min(self.values) <= max(self.values) <= 1000000000000000.0)
            and _NAMES_OF_LEARNEDREQUIREMENT("\n".join((self.parameter, ""))) is not None
        )


_NAMES_OF_LEASESNAPSHOT = lines_of(
    (WORD, 1, 64),
    (NAME, 1, 255),
    (SUBJECT, 0, 255),
    (WORD, 0, 64),
    (NAME, 0, 255),
    (WORD, 0, 64),
    (WORD, 0, 64),
    (WORD, 0, 64),
    (SUBJECT, 0, 255),
    (WORD, 0, 128),
)


class LeaseSnapshot(Struct, frozen=True, kw_only=True, gc=False):
    """A job in a pilot's hands, without the times that heartbeats move.

    lease_id: The lease.
    pilot: The pilot.
    task_id: Its task.
    lease_seconds: Length of the lease.
    holder: Who leased it; empty in rows of earlier releases.
    vo: Tenant of the one who leased it; empty in rows of earlier releases.
    worker_id: Worker of the pilot; empty where it did not say.
    slot_class: Class of the pilot; empty where there is none.
    share: Global share of the job; empty in rows of earlier releases.
    cores: Cores of the job; 0 in rows of earlier releases.
    request_id: The pilot's own id of its request for the job; empty where it gave none. With it the row keeps
        the specification.
    resource_type: Resource type of the job; empty in rows of earlier releases.
    owner: Whose the job is; empty in rows of earlier releases.
    working_group: The group that the job is for; empty where there is none.
    """

    lease_id: str
    pilot: str
    task_id: int
    lease_seconds: int
    holder: str = ""
    vo: str = ""
    worker_id: str = ""
    slot_class: str = ""
    share: str = ""
    cores: int = 0
    request_id: str = ""
    resource_type: str = ""
    owner: str = ""
    working_group: str = ""

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "lease_id": self.lease_id,
            "pilot": self.pilot,
            "task_id": self.task_id,
            "lease_seconds": self.lease_seconds,
            "holder": self.holder,
            "vo": self.vo,
            "worker_id": self.worker_id,
            "slot_class": self.slot_class,
            "share": self.share,
            "cores": self.cores,
            "request_id": self.request_id,
            "resource_type": self.resource_type,
            "owner": self.owner,
            "working_group": self.working_group,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            lease_id=record["lease_id"],
            pilot=record["pilot"],
            task_id=record["task_id"],
            lease_seconds=record["lease_seconds"],
            holder=record["holder"],
            vo=record["vo"],
            worker_id=record["worker_id"],
            slot_class=record["slot_class"],
            share=record["share"],
            cores=record["cores"],
            request_id=record["request_id"],
            resource_type=record["resource_type"],
            owner=record["owner"],
            working_group=record["working_group"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            1 <= self.task_id <= 900000000000
            and 1 <= self.lease_seconds <= 10000000
            and len(self.share) <= 128 and LINE.takes(self.share)
            and 0 <= self.cores <= 100000
            and _NAMES_OF_LEASESNAPSHOT("\n".join((self.lease_id, self.pilot, self.holder, self.vo, self.worker_id, self.slot_class, self.request_id, self.resource_type, self.owner, self.working_group, ""))) is not None
        )


_NAMES_OF_LINKDEFINITION = lines_of(
    (WORD, 1, 64),
)


class LinkDefinition(Struct, frozen=True, kw_only=True, gc=False):
    """A link of parameters from one work to another, with the values that it carries.

    link_id: Its id in the request.
    source: Number of the work whose end lets it carry.
    target: Number of the work whose task gets the values when a condition opens it.
    parameters_json: What it sets of the parameters of the target's task, a JSON object.
    """

    link_id: str
    source: int
    target: int
    parameters_json: str

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "link_id": self.link_id,
            "source": self.source,
            "target": self.target,
            "parameters_json": self.parameters_json,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            link_id=record["link_id"],
            source=record["source"],
            target=record["target"],
            parameters_json=record["parameters_json"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            0 <= self.source <= 9999
            and 0 <= self.target <= 9999
            and len(self.parameters_json) <= 6000 and TEXT.takes(self.parameters_json)
            and _NAMES_OF_LINKDEFINITION("\n".join((self.link_id, ""))) is not None
        )


_NAMES_OF_LINKEDMEMBERSHIP = lines_of(
    (SUBJECT, 1, 255),
    (URL, 1, 500),
)


class LinkedMembership(Struct, frozen=True, kw_only=True, gc=False):
    """What the token of one id proved of its owner: the other id of the link has it without a proof of its own,
    until it ends.

    prover: Opaque id of the owner of the token: one of the two that are linked.
    issuer: Issuer of the token; the groups are had while it is trusted.
    issued_at: When the token was issued.
    groups: Groups of the token as VO or VO/NAME, without those of pilots.
    until: When it ends, at most seven days after it was recorded.
    """

    prover: str
    issuer: str
    issued_at: int
    groups: tuple[str, ...]
    until: int

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "prover": self.prover,
            "issuer": self.issuer,
            "issued_at": self.issued_at,
            "groups": list(self.groups),
            "until": self.until,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            prover=record["prover"],
            issuer=record["issuer"],
            issued_at=record["issued_at"],
            groups=tuple(record["groups"]),
            until=record["until"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            631152000000000 <= self.issued_at <= 4102444800000000
            and len(self.groups) <= 100
            and (not self.groups or all(1 <= len(item) <= 255 and SUBJECT.takes(item) for item in self.groups))
            and 631152000000000 <= self.until <= 4102444800000000
            and _NAMES_OF_LINKEDMEMBERSHIP("\n".join((self.prover, self.issuer, ""))) is not None
        )


class NameList(Struct, frozen=True, kw_only=True, gc=False):
    """A long list of names that is not in the parameters of a task and comes in chunks of its own.

    list: Where it belongs in the parameters, where an empty list stands: pfnList, or jobParameters[3].files.
    count: How many names it has.
    """

    list: str
    count: int

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "list": self.list,
            "count": self.count,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            list=record["list"],
            count=record["count"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            1 <= len(self.list) <= 64 and LINE.takes(self.list)
            and 1 <= self.count <= 1000000
        )


_NAMES_OF_NETWORKLINK = lines_of(
    (WORD, 1, 128),
    (WORD, 1, 128),
)


class NetworkLink(Struct, frozen=True, kw_only=True, gc=False):
    """How files travel from one site to another.

    source: Site that files leave.
    destination: Site that they reach.
    blocked: No transfer may be planned on it.
    closeness: Closeness as CRIC counts it: 0 is the same site, 11 the farthest.
    mb_per_second: Throughput of late; null where it was not measured.
    files_queued: Files that wait for transfer.
    measured_at: When it was measured; null where that is not said.
    """

    source: str
    destination: str
    blocked: bool = False
    closeness: int = 11
    mb_per_second: float | None = None
    files_queued: int = 0
    measured_at: int | None = None

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "source": self.source,
            "destination": self.destination,
            "blocked": self.blocked,
            "closeness": self.closeness,
            "mb_per_second": self.mb_per_second,
            "files_queued": self.files_queued,
            "measured_at": self.measured_at,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            source=record["source"],
            destination=record["destination"],
            blocked=record["blocked"],
            closeness=record["closeness"],
            mb_per_second=record["mb_per_second"],
            files_queued=record["files_queued"],
            measured_at=record["measured_at"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            0 <= self.closeness <= 11
            and (self.mb_per_second is None or (0 <= self.mb_per_second <= 1000000000))
            and 0 <= self.files_queued <= 1000000000000000
            and (self.measured_at is None or (631152000000000 <= self.measured_at <= 4102444800000000))
            and _NAMES_OF_NETWORKLINK("\n".join((self.source, self.destination, ""))) is not None
        )


_NAMES_OF_NODEGROUP = lines_of(
    (WORD, 0, 64),
    (WORD, 0, 64),
    (WORD, 0, 64),
    (WORD, 0, 64),
    (WORD, 0, 64),
)


class NodeGroup(Struct, frozen=True, kw_only=True, gc=False):
    """Worker nodes of one kind.

    nodes: How many there are.
    architecture: Architecture, for example x86_64; empty is unknown.
    cpu_vendor: Vendor of the processor.
    cpu_model: Model of the processor.
    cpu_level: Level of its instruction set, for example x86-64-v3.
    cores: Cores of a node; 0 is unknown.
    memory_mb: Memory of a node; 0 is unknown.
    gpus: GPUs of a node.
    gpu_vendor: Vendor of the GPU.
    gpu_model: Model of the GPU.
    gpu_architecture: Microarchitecture of the GPU.
    gpu_memory_mb: Memory of a GPU; null is unknown.
    cuda: Version of CUDA; empty is unknown.
    driver: Version of the driver; empty is unknown.
    """

    nodes: int = 1
    architecture: str = ""
    cpu_vendor: str = ""
    cpu_model: str = ""
    cpu_level: str = ""
    cores: int = 0
    memory_mb: int = 0
    gpus: int = 0
    gpu_vendor: str = ""
    gpu_model: str = ""
    gpu_architecture: str = ""
    gpu_memory_mb: int | None = None
    cuda: str = ""
    driver: str = ""

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "nodes": self.nodes,
            "architecture": self.architecture,
            "cpu_vendor": self.cpu_vendor,
            "cpu_model": self.cpu_model,
            "cpu_level": self.cpu_level,
            "cores": self.cores,
            "memory_mb": self.memory_mb,
            "gpus": self.gpus,
            "gpu_vendor": self.gpu_vendor,
            "gpu_model": self.gpu_model,
            "gpu_architecture": self.gpu_architecture,
            "gpu_memory_mb": self.gpu_memory_mb,
            "cuda": self.cuda,
            "driver": self.driver,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            nodes=record["nodes"],
            architecture=record["architecture"],
            cpu_vendor=record["cpu_vendor"],
            cpu_model=record["cpu_model"],
            cpu_level=record["cpu_level"],
            cores=record["cores"],
            memory_mb=record["memory_mb"],
            gpus=record["gpus"],
            gpu_vendor=record["gpu_vendor"],
            gpu_model=record["gpu_model"],
            gpu_architecture=record["gpu_architecture"],
            gpu_memory_mb=record["gpu_memory_mb"],
            cuda=record["cuda"],
            driver=record["driver"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            1 <= self.nodes <= 10000000
            and len(self.cpu_vendor) <= 128 and LINE.takes(self.cpu_vendor)
            and len(self.cpu_model) <= 200 and LINE.takes(self.cpu_model)
            and 0 <= self.cores <= 100000
            and 0 <= self.memory_mb <= 100000000000
            and 0 <= self.gpus <= 10000
            and len(self.gpu_model) <= 200 and LINE.takes(self.gpu_model)
            and len(self.gpu_architecture) <= 64 and LINE.takes(self.gpu_architecture)
            and (self.gpu_memory_mb is None or (0 <= self.gpu_memory_mb <= 100000000000))
            and _NAMES_OF_NODEGROUP("\n".join((self.architecture, self.cpu_level, self.gpu_vendor, self.cuda, self.driver, ""))) is not None
        )


class NodeRange(Struct, frozen=True, kw_only=True, gc=False):
    """Jobs of a graph with consecutive numbers.

    first: The first number, from 0.
    last: The last number, not below the first.
    """

    first: int
    last: int

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "first": self.first,
            "last": self.last,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            first=record["first"],
            last=record["last"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            0 <= self.first <= 1999999
            and 0 <= self.last <= 1999999
        )


class NothingToLease(Struct, frozen=True, kw_only=True, gc=False):
    """That a pilot got no job, for which other requests this holds, and when to come again.

    empty_for: Of which requests it holds.
    again_seconds: When a pilot may come again. In seconds.
    """

    empty_for: EmptyFor = EmptyFor.UNKNOWN
    again_seconds: int = 10

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "empty_for": self.empty_for,
            "again_seconds": self.again_seconds,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            empty_for=EmptyFor[record["empty_for"]],
            again_seconds=record["again_seconds"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return 1 <= self.again_seconds <= 3600


_NAMES_OF_NUCLEUSVERDICT = lines_of(
    (WORD, 1, 128),
    (WORD, 1, 64),
)


class NucleusVerdict(Struct, frozen=True, kw_only=True, gc=False):
    """What the task broker said about one nucleus, and why.

    nucleus: Name of the site.
    code: set for the one that was drawn, weight for others that passed, else the filter that dropped it, in
        PanDA's words (space, innum, ...).
    message: The sentence for people, with the figures.
    change: What would let it pass, NAME=VALUE with the value as JSON, as in QueueVerdict.
    weight: Its weight in the draw.
    untested: Filters that let it pass because what they test is not known.
    work: Work of other tasks that it had then, in days of a core.
    """

    nucleus: str
    code: str
    message: str = ""
    change: str = ""
    weight: float = 0.0
    untested: tuple[str, ...] = ()
    work: float = 0.0

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "nucleus": self.nucleus,
            "code": self.code,
            "message": self.message,
            "change": self.change,
            "weight": self.weight,
            "untested": list(self.untested),
            "work": self.work,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            nucleus=record["nucleus"],
            code=record["code"],
            message=record["message"],
            change=record["change"],
            weight=record["weight"],
            untested=tuple(record["untested"]),
            work=record["work"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            len(self.message) <= 1000 and TEXT.takes(self.message)
            and len(self.change) <= 1000 and TEXT.takes(self.change)
            and 0 <= self.weight <= 1000000000000000000
            and len(self.untested) <= 100
            and (not self.untested or all(1 <= len(item) <= 64 and WORD.takes(item) for item in self.untested))
            and 0 <= self.work <= 1000000000000000
            and _NAMES_OF_NUCLEUSVERDICT("\n".join((self.nucleus, self.code, ""))) is not None
        )


class OrderSnapshot(Struct, frozen=True, kw_only=True, gc=False):
    """Input that the job generator was asked to plan.

    number: Number of the order.
    kind: Kind of its jobs.
    units: Unit ids, or serials of unmerged jobs.
    parked: True when no queue was found.
    continues: True when its plan may leave the last units out.
    """

    number: int
    kind: JobKind
    units: tuple[int, ...] = ()
    parked: bool = False
    continues: bool = False

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "number": self.number,
            "kind": self.kind,
            "units": list(self.units),
            "parked": self.parked,
            "continues": self.continues,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            number=record["number"],
            kind=JobKind[record["kind"]],
            units=tuple(record["units"]),
            parked=record["parked"],
            continues=record["continues"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            0 <= self.number <= 1000000000000
            and len(self.units) <= 100000
            and (not self.units or 0 <= min(self.units) <= max(self.units) <= 1000000000)
        )


_NAMES_OF_OUTPUTFILE = lines_of(
    (FILE_NAME, 1, 1024),
    (NAME, 0, 640),
    (NAME, 0, 255),
    (WORD, 0, 80),
    (WORD, 0, 100),
    (WORD, 0, 255),
)


class OutputFile(Struct, frozen=True, kw_only=True, gc=False):
    """A file that a job made.

    lfn: Logical file name.
    dataset: Dataset name.
    scope: Scope.
    role: OUTPUT or LOG.
    guid: GUID.
    size_bytes: Size in bytes.
    checksum: ad:<adler32> or md:<md5>.
    endpoint: Storage element that holds it.
    events: Number of events.
    """

    lfn: str
    dataset: str
    scope: str
    role: DatasetRole
    guid: str = ""
    size_bytes: int
    checksum: str
    endpoint: str
    events: int | None = None

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "lfn": self.lfn,
            "dataset": self.dataset,
            "scope": self.scope,
            "role": self.role,
            "guid": self.guid,
            "size_bytes": self.size_bytes,
            "checksum": self.checksum,
            "endpoint": self.endpoint,
            "events": self.events,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            lfn=record["lfn"],
            dataset=record["dataset"],
            scope=record["scope"],
            role=DatasetRole[record["role"]],
            guid=record["guid"],
            size_bytes=record["size_bytes"],
            checksum=record["checksum"],
            endpoint=record["endpoint"],
            events=record["events"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            0 <= self.size_bytes <= 1152921504606846976
            and (self.events is None or (0 <= self.events <= 1000000000000))
            and _NAMES_OF_OUTPUTFILE("\n".join((self.lfn, self.dataset, self.scope, self.guid, self.checksum, self.endpoint, ""))) is not None
        )


_NAMES_OF_OUTPUTTEMPLATE = lines_of(
    (WORD, 1, 64),
    (NAME, 1, 600),
    (NAME, 0, 255),
    (TEMPLATE, 1, 500),
)


class OutputTemplate(Struct, frozen=True, kw_only=True, gc=False):
    """An output or log of a task, from which each job's file name is made.

    stream: Name of the stream in the job parameters: OUTPUT0, OUTPUT1, LOG0.
    role: OUTPUT or LOG.
    dataset: Dataset name, without trailing slash.
    scope: Scope of the files.
    name_template: File name with ${SN}, ${SN/P}, ${MIDDLENAME}, $JEDITASKID.
    serial_offset: The first serial number is this plus one.
    allow_no_output: A job may finish without this file.
    merge_only: The dataset exists in the merge step only.
    """

    stream: str
    role: DatasetRole
    dataset: str
    scope: str
    name_template: str
    serial_offset: int = 0
    allow_no_output: bool = False
    merge_only: bool = False

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "stream": self.stream,
            "role": self.role,
            "dataset": self.dataset,
            "scope": self.scope,
            "name_template": self.name_template,
            "serial_offset": self.serial_offset,
            "allow_no_output": self.allow_no_output,
            "merge_only": self.merge_only,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            stream=record["stream"],
            role=DatasetRole[record["role"]],
            dataset=record["dataset"],
            scope=record["scope"],
            name_template=record["name_template"],
            serial_offset=record["serial_offset"],
            allow_no_output=record["allow_no_output"],
            merge_only=record["merge_only"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            0 <= self.serial_offset <= 1000000000
            and _NAMES_OF_OUTPUTTEMPLATE("\n".join((self.stream, self.dataset, self.scope, self.name_template, ""))) is not None
        )


_NAMES_OF_PARTITIONPOSITION = lines_of(
    (WORD, 1, 255),
)


class PartitionPosition(Struct, frozen=True, kw_only=True, gc=False):
    """How far one partition is in a snapshot.

    topic: Topic.
    partition: Partition.
    next_offset: Offset of the first record that is not in the snapshot.
    """

    topic: str
    partition: int
    next_offset: int

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "topic": self.topic,
            "partition": self.partition,
            "next_offset": self.next_offset,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            topic=record["topic"],
            partition=record["partition"],
            next_offset=record["next_offset"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            0 <= self.partition <= 100000
            and 0 <= self.next_offset <= 9223372036854775807
            and _NAMES_OF_PARTITIONPOSITION("\n".join((self.topic, ""))) is not None
        )


_NAMES_OF_PILOTOFFER = lines_of(
    (NAME, 1, 255),
    (NAME, 0, 255),
    (WORD, 0, 64),
    (SUBJECT, 0, 255),
    (WORD, 0, 64),
    (NAME, 0, 255),
    (NAME, 0, 255),
    (WORD, 0, 64),
)


class PilotOffer(Struct, frozen=True, kw_only=True, gc=False):
    """What a pilot offers.

    pilot: Worker id, or node when none.
    node: Host.
    memory_mb: Memory; 0 is any.
    disk_mb: Scratch space; 0 is any.
    walltime_seconds: Time left; 0 is any.
    label: prodSourceLabel asked for.
    owner: Only jobs of this subject.
    task_id: Only jobs of this task.
    resource_type: Only this resource type.
    lease_seconds: Lease asked for; null takes the queue's.
    harvester_id: Harvester.
    worker_id: Worker.
    cores: Cores; 0 is any.
    request_id: The pilot's own id of this request for a job: a pilot that asks again with the same one, because
        no answer came, has the same job for answer; empty for a pilot that gives none.
    """

    pilot: str
    node: str = ""
    memory_mb: int = 0
    disk_mb: int = 0
    walltime_seconds: int = 0
    label: str = "user"
    owner: str | None = None
    task_id: int | None = None
    resource_type: str | None = None
    lease_seconds: int | None = None
    harvester_id: str | None = None
    worker_id: str | None = None
    cores: int = 0
    request_id: str = ""

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "pilot": self.pilot,
            "node": self.node,
            "memory_mb": self.memory_mb,
            "disk_mb": self.disk_mb,
            "walltime_seconds": self.walltime_seconds,
            "label": self.label,
            "owner": self.owner,
            "task_id": self.task_id,
            "resource_type": self.resource_type,
            "lease_seconds": self.lease_seconds,
            "harvester_id": self.harvester_id,
            "worker_id": self.worker_id,
            "cores": self.cores,
            "request_id": self.request_id,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            pilot=record["pilot"],
            node=record["node"],
            memory_mb=record["memory_mb"],
            disk_mb=record["disk_mb"],
            walltime_seconds=record["walltime_seconds"],
            label=record["label"],
            owner=record["owner"],
            task_id=record["task_id"],
            resource_type=record["resource_type"],
            lease_seconds=record["lease_seconds"],
            harvester_id=record["harvester_id"],
            worker_id=record["worker_id"],
            cores=record["cores"],
            request_id=record["request_id"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            0 <= self.memory_mb <= 100000000000
            and 0 <= self.disk_mb <= 100000000000
            and 0 <= self.walltime_seconds <= 1000000000
            and (self.task_id is None or (1 <= self.task_id <= 900000000000))
            and (self.lease_seconds is None or (1 <= self.lease_seconds <= 10000000))
            and 0 <= self.cores <= 100000
            and _NAMES_OF_PILOTOFFER("\n".join((self.pilot, self.node, self.label, self.owner or "", self.resource_type or "", self.harvester_id or "", self.worker_id or "", self.request_id, ""))) is not None
            and self.owner != ""
            and self.harvester_id != ""
            and self.worker_id != ""
        )


_NAMES_OF_PLACEINLINE = lines_of(
    (SUBJECT, 1, 255),
    (WORD, 1, 64),
    (WORD, 0, 64),
    (WORD, 0, 64),
    (WORD, 0, 128),
)


class PlaceInLine(Struct, frozen=True, kw_only=True, gc=False):
    """What the place of a job among those that wait depends on: a queue looks at nothing else until a pilot
    takes the job.

    task_id: Its task.
    priority: The highest goes first.
    owner: Whose it is.
    vo: Its tenant.
    label: prodSourceLabel.
    ram_mb_min: Memory that a pilot must offer.
    disk_mb_max: Disk that a pilot must offer.
    walltime_seconds_max: Time that a pilot must offer.
    resource_type: Resource type that a pilot must offer.
    core_count: Cores that a pilot must offer.
    queued_at: Since when it waits (microseconds UTC); 0 in rows of earlier releases.
    share: Its global share.
    working_group: The group that it is for; empty where there is none, and in rows of earlier releases.
    """

    task_id: int
    priority: int
    owner: str
    vo: str
    label: str
    ram_mb_min: int
    disk_mb_max: int
    walltime_seconds_max: int
    resource_type: str
    core_count: int = 1
    queued_at: int = 0
    share: str = "Undefined"
    working_group: str = ""

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "task_id": self.task_id,
            "priority": self.priority,
            "owner": self.owner,
            "vo": self.vo,
            "label": self.label,
            "ram_mb_min": self.ram_mb_min,
            "disk_mb_max": self.disk_mb_max,
            "walltime_seconds_max": self.walltime_seconds_max,
            "resource_type": self.resource_type,
            "core_count": self.core_count,
            "queued_at": self.queued_at,
            "share": self.share,
            "working_group": self.working_group,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            task_id=record["task_id"],
            priority=record["priority"],
            owner=record["owner"],
            vo=record["vo"],
            label=record["label"],
            ram_mb_min=record["ram_mb_min"],
            disk_mb_max=record["disk_mb_max"],
            walltime_seconds_max=record["walltime_seconds_max"],
            resource_type=record["resource_type"],
            core_count=record["core_count"],
            queued_at=record["queued_at"],
            share=record["share"],
            working_group=record["working_group"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            0 <= self.task_id <= 900000000000
            and -2147483648 <= self.priority <= 2147483647
            and 0 <= self.ram_mb_min <= 10000000000000
            and 0 <= self.disk_mb_max <= 100000000000
            and 0 <= self.walltime_seconds_max <= 1000000000
            and 0 <= self.core_count <= 100000
            and 0 <= self.queued_at <= 4165516800000000
            and 1 <= len(self.share) <= 128 and LINE.takes(self.share)
            and _NAMES_OF_PLACEINLINE("\n".join((self.owner, self.vo, self.label, self.resource_type, self.working_group, ""))) is not None
        )


class PredicateValue(Struct, frozen=True, kw_only=True, gc=False):
    """A predicate as it was found when its condition took a branch.

    method: What was asked.
    work: Number of the work that was asked; null for none.
    works: Numbers of the works of the workflow within this one that was asked; empty for none.
    condition: Number of the condition that was asked; null for none.
    end: How the work, or the workflow, had ended; null for one that had not.
    value: Whether it held.
    """

    method: PredicateMethod
    work: int | None = None
    works: tuple[int, ...] = ()
    condition: int | None = None
    end: WorkEnd | None = None
    value: bool

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "method": self.method,
            "work": self.work,
            "works": list(self.works),
            "condition": self.condition,
            "end": self.end,
            "value": self.value,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            method=PredicateMethod[record["method"]],
            work=record["work"],
            works=tuple(record["works"]),
            condition=record["condition"],
            end=None if record["end"] is None else WorkEnd[record["end"]],
            value=record["value"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            (self.work is None or (0 <= self.work <= 9999))
            and len(self.works) <= 1000
            and (not self.works or 0 <= min(self.works) <= max(self.works) <= 9999)
            and (self.condition is None or (0 <= self.condition <= 9999))
        )


_NAMES_OF_QUEUECLASS = lines_of(
    (WORD, 1, 64),
)


class QueueClass(Struct, frozen=True, kw_only=True, gc=False):
    """Slots of one size that a queue has.

    name: Name of the class within the queue.
    memory_mb: Memory of a slot; 0 is no limit.
    cores: Cores of a slot; 0 is any.
    walltime_seconds: Time that a slot lasts; 0 is no limit.
    standby_min: Pilots that stand by, also when no job waits.
    pilots_max: The most pilots of this class to want.
    """

    name: str
    memory_mb: int = 0
    cores: int = 1
    walltime_seconds: int = 0
    standby_min: int = 0
    pilots_max: int = 4

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "name": self.name,
            "memory_mb": self.memory_mb,
            "cores": self.cores,
            "walltime_seconds": self.walltime_seconds,
            "standby_min": self.standby_min,
            "pilots_max": self.pilots_max,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            name=record["name"],
            memory_mb=record["memory_mb"],
            cores=record["cores"],
            walltime_seconds=record["walltime_seconds"],
            standby_min=record["standby_min"],
            pilots_max=record["pilots_max"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            0 <= self.memory_mb <= 100000000000
            and 0 <= self.cores <= 100000
            and 0 <= self.walltime_seconds <= 1000000000
            and 0 <= self.standby_min <= 1000000
            and 0 <= self.pilots_max <= 1000000
            and _NAMES_OF_QUEUECLASS("\n".join((self.name, ""))) is not None
        )


_NAMES_OF_QUEUEVERDICT = lines_of(
    (WORD, 1, 128),
    (WORD, 0, 64),
)


class QueueVerdict(Struct, frozen=True, kw_only=True, gc=False):
    """What brokerage said about one queue, and why.

    queue: Queue name.
    taken: True for a candidate.
    code: Reason code: use, or the filter that dropped it (status, scratch, memory, cores, ...).
    weight: Weight of a candidate.
    message: The sentence for people, with the figures.
    waiting: Jobs that waited there, as far as known; null in decisions of the first release.
    leased: Jobs in pilots' hands there, likewise.
    pilots: Pilots alive there, likewise.
    change: What would let the queue pass the filter that dropped it, NAME=VALUE with the value as JSON:
        queue.NAME of its settings, task.NAME of the requirements, facts.NAME or ends.NAME of counts, site.NAME,
        storage.NAME, software.NAME, nodes.NAME of what sources outside say. Empty where nothing is to be
        changed.
    untested: Filters that let the queue pass because what they test is not known.
    ends: Jobs of the task that finished, failed and were closed there in the last 6 h; empty where the broker
        does not look at them.
    loads: What filters looked at beside these, in this order: jobs of the share that wait and run there, users
        that have some, those of the user that wait and run, those of the share and resource type that wait and
        run, cores of all jobs that run, starts in the last 6 h. Empty where the broker does not look at them.
    """

    queue: str
    taken: bool
    code: str
    weight: float = 0.0
    message: str = ""
    waiting: int | None = None
    leased: int | None = None
    pilots: int | None = None
    change: str = ""
    untested: tuple[str, ...] = ()
    ends: tuple[int, ...] = ()
    loads: tuple[int, ...] = ()

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "queue": self.queue,
            "taken": self.taken,
            "code": self.code,
            "weight": self.weight,
            "message": self.message,
            "waiting": self.waiting,
            "leased": self.leased,
            "pilots": self.pilots,
            "change": self.change,
            "untested": list(self.untested),
            "ends": list(self.ends),
            "loads": list(self.loads),
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            queue=record["queue"],
            taken=record["taken"],
            code=record["code"],
            weight=record["weight"],
            message=record["message"],
            waiting=record["waiting"],
            leased=record["leased"],
            pilots=record["pilots"],
            change=record["change"],
            untested=tuple(record["untested"]),
            ends=tuple(record["ends"]),
            loads=tuple(record["loads"]),
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            0 <= self.weight <= 1000000000000000000
            and len(self.message) <= 10000 and TEXT.takes(self.message)
            and (self.waiting is None or (0 <= self.waiting <= 1000000000000000))
            and (self.leased is None or (0 <= self.leased <= 1000000000000000))
            and (self.pilots is None or (0 <= self.pilots <= 1000000000000000))
            and len(self.change) <= 1000 and TEXT.takes(self.change)
            and len(self.untested) <= 100
            and (not self.untested or all(1 <= len(item) <= 64 and WORD.takes(item) for item in self.untested))
            and len(self.ends) <= 3
            and (not self.ends or 0 <= min(self.ends) <= max(self.ends) <= 1000000000000000)
            and len(self.loads) <= 9
            and (not self.loads or 0 <= min(self.loads) <= max(self.loads) <= 1000000000000000)
            and _NAMES_OF_QUEUEVERDICT("\n".join((self.queue, self.code, ""))) is not None
        )


_NAMES_OF_QUEUEWAITING = lines_of(
    (WORD, 1, 128),
)


class QueueWaiting(Struct, frozen=True, kw_only=True, gc=False):
    """How many jobs waited in a queue when an order drew its queues.

    queue: Queue name.
    waiting: Jobs that waited there, as far as known.
    """

    queue: str
    waiting: int

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "queue": self.queue,
            "waiting": self.waiting,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            queue=record["queue"],
            waiting=record["waiting"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            0 <= self.waiting <= 1000000000000000
            and _NAMES_OF_QUEUEWAITING("\n".join((self.queue, ""))) is not None
        )


_NAMES_OF_RANGEFILE = lines_of(
    (FILE_NAME, 1, 1024),
    (NAME, 0, 255),
    (WORD, 0, 80),
)


class RangeFile(Struct, frozen=True, kw_only=True, gc=False):
    """A part of a task's input that was cut into ranges.

    file_id: Number of the input unit in its task.
    lfn: Logical file name.
    scope: Scope.
    guid: GUID.
    first_event: Number of its first event that is to be processed.
    events: How many are to be processed.
    first: Number of its first range in the set.
    count: How many ranges it has.
    """

    file_id: int
    lfn: str
    scope: str = ""
    guid: str = ""
    first_event: int = 1
    events: int
    first: int
    count: int

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "file_id": self.file_id,
            "lfn": self.lfn,
            "scope": self.scope,
            "guid": self.guid,
            "first_event": self.first_event,
            "events": self.events,
            "first": self.first,
            "count": self.count,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            file_id=record["file_id"],
            lfn=record["lfn"],
            scope=record["scope"],
            guid=record["guid"],
            first_event=record["first_event"],
            events=record["events"],
            first=record["first"],
            count=record["count"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            1 <= self.file_id <= 1000000000
            and 0 <= self.first_event <= 1000000000000
            and 1 <= self.events <= 1000000000000
            and 1 <= self.first <= 1000000
            and 1 <= self.count <= 1000000
            and _NAMES_OF_RANGEFILE("\n".join((self.lfn, self.scope, self.guid, ""))) is not None
        )


_NAMES_OF_RANGEINPUT = lines_of(
    (FILE_NAME, 1, 1024),
    (NAME, 0, 255),
    (WORD, 0, 80),
)


class RangeInput(Struct, frozen=True, kw_only=True, gc=False):
    """A part of a task's input with its events.

    file_id: Number of the input unit in its task.
    lfn: Logical file name.
    scope: Scope.
    guid: GUID.
    first_event: Number of its first event that is to be processed.
    events: How many are to be processed.
    """

    file_id: int
    lfn: str
    scope: str = ""
    guid: str = ""
    first_event: int = 1
    events: int

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "file_id": self.file_id,
            "lfn": self.lfn,
            "scope": self.scope,
            "guid": self.guid,
            "first_event": self.first_event,
            "events": self.events,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            file_id=record["file_id"],
            lfn=record["lfn"],
            scope=record["scope"],
            guid=record["guid"],
            first_event=record["first_event"],
            events=record["events"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            1 <= self.file_id <= 1000000000
            and 0 <= self.first_event <= 1000000000000
            and 1 <= self.events <= 1000000000000
            and _NAMES_OF_RANGEINPUT("\n".join((self.lfn, self.scope, self.guid, ""))) is not None
        )


_NAMES_OF_RANGEOUTPUT = lines_of(
    (FILE_NAME, 1, 1024),
    (WORD, 0, 100),
    (WORD, 0, 255),
)


class RangeOutput(Struct, frozen=True, kw_only=True, gc=False):
    """A file that holds what came of ranges.

    lfn: Logical file name.
    size_bytes: Size in bytes.
    checksum: Checksum with its kind: ad: for Adler-32, md: for MD5.
    endpoint: Storage element where it is.
    """

    lfn: str
    size_bytes: int = 0
    checksum: str = ""
    endpoint: str = ""

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "lfn": self.lfn,
            "size_bytes": self.size_bytes,
            "checksum": self.checksum,
            "endpoint": self.endpoint,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            lfn=record["lfn"],
            size_bytes=record["size_bytes"],
            checksum=record["checksum"],
            endpoint=record["endpoint"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            0 <= self.size_bytes <= 1152921504606846976
            and _NAMES_OF_RANGEOUTPUT("\n".join((self.lfn, self.checksum, self.endpoint, ""))) is not None
        )


class RangeReport(Struct, frozen=True, kw_only=True, gc=False):
    """How ranges of one try ended.

    first: The first number, from 1.
    last: The last number, not below the first.
    try_number: Which try it was, from 1.
    end: How they ended.
    """

    first: int
    last: int
    try_number: int
    end: RangeEnd

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "first": self.first,
            "last": self.last,
            "try_number": self.try_number,
            "end": self.end,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            first=record["first"],
            last=record["last"],
            try_number=record["try_number"],
            end=RangeEnd[record["end"]],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            1 <= self.first <= 1000000
            and 1 <= self.last <= 1000000
            and 1 <= self.try_number <= 1000
        )


class RangeSpan(Struct, frozen=True, kw_only=True, gc=False):
    """Ranges with consecutive numbers.

    first: The first number, from 1.
    last: The last number, not below the first.
    """

    first: int
    last: int

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "first": self.first,
            "last": self.last,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            first=record["first"],
            last=record["last"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            1 <= self.first <= 1000000
            and 1 <= self.last <= 1000000
        )


_NAMES_OF_REPLICACOPY = lines_of(
    (WORD, 1, 255),
)


class ReplicaCopy(Struct, frozen=True, kw_only=True, gc=False):
    """What a storage has of a dataset.

    storage: Storage.
    files: Files that are there.
    size_bytes: Their size.
    """

    storage: str
    files: int = 0
    size_bytes: int = 0

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "storage": self.storage,
            "files": self.files,
            "size_bytes": self.size_bytes,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            storage=record["storage"],
            files=record["files"],
            size_bytes=record["size_bytes"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            0 <= self.files <= 1000000000000000
            and 0 <= self.size_bytes <= 1000000000000000000
            and _NAMES_OF_REPLICACOPY("\n".join((self.storage, ""))) is not None
        )


_NAMES_OF_REQUIREMENTS = lines_of(
    (WORD, 0, 128),
    (WORD, 0, 128),
    (WORD, 0, 64),
    (WORD, 0, 128),
    (WORD, 0, 128),
)


class Requirements(Struct, frozen=True, kw_only=True, gc=False):
    """What a queue must offer to run the jobs of a task.

    site: The one queue that the user named.
    included_sites: Queues the task may use, patterns allowed; empty means all.
    excluded_sites: Queues the task must not use, patterns allowed.
    cloud: Cloud the queues are taken from; null means all.
    core_count: Cores per job.
    ram_mb: Memory, in MB per job or per core, see ram_per_core.
    ram_per_core: True when ram_mb counts per core.
    disk_mb: Scratch space for outputs and work, in MB.
    walltime_seconds: Wall time of a job; 0 is unknown.
    label: prodSourceLabel: user, managed, test, panda.
    processing_type: processingType of the task.
    architecture: Architecture as submitted.
    container: Jobs run in a container: the queue must have a runtime for them.
    io_intensity_kbps: ioIntensity: input and output of a job by its wall time (kB/s); null is not known.
    disk_io_kbps: diskIO: traffic of a core on the local disk (kB/s); null is not known.
    output_mb: Of disk_mb, what outputs were asked for; it gives way to the rates below.
    output_kb_per_event: kB of output that an event makes, learned; null is not known.
    output_kb_per_input_mb: kB of output that an MB of input makes, learned where events are not known; null is
        not known.
    ram_fixed: True when the memory of the task stays as asked for (MBFixed, MBPerCoreFixed).
    nucleus: Site that takes the output of the task; null: none was chosen or named.
    """

    site: str | None = None
    included_sites: tuple[str, ...] = ()
    excluded_sites: tuple[str, ...] = ()
    cloud: str | None = None
    core_count: int = 1
    ram_mb: int = 2000
    ram_per_core: bool = True
    disk_mb: int = 0
    walltime_seconds: int = 0
    label: str = "user"
    processing_type: str = ""
    architecture: str | None = None
    container: bool = False
    io_intensity_kbps: float | None = None
    disk_io_kbps: float | None = None
    output_mb: int = 0
    output_kb_per_event: float | None = None
    output_kb_per_input_mb: float | None = None
    ram_fixed: bool = False
    nucleus: str | None = None

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "site": self.site,
            "included_sites": list(self.included_sites),
            "excluded_sites": list(self.excluded_sites),
            "cloud": self.cloud,
            "core_count": self.core_count,
            "ram_mb": self.ram_mb,
            "ram_per_core": self.ram_per_core,
            "disk_mb": self.disk_mb,
            "walltime_seconds": self.walltime_seconds,
            "label": self.label,
            "processing_type": self.processing_type,
            "architecture": self.architecture,
            "container": self.container,
            "io_intensity_kbps": self.io_intensity_kbps,
            "disk_io_kbps": self.disk_io_kbps,
            "output_mb": self.output_mb,
            "output_kb_per_event": self.output_kb_per_event,
            "output_kb_per_input_mb": self.output_kb_per_input_mb,
            "ram_fixed": self.ram_fixed,
            "nucleus": self.nucleus,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            site=record["site"],
            included_sites=tuple(record["included_sites"]),
            excluded_sites=tuple(record["excluded_sites"]),
            cloud=record["cloud"],
            core_count=record["core_count"],
            ram_mb=record["ram_mb"],
            ram_per_core=record["ram_per_core"],
            disk_mb=record["disk_mb"],
            walltime_seconds=record["walltime_seconds"],
            label=record["label"],
            processing_type=record["processing_type"],
            architecture=record["architecture"],
            container=record["container"],
            io_intensity_kbps=record["io_intensity_kbps"],
            disk_io_kbps=record["disk_io_kbps"],
            output_mb=record["output_mb"],
            output_kb_per_event=record["output_kb_per_event"],
            output_kb_per_input_mb=record["output_kb_per_input_mb"],
            ram_fixed=record["ram_fixed"],
            nucleus=record["nucleus"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            len(self.included_sites) <= 2000
            and (not self.included_sites or all(1 <= len(item) <= 255 and LINE.takes(item) for item in self.included_sites))
            and len(self.excluded_sites) <= 2000
            and (not self.excluded_sites or all(1 <= len(item) <= 255 and LINE.takes(item) for item in self.excluded_sites))
            and 1 <= self.core_count <= 100000
            and 0 <= self.ram_mb <= 100000000
            and 0 <= self.disk_mb <= 100000000000
            and 0 <= self.walltime_seconds <= 1000000000
            and (self.architecture is None or (len(self.architecture) <= 500 and LINE.takes(self.architecture)))
            and (self.io_intensity_kbps is None or (0 <= self.io_intensity_kbps <= 1000000000000000.0))
            and (self.disk_io_kbps is None or (0 <= self.disk_io_kbps <= 1000000000000000.0))
            and 0 <= self.output_mb <= 100000000000
            and (self.output_kb_per_event is None or (0 <= self.output_kb_per_event <= 1000000000000000.0))
            and (self.output_kb_per_input_mb is None or (0 <= self.output_kb_per_input_mb <= 1000000000000000.0))
            and _NAMES_OF_REQUIREMENTS("\n".join((self.site or "", self.cloud or "", self.label, self.processing_type, self.nucleus or "", ""))) is not None
            and self.nucleus != ""
        )


_NAMES_OF_RESOURCETYPE = lines_of(
    (WORD, 1, 40),
)


class ResourceType(Struct, frozen=True, kw_only=True, gc=False):
    """A class of jobs by cores and memory, as pilots and harvesters ask for it.

    name: Its name.
    cores_min: Fewest cores.
    cores_max: Most cores; 0 is no limit.
    core_memory_mb_min: Least memory for each core.
    core_memory_mb_max: Most memory for each core; 0 is no limit.
    """

    name: str
    cores_min: int = 1
    cores_max: int = 0
    core_memory_mb_min: int = 0
    core_memory_mb_max: int = 0

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "name": self.name,
            "cores_min": self.cores_min,
            "cores_max": self.cores_max,
            "core_memory_mb_min": self.core_memory_mb_min,
            "core_memory_mb_max": self.core_memory_mb_max,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            name=record["name"],
            cores_min=record["cores_min"],
            cores_max=record["cores_max"],
            core_memory_mb_min=record["core_memory_mb_min"],
            core_memory_mb_max=record["core_memory_mb_max"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            1 <= self.cores_min <= 100000
            and 0 <= self.cores_max <= 100000
            and 0 <= self.core_memory_mb_min <= 100000000000
            and 0 <= self.core_memory_mb_max <= 100000000000
            and _NAMES_OF_RESOURCETYPE("\n".join((self.name, ""))) is not None
        )


_NAMES_OF_RETRYRULE = lines_of(
    (WORD, 1, 64),
    (WORD, 0, 64),
)


class RetryRule(Struct, frozen=True, kw_only=True, gc=False):
    """What to do about an error.

    source: Error family.
    code: Code within the family.
    pattern: Regular expression on the diagnostic, from its start.
    action: What to do.
    active: False for a rule on trial: what it would do is recorded with each end, and not done.
    attempts_max: With LIMIT_RETRY: the most attempts that the input may have; of several rules for one error
        the smallest holds.
    architecture: Only for jobs of tasks with this architecture, as submitted; null: any.
    release: Only for jobs of tasks with this software release (transUses); null: any.
    work_queue: Only for jobs of this work queue, which is the global share; null: any.
    rule_set: Only for jobs of tasks that name this set (retryModuleRules); empty: of tasks that name none.
    """

    source: str
    code: int
    pattern: str | None = None
    action: RetryAction
    active: bool = True
    attempts_max: int | None = None
    architecture: str | None = None
    release: str | None = None
    work_queue: str | None = None
    rule_set: str = ""

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "source": self.source,
            "code": self.code,
            "pattern": self.pattern,
            "action": self.action,
            "active": self.active,
            "attempts_max": self.attempts_max,
            "architecture": self.architecture,
            "release": self.release,
            "work_queue": self.work_queue,
            "rule_set": self.rule_set,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            source=record["source"],
            code=record["code"],
            pattern=record["pattern"],
            action=RetryAction[record["action"]],
            active=record["active"],
            attempts_max=record["attempts_max"],
            architecture=record["architecture"],
            release=record["release"],
            work_queue=record["work_queue"],
            rule_set=record["rule_set"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            -2147483648 <= self.code <= 2147483647
            and (self.pattern is None or (len(self.pattern) <= 1000 and LINE.takes(self.pattern)))
            and (self.attempts_max is None or (1 <= self.attempts_max <= 1000000))
            and (self.architecture is None or (len(self.architecture) <= 500 and LINE.takes(self.architecture)))
            and (self.release is None or (len(self.release) <= 255 and LINE.takes(self.release)))
            and (self.work_queue is None or (len(self.work_queue) <= 128 and LINE.takes(self.work_queue)))
            and _NAMES_OF_RETRYRULE("\n".join((self.source, self.rule_set, ""))) is not None
        )


_NAMES_OF_REVOKEDTOKEN = lines_of(
    (WORD, 64, 64),
)


class RevokedToken(Struct, frozen=True, kw_only=True, gc=False):
    """A token that is refused until it ends.

    token: Digest of the token.
    until: When the token ends; from then on there is nothing to refuse.
    """

    token: str
    until: int

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "token": self.token,
            "until": self.until,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            token=record["token"],
            until=record["until"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            631152000000000 <= self.until <= 4102444800000000
            and _NAMES_OF_REVOKEDTOKEN("\n".join((self.token, ""))) is not None
        )


_NAMES_OF_ROLEGRANT = lines_of(
    (WORD, 0, 64),
    (SUBJECT, 0, 255),
    (WORD, 1, 64),
)


class RoleGrant(Struct, frozen=True, kw_only=True, gc=False):
    """A group of an organisation gives a role in it; groups are those of tokens and FQANs of VOMS.

    vo: Organisation; empty for each.
    group: The group without the organisation, compared whole; in it * stands for any characters but a slash;
        empty for all members.
    role: Role that it gives.
    """

    vo: str = ""
    group: str = ""
    role: str

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "vo": self.vo,
            "group": self.group,
            "role": self.role,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            vo=record["vo"],
            group=record["group"],
            role=record["role"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return _NAMES_OF_ROLEGRANT("\n".join((self.vo, self.group, self.role, ""))) is not None


_NAMES_OF_ROLERIGHTS = lines_of(
    (WORD, 1, 64),
)


class RoleRights(Struct, frozen=True, kw_only=True, gc=False):
    """What a role may do.

    role: Role; user is that of every member without another.
    rights: user: submit, read and act on one's own things; pilot: the calls of pilots; operator: those of
        operators; others: act on what others of the organisation own; administrator: the whole installation.
    """

    role: str
    rights: tuple[str, ...] = ()

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "role": self.role,
            "rights": list(self.rights),
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            role=record["role"],
            rights=tuple(record["rights"]),
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            len(self.rights) <= 10
            and (not self.rights or all(1 <= len(item) <= 64 and WORD.takes(item) for item in self.rights))
            and _NAMES_OF_ROLERIGHTS("\n".join((self.role, ""))) is not None
        )


_NAMES_OF_SCHEDULEDSNAPSHOT = lines_of(
    (UUID, 36, 36),
    (WORD, 1, 64),
    (SUBJECT, 1, 255),
    (WORD, 0, 64),
)


class ScheduledSnapshot(Struct, frozen=True, kw_only=True, gc=False):
    """A command that waits for its time.

    schedule_id: Id of the command that ordered it.
    at: When (UTC).
    command: Name of the command, of those that users and operators send to tasks.
    fields_json: Its fields, a JSON object; empty for none.
    actor: Who ordered it, and in whose name it is decided.
    role: What the actor acted as.
    rights: Rights of the role at that time, as in the envelope of commands.
    linked_actors: Other ids of the same person at that time.
    """

    schedule_id: str
    at: int
    command: str
    fields_json: str = ""
    actor: str
    role: str = "user"
    rights: tuple[str, ...] = ()
    linked_actors: tuple[str, ...] = ()

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "schedule_id": self.schedule_id,
            "at": self.at,
            "command": self.command,
            "fields_json": self.fields_json,
            "actor": self.actor,
            "role": self.role,
            "rights": list(self.rights),
            "linked_actors": list(self.linked_actors),
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            schedule_id=record["schedule_id"],
            at=record["at"],
            command=record["command"],
            fields_json=record["fields_json"],
            actor=record["actor"],
            role=record["role"],
            rights=tuple(record["rights"]),
            linked_actors=tuple(record["linked_actors"]),
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            631152000000000 <= self.at <= 4102444800000000
            and len(self.fields_json) <= 100000 and TEXT.takes(self.fields_json)
            and len(self.rights) <= 10
            and (not self.rights or all(1 <= len(item) <= 64 and WORD.takes(item) for item in self.rights))
            and len(self.linked_actors) <= 16
            and (not self.linked_actors or all(1 <= len(item) <= 255 and SUBJECT.takes(item) for item in self.linked_actors))
            and _NAMES_OF_SCHEDULEDSNAPSHOT("\n".join((self.schedule_id, self.command, self.actor, self.role, ""))) is not None
        )


class ScoutRules(Struct, frozen=True, kw_only=True, gc=False):
    """That the first ten jobs go ahead as scouts, and what they must show before the others follow.

    success_tenths: So many tenths of their input must succeed.
    split_rules_kept: True when scouts without a number of files or events get as much input as other jobs; else
        one file each.
    ram_fixed: True when memory stays as asked for (MBPerCoreFixed, MBFixed).
    cpu_time_fixed: True when CPU time stays as asked for (HS06sPerEventFixed).
    output_fixed: True when the space of outputs stays as asked for (outDiskUnit that ends in Fixed).
    ram_percentile: SCOUT_RAMCOUNT_RANK: memory is this percentile of the sample.
    ram_margin_percent: SCOUT_RAMCOUNT_MARGIN: what is added to it.
    ram_mb_min: SCOUT_RAMCOUNT_MIN: less memory is asked for only by tasks that asked for less from the
        beginning.
    cpu_time_percentile: SCOUT_CPUTIME_RANK: CPU time for each event is this percentile of the sample.
    disk_io_kbps_cap: SCOUT_DISK_IO_CAP: more disk traffic is not asked for; null: no limit.
    ram_mb_of_core_max: RAM_THR_EXAUSTED: memory of a core above it that was not asked for exhausts the task.
    cpu_time_factor_max: SCOUT_WRONG_CPUTIME_THRESHOLD: so many times the CPU time that was asked for, in jobs
        of more than 24 h, exhaust the task.
    cpu_efficiency_percent_min: minCpuEfficiency: jobs that compute less of their time are inefficient; null:
        not judged.
    inefficient_tenths: SCOUT_NUM_CPU_INEFFICIENT: so many tenths of the jobs inefficient exhaust the task; 0:
        only their median counts.
    inefficient_jobs_min: SCOUT_THR_CPU_INEFFICIENT: with so many jobs to follow at least.
    io_intensity_kbps_exempt: SCOUT_MAX_IO_INTENSITY_FOR_EXHAUSTED: jobs above this I/O intensity may be
        inefficient; null: none.
    short_seconds: SCOUT_SHORT_EXECTIME: jobs that run less are short; 0: none is.
    short_tenths: SCOUT_NUM_SHORT: so many tenths of the jobs short exhaust the task; 0: not judged.
    short_jobs_min: SCOUT_THR_SHORT: with so many jobs to follow at least.
    short_jobs_grow: SCOUT_CHANGE_SR: short jobs do not exhaust the task, its jobs get more input instead.
    leak_kbps_of_core_max: SCOUT_MEM_LEAK_PER_CORE: a larger mean slope of the memory of a core stands in the
        verdict; null: not judged.
    """

    success_tenths: int
    split_rules_kept: bool = False
    ram_fixed: bool = False
    cpu_time_fixed: bool = False
    output_fixed: bool = False
    ram_percentile: int = 75
    ram_margin_percent: int = 10
    ram_mb_min: int = 1000
    cpu_time_percentile: int = 95
    disk_io_kbps_cap: float | None = None
    ram_mb_of_core_max: int = 4096
    cpu_time_factor_max: float = 2.0
    cpu_efficiency_percent_min: int | None = None
    inefficient_tenths: int = 0
    inefficient_jobs_min: int = 0
    io_intensity_kbps_exempt: float | None = None
    short_seconds: int = 0
    short_tenths: int = 0
    short_jobs_min: int = 0
    short_jobs_grow: bool = False
    leak_kbps_of_core_max: float | None = None

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "success_tenths": self.success_tenths,
            "split_rules_kept": self.split_rules_kept,
            "ram_fixed": self.ram_fixed,
            "cpu_time_fixed": self.cpu_time_fixed,
            "output_fixed": self.output_fixed,
            "ram_percentile": self.ram_percentile,
            "ram_margin_percent": self.ram_margin_percent,
            "ram_mb_min": self.ram_mb_min,
            "cpu_time_percentile": self.cpu_time_percentile,
            "disk_io_kbps_cap": self.disk_io_kbps_cap,
            "ram_mb_of_core_max": self.ram_mb_of_core_max,
            "cpu_time_factor_max": self.cpu_time_factor_max,
            "cpu_efficiency_percent_min": self.cpu_efficiency_percent_min,
            "inefficient_tenths": self.inefficient_tenths,
            "inefficient_jobs_min": self.inefficient_jobs_min,
            "io_intensity_kbps_exempt": self.io_intensity_kbps_exempt,
            "short_seconds": self.short_seconds,
            "short_tenths": self.short_tenths,
            "short_jobs_min": self.short_jobs_min,
            "short_jobs_grow": self.short_jobs_grow,
            "leak_kbps_of_core_max": self.leak_kbps_of_core_max,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            success_tenths=record["success_tenths"],
            split_rules_kept=record["split_rules_kept"],
            ram_fixed=record["ram_fixed"],
            cpu_time_fixed=record["cpu_time_fixed"],
            output_fixed=record["output_fixed"],
            ram_percentile=record["ram_percentile"],
            ram_margin_percent=record["ram_margin_percent"],
            ram_mb_min=record["ram_mb_min"],
            cpu_time_percentile=record["cpu_time_percentile"],
            disk_io_kbps_cap=record["disk_io_kbps_cap"],
            ram_mb_of_core_max=record["ram_mb_of_core_max"],
            cpu_time_factor_max=record["cpu_time_factor_max"],
            cpu_efficiency_percent_min=record["cpu_efficiency_percent_min"],
            inefficient_tenths=record["inefficient_tenths"],
            inefficient_jobs_min=record["inefficient_jobs_min"],
            io_intensity_kbps_exempt=record["io_intensity_kbps_exempt"],
            short_seconds=record["short_seconds"],
            short_tenths=record["short_tenths"],
            short_jobs_min=record["short_jobs_min"],
            short_jobs_grow=record["short_jobs_grow"],
            leak_kbps_of_core_max=record["leak_kbps_of_core_max"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            1 <= self.success_tenths <= 10
            and 0 <= self.ram_percentile <= 100
            and 0 <= self.ram_margin_percent <= 1000
            and 0 <= self.ram_mb_min <= 100000000
            and 0 <= self.cpu_time_percentile <= 100
            and (self.disk_io_kbps_cap is None or (0 <= self.disk_io_kbps_cap <= 1000000000000000.0))
            and 0 <= self.ram_mb_of_core_max <= 100000000
            and 0 <= self.cpu_time_factor_max <= 1000000
            and (self.cpu_efficiency_percent_min is None or (0 <= self.cpu_efficiency_percent_min <= 100))
            and 0 <= self.inefficient_tenths <= 10
            and 0 <= self.inefficient_jobs_min <= 1000000000
            and (self.io_intensity_kbps_exempt is None or (0 <= self.io_intensity_kbps_exempt <= 1000000000000000.0))
            and 0 <= self.short_seconds <= 1000000000
            and 0 <= self.short_tenths <= 10
            and 0 <= self.short_jobs_min <= 1000000000
            and (self.leak_kbps_of_core_max is None or (0 <= self.leak_kbps_of_core_max <= 1000000000))
        )


class SecondaryAccounts(Struct, frozen=True, kw_only=True, gc=False):
    """Files of a secondary input by where they stand: finished + failed <= used <= total.

    stream: Place of the stream among the secondary inputs of the definition, from 0.
    total: Files of the stream.
    used: Files that a job has or had.
    finished: Files that a successful job had.
    failed: Files of which every use was given up.
    """

    stream: int
    total: int
    used: int
    finished: int
    failed: int

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "stream": self.stream,
            "total": self.total,
            "used": self.used,
            "finished": self.finished,
            "failed": self.failed,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            stream=record["stream"],
            total=record["total"],
            used=record["used"],
            finished=record["finished"],
            failed=record["failed"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            0 <= self.stream <= 100
            and 0 <= self.total <= 1000000000
            and 0 <= self.used <= 1000000000
            and 0 <= self.finished <= 1000000000
            and 0 <= self.failed <= 1000000000
        )


_NAMES_OF_SECONDARYINPUT = lines_of(
    (WORD, 1, 64),
)


class SecondaryInput(Struct, frozen=True, kw_only=True, gc=False):
    """An input stream beside the master input: which files it has, and how many a job takes
    (docs/reference/jedi.md, Secondary input).

    stream: Stream name: IN2 of ${IN2}.
    datasets: Its datasets, read one after the other.
    include: Regular expressions a file must match one of; empty means all.
    exclude: Regular expressions that drop a file.
    files: Explicit file names; empty means all.
    offset: Files to skip at the start.
    files_per_job: nFilesPerJob: files of each job; null where their number follows from the master input.
    ratio: ratio: files for each unit of the master input, where files_per_job is null and a job has not all of
        them.
    whole: nosplit: a job has all of its files.
    reusable: reusable, repeat: it begins again when the files left are too few.
    random: random: files of a dataset are taken in an order drawn for the task, instead of that of their names.
    event_ratio: eventRatio: a unit of the master input has files with so many events for each of its own; null:
        files are counted by number.
    index_consistent: indexConsistent: a unit has the file whose number, 000123 in x._000123.y, is that of its
        own file.
    """

    stream: str
    datasets: tuple[str, ...]
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    offset: int = 0
    files_per_job: int | None = None
    ratio: int = 1
    whole: bool = False
    reusable: bool = False
    random: bool = False
    event_ratio: float | None = None
    index_consistent: bool = False

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "stream": self.stream,
            "datasets": list(self.datasets),
            "include": list(self.include),
            "exclude": list(self.exclude),
            "files": list(self.files),
            "offset": self.offset,
            "files_per_job": self.files_per_job,
            "ratio": self.ratio,
            "whole": self.whole,
            "reusable": self.reusable,
            "random": self.random,
            "event_ratio": self.event_ratio,
            "index_consistent": self.index_consistent,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            stream=record["stream"],
            datasets=tuple(record["datasets"]),
            include=tuple(record["include"]),
            exclude=tuple(record["exclude"]),
            files=tuple(record["files"]),
            offset=record["offset"],
            files_per_job=record["files_per_job"],
            ratio=record["ratio"],
            whole=record["whole"],
            reusable=record["reusable"],
            random=record["random"],
            event_ratio=record["event_ratio"],
            index_consistent=record["index_consistent"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            len(self.datasets) <= 50
            and (not self.datasets or all(1 <= len(item) <= 640 and NAME.takes(item) for item in self.datasets))
            and len(self.include) <= 1000
            and (not self.include or all(1 <= len(item) <= 1000 and LINE.takes(item) for item in self.include))
            and len(self.exclude) <= 1000
            and (not self.exclude or all(1 <= len(item) <= 1000 and LINE.takes(item) for item in self.exclude))
            and len(self.files) <= 10000
            and (not self.files or all(1 <= len(item) <= 1024 and FILE_NAME.takes(item) for item in self.files))
            and 0 <= self.offset <= 1000000000
            and (self.files_per_job is None or (1 <= self.files_per_job <= 900))
            and 1 <= self.ratio <= 900
            and (self.event_ratio is None or (0 <= self.event_ratio <= 1000000))
            and _NAMES_OF_SECONDARYINPUT("\n".join((self.stream, ""))) is not None
        )


class SecondaryLoad(Struct, frozen=True, kw_only=True, gc=False):
    """What secondary input adds to a job at most: for the job as a whole, and for each unit of its master
    input.

    job_files: Files for each job.
    job_bytes: Their size (bytes).
    job_record_bytes: What they weigh in records (bytes).
    unit_files: Files for each unit.
    unit_bytes: Their size (bytes).
    unit_record_bytes: What they weigh in records (bytes).
    """

    job_files: int = 0
    job_bytes: int = 0
    job_record_bytes: int = 0
    unit_files: int = 0
    unit_bytes: int = 0
    unit_record_bytes: int = 0

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "job_files": self.job_files,
            "job_bytes": self.job_bytes,
            "job_record_bytes": self.job_record_bytes,
            "unit_files": self.unit_files,
            "unit_bytes": self.unit_bytes,
            "unit_record_bytes": self.unit_record_bytes,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            job_files=record["job_files"],
            job_bytes=record["job_bytes"],
            job_record_bytes=record["job_record_bytes"],
            unit_files=record["unit_files"],
            unit_bytes=record["unit_bytes"],
            unit_record_bytes=record["unit_record_bytes"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            0 <= self.job_files <= 1000000
            and 0 <= self.job_bytes <= 1152921504606846976
            and 0 <= self.job_record_bytes <= 1000000000000
            and 0 <= self.unit_files <= 1000000
            and 0 <= self.unit_bytes <= 1152921504606846976
            and 0 <= self.unit_record_bytes <= 1000000000000
        )


class SecondaryRange(Struct, frozen=True, kw_only=True, gc=False):
    """Consecutive files of a secondary input that a unit of the master input has from now on, also in later
    attempts.

    stream: Place of the stream among the secondary inputs of the definition, from 0.
    unit_id: The unit; 0 for each unit of the job.
    first: Place of the first file in the list of the stream, from 0.
    count: Number of files.
    """

    stream: int
    unit_id: int = 0
    first: int
    count: int

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "stream": self.stream,
            "unit_id": self.unit_id,
            "first": self.first,
            "count": self.count,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            stream=record["stream"],
            unit_id=record["unit_id"],
            first=record["first"],
            count=record["count"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            0 <= self.stream <= 100
            and 0 <= self.unit_id <= 1000000000
            and 0 <= self.first <= 1000000000
            and 1 <= self.count <= 1000000
        )


_NAMES_OF_SERVICEMETRICS = lines_of(
    (NAME, 0, 255),
)


class ServiceMetrics(Struct, frozen=True, kw_only=True, gc=False):
    """How the host of a Harvester does.

    host: Host.
    measured_at: When it was measured.
    document_json: Figures by name, a JSON object.
    """

    host: str = ""
    measured_at: int | None = None
    document_json: str

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "host": self.host,
            "measured_at": self.measured_at,
            "document_json": self.document_json,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            host=record["host"],
            measured_at=record["measured_at"],
            document_json=record["document_json"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            (self.measured_at is None or (631152000000000 <= self.measured_at <= 4102444800000000))
            and 2 <= len(self.document_json) <= 4000 and TEXT.takes(self.document_json)
            and _NAMES_OF_SERVICEMETRICS("\n".join((self.host, ""))) is not None
        )


class ShareGiven(Struct, frozen=True, kw_only=True, gc=False):
    """What a queue gave to jobs of a share since the shares were ranked last.

    name: Name of the share.
    cores: Cores of the jobs.
    """

    name: str
    cores: int

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "name": self.name,
            "cores": self.cores,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            name=record["name"],
            cores=record["cores"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            1 <= len(self.name) <= 128 and LINE.takes(self.name)
            and 0 <= self.cores <= 1000000000000000
        )


class ShareLoad(Struct, frozen=True, kw_only=True, gc=False):
    """The jobs of a queue that are of a global share.

    name: Name of the share.
    waiting: Jobs that wait.
    leased: Jobs that pilots hold.
    cores: Cores of the jobs that pilots hold.
    """

    name: str
    waiting: int
    leased: int
    cores: int

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "name": self.name,
            "waiting": self.waiting,
            "leased": self.leased,
            "cores": self.cores,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            name=record["name"],
            waiting=record["waiting"],
            leased=record["leased"],
            cores=record["cores"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            1 <= len(self.name) <= 128 and LINE.takes(self.name)
            and 0 <= self.waiting <= 1000000000000000
            and 0 <= self.leased <= 1000000000000000
            and 0 <= self.cores <= 1000000000000000
        )


class ShareStanding(Struct, frozen=True, kw_only=True, gc=False):
    """What a node or leaf of the tree of shares may have and has.

    name: Name of the share.
    parent: Its parent; null at the top.
    percent: Share among its siblings.
    used: HS23 of the jobs that pilots hold for it: cores times the corepower of their queues.
    pledged: HS23 that it may have of all that is used.
    """

    name: str
    parent: str | None = None
    percent: float
    used: float
    pledged: float = 0.0

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "name": self.name,
            "parent": self.parent,
            "percent": self.percent,
            "used": self.used,
            "pledged": self.pledged,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            name=record["name"],
            parent=record["parent"],
            percent=record["percent"],
            used=record["used"],
            pledged=record["pledged"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            1 <= len(self.name) <= 128 and LINE.takes(self.name)
            and (self.parent is None or (len(self.parent) <= 128 and LINE.takes(self.parent)))
            and 0 <= self.percent <= 1000000
            and 0 <= self.used <= 1e+18
            and 0 <= self.pledged <= 1e+18
        )


class SnapshotEnvelope(Struct, frozen=True, kw_only=True, gc=False):
    """What every row of a snapshot carries: the history that it stands for.

    sequence: Sequence of the last event that is in the row.
    commands: Digests (8 bytes each, oldest first) of the last commands that led to events; in the main row
        only.
    closed_parts: True when parts of the aggregate may stand among the closed rows; in the main row only.
    live: True when the aggregate was not closed; in the main row only. Of a live one the rest may be read when
        it is asked for.
    """

    sequence: int
    commands: bytes = b""
    closed_parts: bool = False
    live: bool = False

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "sequence": self.sequence,
            "commands": self.commands,
            "closed_parts": self.closed_parts,
            "live": self.live,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            sequence=record["sequence"],
            commands=record["commands"],
            closed_parts=record["closed_parts"],
            live=record["live"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            0 <= self.sequence <= 9223372036854775807
            and len(self.commands) <= 800000
        )


_NAMES_OF_SOFTWARETAG = lines_of(
    (WORD, 1, 128),
    (WORD, 1, 128),
    (WORD, 0, 128),
    (NAME, 0, 500),
)


class SoftwareTag(Struct, frozen=True, kw_only=True, gc=False):
    """A release that is installed at a queue.

    project: Project, for example Athena.
    release: Release, for example 24.0.1.
    platform: Platform that it is built for, for example x86_64-el9-gcc13-opt; empty is any.
    container: Container that holds it; empty is none.
    """

    project: str
    release: str
    platform: str = ""
    container: str = ""

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "project": self.project,
            "release": self.release,
            "platform": self.platform,
            "container": self.container,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            project=record["project"],
            release=record["release"],
            platform=record["platform"],
            container=record["container"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return _NAMES_OF_SOFTWARETAG("\n".join((self.project, self.release, self.platform, self.container, ""))) is not None


_NAMES_OF_STEPDEFINITION = lines_of(
    (URL, 1, 2000),
    (FILE_NAME, 0, 255),
    (WORD, 0, 64),
)


class StepDefinition(Struct, frozen=True, kw_only=True, gc=False):
    """A step beside the normal jobs: build or merge.

    transformation: URL of the payload wrapper; culm://server in it stands for the address that jobs use.
    parameters: Job parameters with placeholders.
    archive: Source archive of a build.
    label: prodSourceLabel of its jobs.
    """

    transformation: str
    parameters: str
    archive: str | None = None
    label: str = "user"

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "transformation": self.transformation,
            "parameters": self.parameters,
            "archive": self.archive,
            "label": self.label,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            transformation=record["transformation"],
            parameters=record["parameters"],
            archive=record["archive"],
            label=record["label"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            len(self.parameters) <= 100000 and TEXT.takes(self.parameters)
            and _NAMES_OF_STEPDEFINITION("\n".join((self.transformation, self.archive or "", self.label, ""))) is not None
        )


_NAMES_OF_STORAGEELEMENT = lines_of(
    (WORD, 1, 255),
    (WORD, 0, 128),
)


class StorageElement(Struct, frozen=True, kw_only=True, gc=False):
    """A storage as its source describes it. Sizes are null where the source does not know them.

    name: Its name, as queues and lists of replicas write it.
    site: Site that it belongs to; empty where unknown.
    medium: Disk or tape.
    space_total_gb: Size.
    space_used_gb: What is taken.
    space_min_free_gb: What must stay free.
    space_usable_gb: What new files may take: free and expired, less what must stay free.
    read_lan: Queues of its site may read.
    write_lan: Queues of its site may write.
    read_wan: Others may read.
    write_wan: Others may write.
    down_from: Begin of the announced downtime; null is none.
    down_until: End of it; null with `down_from` is open.
    """

    name: str
    site: str = ""
    medium: StorageMedium = StorageMedium.DISK
    space_total_gb: int | None = None
    space_used_gb: int | None = None
    space_min_free_gb: int | None = None
    space_usable_gb: int | None = None
    read_lan: bool = True
    write_lan: bool = True
    read_wan: bool = True
    write_wan: bool = True
    down_from: int | None = None
    down_until: int | None = None

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "name": self.name,
            "site": self.site,
            "medium": self.medium,
            "space_total_gb": self.space_total_gb,
            "space_used_gb": self.space_used_gb,
            "space_min_free_gb": self.space_min_free_gb,
            "space_usable_gb": self.space_usable_gb,
            "read_lan": self.read_lan,
            "write_lan": self.write_lan,
            "read_wan": self.read_wan,
            "write_wan": self.write_wan,
            "down_from": self.down_from,
            "down_until": self.down_until,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            name=record["name"],
            site=record["site"],
            medium=StorageMedium[record["medium"]],
            space_total_gb=record["space_total_gb"],
            space_used_gb=record["space_used_gb"],
            space_min_free_gb=record["space_min_free_gb"],
            space_usable_gb=record["space_usable_gb"],
            read_lan=record["read_lan"],
            write_lan=record["write_lan"],
            read_wan=record["read_wan"],
            write_wan=record["write_wan"],
            down_from=record["down_from"],
            down_until=record["down_until"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            (self.space_total_gb is None or (0 <= self.space_total_gb <= 1000000000000000))
            and (self.space_used_gb is None or (0 <= self.space_used_gb <= 1000000000000000))
            and (self.space_min_free_gb is None or (0 <= self.space_min_free_gb <= 1000000000000000))
            and (self.space_usable_gb is None or (0 <= self.space_usable_gb <= 1000000000000000))
            and (self.down_from is None or (631152000000000 <= self.down_from <= 4102444800000000))
            and (self.down_until is None or (631152000000000 <= self.down_until <= 4102444800000000))
            and _NAMES_OF_STORAGEELEMENT("\n".join((self.name, self.site, ""))) is not None
        )


_NAMES_OF_SUBSCRIBER = lines_of(
    (WORD, 0, 64),
)


class Subscriber(Struct, frozen=True, kw_only=True, gc=False):
    """A task that waits for further files of a dataset.

    task_id: The task.
    chunk: Number of the chunk that is asked for, from 0.
    position: How many files the task has had, in the order in which they were registered.
    reading: Number of the task's reading of its input, from 0.
    until_closed: runUntilClosed: True when the task follows a dataset that a user keeps open, too.
    until_parent_ends: True while the task works beside its parent: a dataset that the end of tasks closed may
        open again.
    stream: Stream of secondary input that it is for; empty for the master input.
    """

    task_id: int
    chunk: int = 0
    position: int = 0
    reading: int = 0
    until_closed: bool = False
    until_parent_ends: bool = False
    stream: str = ""

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "task_id": self.task_id,
            "chunk": self.chunk,
            "position": self.position,
            "reading": self.reading,
            "until_closed": self.until_closed,
            "until_parent_ends": self.until_parent_ends,
            "stream": self.stream,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            task_id=record["task_id"],
            chunk=record["chunk"],
            position=record["position"],
            reading=record["reading"],
            until_closed=record["until_closed"],
            until_parent_ends=record["until_parent_ends"],
            stream=record["stream"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            1 <= self.task_id <= 900000000000
            and 0 <= self.chunk <= 999998
            and 0 <= self.position <= 1000000000000000
            and 0 <= self.reading <= 1000000
            and _NAMES_OF_SUBSCRIBER("\n".join((self.stream, ""))) is not None
        )


_NAMES_OF_TARGETSLOTS = lines_of(
    (WORD, 1, 128),
    (WORD, 0, 128),
    (WORD, 0, 64),
)


class TargetSlots(Struct, frozen=True, kw_only=True, gc=False):
    """The most workers that a queue may have.

    queue: Queue.
    slots: How many.
    share: Global share; empty for all.
    resource_type: Class of workers; empty for all.
    until: Until then; null until it is set again.
    """

    queue: str
    slots: int
    share: str = ""
    resource_type: str = ""
    until: int | None = None

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "queue": self.queue,
            "slots": self.slots,
            "share": self.share,
            "resource_type": self.resource_type,
            "until": self.until,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            queue=record["queue"],
            slots=record["slots"],
            share=record["share"],
            resource_type=record["resource_type"],
            until=record["until"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            0 <= self.slots <= 2147483647
            and (self.until is None or (631152000000000 <= self.until <= 4102444800000000))
            and _NAMES_OF_TARGETSLOTS("\n".join((self.queue, self.share, self.resource_type, ""))) is not None
        )


_NAMES_OF_THROTTLE = lines_of(
    (WORD, 0, 64),
    (WORD, 0, 64),
    (SUBJECT, 0, 255),
    (WORD, 0, 128),
)


class Throttle(Struct, frozen=True, kw_only=True, gc=False):
    """Why an order makes no jobs now: which figure is above which limit, and when that ends.

    rule: The limit.
    share: Global share of the order.
    resource_type: Resource type that is counted; empty where the share is counted as a whole.
    vo: Tenant of the order.
    owner: Whose it is.
    working_group: The group that it is for; empty where there is none.
    limit: What the figure may be at most.
    value: The figure.
    released_at: The order is made again when the figure is no greater than this.
    waiting: Jobs that wait, of what is counted.
    leased: Jobs that pilots hold, of what is counted.
    jobs: Input units of the order: it makes no more jobs than these.
    priority: Of the order: the highest goes on first.
    expected_at: When the figure is expected to be no greater than released_at (microseconds UTC); 0 where no
        job began of late.
    facts_position: Position of the facts that were looked at.
    """

    rule: ThrottleRule = ThrottleRule.UNKNOWN
    share: str = ""
    resource_type: str = ""
    vo: str = ""
    owner: str = ""
    working_group: str = ""
    limit: int = 0
    value: int = 0
    released_at: int = 0
    waiting: int = 0
    leased: int = 0
    jobs: int = 0
    priority: int = 0
    expected_at: int = 0
    facts_position: str = ""

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "rule": self.rule,
            "share": self.share,
            "resource_type": self.resource_type,
            "vo": self.vo,
            "owner": self.owner,
            "working_group": self.working_group,
            "limit": self.limit,
            "value": self.value,
            "released_at": self.released_at,
            "waiting": self.waiting,
            "leased": self.leased,
            "jobs": self.jobs,
            "priority": self.priority,
            "expected_at": self.expected_at,
            "facts_position": self.facts_position,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            rule=ThrottleRule[record["rule"]],
            share=record["share"],
            resource_type=record["resource_type"],
            vo=record["vo"],
            owner=record["owner"],
            working_group=record["working_group"],
            limit=record["limit"],
            value=record["value"],
            released_at=record["released_at"],
            waiting=record["waiting"],
            leased=record["leased"],
            jobs=record["jobs"],
            priority=record["priority"],
            expected_at=record["expected_at"],
            facts_position=record["facts_position"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            len(self.share) <= 128 and LINE.takes(self.share)
            and 0 <= self.limit <= 1000000000000000
            and 0 <= self.value <= 1000000000000000
            and 0 <= self.released_at <= 1000000000000000
            and 0 <= self.waiting <= 1000000000000000
            and 0 <= self.leased <= 1000000000000000
            and 0 <= self.jobs <= 1000000000000000
            and -2147483648 <= self.priority <= 2147483647
            and 0 <= self.expected_at <= 4165516800000000
            and len(self.facts_position) <= 10000 and LINE.takes(self.facts_position)
            and _NAMES_OF_THROTTLE("\n".join((self.resource_type, self.vo, self.owner, self.working_group, ""))) is not None
        )


_NAMES_OF_THROTTLELIMITS = lines_of(
    (WORD, 0, 64),
)


class ThrottleLimits(Struct, frozen=True, kw_only=True, gc=False):
    """How many jobs may wait and run before orders of a share or a resource type are throttled.

    share: Global share; empty for each.
    resource_type: Resource type; empty for each, or, with a share, for the share as a whole.
    threshold: Jobs that may wait for each that runs.
    queue_limit: So many may wait in any case.
    running_cap: Most jobs that run; 0 is no cap.
    queue_cap: Most jobs that wait; 0 is no cap.
    """

    share: str = ""
    resource_type: str = ""
    threshold: float = 2.0
    queue_limit: int = 200000
    running_cap: int = 0
    queue_cap: int = 0

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "share": self.share,
            "resource_type": self.resource_type,
            "threshold": self.threshold,
            "queue_limit": self.queue_limit,
            "running_cap": self.running_cap,
            "queue_cap": self.queue_cap,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            share=record["share"],
            resource_type=record["resource_type"],
            threshold=record["threshold"],
            queue_limit=record["queue_limit"],
            running_cap=record["running_cap"],
            queue_cap=record["queue_cap"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            len(self.share) <= 128 and LINE.takes(self.share)
            and 0.0 <= self.threshold <= 1000000.0
            and 0 <= self.queue_limit <= 1000000000000000
            and 0 <= self.running_cap <= 1000000000000000
            and 0 <= self.queue_cap <= 1000000000000000
            and _NAMES_OF_THROTTLELIMITS("\n".join((self.resource_type, ""))) is not None
        )


class UnitChange(Struct, frozen=True, kw_only=True, gc=False):
    """What an outcome did to one input unit.

    unit_id: Which unit.
    finished: True: done for good.
    failed: True: given up. Neither: back to ready.
    attempt: Number of its last attempt, which is that of its last job.
    failed_attempt: True failures so far.
    ram_mb: Memory it needs now.
    attempts_given: Numbers of attempts that count as no attempt of the unit, as that of a job that was closed:
        its limit grows by them. Negative where a retry rule lowers the limit.
    """

    unit_id: int
    finished: bool
    failed: bool
    attempt: int
    failed_attempt: int
    ram_mb: int | None = None
    attempts_given: int = 0

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "unit_id": self.unit_id,
            "finished": self.finished,
            "failed": self.failed,
            "attempt": self.attempt,
            "failed_attempt": self.failed_attempt,
            "ram_mb": self.ram_mb,
            "attempts_given": self.attempts_given,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            unit_id=record["unit_id"],
            finished=record["finished"],
            failed=record["failed"],
            attempt=record["attempt"],
            failed_attempt=record["failed_attempt"],
            ram_mb=record["ram_mb"],
            attempts_given=record["attempts_given"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            1 <= self.unit_id <= 1000000000
            and 0 <= self.attempt <= 1000000
            and 0 <= self.failed_attempt <= 1000000
            and (self.ram_mb is None or (0 <= self.ram_mb <= 10000000000000))
            and -1000000 <= self.attempts_given <= 1000000
        )


class UnitRange(Struct, frozen=True, kw_only=True, gc=False):
    """Input units with consecutive ids; they may be fed later.

    first: The first id.
    last: The last id, not below the first.
    """

    first: int
    last: int

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "first": self.first,
            "last": self.last,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            first=record["first"],
            last=record["last"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            1 <= self.first <= 1000000
            and 1 <= self.last <= 1000000
        )


_NAMES_OF_WANTEDOFCLASS = lines_of(
    (WORD, 1, 64),
)


class WantedOfClass(Struct, frozen=True, kw_only=True, gc=False):
    """How many workers of a class a queue should have.

    resource_type: Class of workers by cores and memory, as PanDA names it.
    wanted: How many.
    """

    resource_type: str
    wanted: int

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "resource_type": self.resource_type,
            "wanted": self.wanted,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            resource_type=record["resource_type"],
            wanted=record["wanted"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            0 <= self.wanted <= 2147483647
            and _NAMES_OF_WANTEDOFCLASS("\n".join((self.resource_type, ""))) is not None
        )


_NAMES_OF_WORKACCOUNTS = lines_of(
    (WORD, 0, 64),
)


class WorkAccounts(Struct, frozen=True, kw_only=True, gc=False):
    """One work with its standing.

    internal_id: Its id in the request.
    name: Its name.
    nodes: How many nodes.
    first_node: Number of the first of them.
    task_id: Its task.
    end: How it ended.
    task_end: How its task ended.
    waits: True when it starts by a condition.
    is_open: False while it waits for its condition.
    after_stop: True when its condition took its branch after the workflow was stopped.
    """

    internal_id: str = ""
    name: str = ""
    nodes: int = 0
    first_node: int = 0
    task_id: int | None = None
    end: WorkEnd | None = None
    task_end: WorkEnd | None = None
    waits: bool = False
    is_open: bool = True
    after_stop: bool = False

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "internal_id": self.internal_id,
            "name": self.name,
            "nodes": self.nodes,
            "first_node": self.first_node,
            "task_id": self.task_id,
            "end": self.end,
            "task_end": self.task_end,
            "waits": self.waits,
            "is_open": self.is_open,
            "after_stop": self.after_stop,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            internal_id=record["internal_id"],
            name=record["name"],
            nodes=record["nodes"],
            first_node=record["first_node"],
            task_id=record["task_id"],
            end=None if record["end"] is None else WorkEnd[record["end"]],
            task_end=None if record["task_end"] is None else WorkEnd[record["task_end"]],
            waits=record["waits"],
            is_open=record["is_open"],
            after_stop=record["after_stop"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            len(self.name) <= 4000 and LINE.takes(self.name)
            and 0 <= self.nodes <= 1000000
            and 0 <= self.first_node <= 2000000
            and (self.task_id is None or (1 <= self.task_id <= 900000000000))
            and _NAMES_OF_WORKACCOUNTS("\n".join((self.internal_id, ""))) is not None
        )


_NAMES_OF_WORKDEFINITION = lines_of(
    (WORD, 1, 64),
    (NAME, 0, 512),
)


class WorkDefinition(Struct, frozen=True, kw_only=True, gc=False):
    """One work of a workflow, as it was submitted.

    internal_id: Its id in the request, as the client made it.
    name: Its name, which no other work of the request has.
    nodes: How many jobs its graph has; they have consecutive numbers.
    work_type: Number of iDDS's TransformType.
    dataset: Dataset that has the names of its jobs, in their order; empty for none.
    parameters_json: Parameters of its task, a JSON object; empty when they are made later.
    waits: True when the work starts by a condition; else it starts with the workflow.
    """

    internal_id: str
    name: str
    nodes: int = 0
    work_type: int = 6
    dataset: str = ""
    parameters_json: str = ""
    waits: bool = False

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "internal_id": self.internal_id,
            "name": self.name,
            "nodes": self.nodes,
            "work_type": self.work_type,
            "dataset": self.dataset,
            "parameters_json": self.parameters_json,
            "waits": self.waits,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            internal_id=record["internal_id"],
            name=record["name"],
            nodes=record["nodes"],
            work_type=record["work_type"],
            dataset=record["dataset"],
            parameters_json=record["parameters_json"],
            waits=record["waits"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            1 <= len(self.name) <= 4000 and LINE.takes(self.name)
            and 0 <= self.nodes <= 1000000
            and 0 <= self.work_type <= 99
            and len(self.parameters_json) <= 300000 and TEXT.takes(self.parameters_json)
            and _NAMES_OF_WORKDEFINITION("\n".join((self.internal_id, self.dataset, ""))) is not None
        )


_NAMES_OF_WORKERCOUNTS = lines_of(
    (WORD, 1, 64),
    (WORD, 1, 64),
)


class WorkerCounts(Struct, frozen=True, kw_only=True, gc=False):
    """Workers of one class in a queue, as their Harvester counts them.

    job_type: Kind of jobs.
    resource_type: Class of workers by cores and memory, as PanDA names it.
    running: They run.
    submitted: They wait in the batch system.
    finished: They ended.
    to_submit: They are to be submitted.
    """

    job_type: str
    resource_type: str
    running: int
    submitted: int
    finished: int
    to_submit: int

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "job_type": self.job_type,
            "resource_type": self.resource_type,
            "running": self.running,
            "submitted": self.submitted,
            "finished": self.finished,
            "to_submit": self.to_submit,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            job_type=record["job_type"],
            resource_type=record["resource_type"],
            running=record["running"],
            submitted=record["submitted"],
            finished=record["finished"],
            to_submit=record["to_submit"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            0 <= self.running <= 2147483647
            and 0 <= self.submitted <= 2147483647
            and 0 <= self.finished <= 2147483647
            and 0 <= self.to_submit <= 2147483647
            and _NAMES_OF_WORKERCOUNTS("\n".join((self.job_type, self.resource_type, ""))) is not None
        )


_NAMES_OF_WORKERSORDERED = lines_of(
    (WORD, 1, 128),
    (WORD, 1, 64),
)


class WorkersOrdered(Struct, frozen=True, kw_only=True, gc=False):
    """Why workers for a queue were ordered of a Harvester.

    queue: Queue.
    wanted: How many workers the queue should have.
    live: How many are known to be alive.
    expected: How many are alive once all that was ordered before has come.
    ordered: How many are ordered now.
    resource_type: Class of workers by cores and memory, as PanDA names it.
    number: Number of the command.
    """

    queue: str
    wanted: int
    live: int
    expected: int
    ordered: int
    resource_type: str
    number: int

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "queue": self.queue,
            "wanted": self.wanted,
            "live": self.live,
            "expected": self.expected,
            "ordered": self.ordered,
            "resource_type": self.resource_type,
            "number": self.number,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            queue=record["queue"],
            wanted=record["wanted"],
            live=record["live"],
            expected=record["expected"],
            ordered=record["ordered"],
            resource_type=record["resource_type"],
            number=record["number"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            0 <= self.wanted <= 2147483647
            and 0 <= self.live <= 2147483647
            and 0 <= self.expected <= 2147483647
            and 0 <= self.ordered <= 2147483647
            and 1 <= self.number <= 2097151
            and _NAMES_OF_WORKERSORDERED("\n".join((self.queue, self.resource_type, ""))) is not None
        )


class AccessPolicy(Struct, frozen=True, kw_only=True, gc=False):
    """Which groups give which roles, and what roles may do.

    grants: Which groups give which roles.
    rights: What each role may do; a role that is not named may do what user may.
    persons: People with certificates and without attribute certificates.
    authorities: For which organisations authorities count; without any, each counts for all.
    """

    grants: tuple[RoleGrant, ...] = ()
    rights: tuple[RoleRights, ...] = ()
    persons: tuple[CertifiedPerson, ...] = ()
    authorities: tuple[CertificateAuthority, ...] = ()

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "grants": [item.to_avro() for item in self.grants],
            "rights": [item.to_avro() for item in self.rights],
            "persons": [item.to_avro() for item in self.persons],
            "authorities": [item.to_avro() for item in self.authorities],
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            grants=tuple(RoleGrant.from_avro(item) for item in record["grants"]),
            rights=tuple(RoleRights.from_avro(item) for item in record["rights"]),
            persons=tuple(CertifiedPerson.from_avro(item) for item in record["persons"]),
            authorities=tuple(CertificateAuthority.from_avro(item) for item in record["authorities"]),
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            len(self.grants) <= 1000
            and len(self.rights) <= 50
            and len(self.persons) <= 1000
            and len(self.authorities) <= 200
            and (not self.grants or all(map(RoleGrant.is_within_bounds, self.grants)))
            and (not self.rights or all(map(RoleRights.is_within_bounds, self.rights)))
            and (not self.persons or all(map(CertifiedPerson.is_within_bounds, self.persons)))
            and (not self.authorities or all(map(CertificateAuthority.is_within_bounds, self.authorities)))
        )


_NAMES_OF_BROKERAGECITATION = lines_of(
    (WORD, 1, 128),
)


class BrokerageCitation(Struct, frozen=True, kw_only=True, gc=False):
    """The decision that an order rests on for the work of one memory, and what the order's own draw adds to it.

    decision: event_id of the BrokerageDecided: of this order, of an earlier one of the same task, or of the
        task that task_id names.
    ram_mb: Memory of the work that was brokered (MB), as the requirements count it: of the task, or what its
        input was raised to.
    waiting: Waiting jobs of each candidate when the order drew its queues, best candidate first.
    task_id: Task whose decision it is, where that is another one of the same organisation; 0 for the order's
        own.
    """

    decision: str
    ram_mb: int
    waiting: tuple[QueueWaiting, ...] = ()
    task_id: int = 0

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "decision": self.decision,
            "ram_mb": self.ram_mb,
            "waiting": [item.to_avro() for item in self.waiting],
            "task_id": self.task_id,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            decision=record["decision"],
            ram_mb=record["ram_mb"],
            waiting=tuple(QueueWaiting.from_avro(item) for item in record["waiting"]),
            task_id=record["task_id"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            0 <= self.ram_mb <= 1000000000000000
            and len(self.waiting) <= 1000
            and 0 <= self.task_id <= 1000000000000000
            and _NAMES_OF_BROKERAGECITATION("\n".join((self.decision, ""))) is not None
            and (not self.waiting or all(map(QueueWaiting.is_within_bounds, self.waiting)))
        )


_NAMES_OF_CONDITIONDEFINITION = lines_of(
    (WORD, 1, 64),
)


class ConditionDefinition(Struct, frozen=True, kw_only=True, gc=False):
    """A condition between works: which works start when its predicates hold, and which when they do not.

    condition_id: Its id in the request.
    takes_any: True when one predicate that holds is enough (Or); else all must (And).
    waits: True when it is asked by other conditions only, or after another one took the branch that names it.
    predicates: What it asks.
    true_works: Numbers of the works that start when the predicates hold.
    false_works: Numbers of the works that start when they do not.
    true_conditions: Numbers of the conditions that are asked when the predicates hold, each before this one.
    false_conditions: Numbers of the conditions that are asked when they do not, each before this one.
    """

    condition_id: str
    takes_any: bool = False
    waits: bool = False
    predicates: tuple[ConditionPredicate, ...] = ()
    true_works: tuple[int, ...] = ()
    false_works: tuple[int, ...] = ()
    true_conditions: tuple[int, ...] = ()
    false_conditions: tuple[int, ...] = ()

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "condition_id": self.condition_id,
            "takes_any": self.takes_any,
            "waits": self.waits,
            "predicates": [item.to_avro() for item in self.predicates],
            "true_works": list(self.true_works),
            "false_works": list(self.false_works),
            "true_conditions": list(self.true_conditions),
            "false_conditions": list(self.false_conditions),
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            condition_id=record["condition_id"],
            takes_any=record["takes_any"],
            waits=record["waits"],
            predicates=tuple(ConditionPredicate.from_avro(item) for item in record["predicates"]),
            true_works=tuple(record["true_works"]),
            false_works=tuple(record["false_works"]),
            true_conditions=tuple(record["true_conditions"]),
            false_conditions=tuple(record["false_conditions"]),
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            len(self.predicates) <= 1000
            and len(self.true_works) <= 1000
            and (not self.true_works or 0 <= min(self.true_works) <= max(self.true_works) <= 9999)
            and len(self.false_works) <= 1000
            and (not self.false_works or 0 <= min(self.false_works) <= max(self.false_works) <= 9999)
            and len(self.true_conditions) <= 1000
            and (not self.true_conditions or 0 <= min(self.true_conditions) <= max(self.true_conditions) <= 9999)
            and len(self.false_conditions) <= 1000
            and (not self.false_conditions or 0 <= min(self.false_conditions) <= max(self.false_conditions) <= 9999)
            and _NAMES_OF_CONDITIONDEFINITION("\n".join((self.condition_id, ""))) is not None
            and (not self.predicates or all(map(ConditionPredicate.is_within_bounds, self.predicates)))
        )


_NAMES_OF_DATASETREPLICAS = lines_of(
    (NAME, 1, 500),
)


class DatasetReplicas(Struct, frozen=True, kw_only=True, gc=False):
    """Where the files of a dataset are.

    dataset: Dataset, with its scope where it has one.
    files: Files of the dataset.
    size_bytes: Their size.
    copies: What each storage has.
    """

    dataset: str
    files: int = 0
    size_bytes: int = 0
    copies: tuple[ReplicaCopy, ...] = ()

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "dataset": self.dataset,
            "files": self.files,
            "size_bytes": self.size_bytes,
            "copies": [item.to_avro() for item in self.copies],
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            dataset=record["dataset"],
            files=record["files"],
            size_bytes=record["size_bytes"],
            copies=tuple(ReplicaCopy.from_avro(item) for item in record["copies"]),
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            0 <= self.files <= 1000000000000000
            and 0 <= self.size_bytes <= 1000000000000000000
            and len(self.copies) <= 2000
            and _NAMES_OF_DATASETREPLICAS("\n".join((self.dataset, ""))) is not None
            and (not self.copies or all(map(ReplicaCopy.is_within_bounds, self.copies)))
        )


_NAMES_OF_GENERATEDJOB = lines_of(
    (WORD, 1, 128),
)


class GeneratedJob(Struct, frozen=True, kw_only=True, gc=False):
    """A job that a task made.

    job_id: PandaID.
    serial: Serial within the task, from 1.
    queue: Its queue.
    unit_ids: Its input units, or the serials of the jobs it merges.
    attempt: Attempt number of its input.
    secondaries: Files of secondary input that its units are given with it; what they were given before is
        theirs.
    """

    job_id: int
    serial: int
    queue: str
    unit_ids: tuple[int, ...] = ()
    attempt: int
    secondaries: tuple[SecondaryRange, ...] = ()

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "job_id": self.job_id,
            "serial": self.serial,
            "queue": self.queue,
            "unit_ids": list(self.unit_ids),
            "attempt": self.attempt,
            "secondaries": [item.to_avro() for item in self.secondaries],
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            job_id=record["job_id"],
            serial=record["serial"],
            queue=record["queue"],
            unit_ids=tuple(record["unit_ids"]),
            attempt=record["attempt"],
            secondaries=tuple(SecondaryRange.from_avro(item) for item in record["secondaries"]),
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            1 <= self.job_id <= 9223372036854775807
            and 1 <= self.serial <= 9999999
            and len(self.unit_ids) <= 100000
            and (not self.unit_ids or 1 <= min(self.unit_ids) <= max(self.unit_ids) <= 1000000000)
            and 0 <= self.attempt <= 1000000
            and len(self.secondaries) <= 100000
            and _NAMES_OF_GENERATEDJOB("\n".join((self.queue, ""))) is not None
            and (not self.secondaries or all(map(SecondaryRange.is_within_bounds, self.secondaries)))
        )


class GrantedRanges(Struct, frozen=True, kw_only=True, gc=False):
    """Consecutive ranges of one file that a job got.

    file: The file.
    first: Number of the first range in the set.
    last: Number of the last range, not below the first.
    try_number: Which try it is, from 1.
    events_per_range: Events of each range; the last one of a file may have fewer. 0 in answers of earlier
        releases.
    """

    file: RangeFile
    first: int
    last: int
    try_number: int
    events_per_range: int = 0

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "file": self.file.to_avro(),
            "first": self.first,
            "last": self.last,
            "try_number": self.try_number,
            "events_per_range": self.events_per_range,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            file=RangeFile.from_avro(record["file"]),
            first=record["first"],
            last=record["last"],
            try_number=record["try_number"],
            events_per_range=record["events_per_range"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            1 <= self.first <= 1000000
            and 1 <= self.last <= 1000000
            and 1 <= self.try_number <= 1000
            and 0 <= self.events_per_range <= 1000000
            and self.file.is_within_bounds()
        )


_NAMES_OF_HARVESTERDEMAND = lines_of(
    (WORD, 1, 128),
    (WORD, 1, 64),
)


class HarvesterDemand(Struct, frozen=True, kw_only=True, gc=False):
    """How many workers a queue should have and has, at the moment when its Harvester asks what to do.

    queue: Queue.
    wanted: How many workers the queue should have.
    live: How many are known to be alive.
    resource_type: Class of workers that have all of a slot, as PanDA names it.
    classes: How many of each class of slots, as far as the queue has classes.
    """

    queue: str
    wanted: int
    live: int
    resource_type: str
    classes: tuple[WantedOfClass, ...] = ()

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "queue": self.queue,
            "wanted": self.wanted,
            "live": self.live,
            "resource_type": self.resource_type,
            "classes": [item.to_avro() for item in self.classes],
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            queue=record["queue"],
            wanted=record["wanted"],
            live=record["live"],
            resource_type=record["resource_type"],
            classes=tuple(WantedOfClass.from_avro(item) for item in record["classes"]),
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            0 <= self.wanted <= 2147483647
            and 0 <= self.live <= 2147483647
            and len(self.classes) <= 50
            and _NAMES_OF_HARVESTERDEMAND("\n".join((self.queue, self.resource_type, ""))) is not None
            and (not self.classes or all(map(WantedOfClass.is_within_bounds, self.classes)))
        )


_NAMES_OF_JOBOUTCOME = lines_of(
    (WORD, 0, 64),
    (WORD, 0, 128),
)


class JobOutcome(Struct, frozen=True, kw_only=True, gc=False):
    """The end of one job, as it is reported to its task.

    job_id: PandaID.
    kind: How it ended.
    outputs: What it made.
    events: Events processed.
    action: What the retry rules say.
    ram_mb: Memory for the next attempt with MORE_MEMORY, and with MEMORY_BY_FACTOR where the task has no
        factor.
    error_source: Error family: pilot, exe, ddm, jobdispatcher, taskbuffer, trans, sup.
    error_code: Code within the family.
    error_diagnostic: The sentence for people.
    queue: Queue that it was on; empty in commands, and in events of earlier releases.
    attempts_max: With LIMIT_RETRY: the most attempts that its input may have.
    on_trial: What an inactive rule would have said; null where none matched.
    usage: What the job used, as its pilot reported it; of a job that failed only where its retry rule needs it.
    walltime_seconds: From its start to its end, as its pilot reported them.
    ranges_judged: True when the set of ranges has judged the end of a job of an event service.
    """

    job_id: int
    kind: OutcomeKind
    outputs: tuple[OutputFile, ...] = ()
    events: int | None = None
    action: RetryAction = RetryAction.RETRY
    ram_mb: int | None = None
    error_source: str | None = None
    error_code: int | None = None
    error_diagnostic: str | None = None
    queue: str = ""
    attempts_max: int | None = None
    on_trial: RetryAction | None = None
    usage: JobUsage | None = None
    walltime_seconds: int | None = None
    ranges_judged: bool = False

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "job_id": self.job_id,
            "kind": self.kind,
            "outputs": [item.to_avro() for item in self.outputs],
            "events": self.events,
            "action": self.action,
            "ram_mb": self.ram_mb,
            "error_source": self.error_source,
            "error_code": self.error_code,
            "error_diagnostic": self.error_diagnostic,
            "queue": self.queue,
            "attempts_max": self.attempts_max,
            "on_trial": self.on_trial,
            "usage": None if self.usage is None else self.usage.to_avro(),
            "walltime_seconds": self.walltime_seconds,
            "ranges_judged": self.ranges_judged,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            job_id=record["job_id"],
            kind=OutcomeKind[record["kind"]],
            outputs=tuple(OutputFile.from_avro(item) for item in record["outputs"]),
            events=record["events"],
            action=RetryAction[record["action"]],
            ram_mb=record["ram_mb"],
            error_source=record["error_source"],
            error_code=record["error_code"],
            error_diagnostic=record["error_diagnostic"],
            queue=record["queue"],
            attempts_max=record["attempts_max"],
            on_trial=None if record["on_trial"] is None else RetryAction[record["on_trial"]],
            usage=None if record["usage"] is None else JobUsage.from_avro(record["usage"]),
            walltime_seconds=record["walltime_seconds"],
            ranges_judged=record["ranges_judged"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            1 <= self.job_id <= 9223372036854775807
            and len(self.outputs) <= 10000
            and (self.events is None or (0 <= self.events <= 1000000000000000))
            and (self.ram_mb is None or (0 <= self.ram_mb <= 10000000000000))
            and (self.error_code is None or (-2147483648 <= self.error_code <= 2147483647))
            and (self.error_diagnostic is None or (len(self.error_diagnostic) <= 4000 and TEXT.takes(self.error_diagnostic)))
            and (self.attempts_max is None or (1 <= self.attempts_max <= 1000000))
            and (self.walltime_seconds is None or (0 <= self.walltime_seconds <= 1000000000))
            and _NAMES_OF_JOBOUTCOME("\n".join((self.error_source or "", self.queue, ""))) is not None
            and (not self.outputs or all(map(OutputFile.is_within_bounds, self.outputs)))
            and (self.usage is None or self.usage.is_within_bounds())
        )


_NAMES_OF_JOBSPEC = lines_of(
    (NAME, 1, 700),
    (WORD, 1, 128),
    (URL, 1, 2000),
    (WORD, 0, 64),
    (WORD, 0, 128),
    (SUBJECT, 1, 255),
    (WORD, 1, 64),
    (WORD, 0, 128),
    (WORD, 0, 64),
    (URL, 0, 2000),
    (WORD, 0, 64),
)


class JobSpec(Struct, frozen=True, kw_only=True, gc=False):
    """A job as its pilot needs it; never changes.

    job_id: PandaID.
    task_id: jediTaskID; 0 for a job without a task.
    attempt: attemptNr.
    serial: Serial within the task.
    kind: NORMAL, BUILD or MERGE.
    name: jobName.
    queue: computingSite.
    transformation: URL of the payload wrapper; culm://server in it stands for the address that jobs use when a
        pilot takes the job.
    parameters: jobPars.
    inputs: Files to stage in.
    outputs: Files to stage out, the log included.
    core_count: Cores.
    ram_mb_min: minRamCount.
    disk_mb_max: maxDiskCount.
    walltime_seconds_max: maxWalltime; 0 is no limit of its own.
    priority: currentPriority.
    label: prodSourceLabel.
    processing_type: processingType.
    user_name: Owner as shown to people.
    owner: Opaque subject id of the owner.
    vo: Tenant.
    working_group: Working group.
    share: Global share.
    resource_type: Resource type.
    needs_merge: Its outputs wait for the merge step.
    use_local_io: Stage in instead of direct access.
    looping_check: A looping payload is killed.
    container_name: Container image.
    multi_step_json: multiStepExec members, JSON.
    events: Events to process.
    uses_secrets: useSecrets: its pilot is given the secrets of the owner.
    memory_mb_asked: Memory that was asked for it, which a worker that is started for it gets; 0 in logs of
        earlier releases.
    encoded_parameters: The pilot is given the parameters in base64.
    architecture: Architecture of the task as submitted, for retry rules.
    release: Software release of the task, for retry rules; empty: none.
    retry_rule_set: Set of retry rules that the task names; empty: the usual ones.
    takes_ranges: True for a job of an event service: its pilot asks for ranges of its input and reports them.
    """

    job_id: int
    task_id: int
    attempt: int
    serial: int
    kind: JobKind
    name: str
    queue: str
    transformation: str
    parameters: str
    inputs: tuple[JobInput, ...] = ()
    outputs: tuple[JobOutput, ...] = ()
    core_count: int = 1
    ram_mb_min: int = 0
    disk_mb_max: int = 0
    walltime_seconds_max: int = 0
    priority: int = 1000
    label: str
    processing_type: str = ""
    user_name: str
    owner: str
    vo: str
    working_group: str | None = None
    share: str = "Undefined"
    resource_type: str = "Undefined"
    needs_merge: bool = False
    use_local_io: bool = False
    looping_check: bool = True
    container_name: str | None = None
    multi_step_json: str | None = None
    events: int | None = None
    uses_secrets: bool = False
    memory_mb_asked: int = 0
    encoded_parameters: bool = False
    architecture: str | None = None
    release: str = ""
    retry_rule_set: str = ""
    takes_ranges: bool = False

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "job_id": self.job_id,
            "task_id": self.task_id,
            "attempt": self.attempt,
            "serial": self.serial,
            "kind": self.kind,
            "name": self.name,
            "queue": self.queue,
            "transformation": self.transformation,
            "parameters": self.parameters,
            "inputs": [item.to_avro() for item in self.inputs],
            "outputs": [item.to_avro() for item in self.outputs],
            "core_count": self.core_count,
            "ram_mb_min": self.ram_mb_min,
            "disk_mb_max": self.disk_mb_max,
            "walltime_seconds_max": self.walltime_seconds_max,
            "priority": self.priority,
            "label": self.label,
            "processing_type": self.processing_type,
            "user_name": self.user_name,
            "owner": self.owner,
            "vo": self.vo,
            "working_group": self.working_group,
            "share": self.share,
            "resource_type": self.resource_type,
            "needs_merge": self.needs_merge,
            "use_local_io": self.use_local_io,
            "looping_check": self.looping_check,
            "container_name": self.container_name,
            "multi_step_json": self.multi_step_json,
            "events": self.events,
            "uses_secrets": self.uses_secrets,
            "memory_mb_asked": self.memory_mb_asked,
            "encoded_parameters": self.encoded_parameters,
            "architecture": self.architecture,
            "release": self.release,
            "retry_rule_set": self.retry_rule_set,
            "takes_ranges": self.takes_ranges,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            job_id=record["job_id"],
            task_id=record["task_id"],
            attempt=record["attempt"],
            serial=record["serial"],
            kind=JobKind[record["kind"]],
            name=record["name"],
            queue=record["queue"],
            transformation=record["transformation"],
            parameters=record["parameters"],
            inputs=tuple(JobInput.from_avro(item) for item in record["inputs"]),
            outputs=tuple(JobOutput.from_avro(item) for item in record["outputs"]),
            core_count=record["core_count"],
            ram_mb_min=record["ram_mb_min"],
            disk_mb_max=record["disk_mb_max"],
            walltime_seconds_max=record["walltime_seconds_max"],
            priority=record["priority"],
            label=record["label"],
            processing_type=record["processing_type"],
            user_name=record["user_name"],
            owner=record["owner"],
            vo=record["vo"],
            working_group=record["working_group"],
            share=record["share"],
            resource_type=record["resource_type"],
            needs_merge=record["needs_merge"],
            use_local_io=record["use_local_io"],
            looping_check=record["looping_check"],
            container_name=record["container_name"],
            multi_step_json=record["multi_step_json"],
            events=record["events"],
            uses_secrets=record["uses_secrets"],
            memory_mb_asked=record["memory_mb_asked"],
            encoded_parameters=record["encoded_parameters"],
            architecture=record["architecture"],
            release=record["release"],
            retry_rule_set=record["retry_rule_set"],
            takes_ranges=record["takes_ranges"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            1 <= self.job_id <= 9223372036854775807
            and 0 <= self.task_id <= 900000000000
            and 0 <= self.attempt <= 1000000
            and 1 <= self.serial <= 9999999
            and len(self.parameters) <= 500000 and TEXT.takes(self.parameters)
            and len(self.inputs) <= 10000
            and len(self.outputs) <= 10000
            and 1 <= self.core_count <= 100000
            and 0 <= self.ram_mb_min <= 10000000000000
            and 0 <= self.disk_mb_max <= 100000000000
            and 0 <= self.walltime_seconds_max <= 1000000000
            and -2147483648 <= self.priority <= 2147483647
            and len(self.user_name) <= 128 and LINE.takes(self.user_name)
            and len(self.share) <= 128 and LINE.takes(self.share)
            and (self.multi_step_json is None or (len(self.multi_step_json) <= 200000 and TEXT.takes(self.multi_step_json)))
            and (self.events is None or (0 <= self.events <= 1000000000000000))
            and 0 <= self.memory_mb_asked <= 10000000000000
            and (self.architecture is None or (len(self.architecture) <= 500 and LINE.takes(self.architecture)))
            and len(self.release) <= 255 and LINE.takes(self.release)
            and _NAMES_OF_JOBSPEC("\n".join((self.name, self.queue, self.transformation, self.label, self.processing_type, self.owner, self.vo, self.working_group or "", self.resource_type, self.container_name or "", self.retry_rule_set, ""))) is not None
            and (not self.inputs or all(map(JobInput.is_within_bounds, self.inputs)))
            and (not self.outputs or all(map(JobOutput.is_within_bounds, self.outputs)))
        )


class LinkAccounts(Struct, frozen=True, kw_only=True, gc=False):
    """One link with its standing.

    definition: From where to where, and what.
    applied: True when its source has ended.
    """

    definition: LinkDefinition
    applied: bool = False

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "definition": self.definition.to_avro(),
            "applied": self.applied,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            definition=LinkDefinition.from_avro(record["definition"]),
            applied=record["applied"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return self.definition.is_within_bounds()


class NewConsumer(Struct, frozen=True, kw_only=True, gc=False):
    """A job that will take ranges of one part of its task's input.

    job_id: The job.
    input: The input of which it takes ranges.
    """

    job_id: int
    input: RangeInput

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "job_id": self.job_id,
            "input": self.input.to_avro(),
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            job_id=record["job_id"],
            input=RangeInput.from_avro(record["input"]),
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            1 <= self.job_id <= 9223372036854775807
            and self.input.is_within_bounds()
        )


_NAMES_OF_QUEUEENDS = lines_of(
    (WORD, 0, 128),
)


class QueueEnds(Struct, frozen=True, kw_only=True, gc=False):
    """Ends of the jobs of a task at one queue, by ten minutes.

    queue: Queue; empty for jobs whose queue their event does not say.
    finished: Finished ones.
    failed: Failed ones.
    closed: Those that were killed or withdrawn.
    """

    queue: str = ""
    finished: tuple[BucketCount, ...] = ()
    failed: tuple[BucketCount, ...] = ()
    closed: tuple[BucketCount, ...] = ()

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "queue": self.queue,
            "finished": [item.to_avro() for item in self.finished],
            "failed": [item.to_avro() for item in self.failed],
            "closed": [item.to_avro() for item in self.closed],
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            queue=record["queue"],
            finished=tuple(BucketCount.from_avro(item) for item in record["finished"]),
            failed=tuple(BucketCount.from_avro(item) for item in record["failed"]),
            closed=tuple(BucketCount.from_avro(item) for item in record["closed"]),
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            len(self.finished) <= 100
            and len(self.failed) <= 100
            and len(self.closed) <= 100
            and _NAMES_OF_QUEUEENDS("\n".join((self.queue, ""))) is not None
            and (not self.finished or all(map(BucketCount.is_within_bounds, self.finished)))
            and (not self.failed or all(map(BucketCount.is_within_bounds, self.failed)))
            and (not self.closed or all(map(BucketCount.is_within_bounds, self.closed)))
        )


_NAMES_OF_QUEUESETTINGS = lines_of(
    (WORD, 1, 128),
    (WORD, 1, 128),
    (WORD, 0, 128),
    (WORD, 1, 255),
    (WORD, 0, 100),
    (WORD, 0, 128),
    (WORD, 1, 16),
)


class QueueSettings(Struct, frozen=True, kw_only=True, gc=False):
    """A computing queue, as brokerage, dispatch and pilots need to know it.

    name: Queue name.
    site: Site name.
    cloud: Cloud.
    status: Whether it takes part.
    core_count: Cores of a slot; 0 is any.
    rss_mb_max: maxrss; 0 is no limit.
    rss_mb_min: minrss.
    workdir_mb_max: maxwdir; must be above 0.
    walltime_seconds_max: maxtime; 0 is no limit.
    walltime_seconds_min: mintime.
    storage: Storage element.
    lease_seconds: Lease of a pilot that does not say how often it beats.
    allow_no_pilot: Jobs may be brokered here before a pilot was seen: pilots come on demand.
    pilots_max: The most pilots to want.
    processing_types: Allowed processing types; empty is all.
    processing_types_excluded: Processing types that may not run.
    labels: Labels served; empty is all.
    corepower: HS06 per core.
    vos: Tenants served; empty is all.
    classes: Slots by size; empty is one class of the queue's own limits.
    standby_min: Pilots that stand by in a queue without classes.
    pending_max: The most pilots that may wait in the batch system; 0 is no limit.
    ramp_per_minute: The most pilots more to want within a minute; 0 is no limit.
    harvester: Id of the Harvester of PanDA's that serves the queue; empty where none does.
    harvester_template: Name of the queue template in that Harvester's configuration; empty for the one of its
        own choice.
    harvester_workflow: How that Harvester serves it: pull_ups (Culm orders workers), pull (it decides itself),
        push (it fetches jobs).
    mode: PULL: pilots ask for jobs; PUSH: each worker is started for one job, which travels with it.
    start_seconds_max: A worker with a job has begun it within so many seconds, or it is cancelled; in a queue
        of mode PUSH.
    rebind_max: So often a job is given to another worker when its own ended before the job began; in a queue of
        mode PUSH.
    container_type: Container runtimes as PanDA writes them, NAME:USER;... (podman:pilot); jobs in containers
        run where the user pilot has one. Empty is none.
    fairshare_policy: PanDA's fairsharepolicy: KEY FILTER:VALUE joined by commas, KEY one of priority, type,
        group, gshare; a value of 0 refuses the work that its part is the first to match.
    disk_io_kbps_max: maxDiskIO: traffic of a core on the local disk that jobs may make (kB/s); null is
        MAX_DISKIO_DEFAULT.
    io_intensity_kbps_max: max_io_intensity of jobs (kB/s); null is no limit.
    opportunistic: No pledge stands behind it (pledgedcpu -1): urgent production does not go there.
    clocks_stopped: No clock of a job rings here, as in PanDA's queue state paused.
    keeps_jobs: Jobs that wait here for long are not brokered again, as with PanDA's disableReassign.
    pledged_cores: pledgedcpu: cores that stand behind it; null is not known. In a shortage of work production
        goes to no queue that uses more.
    """

    name: str
    site: str
    cloud: str = ""
    status: QueueStatus = QueueStatus.ONLINE
    core_count: int = 1
    rss_mb_max: int = 0
    rss_mb_min: int = 0
    workdir_mb_max: int = 20000
    walltime_seconds_max: int = 0
    walltime_seconds_min: int = 0
    storage: str = "LOCAL_DISK"
    lease_seconds: int = 7200
    allow_no_pilot: bool = True
    pilots_max: int = 4
    processing_types: tuple[str, ...] = ()
    processing_types_excluded: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    corepower: float = 10.0
    vos: tuple[str, ...] = ()
    classes: tuple[QueueClass, ...] = ()
    standby_min: int = 0
    pending_max: int = 0
    ramp_per_minute: int = 0
    harvester: str = ""
    harvester_template: str = ""
    harvester_workflow: str = "pull_ups"
    mode: WorkerMode = WorkerMode.PULL
    start_seconds_max: int = 86400
    rebind_max: int = 3
    container_type: str = ""
    fairshare_policy: str = ""
    disk_io_kbps_max: float | None = None
    io_intensity_kbps_max: float | None = None
    opportunistic: bool = False
    clocks_stopped: bool = False
    keeps_jobs: bool = False
    pledged_cores: int | None = None

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "name": self.name,
            "site": self.site,
            "cloud": self.cloud,
            "status": self.status,
            "core_count": self.core_count,
            "rss_mb_max": self.rss_mb_max,
            "rss_mb_min": self.rss_mb_min,
            "workdir_mb_max": self.workdir_mb_max,
            "walltime_seconds_max": self.walltime_seconds_max,
            "walltime_seconds_min": self.walltime_seconds_min,
            "storage": self.storage,
            "lease_seconds": self.lease_seconds,
            "allow_no_pilot": self.allow_no_pilot,
            "pilots_max": self.pilots_max,
            "processing_types": list(self.processing_types),
            "processing_types_excluded": list(self.processing_types_excluded),
            "labels": list(self.labels),
            "corepower": self.corepower,
            "vos": list(self.vos),
            "classes": [item.to_avro() for item in self.classes],
            "standby_min": self.standby_min,
            "pending_max": self.pending_max,
            "ramp_per_minute": self.ramp_per_minute,
            "harvester": self.harvester,
            "harvester_template": self.harvester_template,
            "harvester_workflow": self.harvester_workflow,
            "mode": self.mode,
            "start_seconds_max": self.start_seconds_max,
            "rebind_max": self.rebind_max,
            "container_type": self.container_type,
            "fairshare_policy": self.fairshare_policy,
            "disk_io_kbps_max": self.disk_io_kbps_max,
            "io_intensity_kbps_max": self.io_intensity_kbps_max,
            "opportunistic": self.opportunistic,
            "clocks_stopped": self.clocks_stopped,
            "keeps_jobs": self.keeps_jobs,
            "pledged_cores": self.pledged_cores,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            name=record["name"],
            site=record["site"],
            cloud=record["cloud"],
            status=QueueStatus[record["status"]],
            core_count=record["core_count"],
            rss_mb_max=record["rss_mb_max"],
            rss_mb_min=record["rss_mb_min"],
            workdir_mb_max=record["workdir_mb_max"],
            walltime_seconds_max=record["walltime_seconds_max"],
            walltime_seconds_min=record["walltime_seconds_min"],
            storage=record["storage"],
            lease_seconds=record["lease_seconds"],
            allow_no_pilot=record["allow_no_pilot"],
            pilots_max=record["pilots_max"],
            processing_types=tuple(record["processing_types"]),
            processing_types_excluded=tuple(record["processing_types_excluded"]),
            labels=tuple(record["labels"]),
            corepower=record["corepower"],
            vos=tuple(record["vos"]),
            classes=tuple(QueueClass.from_avro(item) for item in record["classes"]),
            standby_min=record["standby_min"],
            pending_max=record["pending_max"],
            ramp_per_minute=record["ramp_per_minute"],
            harvester=record["harvester"],
            harvester_template=record["harvester_template"],
            harvester_workflow=record["harvester_workflow"],
            mode=WorkerMode[record["mode"]],
            start_seconds_max=record["start_seconds_max"],
            rebind_max=record["rebind_max"],
            container_type=record["container_type"],
            fairshare_policy=record["fairshare_policy"],
            disk_io_kbps_max=record["disk_io_kbps_max"],
            io_intensity_kbps_max=record["io_intensity_kbps_max"],
            opportunistic=record["opportunistic"],
            clocks_stopped=record["clocks_stopped"],
            keeps_jobs=record["keeps_jobs"],
            pledged_cores=record["pledged_cores"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            0 <= self.core_count <= 100000
            and 0 <= self.rss_mb_max <= 100000000000
            and 0 <= self.rss_mb_min <= 100000000000
            and 1 <= self.workdir_mb_max <= 100000000000
            and 0 <= self.walltime_seconds_max <= 1000000000
            and 0 <= self.walltime_seconds_min <= 1000000000
            and 1 <= self.lease_seconds <= 10000000
            and 0 <= self.pilots_max <= 1000000
            and len(self.processing_types) <= 200
            and (not self.processing_types or all(1 <= len(item) <= 128 and WORD.takes(item) for item in self.processing_types))
            and len(self.processing_types_excluded) <= 200
            and (not self.processing_types_excluded or all(1 <= len(item) <= 128 and WORD.takes(item) for item in self.processing_types_excluded))
            and len(self.labels) <= 200
            and (not self.labels or all(1 <= len(item) <= 64 and WORD.takes(item) for item in self.labels))
            and 0 <= self.corepower <= 1000000
            and len(self.vos) <= 200
            and (not self.vos or all(1 <= len(item) <= 64 and WORD.takes(item) for item in self.vos))
            and len(self.classes) <= 20
            and 0 <= self.standby_min <= 1000000
            and 0 <= self.pending_max <= 1000000
            and 0 <= self.ramp_per_minute <= 1000000
            and 1 <= self.start_seconds_max <= 10000000
            and 0 <= self.rebind_max <= 1000
            and len(self.container_type) <= 200 and LINE.takes(self.container_type)
            and len(self.fairshare_policy) <= 1000 and LINE.takes(self.fairshare_policy)
            and (self.disk_io_kbps_max is None or (0 <= self.disk_io_kbps_max <= 1000000000000000.0))
            and (self.io_intensity_kbps_max is None or (0 <= self.io_intensity_kbps_max <= 1000000000000000.0))
            and (self.pledged_cores is None or (0 <= self.pledged_cores <= 1000000000))
            and _NAMES_OF_QUEUESETTINGS("\n".join((self.name, self.site, self.cloud, self.storage, self.harvester, self.harvester_template, self.harvester_workflow, ""))) is not None
            and (not self.classes or all(map(QueueClass.is_within_bounds, self.classes)))
        )


class RangeTries(Struct, frozen=True, kw_only=True, gc=False):
    """Ranges that were tried in vain at least so often.

    count: How often.
    ranges: The ranges.
    """

    count: int
    ranges: tuple[RangeSpan, ...]

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "count": self.count,
            "ranges": [item.to_avro() for item in self.ranges],
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            count=record["count"],
            ranges=tuple(RangeSpan.from_avro(item) for item in record["ranges"]),
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            1 <= self.count <= 1000
            and len(self.ranges) <= 60000
            and (not self.ranges or all(map(RangeSpan.is_within_bounds, self.ranges)))
        )


class ReturnedShare(Struct, frozen=True, kw_only=True, gc=False):
    """What a job had when it ended.

    job_id: The job.
    ready: Ranges that are ready again.
    lost: Ranges that were lost with jobs as often as they may be.
    is_failure: True when each of them counts one try more.
    """

    job_id: int
    ready: tuple[RangeSpan, ...] = ()
    lost: tuple[RangeSpan, ...] = ()
    is_failure: bool = False

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "job_id": self.job_id,
            "ready": [item.to_avro() for item in self.ready],
            "lost": [item.to_avro() for item in self.lost],
            "is_failure": self.is_failure,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            job_id=record["job_id"],
            ready=tuple(RangeSpan.from_avro(item) for item in record["ready"]),
            lost=tuple(RangeSpan.from_avro(item) for item in record["lost"]),
            is_failure=record["is_failure"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            1 <= self.job_id <= 9223372036854775807
            and len(self.ready) <= 60000
            and len(self.lost) <= 60000
            and (not self.ready or all(map(RangeSpan.is_within_bounds, self.ready)))
            and (not self.lost or all(map(RangeSpan.is_within_bounds, self.lost)))
        )


class ShareRanks(Struct, frozen=True, kw_only=True, gc=False):
    """The standings of the shares as the sender of a command knew them.

    sequence: Sequence of the event `SharesRanked` that says so, from 1.
    standings: The tree, in its order.
    """

    sequence: int
    standings: tuple[ShareStanding, ...] = ()

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "sequence": self.sequence,
            "standings": [item.to_avro() for item in self.standings],
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            sequence=record["sequence"],
            standings=tuple(ShareStanding.from_avro(item) for item in record["standings"]),
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            0 <= self.sequence <= 9223372036854775807
            and len(self.standings) <= 1000
            and (not self.standings or all(map(ShareStanding.is_within_bounds, self.standings)))
        )


_NAMES_OF_SOFTWARETAGS = lines_of(
    (WORD, 1, 128),
)


class SoftwareTags(Struct, frozen=True, kw_only=True, gc=False):
    """What software, containers and processors a queue has. An empty list says that nothing is known of it,
    `any` as an item that all is there.

    queue: Queue.
    platforms: Platforms that run there.
    containers: Containers that run there; folders end with a slash.
    cvmfs: Repositories of CernVM-FS.
    tags: Installed releases.
    architectures: Architectures of its processors.
    cpu_vendors: Vendors of its processors.
    cpu_instructions: Instruction sets, for example avx2.
    gpus: Has GPUs: their properties are those of `nodes.QUEUE`.
    """

    queue: str
    platforms: tuple[str, ...] = ()
    containers: tuple[str, ...] = ()
    cvmfs: tuple[str, ...] = ()
    tags: tuple[SoftwareTag, ...] = ()
    architectures: tuple[str, ...] = ()
    cpu_vendors: tuple[str, ...] = ()
    cpu_instructions: tuple[str, ...] = ()
    gpus: bool = False

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "queue": self.queue,
            "platforms": list(self.platforms),
            "containers": list(self.containers),
            "cvmfs": list(self.cvmfs),
            "tags": [item.to_avro() for item in self.tags],
            "architectures": list(self.architectures),
            "cpu_vendors": list(self.cpu_vendors),
            "cpu_instructions": list(self.cpu_instructions),
            "gpus": self.gpus,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            queue=record["queue"],
            platforms=tuple(record["platforms"]),
            containers=tuple(record["containers"]),
            cvmfs=tuple(record["cvmfs"]),
            tags=tuple(SoftwareTag.from_avro(item) for item in record["tags"]),
            architectures=tuple(record["architectures"]),
            cpu_vendors=tuple(record["cpu_vendors"]),
            cpu_instructions=tuple(record["cpu_instructions"]),
            gpus=record["gpus"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            len(self.platforms) <= 500
            and (not self.platforms or all(1 <= len(item) <= 255 and WORD.takes(item) for item in self.platforms))
            and len(self.containers) <= 1000
            and (not self.containers or all(1 <= len(item) <= 500 and NAME.takes(item) for item in self.containers))
            and len(self.cvmfs) <= 200
            and (not self.cvmfs or all(1 <= len(item) <= 255 and WORD.takes(item) for item in self.cvmfs))
            and len(self.tags) <= 5000
            and len(self.architectures) <= 50
            and (not self.architectures or all(1 <= len(item) <= 64 and WORD.takes(item) for item in self.architectures))
            and len(self.cpu_vendors) <= 50
            and (not self.cpu_vendors or all(1 <= len(item) <= 64 and WORD.takes(item) for item in self.cpu_vendors))
            and len(self.cpu_instructions) <= 200
            and (not self.cpu_instructions or all(1 <= len(item) <= 64 and WORD.takes(item) for item in self.cpu_instructions))
            and _NAMES_OF_SOFTWARETAGS("\n".join((self.queue, ""))) is not None
            and (not self.tags or all(map(SoftwareTag.is_within_bounds, self.tags)))
        )


_NAMES_OF_SPLITRULES = lines_of(
    (WORD, 0, 32),
    (WORD, 0, 32),
)


class SplitRules(Struct, frozen=True, kw_only=True, gc=False):
    """How input is cut into jobs (docs/reference/jedi.md, Splitting).

    files_per_job: nFilesPerJob: a fixed number of files per job.
    files_per_job_max: nMaxFilesPerJob: the most files in one job.
    events_per_job: nEventsPerJob: events per job.
    gigabytes_per_job: nGBPerJob: input size per job in GB.
    jobs_max: maxNumJobs, totNumJobs: the most jobs that the input of the task is cut into; attempts after the
        first are not counted.
    files_per_merge_job: nFilesPerMergeJob: unmerged files per merge job.
    gigabytes_per_merge_job: nGBPerMergeJob: size per merge job in GB.
    datasets_mixed: True when one job may have files of several input datasets.
    walltime_seconds_target: maxWalltime: the wall time that a job's input should come to, where its events and
        the time of one are known.
    hs06_seconds_per_event: cpuTime: HS06 seconds of one event.
    input_divisor: Limits of files and gigabytes of a job are divided by it, 1 file at least; 1,000,000: one
        file. Raised by retry rules.
    boundary: What files of one job have in common: boundary_id, or lumi_block; empty where nothing is.
    boundary_whole: True when a job has all files of a boundary that it begins with.
    boundary_mapped: True when outputs belong to the group of the input of their job.
    ordered_by: What input is ordered by before the name: boundary_id, or lumi_block, or random (drawn for the
        task); empty for the name alone.
    kept: Rules of JEDI that change nothing here; they are kept as they were given, and shown.
    events_per_range: Events of a range where jobs take ranges of their input (nEventsPerWorker); null for jobs
        that process their input whole.
    """

    files_per_job: int | None = None
    files_per_job_max: int = 200
    events_per_job: int | None = None
    gigabytes_per_job: float | None = None
    jobs_max: int | None = None
    files_per_merge_job: int | None = None
    gigabytes_per_merge_job: float | None = None
    datasets_mixed: bool = False
    walltime_seconds_target: int | None = None
    hs06_seconds_per_event: float | None = None
    input_divisor: int = 1
    boundary: str = ""
    boundary_whole: bool = False
    boundary_mapped: bool = False
    ordered_by: str = ""
    kept: tuple[KeptRule, ...] = ()
    events_per_range: int | None = None

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "files_per_job": self.files_per_job,
            "files_per_job_max": self.files_per_job_max,
            "events_per_job": self.events_per_job,
            "gigabytes_per_job": self.gigabytes_per_job,
            "jobs_max": self.jobs_max,
            "files_per_merge_job": self.files_per_merge_job,
            "gigabytes_per_merge_job": self.gigabytes_per_merge_job,
            "datasets_mixed": self.datasets_mixed,
            "walltime_seconds_target": self.walltime_seconds_target,
            "hs06_seconds_per_event": self.hs06_seconds_per_event,
            "input_divisor": self.input_divisor,
            "boundary": self.boundary,
            "boundary_whole": self.boundary_whole,
            "boundary_mapped": self.boundary_mapped,
            "ordered_by": self.ordered_by,
            "kept": [item.to_avro() for item in self.kept],
            "events_per_range": self.events_per_range,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            files_per_job=record["files_per_job"],
            files_per_job_max=record["files_per_job_max"],
            events_per_job=record["events_per_job"],
            gigabytes_per_job=record["gigabytes_per_job"],
            jobs_max=record["jobs_max"],
            files_per_merge_job=record["files_per_merge_job"],
            gigabytes_per_merge_job=record["gigabytes_per_merge_job"],
            datasets_mixed=record["datasets_mixed"],
            walltime_seconds_target=record["walltime_seconds_target"],
            hs06_seconds_per_event=record["hs06_seconds_per_event"],
            input_divisor=record["input_divisor"],
            boundary=record["boundary"],
            boundary_whole=record["boundary_whole"],
            boundary_mapped=record["boundary_mapped"],
            ordered_by=record["ordered_by"],
            kept=tuple(KeptRule.from_avro(item) for item in record["kept"]),
            events_per_range=record["events_per_range"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            (self.files_per_job is None or (1 <= self.files_per_job <= 1000000))
            and 1 <= self.files_per_job_max <= 1000000
            and (self.events_per_job is None or (1 <= self.events_per_job <= 1000000000000))
            and (self.gigabytes_per_job is None or (0 <= self.gigabytes_per_job <= 1000000000))
            and (self.jobs_max is None or (0 <= self.jobs_max <= 1000000000))
            and (self.files_per_merge_job is None or (1 <= self.files_per_merge_job <= 1000000))
            and (self.gigabytes_per_merge_job is None or (0 <= self.gigabytes_per_merge_job <= 1000000000))
            and (self.walltime_seconds_target is None or (1 <= self.walltime_seconds_target <= 1000000000000))
            and (self.hs06_seconds_per_event is None or (0 <= self.hs06_seconds_per_event <= 1000000000000))
            and 1 <= self.input_divisor <= 1000000
            and len(self.kept) <= 100
            and (self.events_per_range is None or (1 <= self.events_per_range <= 1000000))
            and _NAMES_OF_SPLITRULES("\n".join((self.boundary, self.ordered_by, ""))) is not None
            and (not self.kept or all(map(KeptRule.is_within_bounds, self.kept)))
        )


_NAMES_OF_TRUSTEDISSUER = lines_of(
    (URL, 1, 500),
    (URL, 0, 1000),
    (URL, 0, 1000),
)


class TrustedIssuer(Struct, frozen=True, kw_only=True, gc=False):
    """An issuer of tokens that is believed, for whom, and how far.

    issuer: Its name, as in the claim iss.
    vos: Virtual organisations that it speaks for; its tokens name members of no other.
    discovery_url: Where its discovery document is; without one, and without jwks_url, at the issuer's name with
        /.well-known/openid-configuration.
    jwks_url: Where its keys are, when no discovery document shall say it.
    audiences: What a token must be meant for: one of these.
    any_audience: True when a token for https://wlcg.cern.ch/jwt/v1/any is taken, too.
    profile: How its tokens name groups.
    algorithms: How its tokens may be signed.
    id_tokens: True when ID tokens are taken as access tokens are; panda-client sends nothing else.
    lifetime_seconds_max: Longest time between iat and exp of a token.
    robots: Subjects that are services: they need no name of a person.
    auto_roles: Roles that each member has without a group for it; `pilot` at an issuer for pilots alone.
    login: How people log in; null where tokens come another way.
    """

    issuer: str
    vos: tuple[str, ...]
    discovery_url: str | None = None
    jwks_url: str | None = None
    audiences: tuple[str, ...]
    any_audience: bool = False
    profile: IssuerProfile
    algorithms: tuple[SignatureAlgorithm, ...]
    id_tokens: bool = True
    lifetime_seconds_max: int = 21600
    robots: tuple[str, ...] = ()
    auto_roles: tuple[str, ...] = ()
    login: IssuerLogin | None = None

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "issuer": self.issuer,
            "vos": list(self.vos),
            "discovery_url": self.discovery_url,
            "jwks_url": self.jwks_url,
            "audiences": list(self.audiences),
            "any_audience": self.any_audience,
            "profile": self.profile,
            "algorithms": list(self.algorithms),
            "id_tokens": self.id_tokens,
            "lifetime_seconds_max": self.lifetime_seconds_max,
            "robots": list(self.robots),
            "auto_roles": list(self.auto_roles),
            "login": None if self.login is None else self.login.to_avro(),
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            issuer=record["issuer"],
            vos=tuple(record["vos"]),
            discovery_url=record["discovery_url"],
            jwks_url=record["jwks_url"],
            audiences=tuple(record["audiences"]),
            any_audience=record["any_audience"],
            profile=IssuerProfile[record["profile"]],
            algorithms=tuple(SignatureAlgorithm[item] for item in record["algorithms"]),
            id_tokens=record["id_tokens"],
            lifetime_seconds_max=record["lifetime_seconds_max"],
            robots=tuple(record["robots"]),
            auto_roles=tuple(record["auto_roles"]),
            login=None if record["login"] is None else IssuerLogin.from_avro(record["login"]),
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            len(self.vos) <= 100
            and (not self.vos or all(len(item) <= 64 and WORD.takes(item) for item in self.vos))
            and len(self.audiences) <= 20
            and (not self.audiences or all(len(item) <= 500 and URL.takes(item) for item in self.audiences))
            and len(self.algorithms) <= 2
            and 60 <= self.lifetime_seconds_max <= 34560000
            and len(self.robots) <= 1000
            and (not self.robots or all(len(item) <= 255 and SUBJECT.takes(item) for item in self.robots))
            and len(self.auto_roles) <= 10
            and (not self.auto_roles or all(len(item) <= 32 and WORD.takes(item) for item in self.auto_roles))
            and _NAMES_OF_TRUSTEDISSUER("\n".join((self.issuer, self.discovery_url or "", self.jwks_url or "", ""))) is not None
            and (self.login is None or self.login.is_within_bounds())
        )


_NAMES_OF_UNMERGEDJOB = lines_of(
    (WORD, 1, 128),
)


class UnmergedJob(Struct, frozen=True, kw_only=True, gc=False):
    """A job whose outputs wait for the merge step.

    serial: Serial of the job within the task.
    job_id: PandaID.
    queue: Queue it ran on.
    outputs: Its unmerged outputs.
    """

    serial: int
    job_id: int
    queue: str
    outputs: tuple[OutputFile, ...] = ()

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "serial": self.serial,
            "job_id": self.job_id,
            "queue": self.queue,
            "outputs": [item.to_avro() for item in self.outputs],
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            serial=record["serial"],
            job_id=record["job_id"],
            queue=record["queue"],
            outputs=tuple(OutputFile.from_avro(item) for item in record["outputs"]),
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            1 <= self.serial <= 9999999
            and 1 <= self.job_id <= 9223372036854775807
            and len(self.outputs) <= 10000
            and _NAMES_OF_UNMERGEDJOB("\n".join((self.queue, ""))) is not None
            and (not self.outputs or all(map(OutputFile.is_within_bounds, self.outputs)))
        )


_NAMES_OF_WORKERNODES = lines_of(
    (WORD, 1, 128),
)


class WorkerNodes(Struct, frozen=True, kw_only=True, gc=False):
    """The worker nodes behind a queue, by kind.

    queue: Queue.
    groups: Kinds of nodes.
    """

    queue: str
    groups: tuple[NodeGroup, ...] = ()

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "queue": self.queue,
            "groups": [item.to_avro() for item in self.groups],
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            queue=record["queue"],
            groups=tuple(NodeGroup.from_avro(item) for item in record["groups"]),
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            len(self.groups) <= 2000
            and _NAMES_OF_WORKERNODES("\n".join((self.queue, ""))) is not None
            and (not self.groups or all(map(NodeGroup.is_within_bounds, self.groups)))
        )


_NAMES_OF_BROKERAGEEVIDENCE = lines_of(
    (WORD, 1, 128),
)


class BrokerageEvidence(Struct, frozen=True, kw_only=True, gc=False):
    """The whole explanation of a brokerage decision, enough to make it again.

    verdicts: Every queue looked at, in order.
    seed: Seed of the draws; the id of the event that asked.
    facts_position: Position of the queue facts that were used, topic:partition:offset joined by commas.
    cited: Decisions that the order rests on, one for each memory; empty where the verdicts stand here, as in a
        decision itself and in orders of earlier versions.
    """

    verdicts: tuple[QueueVerdict, ...] = ()
    seed: str
    facts_position: str = ""
    cited: tuple[BrokerageCitation, ...] = ()

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "verdicts": [item.to_avro() for item in self.verdicts],
            "seed": self.seed,
            "facts_position": self.facts_position,
            "cited": [item.to_avro() for item in self.cited],
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            verdicts=tuple(QueueVerdict.from_avro(item) for item in record["verdicts"]),
            seed=record["seed"],
            facts_position=record["facts_position"],
            cited=tuple(BrokerageCitation.from_avro(item) for item in record["cited"]),
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            len(self.verdicts) <= 5000
            and len(self.facts_position) <= 10000 and LINE.takes(self.facts_position)
            and len(self.cited) <= 10000
            and _NAMES_OF_BROKERAGEEVIDENCE("\n".join((self.seed, ""))) is not None
            and (not self.verdicts or all(map(QueueVerdict.is_within_bounds, self.verdicts)))
            and (not self.cited or all(map(BrokerageCitation.is_within_bounds, self.cited)))
        )


class ConditionAccounts(Struct, frozen=True, kw_only=True, gc=False):
    """One condition with its standing.

    definition: What it asks and starts.
    is_asked: False while it waits for another condition to name it.
    branch: The branch that it took; null before.
    """

    definition: ConditionDefinition
    is_asked: bool = True
    branch: ConditionBranch | None = None

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "definition": self.definition.to_avro(),
            "is_asked": self.is_asked,
            "branch": self.branch,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            definition=ConditionDefinition.from_avro(record["definition"]),
            is_asked=record["is_asked"],
            branch=None if record["branch"] is None else ConditionBranch[record["branch"]],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return self.definition.is_within_bounds()


class EndedConsumer(Struct, frozen=True, kw_only=True, gc=False):
    """A job that processes no more ranges.

    job_id: The job.
    is_failure: True when it failed or was lost: each range that it had counts one try more.
    outcome: How it ended, as its task is to learn it once the set has judged; null where the task does not wait
        for that.
    """

    job_id: int
    is_failure: bool = False
    outcome: JobOutcome | None = None

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "job_id": self.job_id,
            "is_failure": self.is_failure,
            "outcome": None if self.outcome is None else self.outcome.to_avro(),
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            job_id=record["job_id"],
            is_failure=record["is_failure"],
            outcome=None if record["outcome"] is None else JobOutcome.from_avro(record["outcome"]),
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            1 <= self.job_id <= 9223372036854775807
            and (self.outcome is None or self.outcome.is_within_bounds())
        )


_NAMES_OF_LEASEDJOB = lines_of(
    (WORD, 1, 64),
    (WORD, 0, 64),
)


class LeasedJob(Struct, frozen=True, kw_only=True, gc=False):
    """The job that a pilot got, or that travels with a worker.

    spec: The job.
    lease_id: The lease.
    lease_seconds: Length of the lease.
    class_name: Class of the worker that the job travels with; empty for a pilot that asked.
    cores: Cores of that worker; 0 for a pilot that asked.
    memory_mb: Memory of that worker, what was asked for the job; 0 for a pilot that asked. In MB.
    disk_mb: Disk of that worker; 0 for a pilot that asked. In MB.
    walltime_seconds: Time of that worker; 0 for a pilot that asked.
    """

    spec: JobSpec
    lease_id: str
    lease_seconds: int
    class_name: str = ""
    cores: int = 0
    memory_mb: int = 0
    disk_mb: int = 0
    walltime_seconds: int = 0

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "spec": self.spec.to_avro(),
            "lease_id": self.lease_id,
            "lease_seconds": self.lease_seconds,
            "class_name": self.class_name,
            "cores": self.cores,
            "memory_mb": self.memory_mb,
            "disk_mb": self.disk_mb,
            "walltime_seconds": self.walltime_seconds,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            spec=JobSpec.from_avro(record["spec"]),
            lease_id=record["lease_id"],
            lease_seconds=record["lease_seconds"],
            class_name=record["class_name"],
            cores=record["cores"],
            memory_mb=record["memory_mb"],
            disk_mb=record["disk_mb"],
            walltime_seconds=record["walltime_seconds"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            1 <= self.lease_seconds <= 10000000
            and 0 <= self.cores <= 100000
            and 0 <= self.memory_mb <= 1000000000
            and 0 <= self.disk_mb <= 2147483647
            and 0 <= self.walltime_seconds <= 31536000
            and _NAMES_OF_LEASEDJOB("\n".join((self.lease_id, self.class_name, ""))) is not None
            and self.spec.is_within_bounds()
        )


class OutsideFact(Struct, frozen=True, kw_only=True, gc=False):
    """What a source outside says of one thing: exactly one of these.

    storage: Of a storage; under the key storage.NAME.
    site: Of a site; under site.NAME.
    link: Of a link between sites; under link.SOURCE.DESTINATION.
    software: Of a queue's software; under software.QUEUE.
    nodes: Of a queue's worker nodes; under nodes.QUEUE.
    replicas: Of the replicas of a dataset; under replicas.DATASET.
    """

    storage: StorageElement | None = None
    site: ComputingSite | None = None
    link: NetworkLink | None = None
    software: SoftwareTags | None = None
    nodes: WorkerNodes | None = None
    replicas: DatasetReplicas | None = None

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "storage": None if self.storage is None else self.storage.to_avro(),
            "site": None if self.site is None else self.site.to_avro(),
            "link": None if self.link is None else self.link.to_avro(),
            "software": None if self.software is None else self.software.to_avro(),
            "nodes": None if self.nodes is None else self.nodes.to_avro(),
            "replicas": None if self.replicas is None else self.replicas.to_avro(),
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            storage=None if record["storage"] is None else StorageElement.from_avro(record["storage"]),
            site=None if record["site"] is None else ComputingSite.from_avro(record["site"]),
            link=None if record["link"] is None else NetworkLink.from_avro(record["link"]),
            software=None if record["software"] is None else SoftwareTags.from_avro(record["software"]),
            nodes=None if record["nodes"] is None else WorkerNodes.from_avro(record["nodes"]),
            replicas=None if record["replicas"] is None else DatasetReplicas.from_avro(record["replicas"]),
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            (self.storage is None or self.storage.is_within_bounds())
            and (self.site is None or self.site.is_within_bounds())
            and (self.link is None or self.link.is_within_bounds())
            and (self.software is None or self.software.is_within_bounds())
            and (self.nodes is None or self.nodes.is_within_bounds())
            and (self.replicas is None or self.replicas.is_within_bounds())
        )


_NAMES_OF_TASKDEFINITION = lines_of(
    (URL, 1, 2000),
    (URL, 0, 2000),
    (WORD, 1, 64),
    (URL, 0, 2000),
    (WORD, 0, 64),
)


class TaskDefinition(Struct, frozen=True, kw_only=True, gc=False):
    """A task as refined from its parameters: all that later choices rest on.

    transformation: URL of the payload wrapper; culm://server in it stands for the address that jobs use.
    parameters: Job parameters with placeholders (docs/reference/client.md, From parameters to jobs).
    source_url: ${SURL}: where jobs fetch the sandbox; culm://server stands for the address that jobs use.
    requirements: What a queue must offer.
    rules: How input is cut.
    input_datasets: Names of the input datasets, the master first; empty without input.
    input_stream: Stream name of the master input.
    input_include: Regular expressions an input file must match one of; empty means all.
    input_exclude: Regular expressions that drop an input file.
    input_files: Explicit file names; empty means all.
    input_offset: Files to skip at the start.
    input_files_max: nFiles: the most files to use.
    wait_input: Wait for the dataset to appear instead of breaking.
    pfn_list: Physical file names given by the user (pfnList).
    events_total: nEvents of a task without input.
    sequence_offset: ${SEQNUMBER} starts at this plus one; null without a sequence number.
    random_seed_offset: Offset of ${RNDMSEED}; null without.
    first_event_offset: Added to ${FIRSTEVENT}.
    outputs: Outputs and logs.
    attempts_max: Attempts per file.
    failures_max: True failures per file; null is no limit of its own.
    build: The build step, if sources must be built.
    merge: The merge step, if outputs are merged.
    multi_step_json: multiStepExec as submitted, JSON.
    container_name: Container image.
    use_local_io: Stage files in instead of reading them directly.
    looping_check: Looping payloads are killed.
    goal_permille: Share of input that must succeed, in thousandths.
    fail_goal_unreached: The task fails when the goal is missed.
    parent_task_id: Task whose end this one waits for.
    listed: The long list of names that says what the input is, in place of pfn_list or input_files; the task
        has the names.
    uses_secrets: useSecrets: pilots of its jobs are given the secrets of the owner.
    no_wait_parent: noWaitParent: the task begins while its parent is at work.
    scouts: Rules for scouts; null: all jobs are made at once.
    share: Global share of its jobs, a leaf of the tree.
    name_fields: addNthFieldToLFN: fields of a name, from 1, that ${MIDDLENAME} of output names is made of.
    name_fields_of_files: useFileAsSourceLFN: the name is that of the first input file, else that of its
        dataset. Files of a job are alike in these fields.
    encoded_parameters: encJobParams: pilots are given the parameters of its jobs in base64.
    input_events_max: nEvents of a task with input whose files have counts of events: the most to use.
    run_until_closed: runUntilClosed: the task takes files that are registered while it is at work, until its
        input datasets are closed.
    secondaries: Input streams beside the master input, in the order of its items.
    allow_empty_input: allowEmptyInput: a task without any input file ends instead of breaking; with
        noWaitParent also one whose parent did not make its dataset.
    auto_finish: A clock finishes the task when it is exhausted; false: disableAutoFinish.
    release: Software release of the task, for retry rules; empty: none.
    retry_rule_set: Set of retry rules that the task names; empty: the usual ones.
    retry_ram_offset_mb: retryRamOffset: after a failure for memory a job asks for no less.
    retry_ram_step_mb: retryRamStep: this by the memory that the task asked for is the factor by which memory
        rises after a failure; null: it rises by the ladder.
    retry_ram_max_mb: retryRamMax: memory does not rise above it.
    pause_failed_percent: MAX_JOB_FAILURE_RATE_TO_PAUSE_managed: the task is paused when so many per cent of its
        jobs failed; null: never.
    pause_jobs_min: MIN_JOBS_TO_PAUSE_managed: with so many jobs that ended at least.
    pause_units_min: MIN_REMAINING_JOBS_TO_PAUSE_managed: with so many input units left at least.
    skip_empty_files: skipEmptyInput: input files that have a count of events, which is 0, are left out.
    skips_files_of: skipFilesUsedBy: tasks; files that one of them has processed are left out.
    nucleus_wanted: A nucleus is chosen before the first jobs, as the policy of brokers said when the task was
        refined.
    retry_task_attempts_max: TASK_MAX_ATTEMPT_user: the task is not retried when it has had so many attempts;
        null: no limit.
    retry_unit_attempts_max: JOB_MAX_ATTEMPT_user: the task is not retried when an input unit that failed has
        had so many attempts; null: no limit.
    retry_failed_percent_max: MAX_JOB_FAILURE_RATE_user: the task is not retried when so many per cent of its
        jobs failed; null: no limit.
    retry_cpu_efficiency_percent_min: MIN_CPU_EFFICIENCY_user: the task is not retried when the mean CPU
        efficiency of its jobs that succeeded is below; null: no limit.
    last_share: Global share that its last jobs go to, a leaf of the tree; empty where they stay in its share.
    """

    transformation: str
    parameters: str
    source_url: str = ""
    requirements: Requirements
    rules: SplitRules
    input_datasets: tuple[str, ...] = ()
    input_stream: str = "IN"
    input_include: tuple[str, ...] = ()
    input_exclude: tuple[str, ...] = ()
    input_files: tuple[str, ...] = ()
    input_offset: int = 0
    input_files_max: int | None = None
    wait_input: bool = False
    pfn_list: tuple[str, ...] = ()
    events_total: int | None = None
    sequence_offset: int | None = None
    random_seed_offset: int | None = None
    first_event_offset: int = 0
    outputs: tuple[OutputTemplate, ...] = ()
    attempts_max: int = 3
    failures_max: int | None = None
    build: StepDefinition | None = None
    merge: StepDefinition | None = None
    multi_step_json: str | None = None
    container_name: str | None = None
    use_local_io: bool = False
    looping_check: bool = True
    goal_permille: int = 1000
    fail_goal_unreached: bool = False
    parent_task_id: int | None = None
    listed: NameList | None = None
    uses_secrets: bool = False
    no_wait_parent: bool = False
    scouts: ScoutRules | None = None
    share: str = "Undefined"
    name_fields: tuple[int, ...] = ()
    name_fields_of_files: bool = False
    encoded_parameters: bool = False
    input_events_max: int | None = None
    run_until_closed: bool = False
    secondaries: tuple[SecondaryInput, ...] = ()
    allow_empty_input: bool = False
    auto_finish: bool = True
    release: str = ""
    retry_rule_set: str = ""
    retry_ram_offset_mb: int | None = None
    retry_ram_step_mb: int | None = None
    retry_ram_max_mb: int | None = None
    pause_failed_percent: float | None = None
    pause_jobs_min: int = 1000
    pause_units_min: int = 100
    skip_empty_files: bool = False
    skips_files_of: tuple[int, ...] = ()
    nucleus_wanted: bool = False
    retry_task_attempts_max: int | None = None
    retry_unit_attempts_max: int | None = None
    retry_failed_percent_max: float | None = None
    retry_cpu_efficiency_percent_min: float | None = None
    last_share: str = ""

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "transformation": self.transformation,
            "parameters": self.parameters,
            "source_url": self.source_url,
            "requirements": self.requirements.to_avro(),
            "rules": self.rules.to_avro(),
            "input_datasets": list(self.input_datasets),
            "input_stream": self.input_stream,
            "input_include": list(self.input_include),
            "input_exclude": list(self.input_exclude),
            "input_files": list(self.input_files),
            "input_offset": self.input_offset,
            "input_files_max": self.input_files_max,
            "wait_input": self.wait_input,
            "pfn_list": list(self.pfn_list),
            "events_total": self.events_total,
            "sequence_offset": self.sequence_offset,
            "random_seed_offset": self.random_seed_offset,
            "first_event_offset": self.first_event_offset,
            "outputs": [item.to_avro() for item in self.outputs],
            "attempts_max": self.attempts_max,
            "failures_max": self.failures_max,
            "build": None if self.build is None else self.build.to_avro(),
            "merge": None if self.merge is None else self.merge.to_avro(),
            "multi_step_json": self.multi_step_json,
            "container_name": self.container_name,
            "use_local_io": self.use_local_io,
            "looping_check": self.looping_check,
            "goal_permille": self.goal_permille,
            "fail_goal_unreached": self.fail_goal_unreached,
            "parent_task_id": self.parent_task_id,
            "listed": None if self.listed is None else self.listed.to_avro(),
            "uses_secrets": self.uses_secrets,
            "no_wait_parent": self.no_wait_parent,
            "scouts": None if self.scouts is None else self.scouts.to_avro(),
            "share": self.share,
            "name_fields": list(self.name_fields),
            "name_fields_of_files": self.name_fields_of_files,
            "encoded_parameters": self.encoded_parameters,
            "input_events_max": self.input_events_max,
            "run_until_closed": self.run_until_closed,
            "secondaries": [item.to_avro() for item in self.secondaries],
            "allow_empty_input": self.allow_empty_input,
            "auto_finish": self.auto_finish,
            "release": self.release,
            "retry_rule_set": self.retry_rule_set,
            "retry_ram_offset_mb": self.retry_ram_offset_mb,
            "retry_ram_step_mb": self.retry_ram_step_mb,
            "retry_ram_max_mb": self.retry_ram_max_mb,
            "pause_failed_percent": self.pause_failed_percent,
            "pause_jobs_min": self.pause_jobs_min,
            "pause_units_min": self.pause_units_min,
            "skip_empty_files": self.skip_empty_files,
            "skips_files_of": list(self.skips_files_of),
            "nucleus_wanted": self.nucleus_wanted,
            "retry_task_attempts_max": self.retry_task_attempts_max,
            "retry_unit_attempts_max": self.retry_unit_attempts_max,
            "retry_failed_percent_max": self.retry_failed_percent_max,
            "retry_cpu_efficiency_percent_min": self.retry_cpu_efficiency_percent_min,
            "last_share": self.last_share,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            transformation=record["transformation"],
            parameters=record["parameters"],
            source_url=record["source_url"],
            requirements=Requirements.from_avro(record["requirements"]),
            rules=SplitRules.from_avro(record["rules"]),
            input_datasets=tuple(record["input_datasets"]),
            input_stream=record["input_stream"],
            input_include=tuple(record["input_include"]),
            input_exclude=tuple(record["input_exclude"]),
            input_files=tuple(record["input_files"]),
            input_offset=record["input_offset"],
            input_files_max=record["input_files_max"],
            wait_input=record["wait_input"],
            pfn_list=tuple(record["pfn_list"]),
            events_total=record["events_total"],
            sequence_offset=record["sequence_offset"],
            random_seed_offset=record["random_seed_offset"],
            first_event_offset=record["first_event_offset"],
            outputs=tuple(OutputTemplate.from_avro(item) for item in record["outputs"]),
            attempts_max=record["attempts_max"],
            failures_max=record["failures_max"],
            build=None if record["build"] is None else StepDefinition.from_avro(record["build"]),
            merge=None if record["merge"] is None else StepDefinition.from_avro(record["merge"]),
            multi_step_json=record["multi_step_json"],
            container_name=record["container_name"],
            use_local_io=record["use_local_io"],
            looping_check=record["looping_check"],
            goal_permille=record["goal_permille"],
            fail_goal_unreached=record["fail_goal_unreached"],
            parent_task_id=record["parent_task_id"],
            listed=None if record["listed"] is None else NameList.from_avro(record["listed"]),
            uses_secrets=record["uses_secrets"],
            no_wait_parent=record["no_wait_parent"],
            scouts=None if record["scouts"] is None else ScoutRules.from_avro(record["scouts"]),
            share=record["share"],
            name_fields=tuple(record["name_fields"]),
            name_fields_of_files=record["name_fields_of_files"],
            encoded_parameters=record["encoded_parameters"],
            input_events_max=record["input_events_max"],
            run_until_closed=record["run_until_closed"],
            secondaries=tuple(SecondaryInput.from_avro(item) for item in record["secondaries"]),
            allow_empty_input=record["allow_empty_input"],
            auto_finish=record["auto_finish"],
            release=record["release"],
            retry_rule_set=record["retry_rule_set"],
            retry_ram_offset_mb=record["retry_ram_offset_mb"],
            retry_ram_step_mb=record["retry_ram_step_mb"],
            retry_ram_max_mb=record["retry_ram_max_mb"],
            pause_failed_percent=record["pause_failed_percent"],
            pause_jobs_min=record["pause_jobs_min"],
            pause_units_min=record["pause_units_min"],
            skip_empty_files=record["skip_empty_files"],
            skips_files_of=tuple(record["skips_files_of"]),
            nucleus_wanted=record["nucleus_wanted"],
            retry_task_attempts_max=record["retry_task_attempts_max"],
            retry_unit_attempts_max=record["retry_unit_attempts_max"],
            retry_failed_percent_max=record["retry_failed_percent_max"],
            retry_cpu_efficiency_percent_min=record["retry_cpu_efficiency_percent_min"],
            last_share=record["last_share"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            len(self.parameters) <= 450000 and TEXT.takes(self.parameters)
            and len(self.input_datasets) <= 1000
            and (not self.input_datasets or all(1 <= len(item) <= 640 and NAME.takes(item) for item in self.input_datasets))
            and len(self.input_include) <= 1000
            and (not self.input_include or all(1 <= len(item) <= 1000 and LINE.takes(item) for item in self.input_include))
            and len(self.input_exclude) <= 1000
            and (not self.input_exclude or all(1 <= len(item) <= 1000 and LINE.takes(item) for item in self.input_exclude))
            and len(self.input_files) <= 200000
            and (not self.input_files or all(1 <= len(item) <= 1024 and FILE_NAME.takes(item) for item in self.input_files))
            and 0 <= self.input_offset <= 1000000000
            and (self.input_files_max is None or (1 <= self.input_files_max <= 1000000000))
            and len(self.pfn_list) <= 200000
            and (not self.pfn_list or all(1 <= len(item) <= 1024 and URL.takes(item) for item in self.pfn_list))
            and (self.events_total is None or (1 <= self.events_total <= 1000000000000))
            and (self.sequence_offset is None or (0 <= self.sequence_offset <= 1000000000000000))
            and (self.random_seed_offset is None or (0 <= self.random_seed_offset <= 1000000000000000))
            and 0 <= self.first_event_offset <= 1000000000000000
            and len(self.outputs) <= 1000
            and 1 <= self.attempts_max <= 1000000
            and (self.failures_max is None or (1 <= self.failures_max <= 1000000))
            and (self.multi_step_json is None or (len(self.multi_step_json) <= 200000 and TEXT.takes(self.multi_step_json)))
            and 0 <= self.goal_permille <= 1000
            and (self.parent_task_id is None or (1 <= self.parent_task_id <= 900000000000))
            and 1 <= len(self.share) <= 128 and LINE.takes(self.share)
            and len(self.name_fields) <= 20
            and (not self.name_fields or 1 <= min(self.name_fields) <= max(self.name_fields) <= 100)
            and (self.input_events_max is None or (1 <= self.input_events_max <= 1000000000000))
            and len(self.secondaries) <= 20
            and len(self.release) <= 255 and LINE.takes(self.release)
            and (self.retry_ram_offset_mb is None or (0 <= self.retry_ram_offset_mb <= 100000000))
            and (self.retry_ram_step_mb is None or (1 <= self.retry_ram_step_mb <= 100000000))
            and (self.retry_ram_max_mb is None or (1 <= self.retry_ram_max_mb <= 100000000))
            and (self.pause_failed_percent is None or (0 <= self.pause_failed_percent <= 100))
            and 0 <= self.pause_jobs_min <= 1000000000
            and 0 <= self.pause_units_min <= 1000000000
            and len(self.skips_files_of) <= 20
            and (not self.skips_files_of or 1 <= min(self.skips_files_of) <= max(self.skips_files_of) <= 900000000000)
            and (self.retry_task_attempts_max is None or (1 <= self.retry_task_attempts_max <= 1000000000))
            and (self.retry_unit_attempts_max is None or (1 <= self.retry_unit_attempts_max <= 1000000000))
            and (self.retry_failed_percent_max is None or (0 <= self.retry_failed_percent_max <= 100))
            and (self.retry_cpu_efficiency_percent_min is None or (0 <= self.retry_cpu_efficiency_percent_min <= 100))
            and len(self.last_share) <= 128 and LINE.takes(self.last_share)
            and _NAMES_OF_TASKDEFINITION("\n".join((self.transformation, self.source_url, self.input_stream, self.container_name or "", self.retry_rule_set, ""))) is not None
            and self.requirements.is_within_bounds()
            and self.rules.is_within_bounds()
            and (not self.outputs or all(map(OutputTemplate.is_within_bounds, self.outputs)))
            and (self.build is None or self.build.is_within_bounds())
            and (self.merge is None or self.merge.is_within_bounds())
            and (self.listed is None or self.listed.is_within_bounds())
            and (self.scouts is None or self.scouts.is_within_bounds())
            and (not self.secondaries or all(map(SecondaryInput.is_within_bounds, self.secondaries)))
        )


class Brokerage(Struct, frozen=True, kw_only=True, gc=False):
    """A brokerage that was made for work of one memory: the content of a BrokerageDecided.

    ram_mb: Memory of the work that was brokered (MB), as the requirements count it: of the task, or what its
        input was raised to.
    largest_input_bytes: Size of the largest input unit of the work.
    evidence: Verdicts on all queues, the seed and the position of the facts.
    """

    ram_mb: int
    largest_input_bytes: int = 0
    evidence: BrokerageEvidence

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "ram_mb": self.ram_mb,
            "largest_input_bytes": self.largest_input_bytes,
            "evidence": self.evidence.to_avro(),
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            ram_mb=record["ram_mb"],
            largest_input_bytes=record["largest_input_bytes"],
            evidence=BrokerageEvidence.from_avro(record["evidence"]),
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            0 <= self.ram_mb <= 1000000000000000
            and 0 <= self.largest_input_bytes <= 1000000000000000000
            and self.evidence.is_within_bounds()
        )
