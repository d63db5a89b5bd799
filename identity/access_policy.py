"""Which groups give which roles in an organisation, and what roles may do: the access policy, ready to be asked. Pure.

In: an `AccessPolicy`, as it was set, or the one that is built in. Out: the roles of a member, each with the group that gave it,
and the rights of roles. Guards: groups are compared whole; a group of another organisation gives nothing; the role of
administrators and that of Culm itself are given by no group.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from identity.ruling import ADMINISTRATOR, BUILT_IN_RIGHTS, OPERATOR, PILOT, PRODUCTION, RIGHTS, SYSTEM, USER, Rights
from identity.x509.names import dn_from_text
from schemas.types import AccessPolicy, RoleGrant, RoleRights

#: Key of the policy that holds it.
ACCESS_POLICY_KEY = "access"
#: Roles that no group gives.
NOT_GRANTED = (ADMINISTRATOR, SYSTEM)
#: At most one * in a part, so that comparing takes no longer than the group is long.
PART = r"(?=[^/])[A-Za-z0-9._-]{0,64}\*?[A-Za-z0-9._-]{0,64}"
GROUP = re.compile(f"{PART}(/{PART}){{0,8}}")
PATTERNS_MAX = 100
#: One part of a group, of characters that an envelope holds.
ANY = r"[A-Za-z0-9_.+@:-]*"

#: Stands for the rights of a role that has none.
NONE = "none"
#: What holds until another is set.
BUILT_IN = AccessPolicy(
    grants=tuple(RoleGrant(group=name, role=name) for name in (PRODUCTION, PILOT, OPERATOR)),
    rights=tuple(
        RoleRights(role=role, rights=tuple(right for right in RIGHTS if (role, right) in BUILT_IN_RIGHTS))
        for role in (USER, PILOT, PRODUCTION, OPERATOR, ADMINISTRATOR)
    ),
)

#: What holds where the policy cannot be read.
NOTHING_GRANTED = AccessPolicy()


@dataclass(frozen=True, slots=True)
class AccessRules:
    """An access policy and what follows from it. revision: how many times one was set."""

    policy: AccessPolicy = BUILT_IN
    revision: int = 0
    rights: Rights = field(init=False, compare=False)
    _exact: Mapping[tuple[str, str], tuple[str, ...]] = field(init=False, repr=False, compare=False)
    _patterns: Sequence[tuple[str, re.Pattern[str], str]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        exact: dict[tuple[str, str], tuple[str, ...]] = {}
        patterns: list[tuple[str, re.Pattern[str], str]] = []
        for row in self.policy.grants:
            if "*" in row.group:
                patterns.append((row.vo, re.compile(ANY.join(map(re.escape, row.group.split("*")))), row.role))
            else:
                exact[row.vo, row.group] = (*exact.get((row.vo, row.group), ()), row.role)
        object.__setattr__(self, "rights", rights_in(self.policy))
        object.__setattr__(self, "_exact", exact)
        object.__setattr__(self, "_patterns", tuple(patterns))

    def roles_of(self, vo: str, groups: Sequence[str]) -> dict[str, str]:
        """What `groups` (`vo` or `vo/name`) give a member of `vo`: each role with the first group that gives it."""
        found: dict[str, str] = {}
        for group in groups:
            owner, _, name = group.partition("/")
            if owner == vo:
                for role in self._given(vo, name):
                    found.setdefault(role, group)
        return found

    def gives(self, vo: str, group: str, role: str) -> bool:
        """Whether `group` gives `role` in `vo`."""
        return role in self.roles_of(vo, (group,))

    def names(self, role: str) -> bool:
        """Whether something is said of `role`."""
        return any(known == role for known, _ in self.rights)

    def _given(self, vo: str, name: str) -> Sequence[str]:
        given = (*self._exact.get(("", name), ()), *self._exact.get((vo, name), ()))
        matching = (role for row, pattern, role in self._patterns if row in ("", vo) and pattern.fullmatch(name))
        return [role for role in (*given, *matching) if role not in NOT_GRANTED]


def rights_in(policy: AccessPolicy) -> Rights:
    """Role and right of each right that `policy` gives; a role without any stands there with `NONE`."""
    rows = ((row.role, right) for row in policy.rights for right in (row.rights or (NONE,)))
    found = frozenset(rows)
    return BUILT_IN_RIGHTS if not found or found == BUILT_IN_RIGHTS else found


def problem_of_access(policy: AccessPolicy) -> str:
    """What keeps `policy` from being set, as row, value and what was expected; empty when nothing does."""
    return _problem_of_rights(policy) or _problem_of_grants(policy) or _problem_of_certificates(policy)


def locks_out(policy: AccessPolicy) -> bool:
    """Whether no administrator could change `policy` again."""
    return (ADMINISTRATOR, "administrator") not in rights_in(policy)


def _problem_of_rights(policy: AccessPolicy) -> str:
    roles = [row.role for row in policy.rights]
    for row in policy.rights:
        if roles.count(row.role) > 1:
            return f"role {row.role} has two rows of rights"
        if row.role == SYSTEM:
            return f"role {SYSTEM} is that of Culm itself, no policy says what it may"
        for right in row.rights:
            if right not in RIGHTS:
                return f"role {row.role} has the unknown right {right!r}, expected some of {', '.join(RIGHTS)}"
            if right in (ADMINISTRATOR, PILOT) and row.role != right:
                return f"role {row.role} has the right {right!r}, which only the role of that name may have"
    return ""


def _problem_of_grants(policy: AccessPolicy) -> str:
    roles = {row.role for row in policy.rights} or {role for role, _ in BUILT_IN_RIGHTS}
    seen: set[RoleGrant] = set()
    patterns = sum("*" in row.group for row in policy.grants)
    if patterns > PATTERNS_MAX:
        return f"{patterns} grants have a * in their group, expected at most {PATTERNS_MAX}"
    for number, row in enumerate(policy.grants, 1):
        if row.group and not GROUP.fullmatch(row.group):
            return (
                f"grant {number}: group {row.group!r}, expected a name such as production or analysis/*, without the organisation"
            )
        if row.role in NOT_GRANTED:
            return f"grant {number}: role {row.role} is given by no group"
        if row.role not in roles:
            return f"grant {number}: role {row.role!r} has no row of rights, expected one of {', '.join(sorted(roles))}"
        if row in seen:
            return f"grant {number} stands there twice"
        seen.add(row)
    return ""


def _problem_of_certificates(policy: AccessPolicy) -> str:
    persons = [(row.authority, row.name) for row in policy.persons]
    authorities = [row.name for row in policy.authorities]
    for name in dict.fromkeys((*authorities, *(name for pair in persons for name in pair))):
        problem = _problem_of_name(name)
        if problem:
            return problem
    twice = next((name for name in authorities if authorities.count(name) > 1), None)
    if twice is not None:
        return f"authority {twice} has two rows"
    if len(set(persons)) < len(persons):
        return f"person {next(pair[1] for pair in persons if persons.count(pair) > 1)} has two rows"
    for person in policy.persons:
        bad = next((group for group in person.groups if "*" in group or not GROUP.fullmatch(group)), None)
        if bad is not None or not person.groups:
            found = ", ".join(person.groups) or "none"
            return f"person {person.name}: groups are {found}, expected names such as wlcg or wlcg/pilot"
    return ""


def _problem_of_name(name: str) -> str:
    try:
        written = dn_from_text(name)
    except ValueError as problem:
        return str(problem)
    return "" if written == name else f"name {name!r}, expected it as {written!r}"
