"""Tells of the ends of processes on this host."""

import os
import select
from contextlib import suppress


class ProcessEnds:
    """Readable once one of the processes that it follows has ended."""

    def __init__(self) -> None:
        self._poll = select.epoll()
        self._pids: dict[int, int] = {}

    def follow(self, pid: int) -> None:
        """Tell of the end of the process, if it is there."""
        if pid in self._pids.values():
            return
        with suppress(OSError):
            descriptor = os.pidfd_open(pid)
            self._pids[descriptor] = pid
            self._poll.register(descriptor, select.EPOLLIN)

    def fileno(self) -> int:
        """For selectors."""
        return self._poll.fileno()

    def drain(self) -> None:
        """Forget processes that ended."""
        for descriptor, _ in self._poll.poll(0):
            self._poll.unregister(descriptor)
            del self._pids[descriptor]
            os.close(descriptor)

    def close(self) -> None:
        """Give up its descriptors."""
        for descriptor in self._pids:
            os.close(descriptor)
        self._pids.clear()
        self._poll.close()
