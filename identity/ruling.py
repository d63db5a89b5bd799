"""May this be done: one answer for the door and for the deciders, with the rule that gave it. Pure.

In: the class of a route or command, whose things it touches, who calls, and what the first event of the aggregate recorded of its
owner. Out: allowed or not, by which rule, and for a refusal a code and a sentence. Denied unless a rule allows it. The API asks
with the roles of a token, a decider with the one role that the envelope of a command bears.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

PRODUCTION = "production"
PILOT = "pilot"
OPERATOR = "operator"
#: Of the whole installation; no group gives it, only a token that was made on its host.
ADMINISTRATOR = "administrator"
#: Borne by commands of Culm itself; no token gives it.
SYSTEM = "system"
#: Who may act on what others of their organisation own.
TRUSTED = frozenset({OPERATOR, PRODUCTION, ADMINISTRATOR})
NOT_PERMITTED = "NOT_PERMITTED"


class EndpointClass(StrEnum):
    """Whom a route or a command serves. system: Culm alone. internal: Culm's API on behalf of a user, who has other routes."""

    PUBLIC = "public"
    MEMBER = "member"
    USER = "user"
    PILOT = "pilot"
    OPERATOR = "operator"
    ADMINISTRATOR = "administrator"
    INTERNAL = "internal"
    SYSTEM = "system"


#: Roles of which one is needed, by class; public routes ask for no identity, those for members for nothing but membership.
ROLES_OF_CLASS: Mapping[EndpointClass, tuple[str, ...]] = {
    EndpointClass.MEMBER: (),
    EndpointClass.USER: (),
    EndpointClass.INTERNAL: (),
    EndpointClass.PILOT: (PILOT,),
    EndpointClass.OPERATOR: (OPERATOR, PRODUCTION),
    EndpointClass.ADMINISTRATOR: (ADMINISTRATOR,),
    EndpointClass.SYSTEM: (SYSTEM,),
}


class Scope(StrEnum):
    """Whose things a command touches. own settings: those that its organisation was the first to set."""

    OWN_TASK = "own task"
    OWN_JOB = "own job"
    OWN_DATASET = "own dataset"
    OWN_NAME = "own name"
    OWN_LEASE = "own lease"
    OWN_WORKER = "own worker"
    OWN_SETTINGS = "own settings"
    NOTHING_OWNED = "nothing owned"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who wants it: opaque subject, organisation, and the roles it acts in."""

    subject: str
    vo: str
    roles: frozenset[str]


@dataclass(frozen=True, slots=True)
class Thing:
    """What it is done to, and whose that is. vo: empty for what does not exist yet. owner: of a lease, who leased.

    name: as in sentences.
    """

    name: str
    vo: str = ""
    owner: str = ""


@dataclass(frozen=True, slots=True)
class Ruling:
    """The answer. rule: in a few words. reason, sentence: of a refusal."""

    allowed: bool
    rule: str
    reason: str = ""
    sentence: str = ""


def rule_on(kind: EndpointClass, scope: Scope, caller: Caller, thing: Thing) -> Ruling:
    """May `caller` do what is of class `kind` to `thing`?"""
    by_class = rule_on_class(kind, caller.roles)
    return _rule_on_thing(scope, caller, thing) if by_class.allowed else by_class


def rule_on_class(kind: EndpointClass, roles: frozenset[str]) -> Ruling:
    """May one with `roles` use what is of class `kind` at all?"""
    needed = ROLES_OF_CLASS.get(kind)
    if SYSTEM in roles:
        return Ruling(True, "Culm itself")
    if needed is None:
        return _refused(f"class {kind}", "no identity is asked for")
    if kind is EndpointClass.SYSTEM:
        return _refused("class system", "the command is sent by Culm itself alone")
    if kind is EndpointClass.OPERATOR and ADMINISTRATOR in roles:
        return Ruling(True, "role administrator")
    if needed and not roles.intersection(needed):
        return _refused(f"class {kind}", f"{' or '.join(needed)} role required")
    if kind in (EndpointClass.USER, EndpointClass.INTERNAL) and roles == {PILOT}:
        return _refused(f"class {kind}", "a token of pilots alone is for the calls of pilots")
    return Ruling(True, f"class {kind}")


def _rule_on_thing(scope: Scope, caller: Caller, thing: Thing) -> Ruling:
    if scope is Scope.NOTHING_OWNED or not thing.vo:
        return Ruling(True, "nothing owned")
    if scope is Scope.OWN_SETTINGS and ADMINISTRATOR in caller.roles:
        return Ruling(True, "role administrator")
    if thing.vo != caller.vo:
        if scope is Scope.OWN_LEASE:
            return _refused("organisation", "no such job", "UNKNOWN_JOB")
        return _refused("organisation", f"{thing.name} belongs to another organisation")
    if SYSTEM in caller.roles or scope in (Scope.OWN_SETTINGS, Scope.OWN_WORKER):
        return Ruling(True, "organisation")
    if scope is Scope.OWN_LEASE:
        if thing.owner in ("", caller.subject):
            return Ruling(True, "holder of the lease")
        return _refused("holder of the lease", "another pilot holds the job")
    if thing.owner == caller.subject:
        return Ruling(True, "owner")
    trusted = sorted(caller.roles & TRUSTED)
    if trusted:
        return Ruling(True, f"role {trusted[0]}")
    return _refused("owner", f"not the {scope.value.removeprefix('own ')} owner or no production role")


def _refused(rule: str, sentence: str, reason: str = NOT_PERMITTED) -> Ruling:
    return Ruling(False, rule, reason, sentence)
