"""Tokens that any process of this host signed, so that the others need not check the signature.

State: a file of fixed size beside the keys of the agents' issuer, of its owner alone, which all API processes of a host read and
write by position: a place for each of `PLACES` values of a token's digest, the newest token has it. What stands there is no
token and no digest but a code of authentication (BLAKE2s with a key, RFC 7693) over the token's digest, under a key that follows
from the private key that signed (HKDF, RFC 5869). Guards: who can make an entry that counts has that private key and could sign
as well, so the file need not be trusted: an entry that was written by others, torn or is of another key is none. Without the
file, or where it cannot be used, the signature is checked as that of a stranger.
"""

import hmac
import os
import stat
import weakref
from hashlib import blake2s
from pathlib import Path

import structlog
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

#: Tokens that are known at once: 2^16, of which a quarter of an hour of 70 leases per second needs all.
PLACES = 65_536
_BYTES = 32
log = structlog.get_logger()


def host_key(private: EllipticCurvePrivateKey) -> bytes:
    """Under which entries for tokens of `private` are made: 32 bytes that lead to no other key."""
    secret = private.private_numbers().private_value.to_bytes(_BYTES)
    return HKDF(SHA256(), _BYTES, salt=None, info=b"culm: tokens that a process of this host signed").derive(secret)


class SignedOnHost:
    """The table in the file at `path`, made on first use. Safe to use from several threads and processes; never raises."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: int | None = None
        self._is_opened = False

    def note(self, digest: bytes, key: bytes) -> None:
        """The token with `digest` was signed by the private key of which `key` follows."""
        file = self._opened()
        if file is not None:
            try:
                os.pwrite(file, _entry(digest, key), _place(digest))
            except OSError as problem:
                self._give_up(problem)

    def knows(self, digest: bytes, key: bytes) -> bool:
        """Whether a process of this host signed the token with `digest` by the private key of which `key` follows."""
        file = self._opened()
        if file is None:
            return False
        try:
            found = os.pread(file, _BYTES, _place(digest))
        except OSError as problem:
            self._give_up(problem)
            return False
        return hmac.compare_digest(found, _entry(digest, key))

    def _opened(self) -> int | None:
        if not self._is_opened:
            self._is_opened = True
            try:
                self._file = _open(self._path)
            except OSError as problem:
                self._give_up(problem)
            else:
                weakref.finalize(self, os.close, self._file)
        return self._file

    def _give_up(self, problem: OSError) -> None:
        """From now on each signature is checked. The file stays open: another thread may be reading."""
        self._file = None
        log.warning("signed_tokens_not_shared", path=str(self._path), reason=problem.strerror or str(problem))


def _entry(digest: bytes, key: bytes) -> bytes:
    return blake2s(digest, key=key).digest()


def _place(digest: bytes) -> int:
    return _BYTES * (int.from_bytes(digest[:8]) % PLACES)


def _open(path: Path) -> int:
    """A descriptor of the file, which has all its bytes; raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK, 0o600)
    try:
        found = os.fstat(file)
        if not stat.S_ISREG(found.st_mode) or found.st_uid != os.geteuid() or stat.S_IMODE(found.st_mode) & 0o077:
            raise PermissionError(0, "expected a plain file of this user and of mode 600")
        if found.st_size < PLACES * _BYTES:
            os.ftruncate(file, PLACES * _BYTES)
    except OSError:
        os.close(file)
        raise
    return file
