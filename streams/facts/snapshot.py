"""What the processors know of the world when they choose: queues with their loads, retry rules, parked tasks. Pure.

Made by `streams/facts/reader.py` from the log; `position` says up to where, so that a choice can be explained later.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from schemas.policy import ThrottlesSet
from schemas.resource_types import BUILT_IN
from schemas.streams import QueueHealth
from schemas.types import (
    BrokerFigure,
    BrokerRule,
    ClassDemand,
    ClassLoad,
    EventEnvelope,
    GlobalShare,
    JobGroupLoad,
    QueueSettings,
    ResourceType,
    RetryRule,
    ShareLoad,
    Throttle,
    WorkerMode,
)
from streams.facts.groups import Levels
from streams.facts.outside import NOTHING, OutsideFacts

POLICY_EVENTS = "culm.policy.events.v1"
#: Windows of the reference's brokers, docs/reference/jedi.md, "Generic brokerage".
STARTS_HOURS = 6
REQUESTS_HOURS = 3
ENDS_HOURS = 6
PLACE = re.compile(r"([a-z0-9_.]+):([0-9]{1,9}):([0-9]{1,19})")


@dataclass(frozen=True, slots=True)
class QueueFacts:
    """A queue as last read from the log: settings, waiting and leased jobs, live pilots; classes: the jobs by class of slot.

    health: of its workers that ended before they asked for work; None where they do not. quiet_since: the last time that a pilot
    had to do with a job of it, or that its first job began to wait (microseconds UTC); 0 is not known.
    starts: jobs that pilots took in the last 6 h. requests: requests for work in the last 3 h, as far as events say so: jobs
    taken and first requests of workers. wanted: pilots that were last asked for. shares: its jobs by global share. groups: by
    share, resource type and user. met: `QueueVerdict.loads` of a recorded decision, which hold in place of the groups.
    """

    settings: QueueSettings
    waiting: int = 0
    leased: int = 0
    pilots: int = 0
    classes: tuple[ClassLoad, ...] = ()
    health: QueueHealth | None = None
    quiet_since: int = 0
    starts: int = 0
    requests: int = 0
    wanted: int = 0
    shares: Mapping[str, ShareLoad] = field(default_factory=dict)
    groups: tuple[JobGroupLoad, ...] = ()
    met: tuple[int, ...] = ()

    @property
    def starts_per_hour(self) -> float:
        """Jobs that pilots took, an hour, over the last 6 h."""
        return self.starts / STARTS_HOURS

    @property
    def ill(self) -> QueueHealth | None:
        """Why its workers do not come as far as to ask for work; None where they do, and where none has to ask (mode PUSH)."""
        return None if self.settings.mode is WorkerMode.PUSH else self.health


@dataclass(frozen=True, slots=True)
class EndCounts:
    """How the jobs of a task at a queue ended in the last 6 h; closed: withdrawn or killed before they ended by themselves."""

    finished: int = 0
    failed: int = 0
    closed: int = 0


@dataclass(frozen=True, slots=True)
class Parked:
    """A task that waits for a queue."""

    task_id: int
    vo: str
    correlation_id: str


@dataclass(frozen=True, slots=True)
class ThrottledOrder:
    """A task of which an order waits for a level; cause: the envelope of the event that says so."""

    task_id: int
    cause: EventEnvelope
    throttle: Throttle


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Facts that do not change while a choice is made. `retry_rules` is None until some were set.

    ends: by task id and queue, how jobs ended there of late. outside: what sources outside say. shares: the tree.
    broker_rules, broker_figures: which broker chooses for which work, and its figures other than the defaults.
    levels: jobs over all queues. throttled: orders that wait for a level. throttles: limits other than the built-in ones.
    nuclei: by nucleus, the work of the tasks whose output it takes (days of a core).
    """

    queues: Mapping[str, QueueFacts] = field(default_factory=dict)
    retry_rules: tuple[RetryRule, ...] | None = None
    parked: tuple[Parked, ...] = ()
    position: str = ""
    resource_types: tuple[ResourceType, ...] = BUILT_IN
    ends: Mapping[int, Mapping[str, EndCounts]] = field(default_factory=dict)
    outside: OutsideFacts = NOTHING
    shares: tuple[GlobalShare, ...] = ()
    broker_rules: tuple[BrokerRule, ...] = ()
    broker_figures: tuple[BrokerFigure, ...] = ()
    levels: Levels = field(default_factory=Levels)
    throttled: tuple[ThrottledOrder, ...] = ()
    throttles: ThrottlesSet = field(default_factory=ThrottlesSet)
    nuclei: Mapping[str, float] = field(default_factory=dict)


def position_text(offsets: Mapping[tuple[str, int], int]) -> str:
    """`topic:partition:offset` joined by commas, in order; the offset is that of the next record to read."""
    return ",".join(f"{topic}:{partition}:{offset}" for (topic, partition), offset in sorted(offsets.items()))


def policy_offsets(position: str) -> dict[int, int]:
    """Partition -> offset of the policies that a position covers; parts that are no place of the log cover nothing."""
    found = (PLACE.fullmatch(part) for part in position.split(","))
    return {int(place[2]): int(place[3]) for place in found if place and place[1] == POLICY_EVENTS}


def knows_more(now: str, then: str) -> bool:
    """True when the facts at `now` hold a policy that those at `then` did not."""
    before = policy_offsets(then)
    return any(offset > before.get(partition, 0) for partition, offset in policy_offsets(now).items())


@dataclass(frozen=True, slots=True)
class Wanted:
    """How many pilots were last asked for, by a processor or an operator; event_id, cause: of the event that says so.

    classes: the same by class. held_at: when the order was held back (microseconds UTC), 0 when it holds.
    """

    number: int
    event_id: str
    cause: EventEnvelope | None = None
    classes: Mapping[str, ClassDemand] = field(default_factory=dict)
    held_at: int = 0
