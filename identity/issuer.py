"""The development issuer: a key pair of our own and tokens signed with it, for stacks without an identity provider.

State: `CULM_HOME/identity/key.json`, made on first use, readable by its owner only. Out: RS256 tokens with the claims
that panda-client reads, and the public key set. It issues to anyone who can read the key file; there is no login here.
"""

import contextlib
import os
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4, uuid5

import orjson
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

from identity.own_issuers import AUDIENCE, ISSUER
from schemas.ids import CULM

ALGORITHM = "RS256"
KEY_BITS = 2048


def key_path(home: Path) -> Path:
    """Where the private key is kept."""
    return home / "identity" / "key.json"


def signing_key(home: Path) -> RSAKey:
    """The issuer's private key; made on first use, by whichever process comes first."""
    path = key_path(home)
    with contextlib.suppress(FileNotFoundError):
        return RSAKey.import_key(orjson.loads(path.read_bytes()))
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    key = RSAKey.generate_key(KEY_BITS, auto_kid=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(orjson.dumps(key.as_dict(private=True)))
        # A link, not a rename: the first writer wins and all sign with the same key.
        with contextlib.suppress(FileExistsError):
            os.link(name, path)
    finally:
        Path(name).unlink()
    return RSAKey.import_key(orjson.loads(path.read_bytes()))


def public_keys(home: Path) -> KeySet:
    """The key set that tokens of this issuer are checked against."""
    return KeySet([RSAKey.import_key(signing_key(home).as_dict(private=False))])


def subject_of(user: str) -> str:
    """The opaque subject of `user`: always the same, and not to be turned back."""
    return str(uuid5(CULM, f"subject:{user}"))


def make_token(
    home: Path, *, user: str, name: str, groups: Sequence[str], audience_hours: float = 24.0, issuer: str = ISSUER
) -> str:
    """A signed token for `user` (preferred_username), shown to people as `name`, valid for `audience_hours` hours."""
    key = signing_key(home)
    now = int(time.time())
    claims: dict[str, Any] = {
        "iss": issuer,
        "aud": AUDIENCE,
        "sub": subject_of(user),
        "iat": now,
        "exp": now + int(audience_hours * 3600),
        "jti": str(uuid4()),
        "name": name,
        "preferred_username": user,
        "groups": list(groups),
    }
    return jwt.encode({"alg": ALGORITHM, "typ": "JWT", "kid": key.kid}, claims, key, algorithms=[ALGORITHM])
