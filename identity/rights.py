"""Who may what: the one place that decides it.

Every route belongs to an endpoint class and every command to one: its Avro file says it as `right`, a class, and for users a
scope. What a command does to a task, job or dataset of another member is decided by `may_act_on`. A command of class `system`,
and one that says nothing, is Culm's own business (refining, generating jobs, leases ...): only operators may send it, to mend
something by hand; deciders keep their invariants all the same. What holds for all organisations, as who issues tokens, is for
administrators of the installation.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from identity.identity import ADMINISTRATOR, OPERATOR, PILOT, PRODUCTION, Identity
from identity.profiles import CAPABILITIES
from schemas.catalog import CATALOG


class EndpointClass(StrEnum):
    """Whom a route serves."""

    PUBLIC = "public"
    MEMBER = "member"
    USER = "user"
    PILOT = "pilot"
    OPERATOR = "operator"
    ADMINISTRATOR = "administrator"


#: Groups of which one is needed, by class; public routes ask for no identity, those for members for nothing but membership.
ROLES_OF_CLASS: Mapping[EndpointClass, tuple[str, ...]] = {
    EndpointClass.MEMBER: (),
    EndpointClass.USER: (),
    EndpointClass.PILOT: (PILOT,),
    EndpointClass.OPERATOR: (OPERATOR, PRODUCTION),
    EndpointClass.ADMINISTRATOR: (ADMINISTRATOR,),
}


class Scope(StrEnum):
    """Whose things a command touches."""

    OWN_TASK = "own task"
    OWN_JOB = "own job"
    OWN_DATASET = "own dataset"
    NOTHING_OWNED = "nothing owned"


def problem_of_class(identity: Identity, kind: EndpointClass) -> str:
    """Why a route of class `kind` is not open to `identity`; empty when it is."""
    needed = ROLES_OF_CLASS[kind]
    if needed and not identity.roles.intersection(needed):
        return f"{' or '.join(needed)} role required"
    lacking = sorted(set(CAPABILITIES) - identity.capabilities)
    if kind is EndpointClass.USER and identity.capabilities and lacking:
        # Routes do not say yet which capability they need: one that has some of them is not given all.
        return f"the scope of the token lacks {', '.join(lacking)}"
    if kind is EndpointClass.USER and identity.roles == {PILOT}:
        return "a token of pilots alone is for the calls of pilots"
    return ""


RIGHTS: Mapping[str, Mapping[str, Any]] = {
    entry.name: entry.schema.get("right", {}) for entry in CATALOG.values() if entry.role == "commands"
}


def class_of_command(name: str) -> EndpointClass:
    """Who may send the command `name`."""
    match RIGHTS.get(name, {}).get("class"):
        case "user":
            return EndpointClass.USER
        case "pilot":
            return EndpointClass.PILOT
        case "administrator":
            return EndpointClass.ADMINISTRATOR
        case _:
            return EndpointClass.OPERATOR


def scope_of_command(name: str) -> Scope:
    """Whose things the command `name` touches when a user sends it."""
    return Scope(RIGHTS.get(name, {}).get("scope", Scope.NOTHING_OWNED))


def right_in_words(name: str) -> str:
    """Who may send the command `name`, for documents."""
    kind = class_of_command(name)
    return f"For {kind}s: {scope_of_command(name)}." if kind is EndpointClass.USER else f"For {kind}s."


def may_act_on(identity: Identity, owner: str, vo: str, *, by_membership: bool = False) -> bool:
    """True when `identity` may change what `owner` has in `vo`.

    Others than the owner need the production or operator role: the one asked for by Origin or, with `by_membership`,
    given by any group (the native API, which has no habit of asking for a role).
    """
    if identity.vo != vo:
        return False
    return identity.subject == owner or acting_role(identity, by_membership=by_membership) in (OPERATOR, PRODUCTION)


def acting_role(identity: Identity, *, by_membership: bool = False) -> str:
    """What commands of `identity` say it acts as: the role asked for, else (`by_membership`) the strongest it has."""
    if identity.role != "user" or not by_membership:
        return identity.role
    return next((role for role in (OPERATOR, PRODUCTION) if role in identity.roles), "user")
