"""The development issuer: a key pair of our own and tokens signed with it, for stacks without an identity provider.

State: `CULM_HOME/identity/key.json`, made on first use, readable by its owner only. Out: RS256 tokens with the claims
that panda-client reads, and the public key set. It issues to anyone who can read the key file; there is no login here.
"""

import contextlib
import time
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any
from uuid import uuid4, uuid5

import orjson
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

from identity.own_issuers import AUDIENCE, ISSUER
from process.private_files import write_private_first
from schemas.ids import CULM

ALGORITHM = "RS256"
KEY_BITS = 2048
#: Reserved for addresses that reach no one (RFC 2606).
MAIL_DOMAIN = "culm.invalid"


def key_path(home: Path) -> Path:
    """Where the private key is kept."""
    return home / "identity" / "key.json"


def signing_key(home: Path) -> RSAKey:
    """The issuer's private key; made on first use, by whichever process comes first."""
    path = key_path(home)
    with contextlib.suppress(FileNotFoundError):
        return _imported(path.read_bytes())
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    key = RSAKey.generate_key(KEY_BITS, auto_kid=True)
    write_private_first(path, orjson.dumps(key.as_dict(private=True)))
    return _imported(path.read_bytes())


@lru_cache(maxsize=16)
def _imported(document: bytes) -> RSAKey:
    """The key of a file's content; the same content gives the same key, since to check one takes longer than ten signatures."""
    return RSAKey.import_key(orjson.loads(document))


class HeldKey:
    """The private key of an issuer, read again only when its file has changed: to check one takes longer than ten signatures."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._known: tuple[tuple[int, int], RSAKey] | None = None

    def key(self) -> RSAKey:
        """The key as the file has it now; made on first use."""
        try:
            found = key_path(self._home).stat()
        except FileNotFoundError:
            return signing_key(self._home)
        version = (found.st_mtime_ns, found.st_ino)
        if self._known is None or self._known[0] != version:
            self._known = version, signing_key(self._home)
        return self._known[1]


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
        # `panda_auth status` of bps shows it, and stops where it is missing.
        "email": f"{user}@{MAIL_DOMAIN}",
        "groups": list(groups),
    }
    return jwt.encode({"alg": ALGORITHM, "typ": "JWT", "kid": key.kid}, claims, key, algorithms=[ALGORITHM])
