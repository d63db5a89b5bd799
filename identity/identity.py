"""Who makes a request, as far as anything behind the API may know.

In: a token that is believed and the `Origin` header. Out: an `Identity`. Rules: docs/reference/client.md, "Identity". The VO
follows from the issuer of the token and its groups; `Origin` selects among those and proves nothing.
The only thing of it that enters the log as actor is the opaque `subject`.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass

from identity.believed import BelievedToken
from identity.errors import NotAMember
from identity.own_issuers import OWN_ISSUER
from identity.ruling import ADMINISTRATOR, OPERATOR, PILOT, PRODUCTION, SYSTEM

ROLES = (PRODUCTION, PILOT, OPERATOR)
#: Roles that commands of Culm itself bear; a group of that name gives no one the right to them.
NO_ONES_ROLES = frozenset({SYSTEM})


@dataclass(frozen=True, slots=True)
class Identity:
    """A member of one virtual organisation.

    subject: opaque id, the actor of commands. user_name: normalised, as stored in tasks. display_name: as in the token,
    words capitalised. nickname: preferred_username. role: what was asked for by `Origin: vo:role`, else `user`.
    roles: every role that the groups, or the issuer's row, give in this VO. capabilities: those of the token's scope; a token
    that has any is judged by them where jobs and tasks are concerned, and by its groups alone elsewhere.
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

    @property
    def dn(self) -> str:
        """The distinguished name that PanDA makes of a token."""
        return f"{self.display_name}/CN=nickname:{self.nickname}" if self.nickname else self.display_name


def identity_from(token: BelievedToken, origin: str | None, vos: Collection[str]) -> Identity:
    """The identity that `token` and the `Origin` header give in one of `vos`; raises NotAMember saying why not."""
    groups, claims = token.groups, token.claims
    mine = [vo for vo in vos if vo in token.issuer.vos and _is_member(token, vo)]
    vo, role = _wanted(origin, mine, vos)
    if vo not in vos:
        raise NotAMember(f"Unknown vo : {vo[:100]}")
    roles = frozenset(name for name in ROLES if f"{vo}/{name}" in groups or name in token.issuer.auto_roles)
    if token.issuer.issuer == OWN_ISSUER and f"{vo}/{ADMINISTRATOR}" in groups:
        roles |= {ADMINISTRATOR}
    if role in NO_ONES_ROLES:
        raise NotAMember(f"No member acts as {role}: Culm itself does")
    if vo not in mine and (not role or f"{vo}/{role}" not in groups):
        raise NotAMember(f"Not a member of the {vo} group")
    if role and f"{vo}/{role}" not in groups and role not in roles:
        raise NotAMember(f"Not a member of the {vo}/{role[:100]} group")
    nickname = str(claims.get("preferred_username") or "")
    display = display_name(str(claims.get("name") or nickname))
    if not display and claims["sub"] in token.issuer.robots:
        display = nickname = str(claims["sub"])
    if not display:
        raise NotAMember("the token has no name: claims name and preferred_username are missing")
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
    )


def _is_member(token: BelievedToken, vo: str) -> bool:
    """A group is named as the VO; or the issuer speaks for this VO alone, and the token has a scope instead of groups."""
    return vo in token.groups or (bool(token.capabilities) and not token.groups and token.issuer.vos == (vo,))


def display_name(name: str) -> str:
    """`name` with each word capitalised and the rest lower-case."""
    return " ".join(word[:1].upper() + word[1:].lower() for word in name.split())


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
