"""A circuit breaker for a batch system: when it may be asked, and why not. Pure; the caller brings the time.

Closed, every call may go out. After `FAILURES_MAX` failures in a row it opens for a time that doubles with each failed attempt;
then one listing may go out, and only its success closes it: a system that swallows submissions is not tried by submitting.
"""

from dataclasses import dataclass, replace

FAILURES_MAX = 3
PAUSE_SECONDS_FIRST, PAUSE_SECONDS_MAX = 10.0, 300.0


@dataclass(frozen=True, slots=True)
class Breaker:
    """What is known of one system. failures: in a row. open_until: seconds of the caller's clock; reason: of the last failure."""

    failures: int = 0
    open_until: float = 0.0
    reason: str = ""

    @property
    def is_open(self) -> bool:
        """Whether calls are held back, but for a listing once the pause is over."""
        return self.failures >= FAILURES_MAX

    def may_list(self, now: float) -> bool:
        """Whether a listing may go out."""
        return not self.is_open or now >= self.open_until

    def may_order(self) -> bool:
        """Whether submissions and cancellations may go out."""
        return not self.is_open

    def sentence(self, now: float) -> str:
        """What an operator reads on the queue's page; empty while all is well."""
        if not self.is_open:
            return ""
        wait = max(0, round(self.open_until - now))
        return f"not asked after {self.failures} failures in a row, next try in {wait} s; the last one: {self.reason}"


def failed(breaker: Breaker, now: float, reason: str) -> Breaker:
    """After a failure of any call."""
    failures = breaker.failures + 1
    beyond = failures - FAILURES_MAX
    pause = min(PAUSE_SECONDS_FIRST * 2 ** min(beyond, 10), PAUSE_SECONDS_MAX) if beyond >= 0 else 0.0
    return Breaker(failures, now + pause, reason)


def listed(breaker: Breaker) -> Breaker:
    """After a complete listing: the system answers."""
    return replace(breaker, failures=0, open_until=0.0, reason="")


def answered(breaker: Breaker) -> Breaker:
    """After an order that was answered: failures begin again at 0, unless the breaker is open."""
    return breaker if breaker.is_open else Breaker()
