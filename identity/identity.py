"""Who makes a request, as far as anything behind the API may know.

In: a token that is believed and the `Origin` header. Out: an `Identity`. Rules: docs/reference/client.md, "Identity". The VO
follows from the issuer of the token and its groups; `Origin` selects among those and proves nothing.
The only thing of it that enters the log as actor is the opaque `subject`.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from identity.access_policy import NOT_GRANTED, AccessRules
from identity.agents import Agent, agent_of
from identity.believed import BelievedToken
from identity.errors import NotAMember
from identity.own_issuers import AGENTS_ISSUER, OWN_ISSUER
from identity.ruling import ADMINISTRATOR, BUILT_IN_RIGHTS, PILOT, SYSTEM, Rights

#: What gave a role, where no group did.
BY_ISSUER = "the issuer's row"
#: Roles that commands of Culm itself bear; a group of that name gives no one the right to them.
NO_ONES_ROLES = frozenset({SYSTEM})


@dataclass(frozen=True, slots=True)
class Identity:
    """A member of one virtual organisation.

    subject: opaque id, the actor of commands. user_name: normalised, as stored in tasks. display_name: as in the token,
    words capitalised. nickname: preferred_username. role: what was asked for by `Origin: vo:role`, else `user`.
    roles: every role that the groups, or the issuer's row, give in this VO. capabilities: those of the token's scope; a token
    that has any is judged by them where jobs and tasks are concerned, and by its groups alone elsewhere. grounds: what gave each
    of the roles, a group or `BY_ISSUER`. rights: what roles may do, by the access policy.
    agent: of a token of Culm's issuer for agents. queues: those that a pilot is bound to, by its token or by groups
    `VO/pilot/QUEUE`; empty for one that is bound to none. ends: of an agent's token, seconds since 1970. linked: other ids of the
    same person, as they are linked now; the VO is that of this token alone.
    """

    subject: str
    user_name: str
    display_name: str
    nickname: str
    vo: str
    role: str = "user"
    roles: frozenset[str] = frozenset()
    groups: tuple[str, ...] = ()
    capabilities: frozenset[str] = frozenset()
    grounds: tuple[tuple[str, str], ...] = ()
    rights: Rights = field(default=BUILT_IN_RIGHTS, repr=False)
    agent: Agent | None = None
    queues: tuple[str, ...] = ()
    ends: float = field(default=0.0, compare=False)
    linked: tuple[str, ...] = ()

    @property
    def owners(self) -> tuple[str, ...]:
        """Whose things are this person's own: all ids, the subject first."""
        return (self.subject, *self.linked)

    @property
    def dn(self) -> str:
        """The distinguished name that PanDA makes of a token."""
        return f"{self.display_name}/CN=nickname:{self.nickname}" if self.nickname else self.display_name


#: The built-in policy.
BUILT_IN_RULES = AccessRules()


def identity_from(
    token: BelievedToken, origin: str | None, vos: Collection[str], rules: AccessRules = BUILT_IN_RULES
) -> Identity:
    """The identity that `token` and the `Origin` header give in one of `vos` by `rules`; raises NotAMember saying why not."""
    groups, claims = token.groups, token.claims
    mine = [vo for vo in vos if vo in token.issuer.vos and _is_member(token, vo)]
    vo, role = _wanted(origin, mine, vos)
    if vo not in vos:
        raise NotAMember(f"Unknown vo : {vo[:100]}")
    grounds = _grounds(token, vo, rules)
    roles = frozenset(grounds)
    if role in NO_ONES_ROLES:
        raise NotAMember(f"No member acts as {role}: Culm itself does")
    # A group of a name that the policy knows gives what the policy says, and not the role of that name.
    is_held = role in roles or (f"{vo}/{role}" in groups and not rules.names(role))
    if vo not in mine and (not role or not (is_held and _is_of_group(grounds, vo, role, groups))):
        raise NotAMember(f"Not a member of the {vo} group")
    if role and not is_held:
        raise NotAMember(f"Not a member of the {vo}/{role[:100]} group")
    nickname = str(claims.get("preferred_username") or "")
    display = display_name(str(claims.get("name") or nickname))
    if not display and claims["sub"] in token.issuer.robots:
        display = nickname = str(claims["sub"])
    if not display:
        raise NotAMember("the token has no name: claims name and preferred_username are missing")
    agent = agent_of(claims) if token.issuer.issuer == AGENTS_ISSUER else None
    if token.issuer.issuer == AGENTS_ISSUER and agent is None:
        raise NotAMember("the token of Culm's issuer for agents does not name an agent as expected")
    return Identity(
        subject=token.actor,
        user_name=user_name_of(display),
        display_name=display,
        nickname=nickname,
        vo=vo,
        role=role or "user",
        roles=roles,
        groups=groups,
        capabilities=token.capabilities,
        grounds=tuple(sorted(grounds.items())),
        rights=rules.rights,
        agent=agent,
        ends=float(claims["exp"]) if agent is not None else 0.0,
        queues=agent.queues if agent is not None else _queues_of_pilot(vo, groups),
    )


