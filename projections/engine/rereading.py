"""What was set aside is read again: by key, from the noted place on, in slices between the projector's own batches.

In: marks, and a reader of its own. Out: the events that were missed, folded as if they came now; the mark of an aggregate that
got to the projector's position is taken back. Guards: what the projector reads of it meanwhile is passed over until
then, in the same thread, so that no event is folded twice or left out; every pass ends.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from projections.engine.batch import Folded
from projections.engine.kafka_log import Log, RawRecord
from projections.engine.positions import Partition
from projections.engine.set_aside import Mark
from schemas.reading import Aggregate, Place


@dataclass(slots=True)
class Rereading:
    """One pass over a partition. trying: aggregates with their marks as stored; doubts: what was met again and cannot be read."""

    partition: Partition
    trying: dict[Aggregate, Mark]
    doubts: dict[Aggregate, Mark] = field(default_factory=dict)

    def wants(self, raw: RawRecord, keys: Mapping[bytes, Aggregate]) -> bool:
        """True for a record of one of the aggregates at or after its noted place."""
        aggregate = keys.get(raw.key or b"")
        mark = None if aggregate is None else self.trying.get(aggregate)
        return mark is not None and raw.place.offset >= mark.place.offset

    def keys(self) -> dict[bytes, Aggregate]:
        """The aggregates by the key of their records."""
        return {aggregate[1].encode(): aggregate for aggregate in self.trying}

    def forget_lifted(self, marks: Mapping[Aggregate, Mark]) -> None:
        """An aggregate whose mark is gone needs nothing more."""
        for aggregate in [aggregate for aggregate in self.trying if aggregate not in marks]:
            del self.trying[aggregate]
            self.doubts.pop(aggregate, None)

    def changes_by(self, folded: Folded, until: int) -> dict[Aggregate, Mark | None]:
        """The marks after some more events: those that failed again, and those that got further."""
        changed: dict[Aggregate, Mark | None] = {}
        for aggregate, mark in self.trying.items():
            found = folded.marks.get(aggregate)
            head = folded.heads.get(aggregate, 0)
            if found is not None and found.is_firm:
                changed[aggregate] = found
            elif head > mark.sequence:
                changed[aggregate] = replace(mark, sequence=head, place=Place(*self.partition, until), is_firm=True)
        return changed

    def take(self, folded: Folded, changed: Mapping[Aggregate, Mark | None]) -> None:
        """What `changes_by` said is committed."""
        for aggregate in list(self.trying):
            found, now = folded.marks.get(aggregate), changed.get(aggregate)
            if found is not None and not found.is_firm:
                self.doubts[aggregate] = found
            elif aggregate in folded.marks:
                self.doubts.pop(aggregate, None)
            if now is not None and now is found:
                del self.trying[aggregate]
            elif now is not None:
                self.trying[aggregate] = now


class Passes:
    """The passes that are still to be made, one partition after the other."""

    def __init__(self, reader: Log, marks: Mapping[Aggregate, Mark]) -> None:
        self._reader = reader
        self._waiting: dict[Partition, dict[Aggregate, Mark]] = {}
        for aggregate, mark in marks.items():
            self._waiting.setdefault(mark.partition, {})[aggregate] = mark
        self._at = 0
        self.current: Rereading | None = None
        self.next_pass()

    def read(self, records_max: int) -> tuple[list[RawRecord], int]:
        """Records of the aggregates of the current pass among the next `records_max`, and the offset after all of these."""
        assert self.current is not None, "all passes are over"
        raws, gone = self._reader.read(records_max, 0.0)
        if gone:
            # What the log does not have any more cannot be tried again.
            self.current.trying.clear()
        keys = self.current.keys()
        if raws:
            self._at = raws[-1].place.offset + 1
        return [raw for raw in raws if self.current.wants(raw, keys)], self._at

    def close(self) -> None:
        """Let go of the log."""
        self._reader.close()

    def next_pass(self) -> None:
        """Begin with the next partition; `current` is None after the last."""
        self.current = None
        if self._waiting:
            partition = next(iter(self._waiting))
            self.current = Rereading(partition, self._waiting.pop(partition))
            self._at = min(mark.place.offset for mark in self.current.trying.values())
            self._reader.seek({partition: self._at})
