"""Looking into queues that other threads fill, from the event loop and without a thread of our own.

A thread that waits for every single record costs a switch of threads and a fight for the interpreter each time. Looking
every few milliseconds takes all that has come by then at once. Invariant: polling goes on after any exception of one poll.
"""

import asyncio
from collections.abc import Callable

#: Between looks while a caller waits: half of it is added to an answer, and a look into nothing costs some microseconds.
QUICK_SECONDS = 0.003
#: Between looks while no one waits; what piles up in so long is small.
SLOW_SECONDS = 0.1


class Poller:
    """Calls `look` on the event loop: every QUICK_SECONDS while it answers that a caller waits, else every SLOW_SECONDS."""

    def __init__(self, look: Callable[[], bool]) -> None:
        self._look = look
        self._loop: asyncio.AbstractEventLoop | None = None
        self._next: asyncio.TimerHandle | None = None
        self._quick = False

    def start(self) -> None:
        """Begin; call from the event loop."""
        self._loop = asyncio.get_running_loop()
        self._plan(quick=False)

    def hurry(self) -> None:
        """A caller waits from now on; call from the event loop. Without effect before `start` and after `stop`."""
        if not self._quick and self._next is not None:
            self._next.cancel()
            self._plan(quick=True)

    def stop(self) -> None:
        """Look no more."""
        if self._next is not None:
            self._next.cancel()
        self._next = self._loop = None

    def _plan(self, quick: bool) -> None:
        assert self._loop is not None, "a poller that was not started"
        self._quick = quick
        self._next = self._loop.call_later(QUICK_SECONDS if quick else SLOW_SECONDS, self._beat)

    def _beat(self) -> None:
        is_awaited = True  # after an error it is not known who waits
        try:
            is_awaited = self._look()
        finally:
            if self._loop is not None:
                self._plan(is_awaited)
