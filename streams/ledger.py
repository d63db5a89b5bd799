"""Which records of one partition were delivered, which are done, and how far a commit may go. Pure.

Offsets have holes (transaction markers, aborted batches), so distances between them mean nothing. The invariant: the
committable offset never passes a delivered record that is not done.
"""

from collections import deque


class Ledger:
    """Accounts of one partition since it was assigned; offsets are delivered in growing order."""

    def __init__(self) -> None:
        self._open: deque[int] = deque()
        self._done: set[int] = set()
        self._reached: int | None = None

    def deliver(self, offset: int) -> None:
        """The record at `offset` was handed out."""
        if not self._open or offset > self._open[-1]:
            self._open.append(offset)

    def finish(self, offset: int) -> None:
        """What the record at `offset` brings about is in the log."""
        self._done.add(offset)
        while self._open and self._open[0] in self._done:
            self._reached = self._open.popleft()
            self._done.discard(self._reached)

    @property
    def committable(self) -> int | None:
        """The offset to go on from after a restart; None when nothing is done yet."""
        return None if self._reached is None else self._reached + 1
