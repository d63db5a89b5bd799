"""Which facts an event holds. Pure.

In: events of queues, workers and tasks. Out: facts, each under a key of its own, of which the last one holds: all numbers are
absolute, so that of many events with one key only the last needs to be read; but an event that counts jobs of a queue names the
shares and groups that it concerns, so of those the beginning of each is read. A task that no longer waits takes its fact away.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from schemas.queue import JobQueued, JobWithdrawn
from schemas.streams import (
    JobGroupInQueue,
    NucleusWork,
    ParkedTask,
    PilotsLive,
    PilotsWanted,
    QueueHealth,
    QueueKnown,
    QueueLoad,
    ShareInQueue,
    ThrottledTask,
)
from schemas.types import EventEnvelope, JobGroupLoad, ShareLoad
from schemas.wire import Message
from schemas.worker import QueueHealthy, WorkersHeldBack
from streams.facts.groups import group_of

FACTS_TOPIC = "culm.streams.facts.v1"
QUEUE_EVENTS = "culm.queue.events.v1"
WORKER_EVENTS = "culm.worker.events.v1"
TASK_EVENTS = "culm.task.events.v1"
SOURCES = (QUEUE_EVENTS, WORKER_EVENTS, TASK_EVENTS)
COUNTED = ("JobQueued", "JobLeased", "JobWithdrawn", "LeaseEnded", "LeasesEnded")
#: Events that name shares with their jobs.
SHARED = (*COUNTED, "JobSharesAssigned")
UNPARKED = frozenset({"TaskWoken", "TaskFinalized", "TaskKillOrdered", "TaskFinishOrdered", "TaskReloaded", "TaskBroken"})
#: An order that is throttled waits no more. A paused task orders again when it is resumed.
UNTHROTTLED = frozenset({"TaskPaused", "TaskReassigned"})
#: Event -> names of the facts that it holds or takes away.
HELD: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(COUNTED, ("QueueLoad",)),
    "DispatchConfigured": ("QueueKnown",),
    **dict.fromkeys(("WorkerSubmitted", "WorkerRunning", "WorkerEnded"), ("PilotsLive",)),
    **dict.fromkeys(("WorkersWanted", "WorkersHeldBack"), ("PilotsLive", "PilotsWanted")),
    **dict.fromkeys(("QueueUnhealthy", "QueueHealthy"), ("QueueHealth",)),
    "TaskParked": ("ParkedTask",),
    "TaskThrottled": ("ThrottledTask",),
    **dict.fromkeys(UNPARKED, ("ParkedTask", "ThrottledTask")),
    **dict.fromkeys(UNTHROTTLED, ("ThrottledTask",)),
    "NucleusAssigned": ("NucleusWork",),
    "TaskFinalized": ("ParkedTask", "ThrottledTask", "NucleusWork"),
}


def key_of(fact: str, aggregate_id: str) -> str:
    """Key of the fact of that name about a queue or a task."""
    return f"{fact}/{aggregate_id}"


def subject_of(key: str) -> tuple[str, str]:
    """Name of the fact and the queue or task it is about."""
    fact, _, aggregate_id = key.partition("/")
    return fact, aggregate_id


def loads_in(queue: str, event: Mapping[str, Any]) -> Iterator[tuple[str, ShareInQueue | JobGroupInQueue | None]]:
    """Key and fact for each share and each group that an event of the queue names; None for a group without jobs.

    event: its beginning, as it stands in the record.
    """
    for one in event["shares"]:
        load = ShareLoad.from_avro(one)
        yield key_of(ShareInQueue.__name__, f"{queue}/{load.name}"), ShareInQueue(load=load)
    for one in event["groups"]:
        group = JobGroupLoad.from_avro(one)
        fact = JobGroupInQueue(load=group) if group.waiting or group.leased else None
        yield key_of(JobGroupInQueue.__name__, group_of(queue, group)), fact


def fact_in(fact: str, event: Any, envelope: EventEnvelope, partition: int, offset: int) -> Message:
    """The fact of that name as `event` tells it; partition and offset: the event's place."""
    match fact:
        case "QueueLoad":
            told = isinstance(event, JobQueued | JobWithdrawn)
            return QueueLoad(
                waiting=event.waiting,
                leased=event.leased,
                source_partition=partition,
                source_offset=offset,
                classes=event.classes,
                quiet_since=event.quiet_since if told else envelope.occurred_at,
            )
        case "QueueKnown":
            return QueueKnown()
        case "PilotsLive":
            return PilotsLive(live=event.live)
        case "PilotsWanted":
            if isinstance(event, WorkersHeldBack):
                return PilotsWanted(wanted=event.asked, held_at=envelope.occurred_at)
            return PilotsWanted(wanted=event.wanted, classes=event.classes)
        case "QueueHealth":
            if isinstance(event, QueueHealthy):
                return QueueHealth()
            return QueueHealth(fingerprint=event.fingerprint, ended=event.ended, probe_at=event.probe_at)
        case "ThrottledTask":
            int(envelope.aggregate_id)
            return ThrottledTask(throttle=event.throttle)
        case "ParkedTask":
            int(envelope.aggregate_id)
            return ParkedTask()
        case "NucleusWork":
            int(envelope.aggregate_id)
            return NucleusWork(nucleus=event.nucleus, work=event.work)
        case _:
            raise AssertionError(f"{fact} is no fact")
