"""What can go wrong around deciding.

DeciderError
    Fenced      another decider owns the slot: stop at once
    Interrupted the transaction's outcome is unknown or it was aborted: start the slot anew from the log
"""


class DeciderError(Exception):
    """Anything below."""


class Fenced(DeciderError):
    """A newer decider took the slot."""


class Interrupted(DeciderError):
    """The slot must be started anew: producer thrown away, states rebuilt, reading from the committed offset."""
