"""What stops a projector, and how far.

    ProjectionError
    +-- NoSeat              more projectors than can share the partitions: wait and look again
    +-- TablesMissing       the read models are not there (dropped, not yet made): wait and look again
    +-- TopicsMissing       the log's topics are not there yet: wait and look again
    +-- Outdated            the live tables or positions are not the expected ones: read them again
    +-- PartitionStopped    a partition that cannot be read on: it stops, the others go on
    +-- RebuildRefused      a rebuild that cannot start or end; nothing was changed
"""

from schemas.reading import Place


class ProjectionError(RuntimeError):
    """Any of the above."""


class NoSeat(ProjectionError):
    """So many projectors run that none of the seats is free."""


class TablesMissing(ProjectionError):
    """Tables that `python -m projections migrate` makes are not there."""


class TopicsMissing(ProjectionError):
    """A topic that a projection reads does not exist."""


class Outdated(ProjectionError):
    """The live tables or positions are not the expected ones; they have to be read again."""


class PartitionStopped(ProjectionError):
    """A place that no one may step over. kind: gone (the log lost it), flood (too much is set aside) or bug."""

    def __init__(self, place: Place, kind: str, message: str) -> None:
        super().__init__(f"{place}: {kind}: {message}")
        self.place, self.kind, self.message = place, kind, message

    def __reduce__(self) -> tuple[type["PartitionStopped"], tuple[Place, str, str]]:
        """As it travels between processes."""
        return PartitionStopped, (self.place, self.kind, self.message)


class RebuildRefused(ProjectionError):
    """A rebuild that cannot be done as asked."""
