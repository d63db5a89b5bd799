"""What one projector owns: its partitions, the projections at one position, their live tables, and how far they got.

In: positions and live tables as the database has them. Out: a `Holding` to write by. Guards: projections that share a
partition share its position, so that one look at the heads of aggregates tells duplicates from news for all of them.
"""

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field

import structlog

from projections.catalogue import Projection
from projections.engine.errors import TablesMissing
from projections.engine.live import Live, read_live, schemas_of
from projections.engine.positions import Cursor, Partition, PositionKey, Stored, stored_positions
from projections.engine.set_aside import Mark, put_marks, read_marks
from schemas.reading import Aggregate

log = structlog.get_logger()


@dataclass(slots=True)
class Holding:
    """What a projector owns, as far as it knows.

    share: its partitions. seats: those of all projectors, from which the share follows (`sharing.py`). heads: last accepted
    sequences, as far as remembered. stopped: partitions that stopped in this life. noted: offsets at which this or an earlier
    life noted a problem. marks: aggregates that are set aside.
    """

    share: frozenset[Partition] = frozenset()
    seats: tuple[int, ...] = ()
    projections: tuple[Projection, ...] = ()
    tables_in: dict[str, str] = field(default_factory=dict)
    positions: dict[PositionKey, Stored] = field(default_factory=dict)
    heads: dict[Aggregate, int] = field(default_factory=dict)
    stopped: set[Partition] = field(default_factory=set)
    noted: dict[Partition, int] = field(default_factory=dict)
    marks: dict[Aggregate, Mark] = field(default_factory=dict)

    def offsets(self) -> dict[Partition, int]:
        """Where to read on, by partition; the same for every projection that reads it."""
        return {(topic, number): stored.next_offset for (_, topic, number), stored in self.positions.items()}

    def slots(self, reached: Mapping[Partition, int]) -> dict[PositionKey, int]:
        """What `reached` means for each projection at the position."""
        return {
            (projection.name, partition[0], partition[1]): offset
            for partition, offset in reached.items()
            for projection in self.projections
            if partition[0] in projection.topics
        }

    def agrees(self, stored: Mapping[PositionKey, Stored]) -> bool:
        """True while every position is as expected: of the same owner and the same generation of live tables."""
        return all(stored.get(slot) == held for slot, held in self.positions.items())


def take_stock(cursor: Cursor, catalogue: Iterable[Projection], share: Set[Partition]) -> Holding:
    """All projections that can be written together; the others are left out, loudly, until they are rebuilt.

    share: the partitions that are ours; nothing of the others is held or changed.

    Raises TablesMissing when the heads of aggregates are not there: nothing can be applied without them.
    """
    stored, live = stored_positions(cursor), read_live(cursor)
    holding = Holding(share=frozenset(share))
    lead: dict[Partition, int] = {}
    for projection in catalogue:
        mine = {slot: row for slot, row in stored.items() if slot[0] == projection.name and slot[1:] in share}
        found = live.get(projection.name)
        reason = _why_not(cursor, projection, found) or _out_of_step(mine, lead)
        if found is not None and not reason:
            holding.projections += (projection,)
            holding.tables_in[projection.name] = found.tables_in
            holding.positions.update(mine)
        elif projection.name == "heads":
            raise TablesMissing(f"heads {reason}; run `culm rebuild --all`")
        else:
            remedy = f"culm rebuild {projection.name}"
            log.error("projection_left_out", projection=projection.name, reason=reason, remedy=remedy)
    cursor.execute("SELECT topic, partition, log_offset FROM projection_problem")
    noted = {(topic, number): offset for topic, number, offset in cursor.fetchall()}
    holding.noted = {partition: offset for partition, offset in noted.items() if partition in share}
    offsets = holding.offsets()
    for aggregate, mark in read_marks(cursor).items():
        if mark.partition not in share:
            continue
        if mark.place.offset < offsets.get(mark.partition, 0):
            holding.marks[aggregate] = mark
        else:
            # The tables were made again and have not got as far: the record will be met again.
            put_marks(cursor, {aggregate: None})
    return holding


def _why_not(cursor: Cursor, projection: Projection, found: Live | None) -> str:
    if found is None or found.tables_in not in schemas_of(cursor, projection):
        return "has no tables"
    if found.version != projection.version:
        return f"is at version {found.version}, the code at {projection.version}"
    return ""


def _out_of_step(mine: Mapping[PositionKey, Stored], lead: dict[Partition, int]) -> str:
    """Empty when the positions are those of the projections before it, which lead."""
    agrees = all(lead.setdefault(slot[1:], row.next_offset) == row.next_offset for slot, row in mine.items())
    return "" if agrees else "is not as far as the others"
