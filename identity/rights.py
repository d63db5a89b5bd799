"""Which class and scope each command has, and what an identity may do; judged by `ruling.py`. Pure.

Every route belongs to an endpoint class and every command to one: its Avro file says it as `right`, a class and whose things it
touches. A command of class `system`, and one that says nothing, is Culm's own business (refining, generating jobs, leases ...):
no caller sends it. Those of class `internal` the API sends for a user, who has a route of another form. What holds for all
organisations, as who issues tokens, is for administrators of the installation. A route or command about jobs and tasks names the
capability that it needs of a token that has any: such a token is judged by them there, and its groups give it nothing more.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from identity.identity import Identity
from identity.profiles import CAPABILITIES
from identity.ruling import (
    ADMINISTRATOR,
    BUILT_IN_RIGHTS,
    OPERATOR,
    OTHERS,
    PRODUCTION,
    RIGHT_OF_CLASS,
    SYSTEM,
    USER,
    Caller,
    EndpointClass,
    Ruling,
    Scope,
    Thing,
    roles_with,
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
#: For a token of agents; one for a single job opens reports alone.
_OPEN_TO_AGENTS = frozenset({EndpointClass.MEMBER, EndpointClass.PILOT, EndpointClass.REPORT})
#: Commands of these classes are sent in the role that gives the right to them.
_BY_ONE_RIGHT = frozenset({EndpointClass.PILOT, EndpointClass.REPORT, EndpointClass.OPERATOR})

#: Needed of a token that has some, by command; empty where its roles decide.
CAPABILITY_OF: Mapping[str, str] = {name: right.get("capability", "") for name, right in RIGHTS.items()}
assert set(CAPABILITY_OF.values()) <= {"", *CAPABILITIES}, "a command needs a capability that there is not"


def ruling_on_class(identity: Identity, kind: EndpointClass, capability: str = "") -> Ruling:
    """Whether a route of class `kind`, which needs `capability`, is open to `identity`."""
    if kind is EndpointClass.INTERNAL:
        return Ruling(
            False,
            "class internal",
            "",
            "the command is sent by Culm itself on behalf of its users; submit a task by POST /v1/tasks",
        )
    if identity.agent is not None and kind not in _OPEN_TO_AGENTS:
        return Ruling(False, "agent", "", "a token of agents is for the calls of pilots and harvesters")
    if identity.agent is not None and identity.agent.job is not None and kind is not EndpointClass.REPORT:
        return Ruling(False, "agent", "", "a token for one job is for the reports of that job")
    if capability and identity.capabilities:
        if capability not in identity.capabilities:
            return Ruling(False, "capability", "", f"the scope of the token lacks {capability}")
        return Ruling(True, f"capability {capability}")
    return rule_on_class(kind, identity.roles, identity.rights)


def problem_of_class(identity: Identity, kind: EndpointClass, capability: str = "") -> str:
    """Why a route of class `kind`, which needs `capability`, is not open to `identity`; empty when it is."""
    return ruling_on_class(identity, kind, capability).sentence


def judged_by(identity: Identity, capability: str) -> Identity:
    """What `identity` is where a route needs `capability`: one whose token has any is a user without other roles there."""
    if not capability or not identity.capabilities:
        return identity
    return replace(identity, role=USER, roles=frozenset(), grounds=())


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
        case EndpointClass.REPORT:
            return "For pilots, each of its own job."
        case kind:
            return f"For {kind}s."


def capability_of_command(name: str) -> str:
    """What the command `name` needs of a token that has capabilities; empty where roles decide."""
    return CAPABILITY_OF.get(name, "")


def rule_on_command(name: str, by: CommandEnvelope, thing: Thing) -> Ruling:
    """May the sender of the command `name` do it to `thing`, by what its envelope says? What a decider asks before it decides."""
    role = by.role or USER
    rights = frozenset((role, right) for right in by.rights) if by.rights else BUILT_IN_RIGHTS
    caller = Caller(by.actor, by.vo, frozenset({role}), rights, by.lease_id or "", by.linked_actors)
    return rule_on(class_of_command(name), scope_of_command(name), caller, thing)


def rule_on_thing_of(identity: Identity, scope: Scope, thing: Thing, *, by_membership: bool = False) -> Ruling:
    """May `identity` change `thing`, to which it has a way?

    Others than the owner need a role with the right to what others own: the one asked for by Origin or, with `by_membership`,
    given by any group (the native API, which has no habit of asking for a role).
    """
    role = acting_role(identity, by_membership=by_membership)
    caller = Caller(identity.subject, identity.vo, frozenset({role}), identity.rights, linked=identity.linked)
    return rule_on(EndpointClass.MEMBER, scope, caller, thing)


def may_act_on(identity: Identity, owner: str, vo: str, *, by_membership: bool = False) -> bool:
    """True when `identity` may change what `owner` has in `vo`; as `rule_on_thing_of`."""
    return rule_on_thing_of(identity, Scope.OWN_TASK, Thing("it", vo, owner), by_membership=by_membership).allowed


def acts_for_others(by: CommandEnvelope) -> bool:
    """True when the sender of a command may act on what others of its organisation own."""
    role = by.role or USER
    if by.rights:
        return OTHERS in by.rights
    return role == SYSTEM or bool(roles_with(OTHERS, frozenset({role}), BUILT_IN_RIGHTS))


def acting_role(identity: Identity, *, by_membership: bool = False) -> str:
    """What commands of `identity` say it acts as: the role asked for, else (`by_membership`) the strongest it has."""
    if identity.role != USER or not by_membership:
        return identity.role
    return _first(roles_with(OTHERS, identity.roles - {ADMINISTRATOR}, identity.rights)) or USER


def role_of_command(name: str, identity: Identity) -> str:
    """What the command `name` says that `identity`, which may send it, acts as."""
    kind = class_of_command(name)
    if kind is EndpointClass.ADMINISTRATOR or (kind is EndpointClass.OPERATOR and ADMINISTRATOR in identity.roles):
        return ADMINISTRATOR
    acting, needed = acting_role(identity, by_membership=True), RIGHT_OF_CLASS.get(kind, "")
    if kind in _BY_ONE_RIGHT and not roles_with(needed, frozenset({acting}), identity.rights):
        return _first(roles_with(needed, identity.roles, identity.rights)) or acting
    return acting


def _first(roles: list[str]) -> str:
    """The strongest of `roles` where several do: an operator's, then that of production, then any."""
    return next((role for role in (OPERATOR, PRODUCTION) if role in roles), roles[0] if roles else "")


@dataclass(frozen=True, slots=True)
class RoleGrounds:
    """What an envelope says of its sender's role. rule, group, rights: as in `CommandEnvelope`."""

    rule: str
    group: str
    rights: tuple[str, ...]


def grounds_of(identity: Identity, role: str) -> RoleGrounds:
    """What the envelopes of commands say that `identity` sends as `role`."""
    given = dict(identity.grounds).get(role, "")
    group = given if "/" in given or given == identity.vo else ""
    by = f" by {'group ' if group else ''}{given}" if given else ""
    if role == USER and identity.capabilities:
        by = f" by {' '.join(sorted(identity.capabilities))}"
    rights: tuple[str, ...] = ()
    if identity.rights is not BUILT_IN_RIGHTS:
        named = role if any(role == known for known, _ in identity.rights) else USER
        rights = tuple(sorted(right for known, right in identity.rights if known == named))
    return RoleGrounds(f"role {role}{by}", group, rights)
