"""A wish that is uttered once, by a signal for instance, and can be waited for together with other things."""

import os
import select
import signal
import time


class StopEvent:
    """Starts open and is closed once. Its file descriptor becomes readable then and stays so, for every thread."""

    def __init__(self) -> None:
        self._fd = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self.closed_at: float | None = None

    def fileno(self) -> int:
        """For `select.poll` and selectors."""
        return self._fd

    @property
    def is_closed(self) -> bool:
        """True once the wish was uttered."""
        return self.closed_at is not None

    def close(self) -> None:
        """Utter the wish; again changes nothing. May be called from a signal handler."""
        if self.closed_at is None:
            self.closed_at = time.monotonic()
            os.eventfd_write(self._fd, 1)

    def close_on(self, *signals: signal.Signals) -> None:
        """Close when one of `signals` arrives; main thread only."""
        for number in signals:
            signal.signal(number, lambda *_: self.close())


def pause(seconds: float, *latches: StopEvent) -> None:
    """Sleep for `seconds`, less when one of `latches` closes meanwhile; those that are closed already do not count."""
    poll = select.poll()
    for latch in latches:
        if not latch.is_closed:
            poll.register(latch.fileno(), select.POLLIN)
    poll.poll(max(0.0, seconds) * 1000)
