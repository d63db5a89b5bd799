"""A Harvester as one row."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from commands.harvester.model import PandaHarvester
from commands.snapshot import MAIN, Row, SnapshotForm, changes_main, has_main
from commands.undo import UndoDict, UndoQueue
from schemas.harvester import HarvesterSnapshot


def rows(harvester: PandaHarvester, names: Collection[str]) -> Iterator[Row]:
    """The one row."""
    row = HarvesterSnapshot(
        owner=harvester.owner,
        started_at=harvester.started_at,
        seen_at=harvester.seen_at,
        last_number=harvester.last_number,
        waiting=tuple(sorted(harvester.waiting.values(), key=lambda order: (order.ordered_at, order.number))),
        unacknowledged=tuple(harvester.unacknowledged),
        expected=tuple(harvester.expected[queue] for queue in sorted(harvester.expected)),
        counted=tuple(harvester.counted[queue] for queue in sorted(harvester.counted)),
        slots=tuple(harvester.slots[queue] for queue in sorted(harvester.slots)),
        dialogs=tuple(harvester.dialogs),
    )
    yield MAIN, row


def restored(found: Mapping[str, Any]) -> PandaHarvester:
    """The Harvester of its row."""
    row: HarvesterSnapshot = found[MAIN]
    return PandaHarvester(
        owner=row.owner,
        started_at=row.started_at,
        seen_at=row.seen_at,
        last_number=row.last_number,
        waiting=UndoDict((order.number, order) for order in row.waiting),
        unacknowledged=UndoQueue(dict.fromkeys(row.unacknowledged)),
        expected=UndoDict((one.queue, one) for one in row.expected),
        counted=UndoDict((one.queue, one) for one in row.counted),
        slots=UndoDict((one.queue, one) for one in row.slots),
        dialogs=UndoQueue(dict.fromkeys(row.dialogs)),
    )


SNAPSHOT = SnapshotForm(rows, restored, changes_main, has_main)
