"""What may be said to and by the task aggregate.

Made by `python -m schemas generate` from the Avro files; change those, not this.
"""

from typing import Any, Self

from msgspec import Struct

from schemas.characters import (
    FILE_NAME,
    LINE,
    NAME,
    SUBJECT,
    TEXT,
    URL,
    UUID,
    WORD,
    lines_of,
)
from schemas.types import (
    AsideSnapshot,
    Brokerage,
    BrokerageEvidence,
    DatasetFile,
    FileAccounts,
    GeneratedJob,
    InputSnapshot,
    InputUnit,
    JobKind,
    JobOutcome,
    JobPlan,
    LearnedRequirement,
    NameList,
    NucleusVerdict,
    OrderSnapshot,
    OutputFile,
    Requirements,
    ScheduledSnapshot,
    ScoutsVerdict,
    SecondaryAccounts,
    SecondaryLoad,
    SplitRules,
    TaskDefinition,
    TaskVerdict,
    Throttle,
    UnitChange,
    UnitRange,
    UnmergedJob,
)


class AddInputNames(Struct, frozen=True, kw_only=True, gc=False):
    """Give a task that was submitted without its long lists of names the next names of one; with the last of
    them the task starts.

    chunk: Number of this chunk, from 0, over all lists of the task, which come in the order in which they were
        announced.
    list: The list that the names belong to.
    names: The next names of the list, in its order; at most 500 kB of them.
    """

    chunk: int
    list: str
    names: tuple[str, ...] = ()

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "chunk": self.chunk,
            "list": self.list,
            "names": list(self.names),
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            chunk=record["chunk"],
            list=record["list"],
            names=tuple(record["names"]),
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            0 <= self.chunk <= 1000000
            and 1 <= len(self.list) <= 64 and LINE.takes(self.list)
            and len(self.names) <= 500
            and (not self.names or all(1 <= len(item) <= 1024 and URL.takes(item) for item in self.names))
        )


_NAMES_OF_ASSIGNNUCLEUS = lines_of(
    (WORD, 1, 128),
    (WORD, 0, 64),
)


class AssignNucleus(Struct, frozen=True, kw_only=True, gc=False):
    """Say which site takes the output of the task, before its first jobs are made.

    order: Number of the order that waits for it.
    nucleus: Name of the site.
    verdicts: What was said of each nucleus, by name.
    seed: Seed of the draw: id of the order's event. Empty when a person chose.
    facts_position: Position of the queue facts that were used, topic:partition:offset joined by commas.
    """

    order: int
    nucleus: str
    verdicts: tuple[NucleusVerdict, ...] = ()
    seed: str = ""
    facts_position: str = ""

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "order": self.order,
            "nucleus": self.nucleus,
            "verdicts": [item.to_avro() for item in self.verdicts],
            "seed": self.seed,
            "facts_position": self.facts_position,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            order=record["order"],
            nucleus=record["nucleus"],
            verdicts=tuple(NucleusVerdict.from_avro(item) for item in record["verdicts"]),
            seed=record["seed"],
            facts_position=record["facts_position"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            1 <= self.order <= 1000000000
            and len(self.verdicts) <= 1000
            and len(self.facts_position) <= 10000 and LINE.takes(self.facts_position)
            and _NAMES_OF_ASSIGNNUCLEUS("\n".join((self.nucleus, self.seed, ""))) is not None
            and (not self.verdicts or all(map(NucleusVerdict.is_within_bounds, self.verdicts)))
        )


class AssignShare(Struct, frozen=True, kw_only=True, gc=False):
    """Put the task and its jobs into another global share.

    share: Leaf of the tree of shares.
    running: Jobs that pilots hold count for the share, too, not only those that wait.
    reason: Why, as given.
    """

    share: str
    running: bool = False
    reason: str | None = None

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "share": self.share,
            "running": self.running,
            "reason": self.reason,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            share=record["share"],
            running=record["running"],
            reason=record["reason"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            1 <= len(self.share) <= 128 and LINE.takes(self.share)
            and (self.reason is None or (len(self.reason) <= 4000 and TEXT.takes(self.reason)))
        )


_NAMES_OF_BREAKTASK = lines_of(
    (WORD, 0, 64),
)


class BreakTask(Struct, frozen=True, kw_only=True, gc=False):
    """Say that the parameters cannot be refined or the task cannot go on.

    reason: Code, as BAD_PARAMETERS.
    message: The sentence for people: what was found, what was expected.
    """

    reason: str
    message: str

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "reason": self.reason,
            "message": self.message,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            reason=record["reason"],
            message=record["message"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            len(self.message) <= 10000 and TEXT.takes(self.message)
            and _NAMES_OF_BREAKTASK("\n".join((self.reason, ""))) is not None
        )


_NAMES_OF_CANCELSCHEDULED = lines_of(
    (UUID, 36, 36),
)


class CancelScheduled(Struct, frozen=True, kw_only=True, gc=False):
    """Take back a command that was ordered for later.

    schedule_id: Id of the command that ordered it.
    reason: Why, as given.
    """

    schedule_id: str
    reason: str | None = None

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "schedule_id": self.schedule_id,
            "reason": self.reason,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            schedule_id=record["schedule_id"],
            reason=record["reason"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            (self.reason is None or (len(self.reason) <= 4000 and TEXT.takes(self.reason)))
            and _NAMES_OF_CANCELSCHEDULED("\n".join((self.schedule_id, ""))) is not None
        )


_NAMES_OF_CARRYOUTSCHEDULED = lines_of(
    (UUID, 36, 36),
)


