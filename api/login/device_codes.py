"""Device codes that Culm hands out in place of a provider's, and the pace at which the provider is asked about each.

In: what a provider answered to a device request. Out: a code of Culm's own, and by that code the provider's. Guards: the store
holds nothing that logs anyone in: entries are named by a hash of our code and encrypted with a key that is derived from it; an
entry ends with the provider's code, at the latest after `LIFE_SECONDS_MAX`; the provider is asked at its own pace however often
the client asks us.
"""

import hashlib
import secrets
import time
from dataclasses import asdict, dataclass

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from api.shared.store import Space

LIFE_SECONDS_MAX = 1800.0
#: Providers that name no interval are asked each 5 s (RFC 8628, 3.2).
INTERVAL_SECONDS = 5.0
INTERVAL_SECONDS_MAX = 60.0
CODE_LENGTH_MAX = 100
_NONCE_BYTES = 12


@dataclass(frozen=True, slots=True)
class DeviceCode:
    """The provider's code and its pace. expires, next_poll: seconds since 1970."""

    issuer: str
    vo: str
    code: str
    expires: float
    interval: float
    next_poll: float


class DeviceCodes:
    """Codes in a space that all APIs share."""

    def __init__(self, space: Space) -> None:
        self._space = space

    def issue(self, issuer: str, vo: str, code: str, expires_in: float, interval: float) -> str:
        """A code of ours that stands for the provider's `code`."""
        now = time.time()
        life, pace = min(expires_in, LIFE_SECONDS_MAX), min(max(interval, 1.0), INTERVAL_SECONDS_MAX)
        ours = secrets.token_urlsafe(32)
        # The first poll comes when a person has logged in; a provider refuses one that comes before its interval.
        self.keep(ours, DeviceCode(issuer, vo, code, now + life, pace, now + pace))
        self._space.forget(LIFE_SECONDS_MAX)
        return ours

    def find(self, ours: str) -> DeviceCode | None:
        """What `ours` stands for; None for a code that was not issued, has been used or has ended."""
        if not 0 < len(ours) <= CODE_LENGTH_MAX:
            return None
        raw = self._space.get(_name(ours))
        if not raw or len(raw) <= _NONCE_BYTES:
            return None
        try:
            found = AESGCM(_key(ours)).decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], None)
        except InvalidTag:
            return None
        kept = DeviceCode(**orjson.loads(found))
        return kept if time.time() < kept.expires else None

    def keep(self, ours: str, kept: DeviceCode) -> None:
        """Note `kept` under `ours`."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        self._space.put(_name(ours), nonce + AESGCM(_key(ours)).encrypt(nonce, orjson.dumps(asdict(kept)), None))

    def use_up(self, ours: str) -> None:
        """Let `ours` stand for nothing from now on."""
        self._space.put(_name(ours), b"")


def _name(ours: str) -> str:
    return hashlib.sha256(b"name:" + ours.encode()).hexdigest()


def _key(ours: str) -> bytes:
    return hashlib.sha256(b"key:" + ours.encode()).digest()
