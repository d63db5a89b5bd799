"""What the claims of a token must be, apart from its signature. Pure: the time is given.

In: claims, the row of their issuer, now. Out: which kind of token it is, or `TokenRefused` with the rule that it broke.
Sources: RFC 7519, RFC 8725, RFC 9068, WLCG Common JWT Profiles 1.x, OpenID Connect Back-Channel Logout 1.0. No grace at `exp`;
`nbf` and `iat` may be 60 s ahead, which is how far clocks of a grid differ.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from identity.errors import TokenRefused
from schemas.types import IssuerProfile, TrustedIssuer

AHEAD_SECONDS_MAX = 60
SUBJECT_LENGTH_MAX = 255
ANY_AUDIENCE = "https://wlcg.cern.ch/jwt/v1/any"
LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"


class TokenKind(StrEnum):
    """What a token was issued for."""

    ACCESS = "access"
    ID = "id"


def check_claims(claims: Mapping[str, Any], header_type: str, issuer: TrustedIssuer, now: float) -> TokenKind:
    """The kind of a token with `claims`, all of which hold for `issuer` at `now` (s since 1970); raises TokenRefused."""
    kind = _kind(claims, header_type)
    if kind is TokenKind.ID and not issuer.id_tokens:
        raise TokenRefused("this is an ID token, expected an access token", "kind")
    check_times(claims, issuer.lifetime_seconds_max, now)
    _check_audience(claims, issuer)
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= SUBJECT_LENGTH_MAX or not subject.isprintable():
        raise TokenRefused(f"the token has no subject of 1 to {SUBJECT_LENGTH_MAX} printable characters", "subject")
    if issuer.profile is IssuerProfile.WLCG:
        _check_version(claims)
    return kind


def _kind(claims: Mapping[str, Any], header_type: str) -> TokenKind:
    """The kind; logout tokens, refresh tokens and others that are no proof of a login are refused."""
    events = claims.get("events")
    if isinstance(events, Mapping) and LOGOUT_EVENT in events:
        raise TokenRefused("this is a logout token, expected an access token", "kind")
    match claims.get("typ"):  # as Keycloak says it
        case None | "":
            pass
        case "Bearer":
            return TokenKind.ACCESS
        case "ID":
            return TokenKind.ID
        case _:
            raise TokenRefused("this is neither an access token nor an ID token (claim typ)", "kind")
    if claims.get("token_use") == "refresh" or "refresh_token" in claims:
        raise TokenRefused("this is a refresh token, expected an access token", "kind")
    if header_type.endswith("at+jwt") or "scope" in claims or "scp" in claims:
        return TokenKind.ACCESS
    if {"at_hash", "c_hash", "nonce"} & claims.keys():
        return TokenKind.ID
    return TokenKind.ACCESS


def check_times(claims: Mapping[str, Any], lifetime_seconds_max: int, now: float) -> None:
    """Raise TokenRefused unless a token with `claims` is in force at `now` and lives no longer than it may."""
    expires, issued, begins = (_time(claims, name) for name in ("exp", "iat", "nbf"))
    if expires is None:
        raise TokenRefused("the token does not say when it expires", "exp")
    if issued is None:
        raise TokenRefused("the token does not say when it was issued", "iat")
    if now >= expires:
        raise TokenRefused(f"the token expired {now - expires:.0f} s ago", "exp", told="the token has expired")
    for name, since in (("iat", issued), ("nbf", begins)):
        if since is not None and since > now + AHEAD_SECONDS_MAX:
            raise TokenRefused(f"the token is valid only in {since - now:.0f} s ({name})", name)
    if expires - issued > lifetime_seconds_max:
        raise TokenRefused(f"the token lives {expires - issued:.0f} s, expected at most {lifetime_seconds_max}", "lifetime")


def _time(claims: Mapping[str, Any], name: str) -> float | None:
    value = claims.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < 1e11:
        raise TokenRefused(f"{name} of the token is no number of seconds since 1970", name)
    return float(value)


def _check_audience(claims: Mapping[str, Any], issuer: TrustedIssuer) -> None:
    found = claims.get("aud")
    named = found if isinstance(found, list) else [found]
    if not all(isinstance(name, str) for name in named):
        raise TokenRefused("the token does not say whom it is for, expected a text or a list of texts", "aud")
    taken = {*issuer.audiences, ANY_AUDIENCE} if issuer.any_audience else set(issuer.audiences)
    if taken.isdisjoint(named):
        raise TokenRefused(f"the token is for another audience, expected {' or '.join(map(repr, issuer.audiences))}", "aud")


def _check_version(claims: Mapping[str, Any]) -> None:
    version = claims.get("wlcg.ver")
    nested = claims.get("wlcg")
    if version is None and isinstance(nested, Mapping):
        version = nested.get("ver")
    if not isinstance(version, str):
        raise TokenRefused("the token has no wlcg.ver, expected 1.x", "version")
    major, _, minor = version.partition(".")
    if major != "1" or not minor.isdecimal() or len(minor) > 4:
        raise TokenRefused("wlcg.ver of the token is not 1.x", "version")
