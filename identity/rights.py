"""Which class and scope each command has, and what an identity may do; judged by `ruling.py`. Pure.

Every route belongs to an endpoint class and every command to one: its Avro file says it as `right`, a class and whose things it
touches. A command of class `system`, and one that says nothing, is Culm's own business (refining, generating jobs, leases ...):
no caller sends it. Those of class `internal` the API sends for a user, who has a route of another form. What holds for all
organisations, as who issues tokens, is for administrators of the installation.
"""

from collections.abc import Mapping
from typing import Any

from identity.identity import Identity
from identity.ruling import (
    ADMINISTRATOR,
    OPERATOR,
    PILOT,
    PRODUCTION,
    SYSTEM,
    Caller,
    EndpointClass,
    Ruling,
    Scope,
    Thing,
    rule_on,
    rule_on_class,
)
from schemas.catalog import CATALOG
from schemas.types import CommandEnvelope

RIGHTS: Mapping[str, Mapping[str, Any]] = {
    entry.name: entry.schema.get("right", {}) for entry in CATALOG.values() if entry.role == "commands"
}
CLASSES: Mapping[str, EndpointClass] = {name: EndpointClass(right.get("class", SYSTEM)) for name, right in RIGHTS.items()}
SCOPES: Mapping[str, Scope] = {name: Scope(right.get("scope", Scope.NOTHING_OWNED)) for name, right in RIGHTS.items()}


def problem_of_class(identity: Identity, kind: EndpointClass) -> str:
    """Why a route of class `kind` is not open to `identity`; empty when it is."""
    if kind is EndpointClass.INTERNAL:
        return "the command is sent by Culm itself on behalf of its users; submit a task by POST /v1/tasks"
    return rule_on_class(kind, identity.roles).sentence


def class_of_command(name: str) -> EndpointClass:
    """Who may send the command `name`."""
    return CLASSES.get(name, EndpointClass.SYSTEM)


def scope_of_command(name: str) -> Scope:
    """Whose things the command `name` touches."""
    return SCOPES.get(name, Scope.NOTHING_OWNED)


def right_in_words(name: str) -> str:
    """Who may send the command `name`, for documents."""
    match class_of_command(name):
        case EndpointClass.SYSTEM:
            return "Sent by Culm itself alone."
        case EndpointClass.INTERNAL:
            return "Sent by Culm itself on behalf of its users."
        case EndpointClass.USER as kind:
            return f"For {kind}s: {scope_of_command(name)}."
        case kind:
            return f"For {kind}s."


def rule_on_command(name: str, by: CommandEnvelope, thing: Thing) -> Ruling:
    """May the sender of the command `name` do it to `thing`, by what its envelope says? What a decider asks before it decides."""
    caller = Caller(by.actor, by.vo, frozenset({by.role or "user"}))
    return rule_on(class_of_command(name), scope_of_command(name), caller, thing)


def may_act_on(identity: Identity, owner: str, vo: str, *, by_membership: bool = False) -> bool:
    """True when `identity` may change what `owner` has in `vo`.

    Others than the owner need the production or operator role: the one asked for by Origin or, with `by_membership`,
    given by any group (the native API, which has no habit of asking for a role).
    """
    roles = frozenset({acting_role(identity, by_membership=by_membership)}) - {PILOT}
    caller = Caller(identity.subject, identity.vo, roles)
    return rule_on(EndpointClass.USER, Scope.OWN_TASK, caller, Thing("it", vo, owner)).allowed


def acting_role(identity: Identity, *, by_membership: bool = False) -> str:
    """What commands of `identity` say it acts as: the role asked for, else (`by_membership`) the strongest it has."""
    if identity.role != "user" or not by_membership:
        return identity.role
    return next((role for role in (OPERATOR, PRODUCTION) if role in identity.roles), "user")


def role_of_command(name: str, identity: Identity) -> str:
    """What the command `name` says that `identity`, which may send it, acts as."""
    match class_of_command(name):
        case EndpointClass.PILOT:
            return PILOT
        case EndpointClass.ADMINISTRATOR:
            return ADMINISTRATOR
        case EndpointClass.OPERATOR if ADMINISTRATOR in identity.roles:
            return ADMINISTRATOR
        case _:
            return acting_role(identity, by_membership=True)
