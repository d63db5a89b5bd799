"""What may be said to and by the dataset aggregate.

Made by `python -m schemas generate` from the Avro files; change those, not this.
"""

from typing import Any, Self

from msgspec import Struct

from schemas.characters import (
    FILE_NAME,
    SUBJECT,
    TEXT,
    WORD,
    lines_of,
)
from schemas.types import (
    AwaitingTask,
    DatasetFile,
    DatasetRole,
    Subscriber,
)


class CloseDataset(Struct, frozen=True, kw_only=True, gc=False):
    """No file will be added any more.

    reason: Why.
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


class EndSubscription(Struct, frozen=True, kw_only=True, gc=False):
    """A task ended and takes no more files of the dataset.

    task_id: The task that ended.
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


class EndWriting(Struct, frozen=True, kw_only=True, gc=False):
    """A task ended and adds no more files; a dataset in which only tasks wrote closes with the last of them.

    task_id: The task that ended.
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


class RegisterFiles(Struct, frozen=True, kw_only=True, gc=False):
    """Add files to a dataset; the dataset is made if it does not exist.

    files: The files; those already there with the same checksum are ignored.
    role: What the dataset is.
    task_id: Task that made the files.
    until_task_ends: True when the task sends EndWriting at its end; the dataset closes with the last such task,
        if no one else adds files.
    """

    files: tuple[DatasetFile, ...] = ()
    role: DatasetRole = DatasetRole.INPUT
    task_id: int | None = None
    until_task_ends: bool = False

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "files": [item.to_avro() for item in self.files],
            "role": self.role,
            "task_id": self.task_id,
            "until_task_ends": self.until_task_ends,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            files=tuple(DatasetFile.from_avro(item) for item in record["files"]),
            role=DatasetRole[record["role"]],
            task_id=record["task_id"],
            until_task_ends=record["until_task_ends"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            len(self.files) <= 10000
            and (self.task_id is None or (1 <= self.task_id <= 900000000000))
            and (not self.files or all(map(DatasetFile.is_within_bounds, self.files)))
        )


_NAMES_OF_REQUESTCONTENTS = lines_of(
    (FILE_NAME, 0, 1024),
    (WORD, 0, 64),
    (WORD, 0, 32),
)


class RequestContents(Struct, frozen=True, kw_only=True, gc=False):
    """Send the files of the dataset to a task.

    task_id: The task that asks.
    chunk: Number of the chunk that is asked for, from 0.
    after: Name of the last file of the chunk before; empty for the first.
    waits: True when the task waits for a dataset that does not exist.
    reading: Number of the task's reading of its input, from 0.
    once: True when the task takes what is there, also while tasks write in the dataset.
    stream: Stream of secondary input that it is for; empty for the master input.
    ordered_by: What files are ordered by before the name: boundary_id, lumi_block, random (drawn for the task);
        empty for the name alone.
    after_number: Of the last file of the chunk before, what it is ordered by; null where it has none.
    """

    task_id: int
    chunk: int = 0
    after: str = ""
    waits: bool = False
    reading: int = 0
    once: bool = False
    stream: str = ""
    ordered_by: str = ""
    after_number: int | None = None

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "task_id": self.task_id,
            "chunk": self.chunk,
            "after": self.after,
            "waits": self.waits,
            "reading": self.reading,
            "once": self.once,
            "stream": self.stream,
            "ordered_by": self.ordered_by,
            "after_number": self.after_number,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            task_id=record["task_id"],
            chunk=record["chunk"],
            after=record["after"],
            waits=record["waits"],
            reading=record["reading"],
            once=record["once"],
            stream=record["stream"],
            ordered_by=record["ordered_by"],
            after_number=record["after_number"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            1 <= self.task_id <= 900000000000
            and 0 <= self.chunk <= 999998
            and 0 <= self.reading <= 1000000
            and (self.after_number is None or (0 <= self.after_number <= 1000000000000))
            and _NAMES_OF_REQUESTCONTENTS("\n".join((self.after, self.stream, self.ordered_by, ""))) is not None
        )


_NAMES_OF_SUBSCRIBECONTENTS = lines_of(
    (WORD, 0, 64),
)


class SubscribeContents(Struct, frozen=True, kw_only=True, gc=False):
    """Send a task the next files of the dataset, at once or when they are registered, until it closes.

    task_id: The task that asks.
    chunk: Number of the chunk that is asked for, from 0.
    position: How many files the task has had, in the order in which they were registered.
    reading: Number of the task's reading of its input, from 0.
    until_closed: runUntilClosed: True when the task follows a dataset that a user keeps open, too.
    until_parent_ends: True while the task works beside its parent: a dataset that the end of tasks closed may
        open again.
    waits: True when the task waits for a dataset that does not exist.
    stream: Stream of secondary input that it is for; empty for the master input.
    """

    task_id: int
    chunk: int = 0
    position: int = 0
    reading: int = 0
    until_closed: bool = False
    until_parent_ends: bool = False
    waits: bool = False
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
            "waits": self.waits,
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
            waits=record["waits"],
            stream=record["stream"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            1 <= self.task_id <= 900000000000
            and 0 <= self.chunk <= 999998
            and 0 <= self.position <= 1000000000000000
            and 0 <= self.reading <= 1000000
            and _NAMES_OF_SUBSCRIBECONTENTS("\n".join((self.stream, ""))) is not None
        )


class ContentsAwaited(Struct, frozen=True, kw_only=True, gc=False):
    """A task asked for files of a dataset that does not exist; it is sent them when the first is registered.

    task_id: The task that asked.
    reading: Number of the task's reading of its input, from 0.
    until_closed: runUntilClosed: True when the task follows a dataset that a user keeps open, too.
    until_parent_ends: True while the task works beside its parent: a dataset that the end of tasks closed may
        open again.
    """

    task_id: int
    reading: int = 0
    until_closed: bool = False
    until_parent_ends: bool = False

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "task_id": self.task_id,
            "reading": self.reading,
            "until_closed": self.until_closed,
            "until_parent_ends": self.until_parent_ends,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            task_id=record["task_id"],
            reading=record["reading"],
            until_closed=record["until_closed"],
            until_parent_ends=record["until_parent_ends"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            1 <= self.task_id <= 900000000000
            and 0 <= self.reading <= 1000000
        )


class ContentsRequested(Struct, frozen=True, kw_only=True, gc=False):
    """A task was sent the files.

    task_id: The task that asked.
    files_total: Files sent.
    """

    task_id: int
    files_total: int

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "task_id": self.task_id,
            "files_total": self.files_total,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            task_id=record["task_id"],
            files_total=record["files_total"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            1 <= self.task_id <= 900000000000
            and 0 <= self.files_total <= 1000000000000000
        )


_NAMES_OF_CONTENTSSUBSCRIBED = lines_of(
    (WORD, 0, 64),
)


class ContentsSubscribed(Struct, frozen=True, kw_only=True, gc=False):
    """A task has had all files that are there, and is sent the next ones when they are registered.

    task_id: The task that asked.
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
            and _NAMES_OF_CONTENTSSUBSCRIBED("\n".join((self.stream, ""))) is not None
        )


