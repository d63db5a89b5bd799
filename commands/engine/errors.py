"""What can go wrong around deciding.

DeciderError
    Fenced      another decider has the name: stop at once
    Interrupted the transaction's outcome is unknown or it was aborted: join the group again and restore the states
    Rebalanced  the group changed meanwhile: ask it what is whose
    PositionsMissing  the group has no positions over a log with events: someone must say where to begin
    SnapshotUnusable  the rows of a snapshot make no states: fold the log instead
    NotYetKnown  the closed rows that a decision needs are still being fetched: decide it later
    DependencyRefused  what a decision depends on is refused: the decision is not taken
    Unwritable  the log refuses a record of the transaction, which is aborted: decide without it
"""

from collections.abc import Collection

from commands.decision import Refusal


class DeciderError(Exception):
    """Anything below."""


class Fenced(DeciderError):
    """A newer decider took the name."""


class Interrupted(DeciderError):
    """This membership is over: the clients are thrown away, states restored, commands read from the group's positions."""


class Rebalanced(DeciderError):
    """The group shares its shards out again; what was being restored may be another's now."""


class PositionsMissing(DeciderError):
    """Commands would be taken from the beginning of a log that holds their events already."""

    def __init__(self, group: str, places: Collection[tuple[str, int]]) -> None:
        """places: topics of commands and partitions without a position."""
        shards = sorted({shard for _, shard in places})
        super().__init__(
            f"group {group} has no position in {len(places)} of its partitions (shards {', '.join(map(str, shards))}, such as"
            f" {min(places)[0]}), whose commands were decided before, as events show: they would be decided again."
            " `culm positions` (`python -m commands positions`) shows them, and with `set` sets them from the events"
        )


class SnapshotUnusable(DeciderError):
    """Rows of the snapshot cannot be read, or make no state of this version."""


class NotYetKnown(DeciderError):
    """An aggregate is not in memory, and the closed rows of its shard are not all here: it may be closed or new."""

    def __init__(self, aggregate: str, aggregate_id: str) -> None:
        super().__init__(f"{aggregate} {aggregate_id} is not known before the closed rows of its shard are")


class Unwritable(DeciderError):
    """The log takes no record as large as number `number` of the commit (from 0); nothing of the commit was written."""

    def __init__(self, number: int, topic: str, size: int) -> None:
        super().__init__(f"a record of {size:,} bytes is refused by {topic}")
        self.number = number
        self.size = size


class DependencyRefused(DeciderError):
    """What a decision depends on is refused, or cannot be decided with it now; the states must be put back."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.reason)
        self.refusal = refusal
