"""An event of asyncio that other threads set: what wakes a coroutine when facts change in the thread that reads them."""

import asyncio
from contextlib import suppress


class ThreadsafeEvent:
    """Like `asyncio.Event`, but `set` may be called from any thread. It may be made before its loop runs, which calls `bind`."""

    def __init__(self) -> None:
        self._event = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    def bind(self) -> None:
        """Belong to the running loop from now on, and be set, as no one knows what was missed until now."""
        self._loop = asyncio.get_running_loop()
        self._event.set()

    def set(self) -> None:
        """Wake the coroutine that waits, or the next one that does; from any thread. Nothing before `bind`."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._event.set)

    def clear(self) -> None:
        """Not be set until the next `set`; from the loop."""
        self._event.clear()

    async def wait(self, seconds_max: float | None = None) -> None:
        """Until it is set, or until `seconds_max` have passed."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._event.wait(), seconds_max)
