"""What may be said to and by the task name aggregate.

Made by `python -m schemas generate` from the Avro files; change those, not this.
"""

from typing import Any, Self

from msgspec import Struct

from schemas.characters import (
    NAME,
    lines_of,
)

_NAMES_OF_CLAIMTASKNAME = lines_of(
    (NAME, 1, 512),
)


class ClaimTaskName(Struct, frozen=True, kw_only=True, gc=False):
    """Reserve a task name for a task.

    name: Task name.
    task_id: The task that shall have it.
    replaces_task_id: The task that has it and was never submitted in full; the name is taken from that one, and
        from no other.
    """

    name: str
    task_id: int
    replaces_task_id: int | None = None

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "name": self.name,
            "task_id": self.task_id,
            "replaces_task_id": self.replaces_task_id,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            name=record["name"],
            task_id=record["task_id"],
            replaces_task_id=record["replaces_task_id"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            1 <= self.task_id <= 900000000000
            and (self.replaces_task_id is None or (1 <= self.replaces_task_id <= 900000000000))
            and _NAMES_OF_CLAIMTASKNAME("\n".join((self.name, ""))) is not None
        )


_NAMES_OF_TASKNAMECLAIMED = lines_of(
    (NAME, 1, 512),
)


class TaskNameClaimed(Struct, frozen=True, kw_only=True, gc=False):
    """The name belongs to a task from now on.

    name: Task name.
    task_id: The task that has it.
    """

    name: str
    task_id: int

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "name": self.name,
            "task_id": self.task_id,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            name=record["name"],
            task_id=record["task_id"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            1 <= self.task_id <= 900000000000
            and _NAMES_OF_TASKNAMECLAIMED("\n".join((self.name, ""))) is not None
        )


class TaskNameSnapshot(Struct, frozen=True, kw_only=True, gc=False):
    """A task name.

    task_id: The task that has it; null while it is free.
    """

    task_id: int | None = None

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
        return self.task_id is None or (1 <= self.task_id <= 900000000000)


TaskNameCommand = (
    ClaimTaskName
)

TaskNameEvent = (
    TaskNameClaimed
)
