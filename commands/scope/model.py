"""Whose files have a scope. The key is the scope, which is one for all organisations, as the places of files are."""

from dataclasses import dataclass

from identity.ruling import Thing
from schemas.scope import ScopeAssigned, ScopeClaimed, ScopeCommand, ScopeEvent
from schemas.types import CommandEnvelope, EventEnvelope


@dataclass(slots=True)
class FileScope:
    """A scope; `vo` is None while it is free. owner: matters for `user.NAME` alone.

    is_settled: the owner is called NAME by its provider, or was named by an administrator.
    """

    vo: str | None = None
    owner: str | None = None
    is_settled: bool = False


def initial() -> FileScope:
    """A scope that no one has."""
    return FileScope()


def evolve(scope: FileScope, event: ScopeEvent, envelope: EventEnvelope) -> FileScope:
    """`scope` after `event`."""
    match event:
        case ScopeClaimed():
            scope.vo, scope.owner, scope.is_settled = envelope.vo, envelope.actor, event.by_nickname
        case ScopeAssigned():
            scope.vo, scope.owner, scope.is_settled = event.new_vo, event.new_owner, True
    return scope


def is_closed(scope: FileScope) -> bool:
    """True once it has an owner; it can still be asked about, and given to another."""
    return scope.vo is not None


def belongs(scope: FileScope, command: ScopeCommand, by: CommandEnvelope) -> Thing:
    """Anyone may ask for a scope: whether it is free or one's own is the decision itself."""
    return Thing(f"scope {by.aggregate_id}")