class DatasetClosed(Struct, frozen=True, kw_only=True, gc=False):
    """No file will be added any more. One that the end of a task closed opens again with the next file.

    reason: Why.
    task_id: The task whose end closed it; null when a user did.
    """

    reason: str | None = None
    task_id: int | None = None

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "reason": self.reason,
            "task_id": self.task_id,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            reason=record["reason"],
            task_id=record["task_id"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            (self.reason is None or (len(self.reason) <= 4000 and TEXT.takes(self.reason)))
            and (self.task_id is None or (1 <= self.task_id <= 900000000000))
        )


class FilesRegistered(Struct, frozen=True, kw_only=True, gc=False):
    """Files were added.

    files: The new files.
    role: What the dataset is.
    task_id: Task that made the files.
    files_total: Files in the dataset now.
    until_task_ends: True when the dataset closes with the last task that says so, if no one else adds files.
    reopened: True when the end of its tasks had closed the dataset, and it is open again.
    """

    files: tuple[DatasetFile, ...] = ()
    role: DatasetRole
    task_id: int | None = None
    files_total: int
    until_task_ends: bool = False
    reopened: bool = False

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "files": [item.to_avro() for item in self.files],
            "role": self.role,
            "task_id": self.task_id,
            "files_total": self.files_total,
            "until_task_ends": self.until_task_ends,
            "reopened": self.reopened,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            files=tuple(DatasetFile.from_avro(item) for item in record["files"]),
            role=DatasetRole[record["role"]],
            task_id=record["task_id"],
            files_total=record["files_total"],
            until_task_ends=record["until_task_ends"],
            reopened=record["reopened"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            len(self.files) <= 10000
            and (self.task_id is None or (1 <= self.task_id <= 900000000000))
            and 0 <= self.files_total <= 1000000000000000
            and (not self.files or all(map(DatasetFile.is_within_bounds, self.files)))
        )


