"""Ends a process that hangs in a call which should have ended by itself.

librdkafka's transaction calls take a time limit and may still never return after the broker was killed (seen with 2.16: a
thread waits for ever in `send_offsets_to_transaction`). The outcome is unknown then, and the right answer to that is the same
as ever: throw the producer away and restart from the log. Ending the process does it; the supervisor starts the next one.
"""

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import structlog

EXIT_CODE = 4
CHECK_SECONDS = 0.5
log = structlog.get_logger()


class Watchdog:
    """Watches one thread's calls. `end` is what happens when one takes too long: the end of the process unless said otherwise."""

    def __init__(self, end: Callable[[], None] | None = None) -> None:
        self._limit: tuple[float, str] | None = None
        self._end = end or _end_process
        threading.Thread(target=self._watch, name="watchdog", daemon=True).start()

    @contextmanager
    def limit(self, seconds: float, what: str) -> Iterator[None]:
        """End the process when the block takes longer than `seconds`."""
        self._limit = (time.monotonic() + seconds, what)
        try:
            yield
        finally:
            self._limit = None

    def _watch(self) -> None:
        while True:
            time.sleep(CHECK_SECONDS)
            limit = self._limit
            if limit is not None and time.monotonic() > limit[0]:
                self._limit = None
                log.error("call_never_returned", call=limit[1])
                self._end()


def _end_process() -> None:
    os._exit(EXIT_CODE)
