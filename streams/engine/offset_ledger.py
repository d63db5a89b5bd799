"""Which records of one partition were delivered, which are done, and how far a commit may go. Pure.

Offsets have holes (transaction markers, aborted batches), so distances between them mean nothing. The invariant: the
committable offset never passes a delivered record that is not done.
"""


class OffsetLedger:
    """Accounts of one partition since it was assigned; offsets come in growing order, what comes again is known."""

    def __init__(self) -> None:
        self._open: dict[int, None] = {}
        self._seen: int | None = None

    def deliver(self, offset: int) -> None:
        """The record at `offset` was handed out."""
        if self._seen is None or offset > self._seen:
            self._open[offset] = None
            self._seen = offset

    def finish(self, offset: int) -> None:
        """What the record at `offset` brings about is in the log."""
        self._open.pop(offset, None)

    @property
    def committable(self) -> int | None:
        """The offset to go on from after a restart: of the first record that is open; None when nothing was seen yet."""
        if self._open:
            return next(iter(self._open))
        return None if self._seen is None else self._seen + 1
