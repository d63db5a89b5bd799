"""How often one caller may do something: a rate limit whose memory is bounded for any number of callers.

In: a limit, what is done, and by whom (an address, or the id of a person). Out: whether that is within the limit. Guards: at most
`CALLERS_MAX` callers are remembered: with one more, those without hits are forgotten, and if that is none, all of them. Who has
so many addresses is not held by limits of addresses. The library that counts keeps an empty list of each caller for ever.
"""

from limits import RateLimitItem
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

#: Callers of which hits are remembered; about 300 bytes each, and 100 a hit.
CALLERS_MAX = 10_000


class CallerRates:
    """Limits of one process, each in a window that moves."""

    def __init__(self) -> None:
        self._storage = MemoryStorage()
        self._limiter = MovingWindowRateLimiter(self._storage)

    def hit(self, limit: RateLimitItem, what: str, caller: str) -> bool:
        """Count it; False when `caller` did it too often."""
        if self.callers >= CALLERS_MAX and limit.key_for(what, caller) not in self._storage.events:
            self._make_room()
        return self._limiter.hit(limit, what, caller)

    @property
    def callers(self) -> int:
        """Those that something is kept of."""
        return len(self._storage.events)

    def _make_room(self) -> None:
        events = self._storage.events
        for key in [key for key, hits in list(events.items()) if not hits]:
            events.pop(key, None)
        if self.callers >= CALLERS_MAX:
            self._storage.reset()
