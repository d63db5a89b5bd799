"""What may be said to and by the scope aggregate.

Made by `python -m schemas generate` from the Avro files; change those, not this.
"""

from typing import Any, Self

from msgspec import Struct

from schemas.characters import (
    LINE,
    SUBJECT,
    WORD,
    lines_of,
)

_NAMES_OF_ASSIGNSCOPE = lines_of(
    (WORD, 1, 64),
    (SUBJECT, 0, 255),
)


class AssignScope(Struct, frozen=True, kw_only=True, gc=False):
    """Give a scope to an organisation, and one of the form user.NAME to a person.

    new_vo: The organisation.
    new_owner: The person, of a scope user.NAME; null for others.
    """

    new_vo: str
    new_owner: str | None = None

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "new_vo": self.new_vo,
            "new_owner": self.new_owner,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            new_vo=record["new_vo"],
            new_owner=record["new_owner"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            _NAMES_OF_ASSIGNSCOPE("\n".join((self.new_vo, self.new_owner or "", ""))) is not None
            and self.new_owner != ""
        )


class ClaimScope(Struct, frozen=True, kw_only=True, gc=False):
    """Use a scope for files; one that no one has becomes the sender's.

    task_id: Task whose outputs have the scope; it breaks when the scope is not for its owner.
    linked_actors: Other ids of the task's owner: what they have is the owner's own.
    nickname: preferred_username of the sender, or of the task's owner; empty where its token has none, and in
        commands of earlier releases.
    """

    task_id: int | None = None
    linked_actors: tuple[str, ...] = ()
    nickname: str = ""

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "task_id": self.task_id,
            "linked_actors": list(self.linked_actors),
            "nickname": self.nickname,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            task_id=record["task_id"],
            linked_actors=tuple(record["linked_actors"]),
            nickname=record["nickname"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            (self.task_id is None or (1 <= self.task_id <= 900000000000))
            and len(self.linked_actors) <= 16
            and (not self.linked_actors or all(1 <= len(item) <= 255 and SUBJECT.takes(item) for item in self.linked_actors))
            and len(self.nickname) <= 128 and LINE.takes(self.nickname)
        )


_NAMES_OF_SCOPEASSIGNED = lines_of(
    (WORD, 1, 64),
    (SUBJECT, 0, 255),
)


class ScopeAssigned(Struct, frozen=True, kw_only=True, gc=False):
    """An administrator gave the scope to an organisation, and one of the form user.NAME to a person.

    new_vo: The organisation.
    new_owner: The person, of a scope user.NAME; null for others.
    """

    new_vo: str
    new_owner: str | None = None

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "new_vo": self.new_vo,
            "new_owner": self.new_owner,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            new_vo=record["new_vo"],
            new_owner=record["new_owner"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            _NAMES_OF_SCOPEASSIGNED("\n".join((self.new_vo, self.new_owner or "", ""))) is not None
            and self.new_owner != ""
        )


class ScopeClaimed(Struct, frozen=True, kw_only=True, gc=False):
    """The scope belongs to the organisation of the sender from now on; one of the form user.NAME to the sender,
    also where one of another name had it.

    by_nickname: It is user.NAME and NAME is the sender's nickname: no one takes it by a claim any more.
    """

    by_nickname: bool = False

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "by_nickname": self.by_nickname,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            by_nickname=record["by_nickname"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return True


_NAMES_OF_SCOPESNAPSHOT = lines_of(
    (WORD, 0, 64),
    (SUBJECT, 0, 255),
)


class ScopeSnapshot(Struct, frozen=True, kw_only=True, gc=False):
    """A scope.

    vo: The organisation that has it; null while it is free.
    owner: Who claimed it or was given it.
    is_settled: The owner has it by nickname or by an administrator.
    """

    vo: str | None = None
    owner: str | None = None
    is_settled: bool = False

    def to_avro(self) -> dict[str, Any]:
        """The record as fastavro takes it."""
        return {
            "vo": self.vo,
            "owner": self.owner,
            "is_settled": self.is_settled,
        }

    @classmethod
    def from_avro(cls, record: dict[str, Any]) -> Self:
        """The record that fastavro read."""
        return cls(
            vo=record["vo"],
            owner=record["owner"],
            is_settled=record["is_settled"],
        )

    def is_within_bounds(self) -> bool:
        """True when every field keeps the bounds of its Avro file."""
        return (
            _NAMES_OF_SCOPESNAPSHOT("\n".join((self.vo or "", self.owner or "", ""))) is not None
            and self.vo != ""
            and self.owner != ""
        )


ScopeCommand = (
    AssignScope
    | ClaimScope
)

ScopeEvent = (
    ScopeAssigned
    | ScopeClaimed
)
