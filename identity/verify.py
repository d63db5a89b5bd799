"""Claims of a token that can be believed.

In: the text after `Bearer`. Out: its claims, or `TokenRefused` saying what was found and what was expected. Denied
unless all holds: RS256 signature by a key of a trusted issuer, that issuer's name, our audience, not expired, a
subject. Tokens are kept and logged as a hash only; accepted ones are remembered for ten minutes, a bounded number of
them.
"""

import hashlib
import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from joserfc import jws, jwt
from joserfc.errors import (
    BadSignatureError,
    DecodeError,
    InvalidKeyIdError,
    JoseError,
    UnsupportedAlgorithmError,
)
from joserfc.jwk import KeySet

from identity.errors import TokenRefused
from identity.issuer import ALGORITHM, AUDIENCE, ISSUER, public_keys

TOKEN_LENGTH_MAX = 16_384
REMEMBERED_MAX = 10_000
REMEMBERED_SECONDS = 600.0
CLOCK_SKEW_SECONDS = 30


@dataclass(frozen=True, slots=True)
class TrustedIssuer:
    """An issuer whose signature is believed, for one audience."""

    issuer: str
    audience: str
    keys: KeySet


def trusted_issuers(home: Path) -> tuple[TrustedIssuer, ...]:
    """The development issuer of this CULM_HOME."""
    return (TrustedIssuer(ISSUER, AUDIENCE, public_keys(home)),)


class Verifier:
    """Checks tokens against trusted issuers; remembers what it accepted."""

    def __init__(self, issuers: Sequence[TrustedIssuer]) -> None:
        self._issuers = {_bare(trusted.issuer): trusted for trusted in issuers}
        self._remembered: OrderedDict[bytes, tuple[float, Mapping[str, Any]]] = OrderedDict()

    def claims_of(self, token: str) -> Mapping[str, Any]:
        """The claims of `token`; raises TokenRefused."""
        key = hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
        now = time.time()
        known = self._remembered.get(key)
        if known is not None and now < known[0]:
            return known[1]
        self._remembered.pop(key, None)
        claims = self._check(token, now)
        self._remembered[key] = (min(now + REMEMBERED_SECONDS, float(claims["exp"])), claims)
        while len(self._remembered) > REMEMBERED_MAX:
            self._remembered.popitem(last=False)
        return claims

    def _check(self, token: str, now: float) -> Mapping[str, Any]:
        if len(token) > TOKEN_LENGTH_MAX:
            raise TokenRefused(f"the token has {len(token)} characters, at most {TOKEN_LENGTH_MAX} are read")
        trusted = self._issuer_of(token)
        try:
            claims = jwt.decode(token, trusted.keys, algorithms=[ALGORITHM]).claims
        except UnsupportedAlgorithmError as problem:
            raise TokenRefused(f"the token is not signed with {ALGORITHM}") from problem
        except InvalidKeyIdError as problem:
            raise TokenRefused("the token is signed with a key that its issuer does not publish") from problem
        except BadSignatureError as problem:
            raise TokenRefused("the signature of the token is not valid") from problem
        except (JoseError, ValueError) as problem:
            raise TokenRefused(f"the token cannot be read: {type(problem).__name__}") from problem
        _check_claims(claims, trusted, now)
        return claims

    def _issuer_of(self, token: str) -> TrustedIssuer:
        """Whom the token claims to be from, not yet believed; raises TokenRefused for a stranger."""
        try:
            payload = jws.extract_compact(token.encode()).payload
            claimed = _json_object(payload).get("iss")
        except (DecodeError, JoseError, ValueError) as problem:
            raise TokenRefused("the token is not a signed JWT") from problem
        trusted = self._issuers.get(_bare(claimed)) if isinstance(claimed, str) else None
        if trusted is None:
            raise TokenRefused(f"the token's issuer {str(claimed)[:100]!r} is not trusted here")
        return trusted


def _check_claims(claims: Mapping[str, Any], trusted: TrustedIssuer, now: float) -> None:
    expires = claims.get("exp")
    if not isinstance(expires, (int, float)) or isinstance(expires, bool):
        raise TokenRefused("the token does not say when it expires")
    if now >= expires + CLOCK_SKEW_SECONDS:
        raise TokenRefused(f"the token expired {now - expires:.0f} s ago")
    for name in ("nbf", "iat"):
        since = claims.get(name)
        if isinstance(since, (int, float)) and since > now + CLOCK_SKEW_SECONDS:
            raise TokenRefused(f"the token is valid only in {since - now:.0f} s ({name})")
    audience = claims.get("aud")
    if trusted.audience not in (audience if isinstance(audience, list) else [audience]):
        raise TokenRefused(f"the token is for another audience, expected {trusted.audience!r}")
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= 200:
        raise TokenRefused("the token has no subject")


def _json_object(payload: bytes) -> dict[str, Any]:
    found = orjson.loads(payload)
    return found if isinstance(found, dict) else {}


def _bare(issuer: str) -> str:
    """`issuer` without a trailing slash, which providers add and drop."""
    return issuer.rstrip("/")