class CarryOutScheduled(Struct, frozen=True, kw_only=True, gc=False):
    """The time of a command that was ordered for later has come.

    schedule_id: Id of the command that ordered it.
    """

    schedule_id: str

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "schedule_id": self.schedule_id,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            schedule_id=record["schedule_id"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return _NAMES_OF_CARRYOUTSCHEDULED("\n".join((self.schedule_id, ""))) is not None


_NAMES_OF_CHANGESPLITRULE = lines_of(
    (WORD, 1, 16),
)


class ChangeSplitRule(Struct, frozen=True, kw_only=True, gc=False):
    """Give the task another value of one split rule; input that is cut from now on follows it.

    code: The rule's code of two letters (docs/reference/jedi.md, Split-rule codes).
    value: The new value.
    reason: Why, as given.
    """

    code: str
    value: int
    reason: str | None = None

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "code": self.code,
            "value": self.value,
            "reason": self.reason,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            code=record["code"],
            value=record["value"],
            reason=record["reason"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            0 <= self.value <= 1000000000000
            and (self.reason is None or (len(self.reason) <= 4000 and TEXT.takes(self.reason)))
            and _NAMES_OF_CHANGESPLITRULE("\n".join((self.code, ""))) is not None
        )


_NAMES_OF_CHANGETASKATTRIBUTE = lines_of(
    (WORD, 1, 64),
)


class ChangeTaskAttribute(Struct, frozen=True, kw_only=True, gc=False):
    """Give the task another value of one requirement; jobs made from now on get it.

    attribute: ramCount (MB), wallTime (s), cpuTime (HS06 s per event) or coreCount.
    value: The new value.
    reason: Why, as given.
    """

    attribute: str
    value: int
    reason: str | None = None

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "attribute": self.attribute,
            "value": self.value,
            "reason": self.reason,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            attribute=record["attribute"],
            value=record["value"],
            reason=record["reason"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            0 <= self.value <= 1000000000000
            and (self.reason is None or (len(self.reason) <= 4000 and TEXT.takes(self.reason)))
            and _NAMES_OF_CHANGETASKATTRIBUTE("\n".join((self.attribute, ""))) is not None
        )


class ChangeTaskPriority(Struct, frozen=True, kw_only=True, gc=False):
    """Give the task another priority; jobs made from now on get it.

    priority: The new currentPriority.
    reason: Why, as given.
    """

    priority: int
    reason: str | None = None

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "priority": self.priority,
            "reason": self.reason,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            priority=record["priority"],
            reason=record["reason"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            -2147483648 <= self.priority <= 2147483647
            and (self.reason is None or (len(self.reason) <= 4000 and TEXT.takes(self.reason)))
        )


class DropInput(Struct, frozen=True, kw_only=True, gc=False):
    """Input units are not needed: they are not processed and do not count at the end of the task; jobs that
    have them go on.

    units: Which; those that are fed later are dropped when they come.
    reason: Why, as given.
    """

    units: tuple[UnitRange, ...]
    reason: str | None = None

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "units": [item.to_avro() for item in self.units],
            "reason": self.reason,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            units=tuple(UnitRange.from_avro(item) for item in record["units"]),
            reason=record["reason"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            len(self.units) <= 1000
            and (self.reason is None or (len(self.reason) <= 4000 and TEXT.takes(self.reason)))
            and (not self.units or all(map(UnitRange.is_within_bounds, self.units)))
        )


class ExpireInput(Struct, frozen=True, kw_only=True, gc=False):
    """The time for an input dataset to come into existence is over.

    seconds: Length of the clock.
    """

    seconds: int = 604800

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "seconds": self.seconds,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            seconds=record["seconds"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return 0 <= self.seconds <= 1000000000


class ExpirePending(Struct, frozen=True, kw_only=True, gc=False):
    """The time for a queue to be found is over.

    seconds: Length of the clock.
    """

    seconds: int = 604800

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "seconds": self.seconds,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            seconds=record["seconds"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return 0 <= self.seconds <= 1000000000


class ExpireSubmission(Struct, frozen=True, kw_only=True, gc=False):
    """End a task whose lists of names did not arrive in time."""


    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return True


_NAMES_OF_FEEDCONTENTS = lines_of(
    (NAME, 1, 640),
    (WORD, 0, 64),
    (WORD, 0, 32),
)


class FeedContents(Struct, frozen=True, kw_only=True, gc=False):
    """Tell the task the files of one of its input datasets.

    dataset: Dataset name.
    known: False when no such dataset exists.
    files: Files in order of their names; one chunk.
    chunk: Number of this chunk, from 0.
    chunks: Number of chunks as far as it is known: greater than chunk + 1 while more follow.
    units_made: For a part of a chunk that makes too many units for one decision: how many units of its first
        file exist; its files are those that are to be used. Null for a chunk as the dataset sends it.
    awaits: Of a dataset that does not exist: True when it notes the task, to send its files once the first is
        registered.
    reading: Number of the reading that the task asked for.
    position: Of a dataset that the task follows: how many files it has had with this chunk, in the order in
        which they were registered. Null for a list that is read by name, once.
    stream: Stream of secondary input that it is for; empty for the master input.
    ordered_by: What the files are ordered by before the name, as it was asked for.
    looked_through: True once the tasks of skips_files_of have named the files that they have processed.
    used: Names of the files that are left out because another task has processed them.
    """

    dataset: str
    known: bool
    files: tuple[DatasetFile, ...] = ()
    chunk: int
    chunks: int
    units_made: int | None = None
    awaits: bool = False
    reading: int = 0
    position: int | None = None
    stream: str = ""
    ordered_by: str = ""
    looked_through: bool = False
    used: tuple[str, ...] = ()

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "dataset": self.dataset,
            "known": self.known,
            "files": [item.to_avro() for item in self.files],
            "chunk": self.chunk,
            "chunks": self.chunks,
            "units_made": self.units_made,
            "awaits": self.awaits,
            "reading": self.reading,
            "position": self.position,
            "stream": self.stream,
            "ordered_by": self.ordered_by,
            "looked_through": self.looked_through,
            "used": list(self.used),
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            dataset=record["dataset"],
            known=record["known"],
            files=tuple(DatasetFile.from_avro(item) for item in record["files"]),
            chunk=record["chunk"],
            chunks=record["chunks"],
            units_made=record["units_made"],
            awaits=record["awaits"],
            reading=record["reading"],
            position=record["position"],
            stream=record["stream"],
            ordered_by=record["ordered_by"],
            looked_through=record["looked_through"],
            used=tuple(record["used"]),
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            len(self.files) <= 10000
            and 0 <= self.chunk <= 1000000
            and 1 <= self.chunks <= 1000000
            and (self.units_made is None or (0 <= self.units_made <= 1000000000))
            and 0 <= self.reading <= 1000000
            and (self.position is None or (0 <= self.position <= 1000000000000000))
            and len(self.used) <= 10000
            and (not self.used or all(1 <= len(item) <= 1024 and FILE_NAME.takes(item) for item in self.used))
            and _NAMES_OF_FEEDCONTENTS("\n".join((self.dataset, self.stream, self.ordered_by, ""))) is not None
            and (not self.files or all(map(DatasetFile.is_within_bounds, self.files)))
        )


class FinishTask(Struct, frozen=True, kw_only=True, gc=False):
    """End a task with what it has.

    soft: True: wait for running jobs.
    reason: Why, as given.
    """

    soft: bool = False
    reason: str | None = None

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "soft": self.soft,
            "reason": self.reason,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            soft=record["soft"],
            reason=record["reason"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return self.reason is None or (len(self.reason) <= 4000 and TEXT.takes(self.reason))


class ForceAvalanche(Struct, frozen=True, kw_only=True, gc=False):
    """Release all input of a task that waits for the verdict on its scouts.

    reason: Why, as given.
    """

    reason: str | None = None

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "reason": self.reason,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            reason=record["reason"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return self.reason is None or (len(self.reason) <= 4000 and TEXT.takes(self.reason))


class GenerateJobs(Struct, frozen=True, kw_only=True, gc=False):
    """Make the jobs that were planned for an order.

    order: Number of the order (JobsOrdered.order).
    kind: What the jobs do.
    plans: The jobs.
    brokerage: Why these queues.
    decided: Brokerages that were made for this order; each becomes a BrokerageDecided, in this order, before
        all else.
    """

    order: int
    kind: JobKind
    plans: tuple[JobPlan, ...] = ()
    brokerage: BrokerageEvidence
    decided: tuple[Brokerage, ...] = ()

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "order": self.order,
            "kind": self.kind,
            "plans": [item.to_avro() for item in self.plans],
            "brokerage": self.brokerage.to_avro(),
            "decided": [item.to_avro() for item in self.decided],
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            order=record["order"],
            kind=JobKind[record["kind"]],
            plans=tuple(JobPlan.from_avro(item) for item in record["plans"]),
            brokerage=BrokerageEvidence.from_avro(record["brokerage"]),
            decided=tuple(Brokerage.from_avro(item) for item in record["decided"]),
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            1 <= self.order <= 1000000000
            and len(self.plans) <= 10000
            and len(self.decided) <= 10000
            and (not self.plans or all(map(JobPlan.is_within_bounds, self.plans)))
            and self.brokerage.is_within_bounds()
            and (not self.decided or all(map(Brokerage.is_within_bounds, self.decided)))
        )


class HoldInput(Struct, frozen=True, kw_only=True, gc=False):
    """Let the task make no further jobs for input units; jobs that have them go on.

    units: Which; those that are fed later are held when they come.
    reason: Why, as given.
    """

    units: tuple[UnitRange, ...]
    reason: str | None = None

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "units": [item.to_avro() for item in self.units],
            "reason": self.reason,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            units=tuple(UnitRange.from_avro(item) for item in record["units"]),
            reason=record["reason"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            len(self.units) <= 1000
            and (self.reason is None or (len(self.reason) <= 4000 and TEXT.takes(self.reason)))
            and (not self.units or all(map(UnitRange.is_within_bounds, self.units)))
        )


class IncreaseAttempts(Struct, frozen=True, kw_only=True, gc=False):
    """Raise the attempts of every input file.

    increase: By how many, at least 0.
    reason: Why, as given.
    """

    increase: int
    reason: str | None = None

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "increase": self.increase,
            "reason": self.reason,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            increase=record["increase"],
            reason=record["reason"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            0 <= self.increase <= 1000000
            and (self.reason is None or (len(self.reason) <= 4000 and TEXT.takes(self.reason)))
        )


class KillTask(Struct, frozen=True, kw_only=True, gc=False):
    """Kill a task and all its jobs.

    reason: Why, as given.
    """

    reason: str | None = None

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "reason": self.reason,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            reason=record["reason"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return self.reason is None or (len(self.reason) <= 4000 and TEXT.takes(self.reason))


class KillTaskJobs(Struct, frozen=True, kw_only=True, gc=False):
    """Kill the next live jobs of a task: a kill of more jobs than one decision holds goes on.

    code: Kill code for the jobs.
    reason: Why, for the jobs.
    merging: True: merge jobs and jobs that wait for a merge, too.
    after: Serial of the last job that was killed.
    last: Serial of the last job that the kill is for; later ones were made after it.
    """

    code: int
    reason: str
    merging: bool
    after: int
    last: int

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "code": self.code,
            "reason": self.reason,
            "merging": self.merging,
            "after": self.after,
            "last": self.last,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            code=record["code"],
            reason=record["reason"],
            merging=record["merging"],
            after=record["after"],
            last=record["last"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            0 <= self.code <= 1000000
            and len(self.reason) <= 4000 and TEXT.takes(self.reason)
            and 0 <= self.after <= 10000000
            and 0 <= self.last <= 10000000
        )


_NAMES_OF_MARKFILESUSED = lines_of(
    (NAME, 1, 640),
    (WORD, 0, 32),
)


class MarkFilesUsed(Struct, frozen=True, kw_only=True, gc=False):
    """Name to another task, which skips them (skipFilesUsedBy), the files of a chunk of its input that this
    task has processed.

    task_id: The task whose input it is, and which gets the chunk back.
    further: Tasks to ask after this one, in order.
    dataset: Dataset name.
    files: Files in order of their names; one chunk.
    used: Names of the files that are left out because another task has processed them.
    chunk: Number of this chunk, from 0.
    chunks: Number of chunks as far as it is known: greater than chunk + 1 while more follow.
    reading: Number of the reading that the task asked for.
    position: Of a dataset that the task follows: how many files it has had with this chunk, in the order in
        which they were registered. Null for a list that is read by name, once.
    ordered_by: What the files are ordered by before the name, as it was asked for.
    """

    task_id: int
    further: tuple[int, ...] = ()
    dataset: str
    files: tuple[DatasetFile, ...] = ()
    used: tuple[str, ...] = ()
    chunk: int
    chunks: int
    reading: int = 0
    position: int | None = None
    ordered_by: str = ""

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "task_id": self.task_id,
            "further": list(self.further),
            "dataset": self.dataset,
            "files": [item.to_avro() for item in self.files],
            "used": list(self.used),
            "chunk": self.chunk,
            "chunks": self.chunks,
            "reading": self.reading,
            "position": self.position,
            "ordered_by": self.ordered_by,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            task_id=record["task_id"],
            further=tuple(record["further"]),
            dataset=record["dataset"],
            files=tuple(DatasetFile.from_avro(item) for item in record["files"]),
            used=tuple(record["used"]),
            chunk=record["chunk"],
            chunks=record["chunks"],
            reading=record["reading"],
            position=record["position"],
            ordered_by=record["ordered_by"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            1 <= self.task_id <= 900000000000
            and len(self.further) <= 20
            and (not self.further or 1 <= min(self.further) <= max(self.further) <= 900000000000)
            and len(self.files) <= 10000
            and len(self.used) <= 10000
            and (not self.used or all(1 <= len(item) <= 1024 and FILE_NAME.takes(item) for item in self.used))
            and 0 <= self.chunk <= 1000000
            and 1 <= self.chunks <= 1000000
            and 0 <= self.reading <= 1000000
            and (self.position is None or (0 <= self.position <= 1000000000000000))
            and _NAMES_OF_MARKFILESUSED("\n".join((self.dataset, self.ordered_by, ""))) is not None
            and (not self.files or all(map(DatasetFile.is_within_bounds, self.files)))
        )


class ParkTask(Struct, frozen=True, kw_only=True, gc=False):
    """Say that an order cannot be planned now.

    order: Number of the order.
    brokerage: Why no queue was taken.
    message: The sentence for people.
    decided: Brokerages that were made for this order; each becomes a BrokerageDecided, in this order, before
        all else.
    nuclei: Why no nucleus was taken, where the task waits for one; empty where it waits for a queue.
    """

    order: int
    brokerage: BrokerageEvidence
    message: str
    decided: tuple[Brokerage, ...] = ()
    nuclei: tuple[NucleusVerdict, ...] = ()

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "order": self.order,
            "brokerage": self.brokerage.to_avro(),
            "message": self.message,
            "decided": [item.to_avro() for item in self.decided],
            "nuclei": [item.to_avro() for item in self.nuclei],
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            order=record["order"],
            brokerage=BrokerageEvidence.from_avro(record["brokerage"]),
            message=record["message"],
            decided=tuple(Brokerage.from_avro(item) for item in record["decided"]),
            nuclei=tuple(NucleusVerdict.from_avro(item) for item in record["nuclei"]),
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            1 <= self.order <= 1000000000
            and len(self.message) <= 10000 and TEXT.takes(self.message)
            and len(self.decided) <= 10000
            and len(self.nuclei) <= 1000
            and self.brokerage.is_within_bounds()
            and (not self.decided or all(map(Brokerage.is_within_bounds, self.decided)))
            and (not self.nuclei or all(map(NucleusVerdict.is_within_bounds, self.nuclei)))
        )


class PauseTask(Struct, frozen=True, kw_only=True, gc=False):
    """Make no new jobs and dispatch none until resumed.

    reason: Why, as given.
    """

    reason: str | None = None

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "reason": self.reason,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            reason=record["reason"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return self.reason is None or (len(self.reason) <= 4000 and TEXT.takes(self.reason))


_NAMES_OF_REASSIGNTASK = lines_of(
    (WORD, 0, 128),
    (WORD, 0, 128),
    (WORD, 0, 32),
    (WORD, 0, 128),
)


class ReassignTask(Struct, frozen=True, kw_only=True, gc=False):
    """Move the queued jobs of a task to other queues.

    site: The queue to use from now on.
    cloud: The cloud to use from now on.
    mode: kill, soft (running jobs stay) or nokill.
    reason: Why, as given.
    nucleus: Site that takes the output from now on; null: as before.
    back_to_old_status: With a nucleus: the task keeps its status. False: one that is running, scouting or
        pending is ready again, as a task whose nucleus was just chosen.
    """

    site: str | None = None
    cloud: str | None = None
    mode: str = "kill"
    reason: str | None = None
    nucleus: str | None = None
    back_to_old_status: bool = True

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "site": self.site,
            "cloud": self.cloud,
            "mode": self.mode,
            "reason": self.reason,
            "nucleus": self.nucleus,
            "back_to_old_status": self.back_to_old_status,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            site=record["site"],
            cloud=record["cloud"],
            mode=record["mode"],
            reason=record["reason"],
            nucleus=record["nucleus"],
            back_to_old_status=record["back_to_old_status"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            (self.reason is None or (len(self.reason) <= 4000 and TEXT.takes(self.reason)))
            and _NAMES_OF_REASSIGNTASK("\n".join((self.site or "", self.cloud or "", self.mode, self.nucleus or "", ""))) is not None
            and self.nucleus != ""
        )


class RecordJobOutcomes(Struct, frozen=True, kw_only=True, gc=False):
    """Account for jobs that ended.

    outcomes: One per job; jobs already accounted for are ignored.
    """

    outcomes: tuple[JobOutcome, ...] = ()

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "outcomes": [item.to_avro() for item in self.outcomes],
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            outcomes=tuple(JobOutcome.from_avro(item) for item in record["outcomes"]),
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            len(self.outcomes) <= 10000
            and (not self.outcomes or all(map(JobOutcome.is_within_bounds, self.outcomes)))
        )


_NAMES_OF_RECORDPARENTEND = lines_of(
    (WORD, 0, 32),
)


class RecordParentEnd(Struct, frozen=True, kw_only=True, gc=False):
    """Tell the task that its parent ended.

    parent_task_id: The parent.
    parent_status: Status in which it ended; unknown when there is no such task.
    had_ended: True when it had ended before it learned of this task.
    """

    parent_task_id: int
    parent_status: str
    had_ended: bool = False

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "parent_task_id": self.parent_task_id,
            "parent_status": self.parent_status,
            "had_ended": self.had_ended,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            parent_task_id=record["parent_task_id"],
            parent_status=record["parent_status"],
            had_ended=record["had_ended"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            1 <= self.parent_task_id <= 900000000000
            and _NAMES_OF_RECORDPARENTEND("\n".join((self.parent_status, ""))) is not None
        )


class RefineTask(Struct, frozen=True, kw_only=True, gc=False):
    """Give the task the definition that its parameters mean.

    definition: The refined definition.
    parameters_revision: Revision of the parameters it was made from; an older one is refused.
    """

    definition: TaskDefinition
    parameters_revision: int

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "definition": self.definition.to_avro(),
            "parameters_revision": self.parameters_revision,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            definition=TaskDefinition.from_avro(record["definition"]),
            parameters_revision=record["parameters_revision"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            0 <= self.parameters_revision <= 2147483647
            and self.definition.is_within_bounds()
        )


class RegisterChild(Struct, frozen=True, kw_only=True, gc=False):
    """Tell the task of another that names it as its parent, and that learns of its end.

    child_task_id: The task that names this one as its parent.
    """

    child_task_id: int

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "child_task_id": self.child_task_id,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            child_task_id=record["child_task_id"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return 1 <= self.child_task_id <= 900000000000


class ReleaseInput(Struct, frozen=True, kw_only=True, gc=False):
    """Let the task make jobs for input units that were held.

    units: Which; those that are fed later are remembered.
    reason: Why, as given.
    """

    units: tuple[UnitRange, ...]
    reason: str | None = None

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "units": [item.to_avro() for item in self.units],
            "reason": self.reason,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            units=tuple(UnitRange.from_avro(item) for item in record["units"]),
            reason=record["reason"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            len(self.units) <= 1000
            and (self.reason is None or (len(self.reason) <= 4000 and TEXT.takes(self.reason)))
            and (not self.units or all(map(UnitRange.is_within_bounds, self.units)))
        )


class ReloadTask(Struct, frozen=True, kw_only=True, gc=False):
    """Execute an ended task again over old and new input (incexec).

    parameters_json: New parameters, a JSON object merged into the old; null for none.
    reason: Why, as given.
    only_held: True for a work's task that waits for its workflow with no job made: it gets the parameters, and
        stays in its attempt; in any other status it is refused.
    """

    parameters_json: str | None = None
    reason: str | None = None
    only_held: bool = False

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "parameters_json": self.parameters_json,
            "reason": self.reason,
            "only_held": self.only_held,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            parameters_json=record["parameters_json"],
            reason=record["reason"],
            only_held=record["only_held"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            (self.parameters_json is None or (len(self.parameters_json) <= 800000 and TEXT.takes(self.parameters_json)))
            and (self.reason is None or (len(self.reason) <= 4000 and TEXT.takes(self.reason)))
        )


_NAMES_OF_RESTORETASK = lines_of(
    (UUID, 36, 36),
)


class RestoreTask(Struct, frozen=True, kw_only=True, gc=False):
    """Say that the record in a dead letter was handled after all.

    dead_letter_id: Id of the dead letter that holds the record.
    """

    dead_letter_id: str

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "dead_letter_id": self.dead_letter_id,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            dead_letter_id=record["dead_letter_id"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return _NAMES_OF_RESTORETASK("\n".join((self.dead_letter_id, ""))) is not None


class ResumeTask(Struct, frozen=True, kw_only=True, gc=False):
    """Go on after a pause.

    reason: Why, as given.
    throttle: Number of the throttle for failures that it ends, and no other pause; 0 ends any.
    """

    reason: str | None = None
    throttle: int = 0

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "reason": self.reason,
            "throttle": self.throttle,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            reason=record["reason"],
            throttle=record["throttle"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            (self.reason is None or (len(self.reason) <= 4000 and TEXT.takes(self.reason)))
            and 0 <= self.throttle <= 1000000
        )


class RetryTask(Struct, frozen=True, kw_only=True, gc=False):
    """Give the failed input of an ended task new attempts.

    parameters_json: New parameters, a JSON object merged into the old; null for none.
    reason: Why, as given.
    beyond_limits: ignore_hard_exhausted: True when the limits of retries are not asked.
    """

    parameters_json: str | None = None
    reason: str | None = None
    beyond_limits: bool = False

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "parameters_json": self.parameters_json,
            "reason": self.reason,
            "beyond_limits": self.beyond_limits,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            parameters_json=record["parameters_json"],
            reason=record["reason"],
            beyond_limits=record["beyond_limits"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            (self.parameters_json is None or (len(self.parameters_json) <= 800000 and TEXT.takes(self.parameters_json)))
            and (self.reason is None or (len(self.reason) <= 4000 and TEXT.takes(self.reason)))
        )


class RetryTaskUnits(Struct, frozen=True, kw_only=True, gc=False):
    """Give the next failed input units of a task new attempts: a retry of more units than one decision holds
    goes on.

    after: The last unit that was given attempts.
    attempts_max: Attempts per unit from now on.
    task_attempt: Attempt number of the task that the retry began.
    """

    after: int
    attempts_max: int
    task_attempt: int

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "after": self.after,
            "attempts_max": self.attempts_max,
            "task_attempt": self.task_attempt,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            after=record["after"],
            attempts_max=record["attempts_max"],
            task_attempt=record["task_attempt"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            0 <= self.after <= 1000000000
            and 0 <= self.attempts_max <= 2147483647
            and 0 <= self.task_attempt <= 2147483647
        )


class RevertRequirements(Struct, frozen=True, kw_only=True, gc=False):
    """Take back what was learned about the requirements of a task; nothing more is learned about it.

    reason: Why, as given.
    """

    reason: str | None = None

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "reason": self.reason,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            reason=record["reason"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return self.reason is None or (len(self.reason) <= 4000 and TEXT.takes(self.reason))


_NAMES_OF_SCHEDULETASKCOMMAND = lines_of(
    (WORD, 1, 64),
)


class ScheduleTaskCommand(Struct, frozen=True, kw_only=True, gc=False):
    """Have a command on the task decided at a later time, in the name of the sender.

    at: When (UTC).
    command: Name of the command, of those that users and operators send to tasks.
    fields_json: Its fields, a JSON object; empty for none.
    reason: Why, as given.
    """

    at: int
    command: str
    fields_json: str = ""
    reason: str | None = None

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "at": self.at,
            "command": self.command,
            "fields_json": self.fields_json,
            "reason": self.reason,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            at=record["at"],
            command=record["command"],
            fields_json=record["fields_json"],
            reason=record["reason"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            631152000000000 <= self.at <= 4102444800000000
            and len(self.fields_json) <= 100000 and TEXT.takes(self.fields_json)
            and (self.reason is None or (len(self.reason) <= 4000 and TEXT.takes(self.reason)))
            and _NAMES_OF_SCHEDULETASKCOMMAND("\n".join((self.command, ""))) is not None
        )


_NAMES_OF_SETTASKASIDE = lines_of(
    (UUID, 36, 36),
)


class SetTaskAside(Struct, frozen=True, kw_only=True, gc=False):
    """Say that a record of the task could not be handled and became a dead letter.

    dead_letter_id: Id of the dead letter that holds the record.
    message: Who met what, for example: reaction generate met a bug.
    """

    dead_letter_id: str
    message: str

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "dead_letter_id": self.dead_letter_id,
            "message": self.message,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            dead_letter_id=record["dead_letter_id"],
            message=record["message"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            len(self.message) <= 1000 and TEXT.takes(self.message)
            and _NAMES_OF_SETTASKASIDE("\n".join((self.dead_letter_id, ""))) is not None
        )


_NAMES_OF_SUBMITTASK = lines_of(
    (NAME, 1, 512),
    (WORD, 0, 64),
    (WORD, 0, 128),
)


class SubmitTask(Struct, frozen=True, kw_only=True, gc=False):
    """Register a task.

    task_id: jediTaskID.
    name: Task name as submitted, with its trailing slash.
    user_name: Normalised name of the owner as shown to people.
    nickname: preferred_username of the owner.
    label: prodSourceLabel.
    working_group: Working group.
    priority: taskPriority.
    parent_task_id: Task to wait for.
    parameters_json: Task parameters as submitted, JSON object.
    lists: Long lists of names that follow in AddInputNames, each an empty list in the parameters; the task
        starts with the last name.
    request_id: Request to iDDS of which the task is a work; null for a task of its own.
    work: Number of that work, from 0, in the order of the request.
    input_held: All input waits until it is released.
    """

    task_id: int
    name: str
    user_name: str
    nickname: str = ""
    label: str
    working_group: str | None = None
    priority: int
    parent_task_id: int | None = None
    parameters_json: str
    lists: tuple[NameList, ...] = ()
    request_id: int | None = None
    work: int | None = None
    input_held: bool = False

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "task_id": self.task_id,
            "name": self.name,
            "user_name": self.user_name,
            "nickname": self.nickname,
            "label": self.label,
            "working_group": self.working_group,
            "priority": self.priority,
            "parent_task_id": self.parent_task_id,
            "parameters_json": self.parameters_json,
            "lists": [item.to_avro() for item in self.lists],
            "request_id": self.request_id,
            "work": self.work,
            "input_held": self.input_held,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            task_id=record["task_id"],
            name=record["name"],
            user_name=record["user_name"],
            nickname=record["nickname"],
            label=record["label"],
            working_group=record["working_group"],
            priority=record["priority"],
            parent_task_id=record["parent_task_id"],
            parameters_json=record["parameters_json"],
            lists=tuple(NameList.from_avro(item) for item in record["lists"]),
            request_id=record["request_id"],
            work=record["work"],
            input_held=record["input_held"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            1 <= self.task_id <= 900000000000
            and len(self.user_name) <= 128 and LINE.takes(self.user_name)
            and len(self.nickname) <= 128 and LINE.takes(self.nickname)
            and -2147483648 <= self.priority <= 2147483647
            and (self.parent_task_id is None or (1 <= self.parent_task_id <= 900000000000))
            and len(self.parameters_json) <= 890000 and TEXT.takes(self.parameters_json)
            and len(self.lists) <= 10
            and (self.request_id is None or (1 <= self.request_id <= 899999999))
            and (self.work is None or (0 <= self.work <= 9999))
            and _NAMES_OF_SUBMITTASK("\n".join((self.name, self.label, self.working_group or "", ""))) is not None
            and (not self.lists or all(map(NameList.is_within_bounds, self.lists)))
        )


class ThrottleOrder(Struct, frozen=True, kw_only=True, gc=False):
    """Say that an order makes no jobs now because of a limit.

    order: Number of the order.
    throttle: Limit, figure and release.
    message: The sentence for people.
    """

    order: int
    throttle: Throttle
    message: str

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "order": self.order,
            "throttle": self.throttle.to_avro(),
            "message": self.message,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            order=record["order"],
            throttle=Throttle.from_avro(record["throttle"]),
            message=record["message"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            1 <= self.order <= 1000000000
            and len(self.message) <= 10000 and TEXT.takes(self.message)
            and self.throttle.is_within_bounds()
        )


_NAMES_OF_WAKETASK = lines_of(
    (WORD, 0, 64),
)


class WakeTask(Struct, frozen=True, kw_only=True, gc=False):
    """Try a parked task again.

    cause: What changed: TIMER, QUEUE_CONFIGURED, SOURCE_CHANGED, CHANGED (a rule of the task), LEVEL_CROSSED (a
        limit that throttled it), OPERATOR.
    """

    cause: str

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "cause": self.cause,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            cause=record["cause"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return _NAMES_OF_WAKETASK("\n".join((self.cause, ""))) is not None


class AttemptsIncreased(Struct, frozen=True, kw_only=True, gc=False):
    """Every input file got more attempts.

    increase: By how many.
    reason: Why, as given.
    """

    increase: int
    reason: str | None = None

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "increase": self.increase,
            "reason": self.reason,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            increase=record["increase"],
            reason=record["reason"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            0 <= self.increase <= 1000000
            and (self.reason is None or (len(self.reason) <= 4000 and TEXT.takes(self.reason)))
        )


class AvalancheForced(Struct, frozen=True, kw_only=True, gc=False):
    """It was ordered not to wait for the verdict on the scouts.

    reason: Why, as given.
    """

    reason: str | None = None

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "reason": self.reason,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            reason=record["reason"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return self.reason is None or (len(self.reason) <= 4000 and TEXT.takes(self.reason))


class BrokerageDecided(Struct, frozen=True, kw_only=True, gc=False):
    """Which queues may take work of the task, and why the others not. Orders cite it while its facts hold.

    order: Number of the order that it was made for.
    ram_mb: Memory of the work that was brokered (MB), as the requirements count it: of the task, or what its
        input was raised to.
    largest_input_bytes: Size of the largest input unit of the work.
    brokerage: Verdicts on all queues, the seed and the position of the facts.
    """

    order: int
    ram_mb: int
    largest_input_bytes: int = 0
    brokerage: BrokerageEvidence

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "order": self.order,
            "ram_mb": self.ram_mb,
            "largest_input_bytes": self.largest_input_bytes,
            "brokerage": self.brokerage.to_avro(),
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            order=record["order"],
            ram_mb=record["ram_mb"],
            largest_input_bytes=record["largest_input_bytes"],
            brokerage=BrokerageEvidence.from_avro(record["brokerage"]),
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            1 <= self.order <= 1000000000
            and 0 <= self.ram_mb <= 1000000000000000
            and 0 <= self.largest_input_bytes <= 1000000000000000000
            and self.brokerage.is_within_bounds()
        )


class ChildRegistered(Struct, frozen=True, kw_only=True, gc=False):
    """A task names this one as its parent and learns of its end.

    child_task_id: The child.
    """

    child_task_id: int

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "child_task_id": self.child_task_id,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            child_task_id=record["child_task_id"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return 1 <= self.child_task_id <= 900000000000


_NAMES_OF_CONTENTSFED = lines_of(
    (NAME, 1, 640),
    (WORD, 0, 32),
)


class ContentsFed(Struct, frozen=True, kw_only=True, gc=False):
    """Input units were added to the task.

    dataset: Dataset they come from.
    units: The units of this chunk.
    complete: True when every input dataset is known.
    dataset_complete: True with the last chunk of this dataset.
    chunk_complete: True with the last event of a chunk; a chunk that is too large for one event is several.
    accounts: Counters after it.
    status: Status that the task goes to, which waited for this dataset; empty when it keeps the one it has.
    position: Of a dataset that the task follows: how many of its files, in the order in which they were
        registered, the task has had with this chunk. Null for a list that was read by name, once.
    """

    dataset: str
    units: tuple[InputUnit, ...] = ()
    complete: bool
    dataset_complete: bool = True
    chunk_complete: bool = True
    accounts: FileAccounts
    status: str = ""
    position: int | None = None

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "dataset": self.dataset,
            "units": [item.to_avro() for item in self.units],
            "complete": self.complete,
            "dataset_complete": self.dataset_complete,
            "chunk_complete": self.chunk_complete,
            "accounts": self.accounts.to_avro(),
            "status": self.status,
            "position": self.position,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            dataset=record["dataset"],
            units=tuple(InputUnit.from_avro(item) for item in record["units"]),
            complete=record["complete"],
            dataset_complete=record["dataset_complete"],
            chunk_complete=record["chunk_complete"],
            accounts=FileAccounts.from_avro(record["accounts"]),
            status=record["status"],
            position=record["position"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            len(self.units) <= 200000
            and (self.position is None or (0 <= self.position <= 1000000000000000))
            and _NAMES_OF_CONTENTSFED("\n".join((self.dataset, self.status, ""))) is not None
            and (not self.units or all(map(InputUnit.is_within_bounds, self.units)))
            and self.accounts.is_within_bounds()
        )


_NAMES_OF_INPUTAWAITED = lines_of(
    (NAME, 1, 640),
)


class InputAwaited(Struct, frozen=True, kw_only=True, gc=False):
    """An input dataset does not exist yet; the task waits for its first files.

    dataset: Dataset name.
    message: The sentence for people.
    limit_seconds: After so long without the dataset the task is exhausted; 0 while only the end of its parent
        ends the wait.
    """

    dataset: str
    message: str
    limit_seconds: int = 0

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "dataset": self.dataset,
            "message": self.message,
            "limit_seconds": self.limit_seconds,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            dataset=record["dataset"],
            message=record["message"],
            limit_seconds=record["limit_seconds"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            len(self.message) <= 10000 and TEXT.takes(self.message)
            and 0 <= self.limit_seconds <= 1000000000
            and _NAMES_OF_INPUTAWAITED("\n".join((self.dataset, ""))) is not None
        )


class InputDropped(Struct, frozen=True, kw_only=True, gc=False):
    """Some input is not needed.

    units: Those that were not dropped until now.
    reason: Why, as given.
    standing: For people: the ids that are dropped after it, the first few ranges of them; empty when there are
        none.
    """

    units: tuple[UnitRange, ...] = ()
    reason: str | None = None
    standing: str = ""

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "units": [item.to_avro() for item in self.units],
            "reason": self.reason,
            "standing": self.standing,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            units=tuple(UnitRange.from_avro(item) for item in record["units"]),
            reason=record["reason"],
            standing=record["standing"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            len(self.units) <= 70000
            and (self.reason is None or (len(self.reason) <= 4000 and TEXT.takes(self.reason)))
            and len(self.standing) <= 200 and TEXT.takes(self.standing)
            and (not self.units or all(map(UnitRange.is_within_bounds, self.units)))
        )


class InputHeld(Struct, frozen=True, kw_only=True, gc=False):
    """The task makes no further jobs for some of its input.

    units: Those that were not held until now.
    number_max: Units with greater ids wait for a release of this number; null: unchanged.
    reason: Why, as given.
    standing: For people: the ids that are held by command after it, the first few ranges of them; empty when
        there are none.
    scouts: True when the units up to number_max are scouts and the others wait for their verdict.
    """

    units: tuple[UnitRange, ...] = ()
    number_max: int | None = None
    reason: str | None = None
    standing: str = ""
    scouts: bool = False

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "units": [item.to_avro() for item in self.units],
            "number_max": self.number_max,
            "reason": self.reason,
            "standing": self.standing,
            "scouts": self.scouts,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            units=tuple(UnitRange.from_avro(item) for item in record["units"]),
            number_max=record["number_max"],
            reason=record["reason"],
            standing=record["standing"],
            scouts=record["scouts"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            len(self.units) <= 70000
            and (self.number_max is None or (0 <= self.number_max <= 1000000))
            and (self.reason is None or (len(self.reason) <= 4000 and TEXT.takes(self.reason)))
            and len(self.standing) <= 200 and TEXT.takes(self.standing)
            and (not self.units or all(map(UnitRange.is_within_bounds, self.units)))
        )


_NAMES_OF_INPUTNAMESADDED = lines_of(
    (WORD, 0, 32),
)


class InputNamesAdded(Struct, frozen=True, kw_only=True, gc=False):
    """Names of a list that the task was submitted without arrived.

    chunk: Number of this chunk, from 0.
    list: The list that they belong to.
    names: The next names of the list, in its order.
    names_left: Names of all lists that are still to come; 0 when the submission is complete.
    status: Status of the task after it: waiting until the last name, then registered or, if its definition was
        made meanwhile, defined.
    """

    chunk: int
    list: str
    names: tuple[str, ...] = ()
    names_left: int
    status: str

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "chunk": self.chunk,
            "list": self.list,
            "names": list(self.names),
            "names_left": self.names_left,
            "status": self.status,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            chunk=record["chunk"],
            list=record["list"],
            names=tuple(record["names"]),
            names_left=record["names_left"],
            status=record["status"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            0 <= self.chunk <= 1000000
            and 1 <= len(self.list) <= 64 and LINE.takes(self.list)
            and len(self.names) <= 500
            and (not self.names or all(1 <= len(item) <= 1024 and URL.takes(item) for item in self.names))
            and 0 <= self.names_left <= 10000000
            and _NAMES_OF_INPUTNAMESADDED("\n".join((self.status, ""))) is not None
        )


class InputReleased(Struct, frozen=True, kw_only=True, gc=False):
    """The task may make jobs for input that it held.

    units: Those that were held until now.
    number_max: Units with greater ids wait for a release of this number; null: unchanged.
    reason: Why, as given.
    standing: For people: the ids that are held by command after it, the first few ranges of them; empty when
        there are none.
    """

    units: tuple[UnitRange, ...] = ()
    number_max: int | None = None
    reason: str | None = None
    standing: str = ""

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "units": [item.to_avro() for item in self.units],
            "number_max": self.number_max,
            "reason": self.reason,
            "standing": self.standing,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            units=tuple(UnitRange.from_avro(item) for item in record["units"]),
            number_max=record["number_max"],
            reason=record["reason"],
            standing=record["standing"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            len(self.units) <= 70000
            and (self.number_max is None or (0 <= self.number_max <= 1000000))
            and (self.reason is None or (len(self.reason) <= 4000 and TEXT.takes(self.reason)))
            and len(self.standing) <= 200 and TEXT.takes(self.standing)
            and (not self.units or all(map(UnitRange.is_within_bounds, self.units)))
        )


class JobOutcomesRecorded(Struct, frozen=True, kw_only=True, gc=False):
    """Ends of jobs were accounted for.

    outcomes: The ends.
    units: What they did to the input.
    accounts: Counters after it.
    secondaries: Counters of the secondary inputs after it.
    """

    outcomes: tuple[JobOutcome, ...] = ()
    units: tuple[UnitChange, ...] = ()
    accounts: FileAccounts
    secondaries: tuple[SecondaryAccounts, ...] = ()

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "outcomes": [item.to_avro() for item in self.outcomes],
            "units": [item.to_avro() for item in self.units],
            "accounts": self.accounts.to_avro(),
            "secondaries": [item.to_avro() for item in self.secondaries],
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            outcomes=tuple(JobOutcome.from_avro(item) for item in record["outcomes"]),
            units=tuple(UnitChange.from_avro(item) for item in record["units"]),
            accounts=FileAccounts.from_avro(record["accounts"]),
            secondaries=tuple(SecondaryAccounts.from_avro(item) for item in record["secondaries"]),
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            len(self.outcomes) <= 10000
            and len(self.units) <= 200000
            and len(self.secondaries) <= 20
            and (not self.outcomes or all(map(JobOutcome.is_within_bounds, self.outcomes)))
            and (not self.units or all(map(UnitChange.is_within_bounds, self.units)))
            and self.accounts.is_within_bounds()
            and (not self.secondaries or all(map(SecondaryAccounts.is_within_bounds, self.secondaries)))
        )


class JobsGenerated(Struct, frozen=True, kw_only=True, gc=False):
    """Jobs were made for an order.

    order: Number of the order.
    kind: What they do.
    jobs: The jobs.
    brokerage: Why these queues.
    accounts: Counters after it.
    scouts: True when they are scouts: the task is scouting.
    secondaries: Counters of the secondary inputs after it.
    """

    order: int
    kind: JobKind
    jobs: tuple[GeneratedJob, ...] = ()
    brokerage: BrokerageEvidence
    accounts: FileAccounts
    scouts: bool = False
    secondaries: tuple[SecondaryAccounts, ...] = ()

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "order": self.order,
            "kind": self.kind,
            "jobs": [item.to_avro() for item in self.jobs],
            "brokerage": self.brokerage.to_avro(),
            "accounts": self.accounts.to_avro(),
            "scouts": self.scouts,
            "secondaries": [item.to_avro() for item in self.secondaries],
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            order=record["order"],
            kind=JobKind[record["kind"]],
            jobs=tuple(GeneratedJob.from_avro(item) for item in record["jobs"]),
            brokerage=BrokerageEvidence.from_avro(record["brokerage"]),
            accounts=FileAccounts.from_avro(record["accounts"]),
            scouts=record["scouts"],
            secondaries=tuple(SecondaryAccounts.from_avro(item) for item in record["secondaries"]),
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            1 <= self.order <= 1000000000
            and len(self.jobs) <= 10000
            and len(self.secondaries) <= 20
            and (not self.jobs or all(map(GeneratedJob.is_within_bounds, self.jobs)))
            and self.brokerage.is_within_bounds()
            and self.accounts.is_within_bounds()
            and (not self.secondaries or all(map(SecondaryAccounts.is_within_bounds, self.secondaries)))
        )


_NAMES_OF_JOBSORDERED = lines_of(
    (SUBJECT, 0, 255),
    (WORD, 0, 128),
)


class JobsOrdered(Struct, frozen=True, kw_only=True, gc=False):
    """Ready input waits to be brokered and split: the order for the job generator, with all it needs.

    order: 1, 2, 3 ... within the task.
    kind: What is to be made.
    units: Input to pack (normal, build: none).
    unmerged: Jobs whose outputs are to be merged (merge).
    definition: Of the definition in force what the generator needs: requirements, rules, and one name of the
        input datasets and of the physical names, to say that there are some; at most 20 kB.
    task_id: jediTaskID.
    priority: Priority for the jobs.
    queues_used: Queues the task used already.
    more: True when further input of the task follows: a last partial job may wait.
    continues: True when the dataset of the last unit has more units that are ready: a last job that has room
        for more of them is left for the next order.
    units_per_job: So many units a job must have where its input goes on, that the task makes no more jobs than
        its limit; null without a limit.
    secondary: What secondary input adds to the jobs; null without one.
    owner: Whose the task is; empty in events of earlier releases.
    working_group: The group that it is for; empty where there is none.
    """

    order: int
    kind: JobKind
    units: tuple[InputUnit, ...] = ()
    unmerged: tuple[UnmergedJob, ...] = ()
    definition: TaskDefinition
    task_id: int
    priority: int
    queues_used: tuple[str, ...] = ()
    more: bool = False
    continues: bool = False
    units_per_job: int | None = None
    secondary: SecondaryLoad | None = None
    owner: str = ""
    working_group: str = ""

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "order": self.order,
            "kind": self.kind,
            "units": [item.to_avro() for item in self.units],
            "unmerged": [item.to_avro() for item in self.unmerged],
            "definition": self.definition.to_avro(),
            "task_id": self.task_id,
            "priority": self.priority,
            "queues_used": list(self.queues_used),
            "more": self.more,
            "continues": self.continues,
            "units_per_job": self.units_per_job,
            "secondary": None if self.secondary is None else self.secondary.to_avro(),
            "owner": self.owner,
            "working_group": self.working_group,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            order=record["order"],
            kind=JobKind[record["kind"]],
            units=tuple(InputUnit.from_avro(item) for item in record["units"]),
            unmerged=tuple(UnmergedJob.from_avro(item) for item in record["unmerged"]),
            definition=TaskDefinition.from_avro(record["definition"]),
            task_id=record["task_id"],
            priority=record["priority"],
            queues_used=tuple(record["queues_used"]),
            more=record["more"],
            continues=record["continues"],
            units_per_job=record["units_per_job"],
            secondary=None if record["secondary"] is None else SecondaryLoad.from_avro(record["secondary"]),
            owner=record["owner"],
            working_group=record["working_group"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            1 <= self.order <= 1000000000
            and len(self.units) <= 10000
            and len(self.unmerged) <= 10000
            and 1 <= self.task_id <= 900000000000
            and -2147483648 <= self.priority <= 2147483647
            and len(self.queues_used) <= 5000
            and (not self.queues_used or all(1 <= len(item) <= 128 and WORD.takes(item) for item in self.queues_used))
            and (self.units_per_job is None or (1 <= self.units_per_job <= 1000000))
            and _NAMES_OF_JOBSORDERED("\n".join((self.owner, self.working_group, ""))) is not None
            and (not self.units or all(map(InputUnit.is_within_bounds, self.units)))
            and (not self.unmerged or all(map(UnmergedJob.is_within_bounds, self.unmerged)))
            and self.definition.is_within_bounds()
            and (self.secondary is None or self.secondary.is_within_bounds())
        )


_NAMES_OF_NUCLEUSASSIGNED = lines_of(
    (WORD, 1, 128),
    (WORD, 0, 64),
)


class NucleusAssigned(Struct, frozen=True, kw_only=True, gc=False):
    """A site takes the output of the task from now on; its open orders are made again.

    nucleus: Name of the site.
    order: Number of the order that waited for it; 0 when a person chose.
    verdicts: What was said of each nucleus, by name.
    seed: Seed of the draw: id of the order's event. Empty when a person chose.
    facts_position: Position of the queue facts that were used, topic:partition:offset joined by commas.
    work: Work of the task as far as its input is known, in days of a core.
    reason: Why, as given.
    """

    nucleus: str
    order: int = 0
    verdicts: tuple[NucleusVerdict, ...] = ()
    seed: str = ""
    facts_position: str = ""
    work: float = 0.0
    reason: str | None = None

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "nucleus": self.nucleus,
            "order": self.order,
            "verdicts": [item.to_avro() for item in self.verdicts],
            "seed": self.seed,
            "facts_position": self.facts_position,
            "work": self.work,
            "reason": self.reason,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            nucleus=record["nucleus"],
            order=record["order"],
            verdicts=tuple(NucleusVerdict.from_avro(item) for item in record["verdicts"]),
            seed=record["seed"],
            facts_position=record["facts_position"],
            work=record["work"],
            reason=record["reason"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            0 <= self.order <= 1000000000
            and len(self.verdicts) <= 1000
            and len(self.facts_position) <= 10000 and LINE.takes(self.facts_position)
            and 0 <= self.work <= 1000000000000000
            and (self.reason is None or (len(self.reason) <= 4000 and TEXT.takes(self.reason)))
            and _NAMES_OF_NUCLEUSASSIGNED("\n".join((self.nucleus, self.seed, ""))) is not None
            and (not self.verdicts or all(map(NucleusVerdict.is_within_bounds, self.verdicts)))
        )


_NAMES_OF_PARENTAWAITED = lines_of(
    (WORD, 0, 32),
)


class ParentAwaited(Struct, frozen=True, kw_only=True, gc=False):
    """The task has a parent that is not known to have ended.

    parent_task_id: The parent.
    status: Status that the task goes to: pending when it waits for the end; empty when it keeps the one it has.
    message: The sentence for people.
    """

    parent_task_id: int
    status: str = ""
    message: str = ""

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "parent_task_id": self.parent_task_id,
            "status": self.status,
            "message": self.message,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            parent_task_id=record["parent_task_id"],
            status=record["status"],
            message=record["message"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            1 <= self.parent_task_id <= 900000000000
            and len(self.message) <= 10000 and TEXT.takes(self.message)
            and _NAMES_OF_PARENTAWAITED("\n".join((self.status, ""))) is not None
        )


_NAMES_OF_PARENTENDED = lines_of(
    (WORD, 0, 32),
    (WORD, 0, 32),
)


class ParentEnded(Struct, frozen=True, kw_only=True, gc=False):
    """The parent of the task ended.

    parent_task_id: The parent.
    parent_status: Status in which it ended.
    status: Status that the task goes to, which waited for this; empty when it keeps the one it has.
    rereads: True when the task reads its input datasets again, to which the parent may have added.
    """

    parent_task_id: int
    parent_status: str
    status: str = ""
    rereads: bool = False

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "parent_task_id": self.parent_task_id,
            "parent_status": self.parent_status,
            "status": self.status,
            "rereads": self.rereads,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            parent_task_id=record["parent_task_id"],
            parent_status=record["parent_status"],
            status=record["status"],
            rereads=record["rereads"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            1 <= self.parent_task_id <= 900000000000
            and _NAMES_OF_PARENTENDED("\n".join((self.parent_status, self.status, ""))) is not None
        )


class RequirementsLearned(Struct, frozen=True, kw_only=True, gc=False):
    """Requirements of a task follow what its jobs used.

    finished_jobs: Jobs that had succeeded.
    learned: Each requirement.
    seed: From which the sample was drawn where more jobs were measured than it may have; empty where there was
        nothing to draw.
    measured_jobs: Jobs of which a sample was taken; 0 in events of earlier releases.
    """

    finished_jobs: int
    learned: tuple[LearnedRequirement, ...] = ()
    seed: str = ""
    measured_jobs: int = 0

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "finished_jobs": self.finished_jobs,
            "learned": [item.to_avro() for item in self.learned],
            "seed": self.seed,
            "measured_jobs": self.measured_jobs,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            finished_jobs=record["finished_jobs"],
            learned=tuple(LearnedRequirement.from_avro(item) for item in record["learned"]),
            seed=record["seed"],
            measured_jobs=record["measured_jobs"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            0 <= self.finished_jobs <= 1000000000
            and len(self.learned) <= 20
            and len(self.seed) <= 64 and LINE.takes(self.seed)
            and 0 <= self.measured_jobs <= 1000000000
            and (not self.learned or all(map(LearnedRequirement.is_within_bounds, self.learned)))
        )


class RequirementsReverted(Struct, frozen=True, kw_only=True, gc=False):
    """Requirements are as they were asked for again, and stay so.

    reason: Why, as given.
    """

    reason: str | None = None

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "reason": self.reason,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            reason=record["reason"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return self.reason is None or (len(self.reason) <= 4000 and TEXT.takes(self.reason))


_NAMES_OF_SCHEDULEDCOMMANDENDED = lines_of(
    (UUID, 36, 36),
    (WORD, 1, 64),
    (SUBJECT, 1, 255),
)


class ScheduledCommandEnded(Struct, frozen=True, kw_only=True, gc=False):
    """A command that was ordered for later was decided, or taken back.

    schedule_id: Id of the command that ordered it.
    command: Name of the command, of those that users and operators send to tasks.
    actor: Who had ordered it.
    outcome: carried out, taken back, or why it was refused, with the status that it met.
    """

    schedule_id: str
    command: str
    actor: str
    outcome: str

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "schedule_id": self.schedule_id,
            "command": self.command,
            "actor": self.actor,
            "outcome": self.outcome,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            schedule_id=record["schedule_id"],
            command=record["command"],
            actor=record["actor"],
            outcome=record["outcome"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            len(self.outcome) <= 4000 and TEXT.takes(self.outcome)
            and _NAMES_OF_SCHEDULEDCOMMANDENDED("\n".join((self.schedule_id, self.command, self.actor, ""))) is not None
        )


class ScoutsJudged(Struct, frozen=True, kw_only=True, gc=False):
    """The scouts of a task were judged.

    verdict: What they showed.
    units: Input units of the scouts, but those that were dropped.
    finished: Of them, done or waiting for a merge.
    failed: Of them, given up.
    forced: True when the verdict was not waited for.
    message: The sentence for people: why not good.
    """

    verdict: ScoutsVerdict
    units: int
    finished: int
    failed: int
    forced: bool = False
    message: str = ""

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "verdict": self.verdict,
            "units": self.units,
            "finished": self.finished,
            "failed": self.failed,
            "forced": self.forced,
            "message": self.message,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            verdict=ScoutsVerdict[record["verdict"]],
            units=record["units"],
            finished=record["finished"],
            failed=record["failed"],
            forced=record["forced"],
            message=record["message"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            0 <= self.units <= 1000000
            and 0 <= self.finished <= 1000000
            and 0 <= self.failed <= 1000000
            and len(self.message) <= 4000 and TEXT.takes(self.message)
        )


_NAMES_OF_SECONDARYINPUTFED = lines_of(
    (NAME, 1, 640),
    (WORD, 0, 32),
)


class SecondaryInputFed(Struct, frozen=True, kw_only=True, gc=False):
    """Files of a secondary input became known to the task.

    stream: Place of the stream among the secondary inputs of the definition, from 0.
    dataset: Dataset they come from.
    files: Files that the stream did not have, in the order in which jobs take them.
    skipped: Files left out because of the offset.
    dataset_complete: True with the last chunk of this dataset.
    complete: True when every dataset of the stream is known.
    status: Status that the task goes to, which waited for this dataset; empty when it keeps the one it has.
    """

    stream: int
    dataset: str
    files: tuple[DatasetFile, ...] = ()
    skipped: int = 0
    dataset_complete: bool
    complete: bool
    status: str = ""

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "stream": self.stream,
            "dataset": self.dataset,
            "files": [item.to_avro() for item in self.files],
            "skipped": self.skipped,
            "dataset_complete": self.dataset_complete,
            "complete": self.complete,
            "status": self.status,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            stream=record["stream"],
            dataset=record["dataset"],
            files=tuple(DatasetFile.from_avro(item) for item in record["files"]),
            skipped=record["skipped"],
            dataset_complete=record["dataset_complete"],
            complete=record["complete"],
            status=record["status"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            0 <= self.stream <= 100
            and len(self.files) <= 10000
            and 0 <= self.skipped <= 1000000
            and _NAMES_OF_SECONDARYINPUTFED("\n".join((self.dataset, self.status, ""))) is not None
            and (not self.files or all(map(DatasetFile.is_within_bounds, self.files)))
        )


_NAMES_OF_SPLITRULECHANGED = lines_of(
    (WORD, 1, 16),
    (WORD, 1, 64),
)


class SplitRuleChanged(Struct, frozen=True, kw_only=True, gc=False):
    """A split rule of the task was changed.

    code: The rule's code.
    value: The new value, in the unit of the rule.
    rules: How input is cut from now on.
    parameter: Key of the task's parameters that has the value from now on, so that a reload keeps it.
    reason: Why, as given.
    """

    code: str
    value: int
    rules: SplitRules
    parameter: str
    reason: str | None = None

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "code": self.code,
            "value": self.value,
            "rules": self.rules.to_avro(),
            "parameter": self.parameter,
            "reason": self.reason,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            code=record["code"],
            value=record["value"],
            rules=SplitRules.from_avro(record["rules"]),
            parameter=record["parameter"],
            reason=record["reason"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            0 <= self.value <= 1000000000000
            and (self.reason is None or (len(self.reason) <= 4000 and TEXT.takes(self.reason)))
            and _NAMES_OF_SPLITRULECHANGED("\n".join((self.code, self.parameter, ""))) is not None
            and self.rules.is_within_bounds()
        )


_NAMES_OF_TASKATTRIBUTECHANGED = lines_of(
    (WORD, 1, 64),
    (WORD, 1, 64),
)


class TaskAttributeChanged(Struct, frozen=True, kw_only=True, gc=False):
    """A requirement of the task was changed.

    attribute: The requirement, by the word of the command.
    value: The new value, in the unit of the command.
    requirements: What a queue must offer from now on.
    rules: How input is cut from now on.
    parameter: Key of the task's parameters that has the value from now on, so that a reload keeps it.
    reason: Why, as given.
    """

    attribute: str
    value: int
    requirements: Requirements
    rules: SplitRules
    parameter: str
    reason: str | None = None

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "attribute": self.attribute,
            "value": self.value,
            "requirements": self.requirements.to_avro(),
            "rules": self.rules.to_avro(),
            "parameter": self.parameter,
            "reason": self.reason,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            attribute=record["attribute"],
            value=record["value"],
            requirements=Requirements.from_avro(record["requirements"]),
            rules=SplitRules.from_avro(record["rules"]),
            parameter=record["parameter"],
            reason=record["reason"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            0 <= self.value <= 1000000000000
            and (self.reason is None or (len(self.reason) <= 4000 and TEXT.takes(self.reason)))
            and _NAMES_OF_TASKATTRIBUTECHANGED("\n".join((self.attribute, self.parameter, ""))) is not None
            and self.requirements.is_within_bounds()
            and self.rules.is_within_bounds()
        )


_NAMES_OF_TASKBROKEN = lines_of(
    (WORD, 0, 64),
)


class TaskBroken(Struct, frozen=True, kw_only=True, gc=False):
    """The task cannot be worked on.

    reason: Code.
    message: The sentence for people.
    """

    reason: str
    message: str

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "reason": self.reason,
            "message": self.message,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            reason=record["reason"],
            message=record["message"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            len(self.message) <= 10000 and TEXT.takes(self.message)
            and _NAMES_OF_TASKBROKEN("\n".join((self.reason, ""))) is not None
        )


_NAMES_OF_TASKCOMMANDSCHEDULED = lines_of(
    (UUID, 36, 36),
    (WORD, 1, 64),
    (WORD, 0, 64),
)


class TaskCommandScheduled(Struct, frozen=True, kw_only=True, gc=False):
    """A command was ordered for later.

    schedule_id: Id of the command that ordered it.
    at: When (UTC).
    at_text: The same time as people read it.
    command: Name of the command, of those that users and operators send to tasks.
    fields_json: Its fields, a JSON object; empty for none.
    role: What the actor acted as.
    rights: Rights of the role at that time, as in the envelope of commands.
    linked_actors: Other ids of the same person at that time.
    reason: Why, as given.
    """

    schedule_id: str
    at: int
    at_text: str
    command: str
    fields_json: str = ""
    role: str = "user"
    rights: tuple[str, ...] = ()
    linked_actors: tuple[str, ...] = ()
    reason: str | None = None

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "schedule_id": self.schedule_id,
            "at": self.at,
            "at_text": self.at_text,
            "command": self.command,
            "fields_json": self.fields_json,
            "role": self.role,
            "rights": list(self.rights),
            "linked_actors": list(self.linked_actors),
            "reason": self.reason,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            schedule_id=record["schedule_id"],
            at=record["at"],
            at_text=record["at_text"],
            command=record["command"],
            fields_json=record["fields_json"],
            role=record["role"],
            rights=tuple(record["rights"]),
            linked_actors=tuple(record["linked_actors"]),
            reason=record["reason"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            631152000000000 <= self.at <= 4102444800000000
            and len(self.at_text) <= 64 and LINE.takes(self.at_text)
            and len(self.fields_json) <= 100000 and TEXT.takes(self.fields_json)
            and len(self.rights) <= 10
            and (not self.rights or all(1 <= len(item) <= 64 and WORD.takes(item) for item in self.rights))
            and len(self.linked_actors) <= 16
            and (not self.linked_actors or all(1 <= len(item) <= 255 and SUBJECT.takes(item) for item in self.linked_actors))
            and (self.reason is None or (len(self.reason) <= 4000 and TEXT.takes(self.reason)))
            and _NAMES_OF_TASKCOMMANDSCHEDULED("\n".join((self.schedule_id, self.command, self.role, ""))) is not None
        )


class TaskFinalized(Struct, frozen=True, kw_only=True, gc=False):
    """The task ended.

    verdict: How.
    message: The sentence for people: why not done.
    accounts: Counters at the end.
    children: Tasks that have it as their parent; they learn of the end.
    waits_for_person: True: no clock finishes the exhausted task (disableAutoFinish).
    """

    verdict: TaskVerdict
    message: str = ""
    accounts: FileAccounts
    children: tuple[int, ...] = ()
    waits_for_person: bool = False

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "verdict": self.verdict,
            "message": self.message,
            "accounts": self.accounts.to_avro(),
            "children": list(self.children),
            "waits_for_person": self.waits_for_person,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            verdict=TaskVerdict[record["verdict"]],
            message=record["message"],
            accounts=FileAccounts.from_avro(record["accounts"]),
            children=tuple(record["children"]),
            waits_for_person=record["waits_for_person"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            len(self.message) <= 10000 and TEXT.takes(self.message)
            and len(self.children) <= 1000
            and (not self.children or 1 <= min(self.children) <= max(self.children) <= 900000000000)
            and self.accounts.is_within_bounds()
        )


class TaskFinishOrdered(Struct, frozen=True, kw_only=True, gc=False):
    """The task was ordered to end with what it has.

    soft: True: running jobs are awaited.
    reason: Why, as given.
    """

    soft: bool
    reason: str | None = None

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "soft": self.soft,
            "reason": self.reason,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            soft=record["soft"],
            reason=record["reason"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return self.reason is None or (len(self.reason) <= 4000 and TEXT.takes(self.reason))


class TaskKillOrdered(Struct, frozen=True, kw_only=True, gc=False):
    """The task was ordered killed; its jobs are being killed.

    reason: Why, as given.
    """

    reason: str | None = None

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "reason": self.reason,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            reason=record["reason"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return self.reason is None or (len(self.reason) <= 4000 and TEXT.takes(self.reason))


class TaskParked(Struct, frozen=True, kw_only=True, gc=False):
    """No queue could be found; the task waits.

    order: Number of the order.
    brokerage: Why each queue was dropped.
    message: The sentence for people.
    nuclei: Why no nucleus was taken, where the task waits for one; empty where it waits for a queue.
    """

    order: int
    brokerage: BrokerageEvidence
    message: str
    nuclei: tuple[NucleusVerdict, ...] = ()

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "order": self.order,
            "brokerage": self.brokerage.to_avro(),
            "message": self.message,
            "nuclei": [item.to_avro() for item in self.nuclei],
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            order=record["order"],
            brokerage=BrokerageEvidence.from_avro(record["brokerage"]),
            message=record["message"],
            nuclei=tuple(NucleusVerdict.from_avro(item) for item in record["nuclei"]),
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            1 <= self.order <= 1000000000
            and len(self.message) <= 10000 and TEXT.takes(self.message)
            and len(self.nuclei) <= 1000
            and self.brokerage.is_within_bounds()
            and (not self.nuclei or all(map(NucleusVerdict.is_within_bounds, self.nuclei)))
        )


class TaskPaused(Struct, frozen=True, kw_only=True, gc=False):
    """The task makes and dispatches no jobs.

    reason: Why, as given.
    throttle: Number of the throttle for failures, from 1, which ends by a command that is ordered for later; 0
        for a pause that a person ends.
    """

    reason: str | None = None
    throttle: int = 0

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "reason": self.reason,
            "throttle": self.throttle,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            reason=record["reason"],
            throttle=record["throttle"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            (self.reason is None or (len(self.reason) <= 4000 and TEXT.takes(self.reason)))
            and 0 <= self.throttle <= 1000000
        )


class TaskPriorityChanged(Struct, frozen=True, kw_only=True, gc=False):
    """The priority was changed.

    priority: The new one.
    reason: Why, as given.
    """

    priority: int
    reason: str | None = None

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "priority": self.priority,
            "reason": self.reason,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            priority=record["priority"],
            reason=record["reason"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            -2147483648 <= self.priority <= 2147483647
            and (self.reason is None or (len(self.reason) <= 4000 and TEXT.takes(self.reason)))
        )


_NAMES_OF_TASKREASSIGNED = lines_of(
    (WORD, 0, 128),
    (WORD, 0, 128),
    (WORD, 0, 32),
    (WORD, 0, 128),
    (WORD, 0, 32),
)


class TaskReassigned(Struct, frozen=True, kw_only=True, gc=False):
    """Placement of the task was changed.

    site: Queue from now on.
    cloud: Cloud from now on.
    mode: kill, soft or nokill.
    reason: Why, as given.
    nucleus: Site that takes the output from now on; null: as before.
    status: Status that it goes to; empty: it keeps its own.
    """

    site: str | None = None
    cloud: str | None = None
    mode: str
    reason: str | None = None
    nucleus: str | None = None
    status: str = ""

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "site": self.site,
            "cloud": self.cloud,
            "mode": self.mode,
            "reason": self.reason,
            "nucleus": self.nucleus,
            "status": self.status,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            site=record["site"],
            cloud=record["cloud"],
            mode=record["mode"],
            reason=record["reason"],
            nucleus=record["nucleus"],
            status=record["status"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            (self.reason is None or (len(self.reason) <= 4000 and TEXT.takes(self.reason)))
            and _NAMES_OF_TASKREASSIGNED("\n".join((self.site or "", self.cloud or "", self.mode, self.nucleus or "", self.status, ""))) is not None
            and self.nucleus != ""
        )


class TaskRefined(Struct, frozen=True, kw_only=True, gc=False):
    """The task got its definition.

    definition: The definition.
    parameters_revision: Revision of the parameters it was made from.
    """

    definition: TaskDefinition
    parameters_revision: int

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "definition": self.definition.to_avro(),
            "parameters_revision": self.parameters_revision,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            definition=TaskDefinition.from_avro(record["definition"]),
            parameters_revision=record["parameters_revision"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            0 <= self.parameters_revision <= 2147483647
            and self.definition.is_within_bounds()
        )


class TaskReloaded(Struct, frozen=True, kw_only=True, gc=False):
    """The task executes again over old and new input; it will be refined again.

    parameters_json: All parameters in force now.
    parameters_revision: Their revision.
    retried: True when it came from retry with new parameters.
    task_attempt: Attempt number of the task.
    lists: Long lists of names of the submission that are still in force; each is an empty list in the
        parameters.
    reason: Why, as given.
    """

    parameters_json: str
    parameters_revision: int
    retried: bool = False
    task_attempt: int
    lists: tuple[NameList, ...] = ()
    reason: str | None = None

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "parameters_json": self.parameters_json,
            "parameters_revision": self.parameters_revision,
            "retried": self.retried,
            "task_attempt": self.task_attempt,
            "lists": [item.to_avro() for item in self.lists],
            "reason": self.reason,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            parameters_json=record["parameters_json"],
            parameters_revision=record["parameters_revision"],
            retried=record["retried"],
            task_attempt=record["task_attempt"],
            lists=tuple(NameList.from_avro(item) for item in record["lists"]),
            reason=record["reason"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            len(self.parameters_json) <= 890000 and TEXT.takes(self.parameters_json)
            and 0 <= self.parameters_revision <= 2147483647
            and 0 <= self.task_attempt <= 2147483647
            and len(self.lists) <= 10
            and (self.reason is None or (len(self.reason) <= 4000 and TEXT.takes(self.reason)))
            and (not self.lists or all(map(NameList.is_within_bounds, self.lists)))
        )


_NAMES_OF_TASKRESTORED = lines_of(
    (UUID, 36, 36),
    (WORD, 0, 64),
)


class TaskRestored(Struct, frozen=True, kw_only=True, gc=False):
    """The record in a dead letter was handled after all; the task goes on.

    dead_letter_id: Id of the dead letter that holds the record.
    message: The sentence for people when other dead letters still hold the task.
    status: Status that the task goes back to, of a paused task when it is resumed; empty when it keeps the one
        it has.
    """

    dead_letter_id: str
    message: str = ""
    status: str = ""

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "dead_letter_id": self.dead_letter_id,
            "message": self.message,
            "status": self.status,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            dead_letter_id=record["dead_letter_id"],
            message=record["message"],
            status=record["status"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            len(self.message) <= 10000 and TEXT.takes(self.message)
            and _NAMES_OF_TASKRESTORED("\n".join((self.dead_letter_id, self.status, ""))) is not None
        )


class TaskResumed(Struct, frozen=True, kw_only=True, gc=False):
    """The task goes on.

    reason: Why, as given.
    """

    reason: str | None = None

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "reason": self.reason,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            reason=record["reason"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return self.reason is None or (len(self.reason) <= 4000 and TEXT.takes(self.reason))


class TaskRetried(Struct, frozen=True, kw_only=True, gc=False):
    """Failed input got new attempts.

    units: Units that are ready again.
    attempts_max: Attempts per file from now on.
    task_attempt: Attempt number of the task.
    reason: Why, as given.
    continues: True for a further part of a retry of many units: status and attempt are those of its first part.
    more: True when a further part follows.
    """

    units: tuple[int, ...] = ()
    attempts_max: int
    task_attempt: int
    reason: str | None = None
    continues: bool = False
    more: bool = False

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "units": list(self.units),
            "attempts_max": self.attempts_max,
            "task_attempt": self.task_attempt,
            "reason": self.reason,
            "continues": self.continues,
            "more": self.more,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            units=tuple(record["units"]),
            attempts_max=record["attempts_max"],
            task_attempt=record["task_attempt"],
            reason=record["reason"],
            continues=record["continues"],
            more=record["more"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            len(self.units) <= 200000
            and (not self.units or 1 <= min(self.units) <= max(self.units) <= 1000000000)
            and 0 <= self.attempts_max <= 2147483647
            and 0 <= self.task_attempt <= 2147483647
            and (self.reason is None or (len(self.reason) <= 4000 and TEXT.takes(self.reason)))
        )


_NAMES_OF_TASKSETASIDE = lines_of(
    (UUID, 36, 36),
)


class TaskSetAside(Struct, frozen=True, kw_only=True, gc=False):
    """A record of the task became a dead letter; the task waits until it is tried again.

    dead_letter_id: Id of the dead letter that holds the record.
    message: The sentence for people.
    cause: Who met what.
    """

    dead_letter_id: str
    message: str
    cause: str

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "dead_letter_id": self.dead_letter_id,
            "message": self.message,
            "cause": self.cause,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            dead_letter_id=record["dead_letter_id"],
            message=record["message"],
            cause=record["cause"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            len(self.message) <= 10000 and TEXT.takes(self.message)
            and len(self.cause) <= 1000 and TEXT.takes(self.cause)
            and _NAMES_OF_TASKSETASIDE("\n".join((self.dead_letter_id, ""))) is not None
        )


class TaskShareAssigned(Struct, frozen=True, kw_only=True, gc=False):
    """The task is in another global share.

    share: Leaf of the tree of shares.
    running: Jobs that pilots hold count for the share, too, not only those that wait.
    reason: Why, as given.
    """

    share: str
    running: bool = False
    reason: str | None = None

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "share": self.share,
            "running": self.running,
            "reason": self.reason,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            share=record["share"],
            running=record["running"],
            reason=record["reason"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            1 <= len(self.share) <= 128 and LINE.takes(self.share)
            and (self.reason is None or (len(self.reason) <= 4000 and TEXT.takes(self.reason)))
        )


_NAMES_OF_TASKSUBMITTED = lines_of(
    (NAME, 1, 512),
    (WORD, 0, 64),
    (WORD, 0, 128),
)


class TaskSubmitted(Struct, frozen=True, kw_only=True, gc=False):
    """A task was registered.

    task_id: jediTaskID.
    name: Task name.
    user_name: Owner as shown to people.
    nickname: preferred_username of the owner.
    label: prodSourceLabel.
    working_group: Working group.
    priority: taskPriority.
    parent_task_id: Task to wait for.
    parameters_json: Task parameters as submitted.
    lists: Long lists of names that follow before the task starts; each is an empty list in the parameters.
    linked_actors: Other ids of the owner when it was submitted: it writes where they may.
    request_id: Request to iDDS of which the task is a work; null for a task of its own.
    work: Number of that work, from 0, in the order of the request.
    """

    task_id: int
    name: str
    user_name: str
    nickname: str = ""
    label: str
    working_group: str | None = None
    priority: int
    parent_task_id: int | None = None
    parameters_json: str
    lists: tuple[NameList, ...] = ()
    linked_actors: tuple[str, ...] = ()
    request_id: int | None = None
    work: int | None = None

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "task_id": self.task_id,
            "name": self.name,
            "user_name": self.user_name,
            "nickname": self.nickname,
            "label": self.label,
            "working_group": self.working_group,
            "priority": self.priority,
            "parent_task_id": self.parent_task_id,
            "parameters_json": self.parameters_json,
            "lists": [item.to_avro() for item in self.lists],
            "linked_actors": list(self.linked_actors),
            "request_id": self.request_id,
            "work": self.work,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            task_id=record["task_id"],
            name=record["name"],
            user_name=record["user_name"],
            nickname=record["nickname"],
            label=record["label"],
            working_group=record["working_group"],
            priority=record["priority"],
            parent_task_id=record["parent_task_id"],
            parameters_json=record["parameters_json"],
            lists=tuple(NameList.from_avro(item) for item in record["lists"]),
            linked_actors=tuple(record["linked_actors"]),
            request_id=record["request_id"],
            work=record["work"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            1 <= self.task_id <= 900000000000
            and len(self.user_name) <= 128 and LINE.takes(self.user_name)
            and len(self.nickname) <= 128 and LINE.takes(self.nickname)
            and -2147483648 <= self.priority <= 2147483647
            and (self.parent_task_id is None or (1 <= self.parent_task_id <= 900000000000))
            and len(self.parameters_json) <= 890000 and TEXT.takes(self.parameters_json)
            and len(self.lists) <= 10
            and len(self.linked_actors) <= 16
            and (not self.linked_actors or all(1 <= len(item) <= 255 and SUBJECT.takes(item) for item in self.linked_actors))
            and (self.request_id is None or (1 <= self.request_id <= 899999999))
            and (self.work is None or (0 <= self.work <= 9999))
            and _NAMES_OF_TASKSUBMITTED("\n".join((self.name, self.label, self.working_group or "", ""))) is not None
            and (not self.lists or all(map(NameList.is_within_bounds, self.lists)))
        )


class TaskThrottled(Struct, frozen=True, kw_only=True, gc=False):
    """An order makes no jobs now because of a limit; it is made again when the level is crossed.

    order: Number of the order.
    throttle: Limit, figure and release.
    message: The sentence for people.
    """

    order: int
    throttle: Throttle
    message: str

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "order": self.order,
            "throttle": self.throttle.to_avro(),
            "message": self.message,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            order=record["order"],
            throttle=Throttle.from_avro(record["throttle"]),
            message=record["message"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            1 <= self.order <= 1000000000
            and len(self.message) <= 10000 and TEXT.takes(self.message)
            and self.throttle.is_within_bounds()
        )


_NAMES_OF_TASKWOKEN = lines_of(
    (WORD, 0, 64),
)


class TaskWoken(Struct, frozen=True, kw_only=True, gc=False):
    """A parked task is tried again.

    cause: What changed.
    """

    cause: str

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "cause": self.cause,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            cause=record["cause"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return _NAMES_OF_TASKWOKEN("\n".join((self.cause, ""))) is not None


class InputGateSnapshot(Struct, frozen=True, kw_only=True, gc=False):
    """Which input units of a task may be made into jobs.

    number_max: Units with greater ids wait.
    held: Held by command.
    dropped: Not needed.
    """

    number_max: int = 1000000
    held: tuple[UnitRange, ...] = ()
    dropped: tuple[UnitRange, ...] = ()

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "number_max": self.number_max,
            "held": [item.to_avro() for item in self.held],
            "dropped": [item.to_avro() for item in self.dropped],
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            number_max=record["number_max"],
            held=tuple(UnitRange.from_avro(item) for item in record["held"]),
            dropped=tuple(UnitRange.from_avro(item) for item in record["dropped"]),
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            0 <= self.number_max <= 1000000
            and len(self.held) <= 70000
            and len(self.dropped) <= 70000
            and (not self.held or all(map(UnitRange.is_within_bounds, self.held)))
            and (not self.dropped or all(map(UnitRange.is_within_bounds, self.dropped)))
        )


class JobPageSnapshot(Struct, frozen=True, kw_only=True, gc=False):
    """Jobs of one order of a task, in columns.

    first: Serial of the first job.
    kind: Kind of the jobs.
    queues: Queues.
    queue: Number of the queue of each job.
    attempts: Attempt of each job.
    units: Unit ids of all jobs, or serials.
    ends: Where the units of each job end.
    states: A byte for each job: 0 ended, 1 live, 2 unmerged, 3 merging, 4 given up, 5 and 6 ended while
        unmerged or merging.
    """

    first: int
    kind: JobKind
    queues: tuple[str, ...] = ()
    queue: tuple[int, ...] = ()
    attempts: tuple[int, ...] = ()
    units: tuple[int, ...] = ()
    ends: tuple[int, ...] = ()
    states: bytes

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "first": self.first,
            "kind": self.kind,
            "queues": list(self.queues),
            "queue": list(self.queue),
            "attempts": list(self.attempts),
            "units": list(self.units),
            "ends": list(self.ends),
            "states": self.states,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            first=record["first"],
            kind=JobKind[record["kind"]],
            queues=tuple(record["queues"]),
            queue=tuple(record["queue"]),
            attempts=tuple(record["attempts"]),
            units=tuple(record["units"]),
            ends=tuple(record["ends"]),
            states=record["states"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            1 <= self.first <= 9999999
            and len(self.queues) <= 100000
            and (not self.queues or all(len(item) <= 255 and TEXT.takes(item) for item in self.queues))
            and len(self.queue) <= 100000
            and (not self.queue or 0 <= min(self.queue) <= max(self.queue) <= 65535)
            and len(self.attempts) <= 100000
            and (not self.attempts or 0 <= min(self.attempts) <= max(self.attempts) <= 2147483647)
            and len(self.units) <= 100000
            and (not self.units or 0 <= min(self.units) <= max(self.units) <= 1000000000)
            and len(self.ends) <= 100000
            and (not self.ends or 0 <= min(self.ends) <= max(self.ends) <= 100000)
            and len(self.states) <= 100000
        )


class MeasuredSnapshot(Struct, frozen=True, kw_only=True, gc=False):
    """What the first jobs of a task used that succeeded; numbers are -1 where the pilot said nothing.

    finished_jobs: Jobs that succeeded while they were counted.
    learned_at: How many had when requirements were learned last.
    reverted: True when nothing more is learned.
    ram_mb_asked: Memory that was asked for, once another is in force.
    hs06_asked: CPU time for each event that was asked for.
    jobs: The jobs: PandaIDs.
    events: Events.
    walltime_seconds: Wall time.
    cpu_seconds: CPU time.
    memory_kb: Largest memory.
    io_bytes: Bytes read and written.
    input_bytes: Bytes of input; empty in rows of earlier releases.
    output_bytes: Bytes of output; empty in rows of earlier releases.
    work_bytes: Largest working directory; empty in rows of earlier releases.
    leak_bytes_per_second: Slope of the memory; empty in rows of earlier releases.
    efficiency_jobs: Jobs that succeeded of which the CPU efficiency is known, counted where retries are limited
        by it.
    efficiency_percents: Sum of these efficiencies (per cent).
    asked_parameters: Requirements that differ from what was asked for, by the names of learned requirements.
    asked_values: Of each of them, what was asked for; -1: nothing.
    """

    finished_jobs: int = 0
    learned_at: int = 0
    reverted: bool = False
    ram_mb_asked: int | None = None
    hs06_asked: float | None = None
    jobs: tuple[int, ...] = ()
    events: tuple[int, ...] = ()
    walltime_seconds: tuple[int, ...] = ()
    cpu_seconds: tuple[int, ...] = ()
    memory_kb: tuple[int, ...] = ()
    io_bytes: tuple[int, ...] = ()
    input_bytes: tuple[int, ...] = ()
    output_bytes: tuple[int, ...] = ()
    work_bytes: tuple[int, ...] = ()
    leak_bytes_per_second: tuple[int, ...] = ()
    efficiency_jobs: int = 0
    efficiency_percents: float = 0
    asked_parameters: tuple[str, ...] = ()
    asked_values: tuple[float, ...] = ()

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "finished_jobs": self.finished_jobs,
            "learned_at": self.learned_at,
            "reverted": self.reverted,
            "ram_mb_asked": self.ram_mb_asked,
            "hs06_asked": self.hs06_asked,
            "jobs": list(self.jobs),
            "events": list(self.events),
            "walltime_seconds": list(self.walltime_seconds),
            "cpu_seconds": list(self.cpu_seconds),
            "memory_kb": list(self.memory_kb),
            "io_bytes": list(self.io_bytes),
            "input_bytes": list(self.input_bytes),
            "output_bytes": list(self.output_bytes),
            "work_bytes": list(self.work_bytes),
            "leak_bytes_per_second": list(self.leak_bytes_per_second),
            "efficiency_jobs": self.efficiency_jobs,
            "efficiency_percents": self.efficiency_percents,
            "asked_parameters": list(self.asked_parameters),
            "asked_values": list(self.asked_values),
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            finished_jobs=record["finished_jobs"],
            learned_at=record["learned_at"],
            reverted=record["reverted"],
            ram_mb_asked=record["ram_mb_asked"],
            hs06_asked=record["hs06_asked"],
            jobs=tuple(record["jobs"]),
            events=tuple(record["events"]),
            walltime_seconds=tuple(record["walltime_seconds"]),
            cpu_seconds=tuple(record["cpu_seconds"]),
            memory_kb=tuple(record["memory_kb"]),
            io_bytes=tuple(record["io_bytes"]),
            input_bytes=tuple(record["input_bytes"]),
            output_bytes=tuple(record["output_bytes"]),
            work_bytes=tuple(record["work_bytes"]),
            leak_bytes_per_second=tuple(record["leak_bytes_per_second"]),
            efficiency_jobs=record["efficiency_jobs"],
            efficiency_percents=record["efficiency_percents"],
            asked_parameters=tuple(record["asked_parameters"]),
            asked_values=tuple(record["asked_values"]),
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            0 <= self.finished_jobs <= 1000000000
            and 0 <= self.learned_at <= 1000000000
            and (self.ram_mb_asked is None or (0 <= self.ram_mb_asked <= 10000000000000))
            and (self.hs06_asked is None or (0 <= self.hs06_asked <= 1000000000000000.0))
            and len(self.jobs) <= 1000
            and (not self.jobs or 1 <= min(self.jobs) <= max(self.jobs) <= 9223372036854775807)
            and len(self.events) <= 1000
            and (not self.events or -1 <= min(self.events) <= max(self.events) <= 1152921504606846976)
            and len(self.walltime_seconds) <= 1000
            and (not self.walltime_seconds or -1 <= min(self.walltime_seconds) <= max(self.walltime_seconds) <= 1152921504606846976)
            and len(self.cpu_seconds) <= 1000
            and (not self.cpu_seconds or -1 <= min(self.cpu_seconds) <= max(self.cpu_seconds) <= 1152921504606846976)
            and len(self.memory_kb) <= 1000
            and (not self.memory_kb or -1 <= min(self.memory_kb) <= max(self.memory_kb) <= 1152921504606846976)
            and len(self.io_bytes) <= 1000
            and (not self.io_bytes or -1 <= min(self.io_bytes) <= max(self.io_bytes) <= 1152921504606846976)
            and len(self.input_bytes) <= 1000
            and (not self.input_bytes or -1 <= min(self.input_bytes) <= max(self.input_bytes) <= 1152921504606846976)
            and len(self.output_bytes) <= 1000
            and (not self.output_bytes or -1 <= min(self.output_bytes) <= max(self.output_bytes) <= 1152921504606846976)
            and len(self.work_bytes) <= 1000
            and (not self.work_bytes or -1 <= min(self.work_bytes) <= max(self.work_bytes) <= 1152921504606846976)
            and len(self.leak_bytes_per_second) <= 1000
            and (not self.leak_bytes_per_second or -1 <= min(self.leak_bytes_per_second) <= max(self.leak_bytes_per_second) <= 1152921504606846976)
            and 0 <= self.efficiency_jobs <= 1000000000000
            and 0 <= self.efficiency_percents <= 1000000000000000000
            and len(self.asked_parameters) <= 20
            and (not self.asked_parameters or all(len(item) <= 32 and WORD.takes(item) for item in self.asked_parameters))
            and len(self.asked_values) <= 20
            and (not self.asked_values or -1 <= min(self.asked_values) <= max(self.asked_values) <= 1000000000000000.0)
        )


class NamePageSnapshot(Struct, frozen=True, kw_only=True, gc=False):
    """Names of a long list of a task that came together.

    list: The list.
    first: Place of the first name in its list, from 0.
    names: The names.
    """

    list: str
    first: int
    names: tuple[str, ...] = ()

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "list": self.list,
            "first": self.first,
            "names": list(self.names),
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            list=record["list"],
            first=record["first"],
            names=tuple(record["names"]),
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            1 <= len(self.list) <= 64 and LINE.takes(self.list)
            and 0 <= self.first <= 1000000
            and len(self.names) <= 500
            and (not self.names or all(1 <= len(item) <= 1024 and URL.takes(item) for item in self.names))
        )


class SecondarySnapshot(Struct, frozen=True, kw_only=True, gc=False):
    """A secondary input of a task: how far it is read and used. Its files stand in pages of their own.

    place: Number of its datasets that are read.
    chunks: Chunks read of the next one.
    skipped: Files left out because of the offset.
    next: Place of the file that is taken next.
    status: A byte for each file: 0 not used, 1 used, 2 finished, 3 failed.
    """

    place: int = 0
    chunks: int = 0
    skipped: int = 0
    next: int = 0
    status: bytes

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "place": self.place,
            "chunks": self.chunks,
            "skipped": self.skipped,
            "next": self.next,
            "status": self.status,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            place=record["place"],
            chunks=record["chunks"],
            skipped=record["skipped"],
            next=record["next"],
            status=record["status"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            0 <= self.place <= 1000
            and 0 <= self.chunks <= 2147483647
            and 0 <= self.skipped <= 2147483647
            and 0 <= self.next <= 1000000000
            and len(self.status) <= 200000
        )


class TaskDefinitionSnapshot(Struct, frozen=True, kw_only=True, gc=False):
    """What a task is refined to.

    definition: The definition.
    """

    definition: TaskDefinition | None = None

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "definition": None if self.definition is None else self.definition.to_avro(),
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            definition=None if record["definition"] is None else TaskDefinition.from_avro(record["definition"]),
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return self.definition is None or self.definition.is_within_bounds()


class TaskParametersSnapshot(Struct, frozen=True, kw_only=True, gc=False):
    """Parameters of a task as submitted.

    parameters_json: The parameters.
    revision: How often they were replaced.
    """

    parameters_json: str
    revision: int = 0

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "parameters_json": self.parameters_json,
            "revision": self.revision,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            parameters_json=record["parameters_json"],
            revision=record["revision"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            len(self.parameters_json) <= 890000 and TEXT.takes(self.parameters_json)
            and 0 <= self.revision <= 2147483647
        )


_NAMES_OF_TASKSNAPSHOT = lines_of(
    (WORD, 0, 32),
    (WORD, 0, 32),
    (WORD, 0, 32),
    (WORD, 0, 32),
    (WORD, 0, 32),
    (WORD, 0, 32),
)


class TaskSnapshot(Struct, frozen=True, kw_only=True, gc=False):
    """A task without its parameters, definition, units and jobs.

    status: Status.
    old_status: Status before a pause.
    task_id: The task.
    name: Name.
    owner: Owner.
    vo: Tenant.
    user_name: Name of the owner.
    nickname: Nickname of the owner.
    label: Label.
    working_group: Working group.
    priority: Priority.
    inputs: Input datasets.
    contents_complete: True when all input is known.
    attempts_added: Raised the limit of all units.
    ready_from: No unit with a lower id is ready.
    known_units: Units when the definition was made.
    retrying: True while units of a retry are to be given their attempts.
    orders: Orders that wait for their plan.
    last_order: Number of the last order.
    last_serial: Serial of the last job.
    library: What the build made.
    build_failures: Failed builds.
    queues_used: Queues that had jobs of it.
    ending: Why it makes no more jobs.
    message: Message to its owner.
    last_error: Error of the last job that failed.
    attempt: Attempt of the task.
    aside: Dead letters that hold it.
    aside_from: Status that the first of them interrupted.
    lists: Long lists of names that the task was submitted with.
    linked_actors: Other ids of the owner when it was submitted.
    parent_task_id: Its parent.
    parent_status: What is known of the parent: at_work, or the status in which it ended; empty before it was
        asked.
    children: Tasks that have it as their parent.
    scouts: Where its scouts stand: none, out, forced, passed, exhausted, broken.
    scheduled: Commands that wait for their time.
    input_events: Events of its units, where the definition has a limit of them.
    reading: Number of the reading of its input, from 0.
    blocked_at: Since when no queue was found for its input (microseconds UTC); 0 while it does not wait for
        one.
    jobs_finished: Jobs that succeeded since the task was refined or resumed.
    jobs_failed: Jobs that failed since then.
    throttles: How often the task was throttled for failures since it was refined.
    throttle: Number of the throttle that holds it; 0 where none does.
    request_id: Request to iDDS of which the task is a work; null for a task of its own.
    """

    status: str
    old_status: str
    task_id: int
    name: str
    owner: str
    vo: str
    user_name: str
    nickname: str
    label: str
    working_group: str | None = None
    priority: int
    inputs: tuple[InputSnapshot, ...] = ()
    contents_complete: bool = False
    attempts_added: int = 0
    ready_from: int = 1
    known_units: int = 0
    retrying: bool = False
    orders: tuple[OrderSnapshot, ...] = ()
    last_order: int = 0
    last_serial: int = 0
    library: OutputFile | None = None
    build_failures: int = 0
    queues_used: tuple[str, ...] = ()
    ending: str | None = None
    message: str = ""
    last_error: str = ""
    attempt: int = 1
    aside: tuple[AsideSnapshot, ...] = ()
    aside_from: str
    lists: tuple[NameList, ...] = ()
    linked_actors: tuple[str, ...] = ()
    parent_task_id: int | None = None
    parent_status: str = ""
    children: tuple[int, ...] = ()
    scouts: str = "none"
    scheduled: tuple[ScheduledSnapshot, ...] = ()
    input_events: int = 0
    reading: int = 0
    blocked_at: int = 0
    jobs_finished: int = 0
    jobs_failed: int = 0
    throttles: int = 0
    throttle: int = 0
    request_id: int | None = None

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "status": self.status,
            "old_status": self.old_status,
            "task_id": self.task_id,
            "name": self.name,
            "owner": self.owner,
            "vo": self.vo,
            "user_name": self.user_name,
            "nickname": self.nickname,
            "label": self.label,
            "working_group": self.working_group,
            "priority": self.priority,
            "inputs": [item.to_avro() for item in self.inputs],
            "contents_complete": self.contents_complete,
            "attempts_added": self.attempts_added,
            "ready_from": self.ready_from,
            "known_units": self.known_units,
            "retrying": self.retrying,
            "orders": [item.to_avro() for item in self.orders],
            "last_order": self.last_order,
            "last_serial": self.last_serial,
            "library": None if self.library is None else self.library.to_avro(),
            "build_failures": self.build_failures,
            "queues_used": list(self.queues_used),
            "ending": self.ending,
            "message": self.message,
            "last_error": self.last_error,
            "attempt": self.attempt,
            "aside": [item.to_avro() for item in self.aside],
            "aside_from": self.aside_from,
            "lists": [item.to_avro() for item in self.lists],
            "linked_actors": list(self.linked_actors),
            "parent_task_id": self.parent_task_id,
            "parent_status": self.parent_status,
            "children": list(self.children),
            "scouts": self.scouts,
            "scheduled": [item.to_avro() for item in self.scheduled],
            "input_events": self.input_events,
            "reading": self.reading,
            "blocked_at": self.blocked_at,
            "jobs_finished": self.jobs_finished,
            "jobs_failed": self.jobs_failed,
            "throttles": self.throttles,
            "throttle": self.throttle,
            "request_id": self.request_id,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            status=record["status"],
            old_status=record["old_status"],
            task_id=record["task_id"],
            name=record["name"],
            owner=record["owner"],
            vo=record["vo"],
            user_name=record["user_name"],
            nickname=record["nickname"],
            label=record["label"],
            working_group=record["working_group"],
            priority=record["priority"],
            inputs=tuple(InputSnapshot.from_avro(item) for item in record["inputs"]),
            contents_complete=record["contents_complete"],
            attempts_added=record["attempts_added"],
            ready_from=record["ready_from"],
            known_units=record["known_units"],
            retrying=record["retrying"],
            orders=tuple(OrderSnapshot.from_avro(item) for item in record["orders"]),
            last_order=record["last_order"],
            last_serial=record["last_serial"],
            library=None if record["library"] is None else OutputFile.from_avro(record["library"]),
            build_failures=record["build_failures"],
            queues_used=tuple(record["queues_used"]),
            ending=record["ending"],
            message=record["message"],
            last_error=record["last_error"],
            attempt=record["attempt"],
            aside=tuple(AsideSnapshot.from_avro(item) for item in record["aside"]),
            aside_from=record["aside_from"],
            lists=tuple(NameList.from_avro(item) for item in record["lists"]),
            linked_actors=tuple(record["linked_actors"]),
            parent_task_id=record["parent_task_id"],
            parent_status=record["parent_status"],
            children=tuple(record["children"]),
            scouts=record["scouts"],
            scheduled=tuple(ScheduledSnapshot.from_avro(item) for item in record["scheduled"]),
            input_events=record["input_events"],
            reading=record["reading"],
            blocked_at=record["blocked_at"],
            jobs_finished=record["jobs_finished"],
            jobs_failed=record["jobs_failed"],
            throttles=record["throttles"],
            throttle=record["throttle"],
            request_id=record["request_id"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            0 <= self.task_id <= 900000000000
            and len(self.name) <= 2000 and TEXT.takes(self.name)
            and len(self.owner) <= 255 and TEXT.takes(self.owner)
            and len(self.vo) <= 255 and TEXT.takes(self.vo)
            and len(self.user_name) <= 2000 and TEXT.takes(self.user_name)
            and len(self.nickname) <= 2000 and TEXT.takes(self.nickname)
            and len(self.label) <= 255 and TEXT.takes(self.label)
            and (self.working_group is None or (len(self.working_group) <= 255 and TEXT.takes(self.working_group)))
            and -2147483648 <= self.priority <= 2147483647
            and len(self.inputs) <= 1100
            and 0 <= self.attempts_added <= 2147483647
            and 1 <= self.ready_from <= 1000000001
            and 0 <= self.known_units <= 1000000000
            and len(self.orders) <= 1000
            and 0 <= self.last_order <= 1000000000000
            and 0 <= self.last_serial <= 1000000000
            and 0 <= self.build_failures <= 2147483647
            and len(self.queues_used) <= 100000
            and (not self.queues_used or all(len(item) <= 255 and TEXT.takes(item) for item in self.queues_used))
            and len(self.message) <= 100000 and TEXT.takes(self.message)
            and len(self.last_error) <= 100000 and TEXT.takes(self.last_error)
            and 0 <= self.attempt <= 2147483647
            and len(self.aside) <= 100000
            and len(self.lists) <= 10
            and len(self.linked_actors) <= 16
            and (not self.linked_actors or all(1 <= len(item) <= 255 and SUBJECT.takes(item) for item in self.linked_actors))
            and (self.parent_task_id is None or (1 <= self.parent_task_id <= 900000000000))
            and len(self.children) <= 1000
            and (not self.children or 1 <= min(self.children) <= max(self.children) <= 900000000000)
            and len(self.scheduled) <= 100
            and 0 <= self.input_events <= 1000000000000000
            and 0 <= self.reading <= 1000000
            and 0 <= self.blocked_at <= 4102444800000000
            and 0 <= self.jobs_finished <= 1000000000000
            and 0 <= self.jobs_failed <= 1000000000000
            and 0 <= self.throttles <= 1000000
            and 0 <= self.throttle <= 1000000
            and (self.request_id is None or (1 <= self.request_id <= 899999999))
            and _NAMES_OF_TASKSNAPSHOT("\n".join((self.status, self.old_status, self.ending or "", self.aside_from, self.parent_status, self.scouts, ""))) is not None
            and (not self.inputs or all(map(InputSnapshot.is_within_bounds, self.inputs)))
            and (not self.orders or all(map(OrderSnapshot.is_within_bounds, self.orders)))
            and (self.library is None or self.library.is_within_bounds())
            and (not self.aside or all(map(AsideSnapshot.is_within_bounds, self.aside)))
            and (not self.lists or all(map(NameList.is_within_bounds, self.lists)))
            and (not self.scheduled or all(map(ScheduledSnapshot.is_within_bounds, self.scheduled)))
        )


class UnitAccountsSnapshot(Struct, frozen=True, kw_only=True, gc=False):
    """Where some consecutive units of a task stand, in columns.

    first: Id of the first unit.
    status: A byte for each unit: 0 ready, 1 ordered, 2 running, 3 finished, 4 failed.
    attempts: Attempts.
    failed_attempts: True failures.
    attempts_max: Limits, without what was added for all.
    boosted: Ids of the units that need more memory.
    ram_mb: Memory of each of them (MB).
    pardoned: Ids of the units that a retry gave more failures.
    failures_added: How many more each of them may have.
    secondary_firsts: Where files of secondary input begin that a unit has, -1 for none: for all units of one
        stream after the other; empty without secondary input.
    secondary_counts: How many they are, in the same order.
    """

    first: int
    status: bytes
    attempts: tuple[int, ...] = ()
    failed_attempts: tuple[int, ...] = ()
    attempts_max: tuple[int, ...] = ()
    boosted: tuple[int, ...] = ()
    ram_mb: tuple[int, ...] = ()
    pardoned: tuple[int, ...] = ()
    failures_added: tuple[int, ...] = ()
    secondary_firsts: tuple[int, ...] = ()
    secondary_counts: tuple[int, ...] = ()

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "first": self.first,
            "status": self.status,
            "attempts": list(self.attempts),
            "failed_attempts": list(self.failed_attempts),
            "attempts_max": list(self.attempts_max),
            "boosted": list(self.boosted),
            "ram_mb": list(self.ram_mb),
            "pardoned": list(self.pardoned),
            "failures_added": list(self.failures_added),
            "secondary_firsts": list(self.secondary_firsts),
            "secondary_counts": list(self.secondary_counts),
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            first=record["first"],
            status=record["status"],
            attempts=tuple(record["attempts"]),
            failed_attempts=tuple(record["failed_attempts"]),
            attempts_max=tuple(record["attempts_max"]),
            boosted=tuple(record["boosted"]),
            ram_mb=tuple(record["ram_mb"]),
            pardoned=tuple(record["pardoned"]),
            failures_added=tuple(record["failures_added"]),
            secondary_firsts=tuple(record["secondary_firsts"]),
            secondary_counts=tuple(record["secondary_counts"]),
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            1 <= self.first <= 1000000000
            and len(self.status) <= 100000
            and len(self.attempts) <= 100000
            and (not self.attempts or 0 <= min(self.attempts) <= max(self.attempts) <= 2147483647)
            and len(self.failed_attempts) <= 100000
            and (not self.failed_attempts or 0 <= min(self.failed_attempts) <= max(self.failed_attempts) <= 2147483647)
            and len(self.attempts_max) <= 100000
            and (not self.attempts_max or -2147483648 <= min(self.attempts_max) <= max(self.attempts_max) <= 9223372036854775807)
            and len(self.boosted) <= 100000
            and (not self.boosted or 1 <= min(self.boosted) <= max(self.boosted) <= 1000000000)
            and len(self.ram_mb) <= 100000
            and (not self.ram_mb or 0 <= min(self.ram_mb) <= max(self.ram_mb) <= 10000000000000)
            and len(self.pardoned) <= 100000
            and (not self.pardoned or 1 <= min(self.pardoned) <= max(self.pardoned) <= 1000000000)
            and len(self.failures_added) <= 100000
            and (not self.failures_added or 0 <= min(self.failures_added) <= max(self.failures_added) <= 9223372036854775807)
            and len(self.secondary_firsts) <= 2000000
            and (not self.secondary_firsts or -1 <= min(self.secondary_firsts) <= max(self.secondary_firsts) <= 1000000000)
            and len(self.secondary_counts) <= 2000000
            and (not self.secondary_counts or 0 <= min(self.secondary_counts) <= max(self.secondary_counts) <= 1000000)
        )


class UnitPageSnapshot(Struct, frozen=True, kw_only=True, gc=False):
    """Input units that were fed together, in columns; a column of one value holds for all of them.

    first: Id of the first unit.
    dataset: Their dataset.
    lfns: File names.
    guids: GUIDs.
    checksums: Checksums.
    scopes: Scopes of the places.
    endpoints: Storage elements of the places.
    place: Place of each unit; empty when there is one.
    sizes: Sizes in bytes.
    events: Numbers of events, -1 for unknown; empty when all are.
    starts: First events, -1 for whole files; empty when all are.
    ends: Last events, -1 for whole files; empty when all are.
    boundaries: Luminosity blocks or groups, -1 for none; empty when no unit has one.
    """

    first: int
    dataset: str
    lfns: tuple[str, ...] = ()
    guids: tuple[str, ...] = ()
    checksums: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()
    endpoints: tuple[str, ...] = ()
    place: tuple[int, ...] = ()
    sizes: tuple[int, ...] = ()
    events: tuple[int, ...] = ()
    starts: tuple[int, ...] = ()
    ends: tuple[int, ...] = ()
    boundaries: tuple[int, ...] = ()

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "first": self.first,
            "dataset": self.dataset,
            "lfns": list(self.lfns),
            "guids": list(self.guids),
            "checksums": list(self.checksums),
            "scopes": list(self.scopes),
            "endpoints": list(self.endpoints),
            "place": list(self.place),
            "sizes": list(self.sizes),
            "events": list(self.events),
            "starts": list(self.starts),
            "ends": list(self.ends),
            "boundaries": list(self.boundaries),
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            first=record["first"],
            dataset=record["dataset"],
            lfns=tuple(record["lfns"]),
            guids=tuple(record["guids"]),
            checksums=tuple(record["checksums"]),
            scopes=tuple(record["scopes"]),
            endpoints=tuple(record["endpoints"]),
            place=tuple(record["place"]),
            sizes=tuple(record["sizes"]),
            events=tuple(record["events"]),
            starts=tuple(record["starts"]),
            ends=tuple(record["ends"]),
            boundaries=tuple(record["boundaries"]),
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            1 <= self.first <= 1000000000
            and len(self.dataset) <= 640 and TEXT.takes(self.dataset)
            and len(self.lfns) <= 100000
            and (not self.lfns or all(len(item) <= 1100 and TEXT.takes(item) for item in self.lfns))
            and len(self.guids) <= 100000
            and (not self.guids or all(len(item) <= 80 and TEXT.takes(item) for item in self.guids))
            and len(self.checksums) <= 100000
            and (not self.checksums or all(len(item) <= 100 and TEXT.takes(item) for item in self.checksums))
            and len(self.scopes) <= 100000
            and (not self.scopes or all(len(item) <= 255 and TEXT.takes(item) for item in self.scopes))
            and len(self.endpoints) <= 100000
            and (not self.endpoints or all(len(item) <= 255 and TEXT.takes(item) for item in self.endpoints))
            and len(self.place) <= 100000
            and (not self.place or 0 <= min(self.place) <= max(self.place) <= 100000)
            and len(self.sizes) <= 100000
            and (not self.sizes or 0 <= min(self.sizes) <= max(self.sizes) <= 9223372036854775807)
            and len(self.events) <= 100000
            and (not self.events or -1 <= min(self.events) <= max(self.events) <= 9223372036854775807)
            and len(self.starts) <= 100000
            and (not self.starts or -1 <= min(self.starts) <= max(self.starts) <= 9223372036854775807)
            and len(self.ends) <= 100000
            and (not self.ends or -1 <= min(self.ends) <= max(self.ends) <= 9223372036854775807)
            and len(self.boundaries) <= 100000
            and (not self.boundaries or -1 <= min(self.boundaries) <= max(self.boundaries) <= 1000000000000)
        )


class UnmergedSnapshot(Struct, frozen=True, kw_only=True, gc=False):
    """A job whose outputs wait for the merge step.

    job: The job.
    units: Its unit ids.
    merge_attempt: Merges that failed.
    """

    job: UnmergedJob
    units: tuple[int, ...] = ()
    merge_attempt: int = 0

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "job": self.job.to_avro(),
            "units": list(self.units),
            "merge_attempt": self.merge_attempt,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            job=UnmergedJob.from_avro(record["job"]),
            units=tuple(record["units"]),
            merge_attempt=record["merge_attempt"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            len(self.units) <= 100000
            and (not self.units or 0 <= min(self.units) <= max(self.units) <= 1000000000)
            and 0 <= self.merge_attempt <= 2147483647
            and self.job.is_within_bounds()
        )


TaskCommand = (
    AddInputNames
    | AssignNucleus
    | AssignShare
    | BreakTask
    | CancelScheduled
    | CarryOutScheduled
    | ChangeSplitRule
    | ChangeTaskAttribute
    | ChangeTaskPriority
    | DropInput
    | ExpireInput
    | ExpirePending
    | ExpireSubmission
    | FeedContents
    | FinishTask
    | ForceAvalanche
    | GenerateJobs
    | HoldInput
    | IncreaseAttempts
    | KillTask
    | KillTaskJobs
    | MarkFilesUsed
    | ParkTask
    | PauseTask
    | ReassignTask
    | RecordJobOutcomes
    | RecordParentEnd
    | RefineTask
    | RegisterChild
    | ReleaseInput
    | ReloadTask
    | RestoreTask
    | ResumeTask
    | RetryTask
    | RetryTaskUnits
    | RevertRequirements
    | ScheduleTaskCommand
    | SetTaskAside
    | SubmitTask
    | ThrottleOrder
    | WakeTask
)

TaskEvent = (
    AttemptsIncreased
    | AvalancheForced
    | BrokerageDecided
    | ChildRegistered
    | ContentsFed
    | InputAwaited
    | InputDropped
    | InputHeld
    | InputNamesAdded
    | InputReleased
    | JobOutcomesRecorded
    | JobsGenerated
    | JobsOrdered
    | NucleusAssigned
    | ParentAwaited
    | ParentEnded
    | RequirementsLearned
    | RequirementsReverted
    | ScheduledCommandEnded
    | ScoutsJudged
    | SecondaryInputFed
    | SplitRuleChanged
    | TaskAttributeChanged
    | TaskBroken
    | TaskCommandScheduled
    | TaskFinalized
    | TaskFinishOrdered
    | TaskKillOrdered
    | TaskParked
    | TaskPaused
    | TaskPriorityChanged
    | TaskReassigned
    | TaskRefined
    | TaskReloaded
    | TaskRestored
    | TaskResumed
    | TaskRetried
    | TaskSetAside
    | TaskShareAssigned
    | TaskSubmitted
    | TaskThrottled
    | TaskWoken
)
