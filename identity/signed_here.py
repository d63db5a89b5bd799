"""Tokens that this process or another one of its host signed, so that no signature of its own is checked.

In: a token as it was signed, and the key that signed it. Out: whether a key signed a token here. Guards: a token is known by
the SHA-256 of all its characters, so that one that differs in a single character is not; no token is kept; a bounded number of
them, the oldest leave first. Only the signature is known of it: whether its key is still published, its times, its issuer and
what was revoked are judged at each use, by the verifier. What other processes of the host signed is known for the keys that this
process has itself (signed_on_host.py). Safe to use from several threads.
"""

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Mapping

from identity.signed_on_host import SignedOnHost

SIGNED_MAX = 10_000


def text_digest(token: str) -> bytes:
    """By what a token is known in memory: the SHA-256 of all its characters."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


class SignedHere:
    """Digests of tokens, each with the thumbprint (RFC 7638) of its key; on_host: what the processes of a host share."""

    def __init__(self, on_host: SignedOnHost | None = None) -> None:
        self._thumbprints: OrderedDict[bytes, str] = OrderedDict()
        self._lock = threading.Lock()
        self._on_host = on_host
        #: By the thumbprint of each key that this process has: the key under which its tokens are noted for others.
        self._host_keys: Mapping[str, bytes] = {}

    def has_keys(self, host_keys: Mapping[str, bytes]) -> None:
        """This process has the private keys with these thumbprints from now on, and no others."""
        self._host_keys = dict(host_keys)

    def note(self, token: str, thumbprint: str) -> None:
        """`token` was signed here by the key with `thumbprint`."""
        digest = text_digest(token)
        with self._lock:
            self._thumbprints[digest] = thumbprint
            while len(self._thumbprints) > SIGNED_MAX:
                self._thumbprints.popitem(last=False)
        if self._on_host is not None and thumbprint in self._host_keys:
            self._on_host.note(digest, self._host_keys[thumbprint])

    def is_signed(self, digest: bytes, thumbprint: str) -> bool:
        """Whether the key with `thumbprint` signed the token with `digest` here; False also where that is no longer known."""
        if self._thumbprints.get(digest) == thumbprint:
            return True
        key = self._host_keys.get(thumbprint)
        return key is not None and self._on_host is not None and self._on_host.knows(digest, key)
