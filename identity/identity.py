"""Who makes a request, as far as anything behind the API may know.

In: the checked claims of a token and the `Origin` header. Out: an `Identity`. Rules:
docs/reference/client.md, "Identity".
The only thing of it that enters the log as actor is the opaque `subject`.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from identity.errors import NotAMember

PRODUCTION = "production"
PILOT = "pilot"
OPERATOR = "operator"
ROLES = (PRODUCTION, PILOT, OPERATOR)
#: Roles that commands of Culm itself bear; a group of that name gives no one the right to them.
NO_ONES_ROLES = frozenset({"system"})


@dataclass(frozen=True, slots=True)
class Identity:
    """A member of one virtual organisation.

    subject: opaque id, the actor of commands. user_name: normalised, as stored in tasks. display_name: as in the token,
    words capitalised. nickname: preferred_username. role: what was asked for by `Origin: vo:role`, else `user`.
    roles: every role that the groups give in this VO.
    """

    subject: str
    user_name: str
    display_name: str
    nickname: str
    vo: str
    role: str = "user"
    roles: frozenset[str] = frozenset()
    groups: tuple[str, ...] = ()

    @property
    def dn(self) -> str:
        """The distinguished name that PanDA makes of a token."""
        return f"{self.display_name}/CN=nickname:{self.nickname}" if self.nickname else self.display_name


def identity_from(claims: Mapping[str, Any], origin: str | None, vos: Collection[str]) -> Identity:
    """The identity that checked `claims` and the `Origin` header give; raises NotAMember saying why not."""
    groups = tuple(str(group).strip("/") for group in _list(claims.get("groups")))
    vo, role = _wanted(origin, groups, vos)
    if vo not in vos:
        raise NotAMember(f"Unknown vo : {vo}")
    if role in NO_ONES_ROLES:
        raise NotAMember(f"No member acts as {role}: Culm itself does")
    if role and f"{vo}/{role}" not in groups:
        raise NotAMember(f"Not a member of the {vo}/{role} group")
    if not role and vo not in groups:
        raise NotAMember(f"Not a member of the {vo} group")
    nickname = str(claims.get("preferred_username") or "")
    display = display_name(str(claims.get("name") or nickname))
    if not display:
        raise NotAMember("the token has no name: claims name and preferred_username are missing")
    return Identity(
        subject=str(claims["sub"]),
        user_name=user_name_of(display),
        display_name=display,
        nickname=nickname,
        vo=vo,
        role=role or "user",
        roles=frozenset(name for name in ROLES if f"{vo}/{name}" in groups),
        groups=groups,
    )


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


def _wanted(origin: str | None, groups: Collection[str], vos: Collection[str]) -> tuple[str, str]:
    """VO and role that `Origin` names; without one (or with a browser's URL) the only VO the groups give."""
    if not origin or "://" in origin or origin == "null":
        mine = [vo for vo in vos if vo in groups]
        if len(mine) != 1:
            raise NotAMember(f"the Origin header must name the virtual organisation, one of {', '.join(vos)}")
        return mine[0], ""
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


def _list(value: object) -> list[object]:
    return list(value) if isinstance(value, (list, tuple)) else []
