"""Since when signs of life could be seen without a gap: silence while no heartbeat could arrive ends no lease. Pure.

Times are microseconds of the wall clock; a jump of the clock is a gap as well.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class HeartbeatWindow:
    """The heartbeats of a job's pilot: all of them between `since` and `until` are known, and `last` is the last one.

    since: None while the path of heartbeats is not known to work. until: earlier than now while there are more heartbeats than
    can be read at once; a lease ends so much later, but it ends. last: 0 for none.
    """

    since: int | None
    until: int
    last: int = 0


class Watch:
    """Told of every moment at which the whole path worked; two of them further apart than `gap` are a gap."""

    def __init__(self, gap: int) -> None:
        self._gap = gap
        self._last: int | None = None
        self._since = 0

    @property
    def since(self) -> int | None:
        """Start of the watch that still holds; None while the path is not known to work."""
        return None if self._last is None else self._since

    def works(self, now: int) -> None:
        """The path worked at `now`: the watch goes on, or begins again after a gap."""
        if self._last is None or not 0 <= now - self._last <= self._gap:
            self._since = now
        self._last = now

    def fails(self) -> None:
        """The path is known not to work: the next time it does begins a new watch."""
        self._last = None


class LastSeen:
    """When each job's pilot last reported, for as long as any lease may run; oldest forgotten first."""

    def __init__(self, keep: int, limit: int) -> None:
        self._keep, self._limit = keep, limit
        self._seen: dict[str, int] = {}

    def note(self, job_id: str, at: int) -> None:
        """A sign of life at `at`."""
        self._seen.pop(job_id, None)
        self._seen[job_id] = at

    def of(self, job_id: str) -> int:
        """The last sign of life; 0 for none."""
        return self._seen.get(job_id, 0)

    def forget(self, now: int) -> None:
        """Drop what is older than `keep`, and the oldest beyond `limit`."""
        for job_id, at in list(self._seen.items()):
            if at >= now - self._keep and len(self._seen) <= self._limit:
                break
            del self._seen[job_id]
