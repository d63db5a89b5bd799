"""Every brokerage decision of the log made again by today's code, on its own facts; and what would come of other figures.

In: events of tasks and policies. Out: for each decision whether it comes out the same, else what differs; sums of jobs by
queue. The facts are those recorded with the decision (jobs waiting and in hand, pilots), and the settings of the queues as
they stood at the recorded position. Decisions of the first release carry no figures: they are counted, not made again.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from schemas.policy import QueueConfigured
from schemas.reading import Recorded
from schemas.streams import QueueHealth
from schemas.task import GenerateJobs, JobsGenerated, JobsOrdered, TaskParked
from schemas.types import BrokerageEvidence, QueueSettings
from streams.facts.snapshot import QueueFacts, Snapshot, policy_offsets
from streams.jedi.brokerage import IN_FORCE, Weighing
from streams.jedi.generate import generate

#: For a queue that was dropped because no pilot had come for hours: how long exactly, a verdict says in words alone.
LONG_AGO = 1
WEIGHTS = {
    "weight.running": "weight_running",
    "weight.waiting": "weight_waiting",
    "used.first": "used_first",
    "candidates.max": "candidates_max",
}


class UnknownWeight(ValueError):
    """A `--set` that names nothing."""


@dataclass(frozen=True, slots=True)
class DecisionOutcome:
    """A decision: verdict codes by queue, and jobs by queue (empty when it was parked)."""

    codes: Mapping[str, str]
    jobs: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Changed:
    """A decision that would come out differently."""

    task_id: int
    order: int
    place: str
    recorded: DecisionOutcome
    today: DecisionOutcome


@dataclass(slots=True)
class Tally:
    """Of all decisions. moved: (from, to) -> jobs that would have gone elsewhere, as far as both sides made as many."""

    decisions: int = 0
    equal: int = 0
    without_figures: int = 0
    changed: list[Changed] = field(default_factory=list)
    jobs_recorded: Counter[str] = field(default_factory=Counter)
    jobs_today: Counter[str] = field(default_factory=Counter)


def weighing_from(settings: Iterable[str]) -> Weighing:
    """The figures in force with `NAME=VALUE` put over them; raises UnknownWeight."""
    made = IN_FORCE
    for text in settings:
        name, _, value = text.partition("=")
        if name not in WEIGHTS:
            raise UnknownWeight(f"--set: found {text[:60]!r}, expected NAME=VALUE with NAME one of {', '.join(WEIGHTS)}")
        try:
            made = replace(made, **{WEIGHTS[name]: float(value)})
        except ValueError as problem:
            raise UnknownWeight(f"--set {name}: found {value[:40]!r}, expected a number") from problem
    return made


@dataclass
class Policies:
    """Settings of queues as of any position; told every policy event first."""

    said: dict[str, list[tuple[int, int, QueueSettings]]] = field(default_factory=dict)

    def tell(self, record: Recorded) -> None:
        """One policy event."""
        if isinstance(record.message, QueueConfigured):
            settings = record.message.settings
            self.said.setdefault(settings.name, []).append((record.place.partition, record.place.offset, settings))

    def at(self, queue: str, position: str) -> QueueSettings | None:
        """The settings that a reader at `position` knew."""
        reached = policy_offsets(position)
        known = [settings for partition, offset, settings in self.said.get(queue, ()) if offset < reached.get(partition, 0)]
        return known[-1] if known else None


def judge(
    records: Iterable[Recorded], policies: Policies, weighing: Weighing = IN_FORCE, task_id: int | None = None
) -> Tally:
    """Make each decision in `records` (task events in order) again."""
    orders: dict[str, tuple[JobsOrdered, str]] = {}
    tally = Tally()
    for record in records:
        envelope = record.event
        match record.message:
            case JobsOrdered() as order:
                orders[envelope.event_id] = (order, envelope.vo)
            case JobsGenerated() | TaskParked() as event:
                made_for = orders.get(event.brokerage.seed)
                if isinstance(event, JobsGenerated):
                    orders.pop(event.brokerage.seed, None)
                if made_for is not None and task_id in (None, int(envelope.aggregate_id)):
                    _judge_one(record, event, *made_for, policies, weighing, tally)
            case _:
                pass
    return tally


def _judge_one(
    record: Recorded,
    event: JobsGenerated | TaskParked,
    order: JobsOrdered,
    vo: str,
    policies: Policies,
    weighing: Weighing,
    tally: Tally,
) -> None:
    tally.decisions += 1
    facts = facts_of(event.brokerage, policies)
    if facts is None:
        tally.without_figures += 1
        return
    again = generate(order, vo, facts, event.brokerage.seed, weighing, record.event.occurred_at)
    recorded = DecisionOutcome(_codes(event.brokerage), dict(Counter(job.queue for job in getattr(event, "jobs", ()))))
    plans = again.plans if isinstance(again, GenerateJobs) else ()
    today = DecisionOutcome(_codes(again.brokerage), dict(Counter(plan.queue for plan in plans)))
    tally.jobs_recorded.update(recorded.jobs)
    tally.jobs_today.update(today.jobs)
    if recorded == today:
        tally.equal += 1
    else:
        tally.changed.append(Changed(int(record.event.aggregate_id), event.order, str(record.place), recorded, today))


def facts_of(evidence: BrokerageEvidence, policies: Policies) -> Snapshot | None:
    """The facts that the decision rested on; None when it was recorded without figures or the settings are not in the log."""
    queues: dict[str, QueueFacts] = {}
    for verdict in evidence.verdicts:
        if verdict.queue in queues:
            continue
        settings = policies.at(verdict.queue, evidence.facts_position)
        if verdict.waiting is None or verdict.leased is None or verdict.pilots is None or settings is None:
            return None
        # The verdict alone says that the queue was closed then; in which words it did does not matter here.
        ill = QueueHealth(fingerprint=verdict.code) if verdict.code == "unhealthy" else None
        quiet_since = LONG_AGO if verdict.code == "nopilot" else 0
        queues[verdict.queue] = QueueFacts(
            settings, verdict.waiting, verdict.leased, verdict.pilots, health=ill, quiet_since=quiet_since
        )
    return Snapshot(queues, position=evidence.facts_position)


def _codes(evidence: BrokerageEvidence) -> dict[str, str]:
    """What was said of each queue; of several pieces of one order all is kept."""
    found: dict[str, list[str]] = {}
    for verdict in evidence.verdicts:
        found.setdefault(verdict.queue, []).append(verdict.code)
    return {queue: " ".join(codes) for queue, codes in sorted(found.items())}


def moved(tally: Tally) -> Iterator[tuple[str, int, int]]:
    """Queues with the jobs they got and would get, where that differs."""
    for queue in sorted(tally.jobs_recorded.keys() | tally.jobs_today.keys()):
        before, after = tally.jobs_recorded[queue], tally.jobs_today[queue]
        if before != after:
            yield queue, before, after
