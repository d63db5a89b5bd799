"""Tokens that this process signed itself, so that it need not check its own signatures.

In: a token as it was signed, and the key that signed it. Out: the thumbprint of the key that signed a token here, if any. Guards:
a token is known by the SHA-256 of all its characters, so that one that differs in a single character is not; no token is kept; a
bounded number of them, the oldest leave first. Only the signature is known of it: whether its key is still published, its times,
its issuer and what was revoked are judged at each use, by the verifier. Safe to use from several threads.
"""

import hashlib
import threading
from collections import OrderedDict

SIGNED_MAX = 10_000


def text_digest(token: str) -> bytes:
    """By what a token is known in memory: the SHA-256 of all its characters."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


class SignedHere:
    """Digests of tokens, each with the thumbprint (RFC 7638) of its key."""

    def __init__(self) -> None:
        self._thumbprints: OrderedDict[bytes, str] = OrderedDict()
        self._lock = threading.Lock()

    def note(self, token: str, thumbprint: str) -> None:
        """`token` was signed here by the key with `thumbprint`."""
        with self._lock:
            self._thumbprints[text_digest(token)] = thumbprint
            while len(self._thumbprints) > SIGNED_MAX:
                self._thumbprints.popitem(last=False)

    def thumbprint(self, digest: bytes) -> str:
        """Of the key that signed the token with `digest`; empty where it was not signed here, or is no longer known."""
        return self._thumbprints.get(digest, "")
