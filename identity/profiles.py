"""Groups and capabilities of a token, by the profile of its issuer. Pure.

In: checked claims, the profile. Out: groups as `vo` or `vo/name`, without a leading slash, in the order of the token. Guards:
each profile reads its own claim and no other; names are compared whole, so a child group never gives its parent.
Sources: WLCG Common JWT Profiles 2.2; INDIGO IAM's profiles; AARC-G069 entitlements; Keycloak's group mapper.
"""

import re
from collections.abc import Mapping
from typing import Any, assert_never

from schemas.types import IssuerProfile

GROUPS_MAX = 10_000
GROUP_LENGTH_MAX = 255
CAPABILITIES = READ, CREATE, MODIFY, CANCEL = ("compute.read", "compute.create", "compute.modify", "compute.cancel")
_ENTITLEMENT = re.compile(r"urn:[A-Za-z0-9][A-Za-z0-9-]{0,31}:[^#]{1,400}?:group:([^#]{1,255})#[^#\s]{1,255}")
_ROLE = ":role="


def groups_of(claims: Mapping[str, Any], profile: IssuerProfile) -> tuple[str, ...]:
    """The groups that `claims` name; what is not of the profile's form is left out."""
    match profile:
        case IssuerProfile.WLCG:
            return tuple(group[1:] for group in _texts(_wlcg(claims)) if group.startswith("/"))
        case IssuerProfile.IAM:
            return tuple(group for group in _texts(claims.get("groups")) if not group.startswith("/"))
        case IssuerProfile.AARC:
            named = (*_texts(claims.get("entitlements")), *_texts(claims.get("eduperson_entitlement")))
            return tuple(dict.fromkeys(group for urn in named if (group := _group_of(urn))))
        case IssuerProfile.KEYCLOAK | IssuerProfile.CULM:
            return tuple(group.removeprefix("/") for group in _texts(claims.get("groups")))
        case IssuerProfile.UNKNOWN:
            return ()
        case _:
            assert_never(profile)


def capabilities_of(claims: Mapping[str, Any]) -> frozenset[str]:
    """Which of `CAPABILITIES` the scope of a token names; a scope with a path is none of them."""
    scope = claims.get("scope")
    return frozenset(scope.split()) & frozenset(CAPABILITIES) if isinstance(scope, str) else frozenset()


def _wlcg(claims: Mapping[str, Any]) -> object:
    nested = claims.get("wlcg")
    return claims.get("wlcg.groups", nested.get("groups") if isinstance(nested, Mapping) else None)


def _group_of(urn: str) -> str:
    """`vo`, `vo/group` or `vo/role` of an entitlement; of the role `member` nothing is added; empty for what is none."""
    found = _ENTITLEMENT.fullmatch(urn)
    if found is None:
        return ""
    path, _, role = found[1].partition(_ROLE)
    parts = [part for part in path.split(":") if part]
    return "/".join([*parts, role] if role and role != "member" else parts)


def _texts(value: object) -> list[str]:
    """The texts of a list, at most `GROUPS_MAX` of usual length; of anything else none."""
    if not isinstance(value, list):
        return []
    return [item for item in value[:GROUPS_MAX] if isinstance(item, str) and 0 < len(item) <= GROUP_LENGTH_MAX]
