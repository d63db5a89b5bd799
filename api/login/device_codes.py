"""Device codes that Culm hands out in place of a provider's, and the interval at which the provider is asked about each.

In: what a provider answered to a device request. Out: a code of Culm's own, and by that code the provider's. Guards: the store
holds nothing that logs anyone in (`api/shared/sealed.py`); an entry ends with the provider's code, at the latest after
`LIFE_SECONDS_MAX`; the provider is asked at its own interval however often the client asks us.
"""

import time
from dataclasses import asdict, dataclass

from api.shared.sealed import SealedSpace
from api.shared.store import Space

LIFE_SECONDS_MAX = 1800.0
#: Providers that name no interval are asked each 5 s (RFC 8628, 3.2).
INTERVAL_SECONDS = 5.0
INTERVAL_SECONDS_MAX = 60.0


@dataclass(frozen=True, slots=True)
class DeviceCode:
    """The provider's code and its interval. expires, next_poll: seconds since 1970."""

    issuer: str
    vo: str
    code: str
    expires: float
    interval: float
    next_poll: float


class DeviceCodes:
    """Codes in a space that all APIs share."""

    def __init__(self, space: Space) -> None:
        self._sealed = SealedSpace(space, LIFE_SECONDS_MAX)

    def issue(self, issuer: str, vo: str, code: str, expires_in: float, interval: float) -> str:
        """A code of ours that stands for the provider's `code`."""
        now = time.time()
        life, seconds = min(expires_in, LIFE_SECONDS_MAX), min(max(interval, 1.0), INTERVAL_SECONDS_MAX)
        # The first poll comes when a person has logged in; a provider refuses one that comes before its interval.
        return self._sealed.issue(asdict(DeviceCode(issuer, vo, code, now + life, seconds, now + seconds)))

    def find(self, ours: str) -> DeviceCode | None:
        """What `ours` stands for; None for a code that was not issued, has been used or has ended."""
        found = self._sealed.find(ours)
        kept = None if found is None else DeviceCode(**found)
        return kept if kept is not None and time.time() < kept.expires else None

    def keep(self, ours: str, kept: DeviceCode) -> None:
        """Note `kept` under `ours`."""
        self._sealed.keep(ours, asdict(kept))

    def use_up(self, ours: str) -> None:
        """Let `ours` stand for nothing from now on."""
        self._sealed.use_up(ours)
