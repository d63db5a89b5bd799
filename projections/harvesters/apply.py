"""What Harvesters said, and what was ordered of them."""

from typing import Any

from projections.engine.changes import Row, RowChanges
from schemas.harvester import (
    HarvesterCommandOrdered,
    HarvesterCommandsAcknowledged,
    HarvesterCommandsHandedOut,
    HarvesterDialogsAdded,
    HarvesterSeen,
    HarvesterStarted,
    ServiceMetricsReported,
    WorkerCountsReported,
)
from schemas.reading import Recorded
from schemas.types import HarvesterDialog, HarvesterOrder


def apply(record: Recorded, changes: RowChanges) -> None:
    """Rows of the Harvester after the event."""
    envelope = record.event
    name, at = envelope.aggregate_id, envelope.occurred_at
    vo, _, harvester_id = name.partition("/")
    changes.ensure("harvester", {"name": name, "vo": vo, "harvester_id": harvester_id})
    changes.update("harvester", (name,), {**_columns(record.message, at), "sequence": envelope.sequence})
    match record.message:
        case HarvesterCommandOrdered() as event:
            if event.replaces is not None:
                changes.delete("harvester_order", (name, event.replaces))
            changes.insert("harvester_order", _order(name, event.command))
        case HarvesterCommandsHandedOut() as event:
            for order in event.commands:
                changes.insert("harvester_order", {**_order(name, order), "handed_out_at": at})
        case HarvesterCommandsAcknowledged() as event:
            for number in event.numbers:
                changes.update("harvester_order", (name, number), {"acknowledged_at": at})
        case WorkerCountsReported() as event:
            counts = [one.to_avro() for one in event.counts]
            changes.insert("harvester_count", {"name": name, "queue": event.queue, "counts": counts, "reported_at": at})
        case HarvesterDialogsAdded() as event:
            for dialog in event.dialogs:
                changes.insert("harvester_dialog", _dialog(name, dialog))
        case _:
            pass


def _columns(event: Any, at: int) -> Row:
    """What the event changes of the Harvester's own row."""
    match event:
        case HarvesterStarted():
            return {"version": event.version, "started_at": event.started_at, "seen_at": at}
        case HarvesterSeen():
            return {"seen_at": at}
        case ServiceMetricsReported():
            return {"metrics": [one.to_avro() for one in event.metrics]}
        case _:
            return {}


def _order(name: str, order: HarvesterOrder) -> Row:
    return {
        "name": name,
        "number": order.number,
        "command": order.command,
        "parameters": order.parameters_json,
        "ack_requested": order.ack_requested,
        "ordered_at": order.ordered_at,
    }


def _dialog(name: str, dialog: HarvesterDialog) -> Row:
    return {
        "name": name,
        "number": dialog.number,
        "written_at": dialog.written_at,
        "module": dialog.module,
        "identifier": dialog.identifier,
        "level": dialog.level,
        "message": dialog.message,
    }
