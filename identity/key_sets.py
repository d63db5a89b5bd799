"""The keys that an issuer publishes (RFC 7517), as far as they are taken.

In: the bytes of a key set. Out: a key for each `kid`, each with the one algorithm that it is used with, or `KeysRefused`.
Guards: the algorithm follows from the key, never from a token (RFC 8725, 3.1); RSA keys have 2048 to 8192 bits; no key set with
a private or a symmetric key in it is taken; at most 100 keys and 256 KB.
"""

from base64 import urlsafe_b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

from identity.errors import KeysRefused
from schemas.types import SignatureAlgorithm

BYTES_MAX = 256 * 1024
KEYS_MAX = 100
RSA_BITS_MIN, RSA_BITS_MAX = 2048, 8192
_PRIVATE = frozenset({"d", "p", "q", "dp", "dq", "qi", "k"})


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key, the algorithm that it is used with, and its thumbprint (RFC 7638): two keys that have one `kid` differ in it."""

    key: RSAPublicKey | EllipticCurvePublicKey
    algorithm: SignatureAlgorithm
    thumbprint: str


KeySet = Mapping[str, PublicKey]


def read_key_set(raw: bytes) -> dict[str, PublicKey]:
    """The signing keys in `raw`, by `kid`; raises KeysRefused. Keys for encryption or of kinds not used here are left out."""
    if len(raw) > BYTES_MAX:
        raise KeysRefused(f"the key set has {len(raw)} bytes, at most {BYTES_MAX} are read")
    try:
        found = orjson.loads(raw)
    except orjson.JSONDecodeError as problem:
        raise KeysRefused("the key set is not JSON") from problem
    entries = found.get("keys") if isinstance(found, dict) else None
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise KeysRefused("the key set has no list of keys named 'keys'")
    if len(entries) > KEYS_MAX:
        raise KeysRefused(f"the key set has {len(entries)} keys, at most {KEYS_MAX} are read")
    keys: dict[str, PublicKey] = {}
    for number, entry in enumerate(entries):
        key = _key(entry, number)
        if key is None:
            continue
        if entry["kid"] in keys:
            raise KeysRefused(f"key {number} of the key set has a kid that another key has, too")
        keys[entry["kid"]] = key
    if not keys:
        raise KeysRefused("the key set has no key to check RS256 or ES256 with")
    return keys


def _key(entry: Mapping[str, Any], number: int) -> PublicKey | None:
    if _PRIVATE & entry.keys():
        raise KeysRefused(f"key {number} of the key set holds a private or shared key: its issuer must replace it")
    if entry.get("use", "sig") != "sig" or "verify" not in entry.get("key_ops", ["verify"]):
        return None
    algorithm = _algorithm(entry)
    if algorithm is None or entry.get("alg", algorithm.value) != algorithm.value:
        return None
    kid = entry.get("kid")
    if not isinstance(kid, str) or not 0 < len(kid) <= 200:
        raise KeysRefused(f"key {number} of the key set has no kid, expected a text of 1 to 200 characters")
    kept: dict[str, Any] = {name: entry.get(name) for name in ("kty", "n", "e", "crv", "x", "y") if name in entry}
    try:
        # Before it is imported: the library only warns of weak keys.
        bits = int.from_bytes(urlsafe_b64decode(f"{entry['n']}===")).bit_length() if entry["kty"] == "RSA" else RSA_BITS_MIN
        if not RSA_BITS_MIN <= bits <= RSA_BITS_MAX:
            raise KeysRefused(f"key {kid!r} of the key set has {bits} bits, expected {RSA_BITS_MIN} to {RSA_BITS_MAX}")
        key: RSAKey | ECKey = RSAKey.import_key(kept) if algorithm is SignatureAlgorithm.RS256 else ECKey.import_key(kept)
        public = key.public_key  # read now, so that a broken one is found here
    except (JoseError, ValueError, TypeError, KeyError) as problem:
        raise KeysRefused(f"key {kid!r} of the key set cannot be read: {type(problem).__name__}") from problem
    return PublicKey(public, algorithm, key.thumbprint())


def _algorithm(entry: Mapping[str, Any]) -> SignatureAlgorithm | None:
    match entry.get("kty"), entry.get("crv"):
        case "RSA", _:
            return SignatureAlgorithm.RS256
        case "EC", "P-256":
            return SignatureAlgorithm.ES256
        case _:
            return None
