"""How far each aggregate has got: what the projector asks to tell the next event from a duplicate or a hole."""

from projections.engine.changes import RowChanges
from schemas.reading import Recorded


def apply(record: Recorded, changes: RowChanges) -> None:
    """The aggregate has got as far as this event."""
    event = record.event
    changes.insert(
        "aggregate_head",
        {"aggregate": record.aggregate, "aggregate_id": event.aggregate_id, "sequence": event.sequence},
    )
