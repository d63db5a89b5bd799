"""Tokens and verifiers to test with, over the development issuer of a folder."""

import time
from pathlib import Path
from typing import Any

from joserfc import jwt
from joserfc.jwk import RSAKey

from identity.issuer import AUDIENCE, ISSUER, signing_key
from identity.verify import Verifier, trusted_issuers

VOS = ("wlcg",)


def a_token(home: Path, key: RSAKey | None = None, header: dict[str, Any] | None = None, **changes: Any) -> str:
    claims = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "s",
        "exp": int(time.time()) + 600,
        "name": "Jane Doe",
        "preferred_username": "jdoe",
        "groups": ["wlcg"],
    } | changes
    key = key or signing_key(home)
    kept = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode({"alg": "RS256", "kid": signing_key(home).kid} | (header or {}), kept, key)


def a_verifier(home: Path) -> Verifier:
    return Verifier(trusted_issuers(home))
