"""How soon the next fetch may go out: at once while there is little to do, gathered while there is much. Pure."""


class RateLimit:
    """Lets `burst` fetches through at once and one more after every `interval` seconds."""

    def __init__(self, interval: float, burst: int) -> None:
        assert interval > 0, f"interval {interval}, expected more than 0"
        assert burst >= 1, f"burst {burst}, expected at least 1"
        self._interval, self._slack = interval, interval * (burst - 1)
        self._next = float("-inf")

    def wait(self, now: float) -> float:
        """Seconds until the fetch that is asked for at `now`, in seconds of a clock that never goes back, may go out."""
        due = max(self._next, now - self._slack)
        self._next = due + self._interval
        return max(0.0, due - now)
