"""What a Harvester's state says to a command.

Guards: each order is handed out once; workers are ordered for what is wanted and neither alive nor ordered already; the state of
one Harvester has bounds in every field.
"""

import json
from typing import assert_never

from commands.decision import Decision, accept, refuse
from commands.harvester.acquire import acquire, next_number
from commands.harvester.model import PandaHarvester, digest_of, mark_of
from schemas.harvester import (
    AcknowledgeHarvesterCommands,
    AcquireHarvesterCommands,
    AddHarvesterDialogs,
    HarvesterCommand,
    HarvesterCommandOrdered,
    HarvesterCommandsAcknowledged,
    HarvesterDialogsAdded,
    HarvesterReleased,
    HarvesterSeen,
    HarvesterStarted,
    OrderHarvester,
    ReleaseHarvester,
    ReportHarvester,
    ReportServiceMetrics,
    ReportWorkerCounts,
    ServiceMetricsReported,
    SetTargetSlots,
    TargetSlotsSet,
    WorkerCountsReported,
)
from schemas.instants import HOUR, MINUTE
from schemas.types import CommandEnvelope, HarvesterOrder, TargetSlots

WAITING_MAX = 50
QUEUES_MAX = 300
NO_PARAMETERS = "{}"
#: A sign of life within this of the one before is no news.
SEEN_AFTER = 5 * MINUTE
#: Counts that did not change are recorded again after this, so that readers see that they are current.
COUNTED_AFTER = HOUR


def decide(harvester: PandaHarvester, command: HarvesterCommand, by: CommandEnvelope) -> Decision:
    """Answer `command` against `harvester`; never look anywhere else."""
    match command:
        case ReportHarvester():
            return report(harvester, command, by)
        case OrderHarvester():
            return order(harvester, command, by)
        case AcquireHarvesterCommands():
            return acquire(harvester, command, by)
        case AcknowledgeHarvesterCommands():
            return acknowledge(harvester, command)
        case ReportWorkerCounts():
            return count(harvester, command, by)
        case AddHarvesterDialogs():
            return add_dialogs(harvester, command)
        case ReportServiceMetrics():
            return accept(ServiceMetricsReported(metrics=command.metrics)) if command.metrics else accept()
        case SetTargetSlots():
            return set_slots(harvester, command)
        case ReleaseHarvester():
            return accept(HarvesterReleased()) if harvester.owner else accept()
        case _:
            assert_never(command)


def report(harvester: PandaHarvester, command: ReportHarvester, by: CommandEnvelope) -> Decision:
    """A start, told once; or a sign of life, of which one in some minutes is recorded."""
    if command.started_at is not None and command.started_at != harvester.started_at:
        started = HarvesterStarted(
            started_at=command.started_at, version=command.version, commit=command.commit, commands=command.commands
        )
        return accept(started)
    if harvester.seen_at is not None and by.issued_at - harvester.seen_at < SEEN_AFTER:
        return accept()
    return accept(HarvesterSeen())


def order(harvester: PandaHarvester, command: OrderHarvester, by: CommandEnvelope) -> Decision:
    """An order waits until the Harvester asks; one for a queue takes the place of an earlier one of the same name."""
    given = command.parameters_json or NO_PARAMETERS
    try:
        parameters = json.loads(given, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        parameters = None
    if not isinstance(parameters, dict | list):
        return refuse("BAD_PARAMETERS", f"parameters_json is {given[:60]!r}, expected a JSON object or list")
    same = next((one for one in harvester.waiting.values() if one.command == command.command and ":" in one.command), None)
    if same is None and len(harvester.waiting) >= WAITING_MAX:
        waiting = len(harvester.waiting)
        return refuse("TOO_MANY", f"{waiting} orders wait for the Harvester, expected fewer than {WAITING_MAX}")
    ordered = HarvesterOrder(
        number=next_number(harvester.last_number),
        command=command.command,
        parameters_json=given,
        ack_requested=command.ack_requested,
        ordered_at=by.issued_at,
    )
    return accept(HarvesterCommandOrdered(command=ordered, replaces=same.number if same else None))


def _no_constant(word: str) -> None:
    raise ValueError(f"{word} is no JSON")


def acknowledge(harvester: PandaHarvester, command: AcknowledgeHarvesterCommands) -> Decision:
    """Those of the named that were asked for; the others were acknowledged before, or never handed out."""
    known = tuple(number for number in dict.fromkeys(command.numbers) if number in harvester.unacknowledged)
    return accept(HarvesterCommandsAcknowledged(numbers=known)) if known else accept()


def count(harvester: PandaHarvester, command: ReportWorkerCounts, by: CommandEnvelope) -> Decision:
    """Other counts than before, or the same after an hour."""
    before = harvester.counted.get(command.queue)
    if before is None and not command.counts:
        return accept()
    if before is None and len(harvester.counted) >= QUEUES_MAX:
        return refuse("TOO_MANY", f"{len(harvester.counted)} queues are counted, expected at most {QUEUES_MAX}")
    is_same = before is not None and before.digest == digest_of(command.counts)
    if is_same and before is not None and by.issued_at - before.at < COUNTED_AFTER:
        return accept()
    return accept(WorkerCountsReported(queue=command.queue, counts=command.counts))


def add_dialogs(harvester: PandaHarvester, command: AddHarvesterDialogs) -> Decision:
    """Those messages that did not come before."""
    new = {mark: one for one in command.dialogs if (mark := mark_of(one)) not in harvester.dialogs}
    return accept(HarvesterDialogsAdded(dialogs=tuple(new.values()))) if new else accept()


def set_slots(harvester: PandaHarvester, command: SetTargetSlots) -> Decision:
    """Another limit than before."""
    before = harvester.slots.get(command.queue)
    if before is None and len(harvester.slots) >= QUEUES_MAX:
        return refuse("TOO_MANY", f"{len(harvester.slots)} queues have target slots, expected at most {QUEUES_MAX}")
    wanted = TargetSlots(
        queue=command.queue,
        slots=command.slots,
        share=command.share,
        resource_type=command.resource_type,
        until=command.until,
    )
    if before == wanted:
        return accept()
    event = TargetSlotsSet(
        queue=command.queue,
        slots=command.slots,
        share=command.share,
        resource_type=command.resource_type,
        until=command.until,
    )
    return accept(event)
