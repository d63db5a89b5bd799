"""What an identity may do and not do, and by what, in words. Pure.

In: an identity. Out: a list of what it may and one of what it may not, each with the reason: the group that gives the role, or
the groups that would give it by the access policy.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from identity.access_policy import AccessRules
from identity.identity import Identity
from identity.profiles import CANCEL, CREATE, MODIFY, READ
from identity.rights import ruling_on_class
from identity.ruling import ADMINISTRATOR, OTHERS, RIGHTS, USER, EndpointClass, roles_with

#: What a right lets one do.
IN_WORDS: Mapping[str, str] = {
    "user": "submit, and read, kill, retry and pause own tasks",
    "pilot": "run jobs as a pilot",
    "operator": "the commands of operators",
    OTHERS: "act on what others of the organisation own",
    "administrator": "administer the installation",
}
CAPABILITY_IN_WORDS: Mapping[str, str] = {
    READ: "read tasks and jobs",
    CREATE: "submit tasks",
    MODIFY: "change own tasks",
    CANCEL: "end own tasks and jobs",
}


@dataclass(frozen=True, slots=True)
class Explained:
    """One thing that one may or may not do. right: its name."""

    right: str
    what: str
    because: str


def explained(identity: Identity, rules: AccessRules) -> tuple[list[Explained], list[Explained]]:
    """What `identity` may do, and what it may not."""
    may: list[Explained] = []
    may_not: list[Explained] = []
    if identity.capabilities:
        for capability, what in CAPABILITY_IN_WORDS.items():
            has = ruling_on_class(identity, EndpointClass.USER, capability).allowed
            because = f"the scope of the token {'has' if has else 'lacks'} {capability}"
            (may if has else may_not).append(Explained(capability, what, because))
    for right in RIGHTS:
        if identity.capabilities and right in (USER, OTHERS):
            continue  # its capabilities decide
        giving = roles_with(right, identity.roles, identity.rights)
        if giving:
            may.append(Explained(right, IN_WORDS[right], _given(identity, giving[0])))
        else:
            may_not.append(Explained(right, IN_WORDS[right], _missing(identity, rules, right)))
    return may, may_not


def _given(identity: Identity, role: str) -> str:
    by = dict(identity.grounds).get(role, "")
    if role == USER and not by:
        return f"every member of {identity.vo} may"
    return f"role {role} by {'group ' if by.startswith(identity.vo) else ''}{by or 'being asked for'}"


def _missing(identity: Identity, rules: AccessRules, right: str) -> str:
    if right == ADMINISTRATOR:
        return "only culm on a host of the installation may"
    if right == USER:
        return "a token of pilots alone is for the calls of pilots"
    roles = {role for role, had in identity.rights if had == right}
    groups = [
        f"{identity.vo}/{row.group}".removesuffix("/")
        for row in rules.policy.grants
        if row.role in roles and row.vo in ("", identity.vo)
    ]
    if not groups:
        return f"no group of {identity.vo} gives it"
    return f"{' or '.join(groups[:5])} is missing"
