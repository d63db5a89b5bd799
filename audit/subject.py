"""What can be asked about: one task, job, queue or worker, or another aggregate that is declared with a `subject`. Pure.

In: the words of a person (`task 10000001`, `worker SLAC/w-7`). Out: a `Subject`. Guards: an id that cannot be one is refused with
what was expected.
"""

from dataclasses import dataclass

from schemas.aggregates import AGGREGATES, ASKED
from schemas.ids import is_number


class NotUnderstood(ValueError):
    """What was asked for cannot be meant; the message says what was found and what was expected."""


@dataclass(frozen=True, slots=True)
class Subject:
    """One thing with a past. kind: the aggregate whose events make it. name: as people write it.

    aggregate_id: key of its events. worker_id: which of those that share the key, only of workers.
    """

    kind: str
    name: str
    aggregate_id: str
    worker_id: str | None = None

    @property
    def aggregate(self) -> str:
        """The aggregate whose events make it."""
        return self.kind

    @property
    def topic(self) -> str:
        """Where these events stand."""
        return AGGREGATES[self.kind].topic("events")

    @property
    def number(self) -> int:
        """Id of a task or a job."""
        assert AGGREGATES[self.kind].key.max is not None, f"{self.kind} has no number"
        return int(self.aggregate_id)


def subject_from(kind: str, name: str) -> Subject:
    """The subject that `kind` and `name` mean; raises NotUnderstood."""
    asked = AGGREGATES[kind].subject if kind in ASKED else None
    if asked is None:
        raise NotUnderstood(f"kind: found {kind[:40]!r}, expected one of {', '.join(ASKED)}")
    if AGGREGATES[kind].key.max is not None:
        if not is_number(name):
            raise NotUnderstood(f"{kind}: found {name[:60]!r}, expected {asked.named}")
        return Subject(kind, str(int(name)), str(int(name)))
    if asked.within is None:
        return Subject(kind, name, name)
    key, slash, member = name.partition("/")
    if not (key and slash and member):
        raise NotUnderstood(f"{kind}: found {name[:80]!r}, expected {asked.named}")
    return Subject(kind, name, key, member)