def _grounds(token: BelievedToken, vo: str, rules: AccessRules) -> dict[str, str]:
    """The roles that `token` has in `vo`, each with what gave it."""
    grounds = rules.roles_of(vo, token.groups)
    for role in token.issuer.auto_roles:
        if role not in NOT_GRANTED and rules.names(role):
            grounds.setdefault(role, BY_ISSUER)
    if token.issuer.issuer == OWN_ISSUER and f"{vo}/{ADMINISTRATOR}" in token.groups:
        grounds[ADMINISTRATOR] = f"{vo}/{ADMINISTRATOR}"
    return grounds


def _is_of_group(grounds: Mapping[str, str], vo: str, role: str, groups: Sequence[str]) -> bool:
    """Whether a group of `vo` gave `role`: its issuer alone makes no one a member."""
    return grounds.get(role, "").startswith(f"{vo}/") or f"{vo}/{role}" in groups


def _queues_of_pilot(vo: str, groups: Collection[str]) -> tuple[str, ...]:
    beginning = f"{vo}/{PILOT}/"
    return tuple(group.removeprefix(beginning) for group in groups if group.startswith(beginning))


def _is_member(token: BelievedToken, vo: str) -> bool:
    """A group is named as the VO; or the issuer speaks for this VO alone, and the token has a scope instead of groups."""
    return vo in token.groups or (bool(token.capabilities) and not token.groups and token.issuer.vos == (vo,))


def display_name(name: str) -> str:
    """`name` with each word capitalised and the rest lower-case."""
    return " ".join(word[:1].upper() + word[1:].lower() for word in name.split())


@lru_cache(maxsize=1024)
def user_name_of(dn: str) -> str:
    """The user name that PanDA makes of a DN: the last CN without numbers, proxies, e-mail, brackets, apostrophes."""
    name = re.sub(r"/(DC|O|OU|C|L)=[^/]+", "", dn)
    name = re.sub(r"/CN=[0-9]+", "", name)
    name = re.sub(r"[ _][0-9]+", "", name)
    name = re.sub(r"(/CN=)?limited proxy|/CN=proxy", "", name)
    name = re.sub(r"/CN=(Robot|nickname):[^/]+", "", name)
    name = [part for part in name.split("/CN=") if part][-1] if "/CN=" in name else name
    name = re.split(r"/email", name, flags=re.IGNORECASE)[0]
    name = re.sub(r"[()']", "", name)
    shorter = re.sub(r" [a-z0-9.+-]+@[a-z0-9.-]+$", "", name)
    return shorter if " " in shorter else name


def _wanted(origin: str | None, mine: Collection[str], vos: Collection[str]) -> tuple[str, str]:
    """VO and role that `Origin` names; without one (or with a browser's URL) the only VO of `mine`."""
    if not origin or "://" in origin or origin == "null":
        if len(mine) != 1:
            raise NotAMember(f"the Origin header must name the virtual organisation, one of {', '.join(vos)}")
        return next(iter(mine)), ""
    origin = origin.strip()
    if origin in vos:
        return origin, ""
    if ":" in origin:
        vo, _, role = origin.partition(":")
        return vo, role
    if origin.startswith("vo."):
        return origin, ""
    vo, _, role = origin.partition(".")
    return vo, role
