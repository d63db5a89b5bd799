"""May this be done: one answer for the door and for the deciders, with the rule that gave it. Pure.

In: the class of a route or command, whose things it touches, who calls with which rights, and what the first event of the
aggregate recorded of its owner. Out: allowed or not, by which rule, and for a refusal a code and a sentence. Denied unless a rule
allows it. The API asks with the roles of a token and the rights that the access policy gives them, a decider with the one role
and the rights that the envelope of a command bears.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

PRODUCTION = "production"
PILOT = "pilot"
OPERATOR = "operator"
#: Of the whole installation; no group gives it, only a token that was made on its host.
ADMINISTRATOR = "administrator"
#: Borne by commands of Culm itself; no token gives it.
SYSTEM = "system"
#: What one is who has no other role.
USER = "user"
NOT_PERMITTED = "NOT_PERMITTED"


class EndpointClass(StrEnum):
    """Whom a route or a command serves. system: Culm alone. internal: Culm's API on behalf of a user, who has other routes.

    report: pilots, also with a token for the reports of one job, which opens nothing else.
    """

    PUBLIC = "public"
    MEMBER = "member"
    USER = "user"
    PILOT = "pilot"
    REPORT = "report"
    OPERATOR = "operator"
    ADMINISTRATOR = "administrator"
    INTERNAL = "internal"
    SYSTEM = "system"


#: Right to act on what others of the organisation own.
OTHERS = "others"
#: Right that is needed, by class; public routes ask for no identity, those for members for nothing but membership.
RIGHT_OF_CLASS: Mapping[EndpointClass, str] = {
    EndpointClass.USER: "user",
    EndpointClass.INTERNAL: "user",
    EndpointClass.PILOT: "pilot",
    EndpointClass.REPORT: "pilot",
    EndpointClass.OPERATOR: "operator",
    EndpointClass.ADMINISTRATOR: "administrator",
}
#: All rights that there are.
RIGHTS = ("user", "pilot", "operator", OTHERS, "administrator")
#: Role and right, of each right that a role has.
Rights = frozenset[tuple[str, str]]
#: What holds until an access policy is set.
BUILT_IN_RIGHTS: Rights = frozenset(
    {
        (USER, "user"),
        (PILOT, "pilot"),
        *((role, right) for role in (PRODUCTION, OPERATOR, ADMINISTRATOR) for right in ("user", "operator", OTHERS)),
        (ADMINISTRATOR, "administrator"),
    }
)


class Scope(StrEnum):
    """Whose things a command touches. own settings: those that its organisation was the first to set."""

    OWN_TASK = "own task"
    OWN_JOB = "own job"
    OWN_DATASET = "own dataset"
    OWN_NAME = "own name"
    OWN_LEASE = "own lease"
    OWN_WORKER = "own worker"
    OWN_HARVESTER = "own harvester"
    OWN_WORKFLOW = "own workflow"
    OWN_SETTINGS = "own settings"
    OWN_SECRET = "own secret"
    NOTHING_OWNED = "nothing owned"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who wants it: opaque subject, organisation, the roles it acts in, and what roles may do.

    lease: of a token for one job, else empty. linked: the other ids of the same person.
    """

    subject: str
    vo: str
    roles: frozenset[str]
    rights: Rights = BUILT_IN_RIGHTS
    lease: str = ""
    linked: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class Thing:
    """What it is done to, and whose that is. vo: empty for what does not exist yet. owner: of a lease, who leased.

    name: as in sentences. lease: under which a job is held; empty once it is over.
    """

    name: str
    vo: str = ""
    owner: str = ""
    lease: str = ""


@dataclass(frozen=True, slots=True)
class Ruling:
    """The answer. rule: in a few words. reason, sentence: of a refusal."""

    allowed: bool
    rule: str
    reason: str = ""
    sentence: str = ""


def rule_on(kind: EndpointClass, scope: Scope, caller: Caller, thing: Thing) -> Ruling:
    """May `caller` do what is of class `kind` to `thing`?"""
    by_class = rule_on_class(kind, caller.roles, caller.rights)
    return _rule_on_thing(scope, caller, thing) if by_class.allowed else by_class


@lru_cache(maxsize=1024)
def rule_on_class(kind: EndpointClass, roles: frozenset[str], rights: Rights = BUILT_IN_RIGHTS) -> Ruling:
    """May one with `roles` use what is of class `kind` at all?"""
    if SYSTEM in roles:
        return Ruling(True, "Culm itself")
    if kind is EndpointClass.MEMBER:
        return Ruling(True, "class member")
    needed = RIGHT_OF_CLASS.get(kind)
    if kind is EndpointClass.SYSTEM:
        return _refused("class system", "the command is sent by Culm itself alone")
    if needed is None:
        return _refused(f"class {kind}", "no identity is asked for")
    giving = roles_with(needed, roles, rights)
    if giving:
        return Ruling(True, f"class {kind}" if giving[0] == USER else f"role {giving[0]}")
    if needed == "user" and roles == {PILOT}:
        return _refused(f"class {kind}", "a token of pilots alone is for the calls of pilots")
    would = sorted(role for role, right in rights if right == needed and (role != ADMINISTRATOR or needed == ADMINISTRATOR))
    return _refused(f"class {kind}", f"{' or '.join(would)} role required" if would else f"no role has the right {needed!r}")


def roles_with(right: str, roles: frozenset[str], rights: Rights) -> list[str]:
    """Those of `roles` that have `right`, in order; a role of which nothing is said, and no role at all, is a user's."""
    if not roles:
        return [USER] if (USER, right) in rights else []
    known = {role for role, _ in rights}
    return sorted({role if role in known else USER for role in roles if (role if role in known else USER, right) in rights})


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
        return _rule_on_lease(caller, thing)
    return _rule_on_owned(scope, caller, thing)


def _rule_on_lease(caller: Caller, thing: Thing) -> Ruling:
    if thing.owner == caller.subject and caller.lease and thing.lease and caller.lease != thing.lease:
        return _refused("lease of the token", "the token is for another lease")
    if thing.owner == caller.subject:
        return Ruling(True, "holder of the lease")
    return _refused("holder of the lease", "another pilot holds the job" if thing.owner else "no pilot holds the job")


def _rule_on_owned(scope: Scope, caller: Caller, thing: Thing) -> Ruling:
    if thing.owner == caller.subject:
        return Ruling(True, "owner")
    if scope is Scope.OWN_SECRET:
        return _refused("owner", "secrets are for their owner alone")
    if thing.owner in caller.linked:
        return Ruling(True, "owner by a link")
    trusted = roles_with(OTHERS, caller.roles, caller.rights)
    if trusted:
        return Ruling(True, f"role {trusted[0]}")
    return _refused("owner", f"not the {scope.value.removeprefix('own ')} owner or no production role")


def _refused(rule: str, sentence: str, reason: str = NOT_PERMITTED) -> Ruling:
    return Ruling(False, rule, reason, sentence)