class SubscriptionEnded(Struct, frozen=True, kw_only=True, gc=False):
    """A task that waited for further files ended.

    task_id: The task that ended.
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


class WritingEnded(Struct, frozen=True, kw_only=True, gc=False):
    """A task that added files ended, while others that added files are at work.

    task_id: The task that ended.
    writers_left: Tasks that added files and did not end.
    """

    task_id: int
    writers_left: int

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "task_id": self.task_id,
            "writers_left": self.writers_left,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            task_id=record["task_id"],
            writers_left=record["writers_left"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            1 <= self.task_id <= 900000000000
            and 1 <= self.writers_left <= 1000
        )


class DatasetFilesSnapshot(Struct, frozen=True, kw_only=True, gc=False):
    """A page of the files of a dataset, in the order in which they were registered.

    files: The files.
    """

    files: tuple[DatasetFile, ...] = ()

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "files": [item.to_avro() for item in self.files],
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            files=tuple(DatasetFile.from_avro(item) for item in record["files"]),
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            len(self.files) <= 100000
            and (not self.files or all(map(DatasetFile.is_within_bounds, self.files)))
        )


_NAMES_OF_DATASETSNAPSHOT = lines_of(
    (WORD, 0, 64),
    (SUBJECT, 0, 255),
)


class DatasetSnapshot(Struct, frozen=True, kw_only=True, gc=False):
    """A dataset without its files.

    vo: Its tenant, once it exists.
    owner: Its owner, once it exists.
    closed: True when no file is added any more.
    closes_with_tasks: True when only tasks that report their end added files, and no user closed it.
    writers: Those of these tasks that did not end.
    awaiting: Tasks that wait for its first files.
    subscribers: Tasks that wait for further files, and how those that wait for its first files are to follow
        it.
    """

    vo: str | None = None
    owner: str | None = None
    closed: bool = False
    closes_with_tasks: bool = False
    writers: tuple[int, ...] = ()
    awaiting: tuple[AwaitingTask, ...] = ()
    subscribers: tuple[Subscriber, ...] = ()

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "vo": self.vo,
            "owner": self.owner,
            "closed": self.closed,
            "closes_with_tasks": self.closes_with_tasks,
            "writers": list(self.writers),
            "awaiting": [item.to_avro() for item in self.awaiting],
            "subscribers": [item.to_avro() for item in self.subscribers],
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            vo=record["vo"],
            owner=record["owner"],
            closed=record["closed"],
            closes_with_tasks=record["closes_with_tasks"],
            writers=tuple(record["writers"]),
            awaiting=tuple(AwaitingTask.from_avro(item) for item in record["awaiting"]),
            subscribers=tuple(Subscriber.from_avro(item) for item in record["subscribers"]),
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            len(self.writers) <= 1000
            and (not self.writers or 1 <= min(self.writers) <= max(self.writers) <= 900000000000)
            and len(self.awaiting) <= 20000
            and len(self.subscribers) <= 2000
            and _NAMES_OF_DATASETSNAPSHOT("\n".join((self.vo or "", self.owner or "", ""))) is not None
            and self.vo != ""
            and self.owner != ""
            and (not self.awaiting or all(map(AwaitingTask.is_within_bounds, self.awaiting)))
            and (not self.subscribers or all(map(Subscriber.is_within_bounds, self.subscribers)))
        )


DatasetCommand = (
    CloseDataset
    | EndSubscription
    | EndWriting
    | RegisterFiles
    | RequestContents
    | SubscribeContents
)

DatasetEvent = (
    ContentsAwaited
    | ContentsRequested
    | ContentsSubscribed
    | DatasetClosed
    | FilesRegistered
    | SubscriptionEnded
    | WritingEnded
)
