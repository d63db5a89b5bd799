"""Tokens, rows of issuers, verifiers and gates to test with, over the development issuer of a folder or keys of a test."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import orjson
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, RSAKey

from api.http.access import Gate
from identity.issuer import signing_key
from identity.key_cache import KeyCache
from identity.own_issuers import AUDIENCE, ISSUER, own_issuers
from identity.trust import key_cache
from identity.verify import Verifier
from schemas.types import IssuerProfile, SignatureAlgorithm, TrustedIssuer

VOS = ("wlcg",)
IAM = "https://iam.example.org/"


class SharedDocuments:
    """What API processes share, in memory."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}

    def get(self, name: str) -> bytes | None:
        return self.kept.get(name)

    def put(self, name: str, content: bytes) -> None:
        self.kept[name] = content


def a_token(home: Path, key: RSAKey | None = None, header: dict[str, Any] | None = None, **changes: Any) -> str:
    """A token of the development issuer of `home`; a claim that is None is left out."""
    claims = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "s",
        "iat": int(time.time()),
        "exp": int(time.time()) + 600,
        "name": "Jane Doe",
        "preferred_username": "jdoe",
        "groups": ["wlcg"],
    } | changes
    key = key or signing_key(home)
    kept = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode({"alg": "RS256", "kid": signing_key(home).kid} | (header or {}), kept, key)


def a_verifier(home: Path) -> Verifier:
    """One that believes the development issuer of `home`, whose keys it knows."""
    return a_gate(home).verifier


def a_gate(home: Path) -> Gate:
    """One that believes the development issuer of `home`, whose keys it knows."""
    keys = key_cache(home, SharedDocuments(), lambda: time.time())
    issuers = own_issuers(VOS)
    for issuer in issuers:
        keys.refresh(issuer)
    return Gate(Verifier(issuers, keys, lambda: time.time()), keys, VOS)


def an_issuer(**changes: Any) -> TrustedIssuer:
    """A row of a provider in WLCG's profile."""
    row: dict[str, Any] = {
        "issuer": IAM,
        "vos": VOS,
        "audiences": ("https://culm.example.org",),
        "profile": IssuerProfile.WLCG,
        "algorithms": (SignatureAlgorithm.RS256, SignatureAlgorithm.ES256),
    }
    return TrustedIssuer(**(row | changes))


def key_set(*keys: RSAKey | ECKey) -> bytes:
    """What a provider with `keys` publishes."""
    return orjson.dumps(KeySet(list(keys)).as_dict(private=False))


def a_cache(published: Callable[[], bytes], clock: Callable[[], float]) -> KeyCache:
    """Keys that are fetched by calling `published`."""
    return KeyCache(lambda _: published(), SharedDocuments(), clock)


def verifier_of(issuers: Sequence[TrustedIssuer], keys: Sequence[RSAKey | ECKey], clock: Callable[[], float]) -> Verifier:
    """One that believes `issuers`, each of which publishes `keys`."""
    cache = a_cache(lambda: key_set(*keys), clock)
    for issuer in issuers:
        cache.refresh(issuer)
    return Verifier(issuers, cache, clock)
