"""A Harvester of PanDA's that serves queues: who speaks for it, what was ordered of it, what it counts.

The key is vo/harvester_id.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256

from commands.undo import UndoDict, UndoQueue, keep
from identity.ruling import Thing
from schemas.harvester import (
    AcknowledgeHarvesterCommands,
    AcquireHarvesterCommands,
    AddHarvesterDialogs,
    HarvesterCommand,
    HarvesterCommandOrdered,
    HarvesterCommandsAcknowledged,
    HarvesterCommandsHandedOut,
    HarvesterDialogsAdded,
    HarvesterEvent,
    HarvesterOrdersServed,
    HarvesterReleased,
    HarvesterSeen,
    HarvesterStarted,
    ReportHarvester,
    ReportServiceMetrics,
    ReportWorkerCounts,
    ServiceMetricsReported,
    TargetSlotsSet,
    WorkerCountsReported,
)
from schemas.instants import MICROSECONDS
from schemas.types import (
    CommandEnvelope,
    CountedQueue,
    EventEnvelope,
    ExpectedWorkers,
    HarvesterDialog,
    HarvesterOrder,
    TargetSlots,
    WorkerCounts,
)

#: Workers that were ordered so long ago should be alive: a Harvester submits, and reports, within a minute each.
EXPECTED_SECONDS = 180
DIALOGS_REMEMBERED = 1_000
UNACKNOWLEDGED_MAX = 1_000
#: Of queues for which workers are ordered, at most.
EXPECTED_MAX = 800
#: What only the Harvester itself says.
OF_ITSELF = (
    ReportHarvester, AcquireHarvesterCommands, AcknowledgeHarvesterCommands, ReportWorkerCounts, AddHarvesterDialogs,
    ReportServiceMetrics,
)  # fmt: skip
SAID_BY_ITSELF = (
    HarvesterStarted, HarvesterSeen, HarvesterCommandsHandedOut, HarvesterCommandsAcknowledged, WorkerCountsReported,
    HarvesterDialogsAdded, ServiceMetricsReported,
)  # fmt: skip


OrdersEvent = (
    HarvesterCommandOrdered | HarvesterCommandsHandedOut | HarvesterOrdersServed | HarvesterCommandsAcknowledged
)


@dataclass(slots=True)
class PandaHarvester:
    """A Harvester; `owner` is the subject that reported for it first.

    waiting: orders that were not handed out, by number, oldest first. expected: by queue, until they have come.
    """

    owner: str = ""
    started_at: int | None = None
    seen_at: int | None = None
    last_number: int = 0
    waiting: UndoDict[int, HarvesterOrder] = field(default_factory=UndoDict)
    unacknowledged: UndoQueue[int, None] = field(default_factory=UndoQueue)
    expected: UndoDict[str, ExpectedWorkers] = field(default_factory=UndoDict)
    counted: UndoDict[str, CountedQueue] = field(default_factory=UndoDict)
    slots: UndoDict[str, TargetSlots] = field(default_factory=UndoDict)
    dialogs: UndoQueue[str, None] = field(default_factory=UndoQueue)


def initial() -> PandaHarvester:
    """A Harvester that never reported."""
    return PandaHarvester()


def evolve(harvester: PandaHarvester, event: HarvesterEvent, envelope: EventEnvelope) -> PandaHarvester:
    """`harvester` after `event`."""
    keep(harvester)
    if not harvester.owner and isinstance(event, SAID_BY_ITSELF):
        harvester.owner = envelope.actor
    match event:
        case HarvesterStarted():
            harvester.started_at, harvester.seen_at = event.started_at, envelope.occurred_at
        case HarvesterSeen():
            harvester.seen_at = envelope.occurred_at
        case (
            HarvesterCommandOrdered()
            | HarvesterCommandsHandedOut()
            | HarvesterOrdersServed()
            | HarvesterCommandsAcknowledged()
        ):
            _of_orders(harvester, event, envelope.occurred_at)
        case WorkerCountsReported():
            _counted(harvester, event, envelope.occurred_at)
        case HarvesterDialogsAdded():
            for dialog in event.dialogs:
                harvester.dialogs[mark_of(dialog)] = None
            _drop_oldest(harvester.dialogs, DIALOGS_REMEMBERED)
        case ServiceMetricsReported():
            pass
        case TargetSlotsSet():
            until = event.until
            slots = TargetSlots(
                queue=event.queue, slots=event.slots, share=event.share, resource_type=event.resource_type, until=until
            )
            harvester.slots[event.queue] = slots
        case HarvesterReleased():
            harvester.owner = ""
    return harvester


def is_closed(harvester: PandaHarvester) -> bool:
    """A Harvester is never closed."""
    return False


def belongs(harvester: PandaHarvester, command: HarvesterCommand, by: CommandEnvelope) -> Thing:
    """A Harvester is of the organisation in its key, and of the subject that reported for it first."""
    vo, _, name = by.aggregate_id.partition("/")
    if isinstance(command, OF_ITSELF) and not harvester.owner and vo == by.vo:
        return Thing(f"Harvester {name}")
    return Thing(f"Harvester {name}", vo, harvester.owner)


def _of_orders(harvester: PandaHarvester, event: OrdersEvent, at: int) -> None:
    match event:
        case HarvesterCommandOrdered():
            harvester.waiting.pop(event.replaces or 0, None)
            harvester.waiting[event.command.number] = event.command
            harvester.last_number = event.command.number
        case HarvesterCommandsHandedOut():
            _handed_out(harvester, event, at)
        case HarvesterOrdersServed():
            for queue in event.queues:
                harvester.expected.pop(queue, None)
        case HarvesterCommandsAcknowledged():
            for number in event.numbers:
                harvester.unacknowledged.pop(number, None)


def digest_of(counts: Sequence[WorkerCounts]) -> str:
    """What tells one count of a queue's workers from another."""
    return sha256(repr([one.to_avro() for one in counts]).encode()).hexdigest()


def mark_of(dialog: HarvesterDialog) -> str:
    """What tells a message of a Harvester's log from others: numbers begin again when its database is new."""
    return sha256(repr((dialog.number, dialog.written_at, dialog.message)).encode()).hexdigest()[:32]


def _handed_out(harvester: PandaHarvester, event: HarvesterCommandsHandedOut, at: int) -> None:
    for command in event.commands:
        harvester.waiting.pop(command.number, None)
        if command.ack_requested:
            harvester.unacknowledged[command.number] = None
    _drop_oldest(harvester.unacknowledged, UNACKNOWLEDGED_MAX)
    for queue in [queue for queue, one in harvester.expected.items() if one.until <= at]:
        del harvester.expected[queue]
    for order in event.orders:
        harvester.last_number = order.number
        harvester.expected[order.queue] = ExpectedWorkers(
            queue=order.queue, alive=order.expected, until=at + EXPECTED_SECONDS * MICROSECONDS
        )


def _counted(harvester: PandaHarvester, event: WorkerCountsReported, at: int) -> None:
    if event.counts:
        counted = CountedQueue(queue=event.queue, digest=digest_of(event.counts), at=at)
        harvester.counted[event.queue] = counted
    else:
        harvester.counted.pop(event.queue, None)


def _drop_oldest(queue: UndoQueue[str, None] | UndoQueue[int, None], most: int) -> None:
    while len(queue) > most:
        del queue[next(iter(queue))]  # type: ignore[arg-type]  # the key is of the same queue
