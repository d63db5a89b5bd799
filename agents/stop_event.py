"""A stop event: set once, by a signal for instance, and waited for together with file descriptors."""

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
        """True once the event was set."""
        return self.closed_at is not None

    def close(self) -> None:
        """Set the event; a second call changes nothing. May be called from a signal handler."""
        if self.closed_at is None:
            self.closed_at = time.monotonic()
            os.eventfd_write(self._fd, 1)

    def close_on(self, *signals: signal.Signals) -> None:
        """Close when one of `signals` arrives; main thread only."""
        for number in signals:
            signal.signal(number, lambda *_: self.close())


def pause(seconds: float, *events: StopEvent) -> None:
    """Sleep for `seconds`, less when one of `events` closes meanwhile; those that are closed already do not count."""
    poll = select.poll()
    for event in events:
        if not event.is_closed:
            poll.register(event.fileno(), select.POLLIN)
    poll.poll(max(0.0, seconds) * 1000)
