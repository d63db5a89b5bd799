"""Which files a dataset has, and whether more may come. A dataset exists once a file was registered in it."""

from projections.engine.changes import RowChanges
from schemas.dataset import (
    ContentsRequested,
    ContentsSubscribed,
    DatasetClosed,
    FilesRegistered,
    SubscriptionEnded,
    WritingEnded,
)
from schemas.reading import Recorded


def apply(record: Recorded, changes: RowChanges) -> None:
    """Rows `dataset` and `dataset_file` after the event."""
    match record.message:
        case FilesRegistered() as event:
            _registered(record, event, changes)
        case DatasetClosed():
            name = record.event.aggregate_id
            changes.update("dataset", (name,), {"state": "closed", "sequence": record.event.sequence})
        case ContentsRequested() | ContentsSubscribed() | SubscriptionEnded() | WritingEnded():
            changes.update("dataset", (record.event.aggregate_id,), {"sequence": record.event.sequence})
        case _:
            pass


def _registered(record: Recorded, event: FilesRegistered, changes: RowChanges) -> None:
    envelope = record.event
    name = envelope.aggregate_id
    changes.ensure(
        "dataset",
        {
            "name": name,
            "role": event.role.value,
            "state": "open",
            "files_total": 0,
            "task_id": event.task_id,
            "vo": envelope.vo,
            "owner": envelope.actor,
            "sequence": envelope.sequence,
        },
    )
    changed = {"files_total": event.files_total, "sequence": envelope.sequence}
    changes.update("dataset", (name,), {**changed, "state": "open"} if event.reopened else changed)
    for file in event.files:
        changes.insert(
            "dataset_file",
            {
                "dataset": name,
                "lfn": file.lfn,
                "scope": file.scope,
                "guid": file.guid,
                "size_bytes": file.size_bytes,
                "checksum": file.checksum,
                "endpoint": file.endpoint,
                "events": file.events,
                "task_id": event.task_id,
            },
        )
