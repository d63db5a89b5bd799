"""What can go wrong around deciding.

DeciderError
    Fenced      another decider owns the slot: stop at once
    Interrupted the transaction's outcome is unknown or it was aborted: start the slot again from the log
    SnapshotUnusable  the rows of a snapshot make no states: fold the log instead
    Unwritable  the log refuses a record of the transaction, which is aborted: decide without it
"""


class DeciderError(Exception):
    """Anything below."""


class Fenced(DeciderError):
    """A newer decider took the slot."""


class Interrupted(DeciderError):
    """The slot must be restarted: producer thrown away, states rebuilt, reading from the committed offset."""


class SnapshotUnusable(DeciderError):
    """Rows of the snapshot cannot be read, or make no state of this version."""


class Unwritable(DeciderError):
    """The log takes no record as large as number `number` of the commit (from 0); nothing of the commit was written."""

    def __init__(self, number: int, topic: str, size: int) -> None:
        super().__init__(f"a record of {size:,} bytes is refused by {topic}")
        self.number = number
        self.size = size
