"""What a logout token says (OpenID Connect Back-Channel Logout 1.0), apart from its signature. Pure: the time is given.

In: claims, the row of their issuer, now. Out: whose sessions end, or `TokenRefused` with the rule that was broken. Guards: it is
for the client that Culm is registered as there; it is a logout token and nothing else, so no ID token ends a session and no
logout token begins one; it has not ended; it has an id, by which a repetition is known.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from identity.claims import LOGOUT_EVENT, check_times
from identity.compact import ID_TYPES
from identity.digest import JTI_LENGTH_MAX
from identity.errors import TokenRefused
from schemas.types import TrustedIssuer

#: Values of `typ` in the header that a logout token may have.
LOGOUT_TYPES = ID_TYPES | {"logout+jwt", "application/logout+jwt"}
LIFETIME_SECONDS_MAX = 24 * 3600
TEXT_LENGTH_MAX = 255


@dataclass(frozen=True, slots=True)
class LogoutToken:
    """Whose sessions end: the one that `issuer` numbered `session`, else all of `subject`. One of both may be empty."""

    issuer: str
    subject: str
    session: str
    jti: str


def read_logout(claims: Mapping[str, Any], issuer: TrustedIssuer, now: float) -> LogoutToken:
    """What the claims of a logout token of `issuer` say at `now` (s since 1970); raises TokenRefused."""
    events = claims.get("events")
    if not isinstance(events, Mapping) or not isinstance(events.get(LOGOUT_EVENT), Mapping):
        raise TokenRefused("this is no logout token: its claim events does not name a logout", "kind")
    if "nonce" in claims:
        raise TokenRefused("a logout token has no nonce, this one has", "kind")
    check_times(claims, min(issuer.lifetime_seconds_max, LIFETIME_SECONDS_MAX), now)
    audience = claims.get("aud")
    named = audience if isinstance(audience, list) else [audience]
    if issuer.login is None or issuer.login.client_id not in named:
        raise TokenRefused("the logout token is for another client", "aud")
    jti = _text(claims, "jti", JTI_LENGTH_MAX)
    subject, session = _text(claims, "sub", TEXT_LENGTH_MAX), _text(claims, "sid", TEXT_LENGTH_MAX)
    if not jti:
        raise TokenRefused("the logout token has no id (jti), by which it could be known when it comes again", "jti")
    if not subject and not session:
        raise TokenRefused("the logout token names neither a subject nor a session (sub, sid)", "subject")
    return LogoutToken(issuer.issuer, subject, session, jti)


def _text(claims: Mapping[str, Any], name: str, length_max: int) -> str:
    """A claim, empty when it is missing; raises TokenRefused for what is no text of a fit length."""
    found = claims.get(name)
    if found is None:
        return ""
    if not isinstance(found, str) or not 0 < len(found) <= length_max or not found.isprintable():
        raise TokenRefused(f"{name} of the logout token is no text of 1 to {length_max} printable characters", name)
    return found
