"""Tokens that keys of this process signed, here or elsewhere, so that no signature of its own is checked.

In: a token as it was signed, and the key that signed it. Out: whether that key signed a token. Guards: a token is known by
the SHA-256 of all its characters, so that one that differs in a single character is not; no token is kept; a bounded number of
them, the oldest leave first. Only the signature is known of it: whether its key is still published, its times, its issuer and
what was revoked are judged at each use, by the verifier. What other processes of the host signed is known for the keys that this
process has itself (signed_on_host.py); what those of other hosts signed with these keys is known by signing it again
(signatures.py). Safe to use from several threads.
"""

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

from identity.signatures import would_sign
from identity.signed_on_host import SignedOnHost

SIGNED_MAX = 10_000


def text_digest(token: str) -> bytes:
    """By what a token is known in memory: the SHA-256 of all its characters."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


@dataclass(frozen=True, slots=True)
class OwnKey:
    """A private key that this process has, and the key under which its tokens are noted for others of the host."""

    private: EllipticCurvePrivateKey = field(repr=False)
    of_host: bytes = field(repr=False)


class SignedHere:
    """Digests of tokens, each with the thumbprint (RFC 7638) of its key; on_host: what the processes of a host share."""

    def __init__(self, on_host: SignedOnHost | None = None) -> None:
        self._thumbprints: OrderedDict[bytes, str] = OrderedDict()
        self._lock = threading.Lock()
        self._on_host = on_host
        #: By thumbprint.
        self._own: Mapping[str, OwnKey] = {}

    def has_keys(self, own: Mapping[str, OwnKey]) -> None:
        """This process has the private keys with these thumbprints from now on, and no others."""
        self._own = dict(own)

    def note(self, token: str, thumbprint: str) -> None:
        """`token` was signed here by the key with `thumbprint`."""
        digest = text_digest(token)
        with self._lock:
            self._thumbprints[digest] = thumbprint
            while len(self._thumbprints) > SIGNED_MAX:
                self._thumbprints.popitem(last=False)
        own = self._own.get(thumbprint)
        if self._on_host is not None and own is not None:
            self._on_host.note(digest, own.of_host)

    def is_signed(self, token: str, digest: bytes, thumbprint: str) -> bool:
        """Whether the key with `thumbprint` is one of this process and signed `token`; False also where that is not known.

        token: of the form that `compact.py` takes. digest: its `text_digest`.
        """
        if self._thumbprints.get(digest) == thumbprint:
            return True
        own = self._own.get(thumbprint)
        if own is None:
            return False
        return (self._on_host is not None and self._on_host.knows(digest, own.of_host)) or would_sign(token, own.private)
