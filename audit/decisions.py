"""Every brokerage decision of the log made again by today's code, on its own facts; and what would come of other figures.

In: events of tasks and policies. Out: for each order whether its answer comes out the same, else what differs; sums of jobs by
queue. The facts are those recorded with the decision (jobs waiting and in hand, pilots), and the settings of the queues as
they stood at the recorded position. An order that cites a decision is answered again on that decision, made again, with the
waiting jobs of its own citation. Decisions of the first release carry no figures: they are counted, not made again.
"""

from collections import Counter, OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from audit.policies_at import Policies
from schemas.reading import Recorded
from schemas.streams import QueueHealth
from schemas.task import BrokerageDecided, GenerateJobs, JobsGenerated, JobsOrdered, NucleusAssigned, ParkTask, TaskParked
from schemas.types import BrokerageCitation, BrokerageEvidence, NucleusVerdict, QueueVerdict
from streams.facts.snapshot import EndCounts, QueueFacts, Snapshot
from streams.jedi.citing import Decided
from streams.jedi.generate import answered, brokered_apart, decide
from streams.jedi.loads import LOADS, STARTS
from streams.jedi.nucleus_choice import chosen_for
from streams.jedi.weights import IN_FORCE, Weighing

#: For a queue that was dropped because no pilot had come for hours: how long exactly, a verdict says in words alone.
LONG_AGO = 1
#: Counts in `QueueVerdict.ends`.
ENDS = 3
#: Codes of decisions that stand in their orders are those of earlier versions, which had fewer.
EARLIER_WORDS = MappingProxyType(
    {
        "nonpreassigned": "site",
        "notincluded": "site",
        "cloudmismatch": "cloud",
        "disk": "scratch",
        "shortwalltime": "walltime",
        "longwalltime": "walltime",
        "cpucore": "cores",
        "lowmemory": "memory",
        "highmemory": "memory",
        "pilot": "nopilot",
    }
)
#: Codes of what passed every filter.
PASSED = frozenset({"use", "weight", "set"})
#: A decision is cited for two seconds; so many are not made in that time by those that read one topic.
DECISIONS_REMEMBERED = 10_000

@dataclass(frozen=True, slots=True)
class DecisionOutcome:
    """A decision: verdict codes by queue, or by nucleus, and jobs by queue (empty when it was parked)."""

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
    """Of the answers to all orders. cited: those that rest on decisions of earlier orders alone. jobs_recorded, jobs_today:
    by queue. waiting_recorded, waiting_today: orders that no queue takes. dropped: by queue and filter, in how many decisions it
    drops the queue as recorded and as of today."""

    decisions: int = 0
    equal: int = 0
    without_figures: int = 0
    cited: int = 0
    changed: list[Changed] = field(default_factory=list)
    jobs_recorded: Counter[str] = field(default_factory=Counter)
    jobs_today: Counter[str] = field(default_factory=Counter)
    waiting_recorded: int = 0
    waiting_today: int = 0
    dropped: dict[tuple[str, str], list[int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MadeFor:
    """An order with its tenant and the time of its event (microseconds UTC)."""

    order: JobsOrdered
    vo: str
    at: int


#: A recorded decision and the order that it was made for.
Recalled = tuple[BrokerageDecided, MadeFor]


def judge(
    records: Iterable[Recorded], policies: Policies, weighing: Weighing = IN_FORCE, task_id: int | None = None
) -> Tally:
    """Make each decision in `records` (task events, of each task in order) again.

    An answer that cites a decision for another task may be read before this one: it is judged at the end.
    """
    later: list[tuple[Recorded, JobsGenerated | TaskParked, MadeFor]] = []
    orders: dict[str, MadeFor] = {}
    decisions: OrderedDict[str, Recalled] = OrderedDict()
    tally = Tally()
    for record in records:
        envelope = record.event
        match record.message:
            case JobsOrdered() as order:
                orders[envelope.event_id] = MadeFor(order, envelope.vo, envelope.occurred_at)
            case BrokerageDecided() as decided if decided.brokerage.seed in orders:
                decisions[envelope.event_id] = (decided, orders[decided.brokerage.seed])
                if len(decisions) > DECISIONS_REMEMBERED:
                    decisions.popitem(last=False)
            case NucleusAssigned() as event if event.seed in orders and task_id in (None, int(envelope.aggregate_id)):
                outcomes = _nucleus_again(event.verdicts, event.seed, event.facts_position, orders.pop(event.seed), policies)
                _count(record, event.order, *outcomes, tally)
            case TaskParked() as event if event.nuclei:
                made_for = orders.get(event.brokerage.seed)
                if made_for is not None and task_id in (None, int(envelope.aggregate_id)):
                    position = event.brokerage.facts_position
                    outcomes = _nucleus_again(event.nuclei, event.brokerage.seed, position, made_for, policies)
                    _count(record, event.order, *outcomes, tally)
            case JobsGenerated() | TaskParked() as event:
                seed = event.brokerage.seed
                made_for = orders.pop(seed, None) if isinstance(event, JobsGenerated) else orders.get(seed)
                if made_for is not None and task_id in (None, int(envelope.aggregate_id)):
                    later.append((record, event, made_for))
                    if _all_read(event, decisions) or len(later) > DECISIONS_REMEMBERED:
                        _judge_one(record, event, _answered_again(event, decisions, made_for, policies, weighing), tally)
                        later.pop()
            case _:
                pass
    for record, answer, made_for in later:
        _judge_one(record, answer, _answered_again(answer, decisions, made_for, policies, weighing), tally)
    return tally


@dataclass(frozen=True, slots=True)
class Again:
    """An order answered again: codes by queue as recorded and as of today, and today's command."""

    recorded: Mapping[str, str]
    today: Mapping[str, str]
    command: GenerateJobs | ParkTask
    cited: bool = False


def _again(
    evidence: BrokerageEvidence,
    cited: Sequence[tuple[BrokerageCitation, Recalled | None]],
    made_for: MadeFor,
    policies: Policies,
    weighing: Weighing,
) -> Again | None:
    """None when the facts of the time are not in the log."""
    order, at = made_for.order, made_for.at
    if not cited:
        facts = facts_of(evidence, policies, order.task_id)
        if facts is None:
            return None
        answer = answered(order, made_for.vo, facts, evidence.seed, weighing, at)
        made = [verdict for one in answer.command.decided for verdict in one.evidence.verdicts]
        return Again(_codes(evidence.verdicts, EARLIER_WORDS), _codes(made, EARLIER_WORDS), answer.command)
    known: dict[int, Decided] = {}
    recorded: list[QueueVerdict] = []
    today: list[QueueVerdict] = []
    for citation, recalled in cited:
        facts = facts_of(recalled[0].brokerage, policies, recalled[1].order.task_id) if recalled else None
        if facts is None or recalled is None:
            return None
        decided, verdicts = _decided_again(citation, recalled, facts, weighing)
        known[citation.ram_mb] = decided
        recorded += recalled[0].brokerage.verdicts
        today += verdicts
    drawn = Snapshot(position=evidence.facts_position)
    answer = answered(order, made_for.vo, drawn, evidence.seed, weighing, at, lambda asked: known.get(asked.ram_mb))
    earlier = all(recalled is not None and recalled[0].brokerage.seed != evidence.seed for _, recalled in cited)
    return Again(_codes(recorded), _codes(today), answer.command, earlier)


def _all_read(event: JobsGenerated | TaskParked, decisions: Mapping[str, Recalled]) -> bool:
    """False while a decision for another task is cited that stands in a part of the log that was not read yet."""
    return all(one.decision in decisions for one in event.brokerage.cited if one.task_id)


def _answered_again(
    event: JobsGenerated | TaskParked,
    decisions: Mapping[str, Recalled],
    made_for: MadeFor,
    policies: Policies,
    weighing: Weighing,
) -> Again | None:
    cited = [(one, decisions.get(one.decision)) for one in event.brokerage.cited]
    return _again(event.brokerage, cited, made_for, policies, weighing)


def _decided_again(
    citation: BrokerageCitation, recalled: Recalled, facts: Snapshot, weighing: Weighing
) -> tuple[Decided, tuple[QueueVerdict, ...]]:
    """The decision as it would come out, with the waiting jobs that the order that cites it met."""
    event, made_for = recalled
    asked = next(one for one, _ in brokered_apart(made_for.order, made_for.vo, made_for.at) if one.ram_mb == event.ram_mb)
    decided, verdicts = decide(made_for.order, asked, facts, event.brokerage.seed, weighing, citation.decision)
    waiting = {one.queue: one.waiting for one in citation.waiting}
    met = tuple(replace(one, queued=waiting.get(one.queue, one.queued)) for one in decided.candidates)
    return replace(decided, candidates=met), verdicts


def _nucleus_again(
    verdicts: Sequence[NucleusVerdict], seed: str, position: str, made_for: MadeFor, policies: Policies
) -> tuple[DecisionOutcome, DecisionOutcome]:
    """What was said of each nucleus, and what would be said of it today on the same facts."""
    figures = policies.brokers_at(position).figures
    facts = Snapshot(position=position, outside=policies.outside_at(position), broker_figures=figures)
    work = {one.nucleus: one.work for one in verdicts}
    today = chosen_for(made_for.order, facts, work, seed, made_for.at).verdicts
    recorded, made = ({one.nucleus: one.code for one in found} for found in (verdicts, today))
    return DecisionOutcome(recorded, {}), DecisionOutcome(made, {})


def _judge_one(record: Recorded, event: JobsGenerated | TaskParked, again: Again | None, tally: Tally) -> None:
    if again is None:
        tally.decisions += 1
        tally.without_figures += 1
        return
    tally.cited += again.cited
    tally.waiting_recorded += isinstance(event, TaskParked)
    tally.waiting_today += isinstance(again.command, ParkTask)
    recorded = DecisionOutcome(again.recorded, dict(Counter(job.queue for job in getattr(event, "jobs", ()))))
    plans = again.command.plans if isinstance(again.command, GenerateJobs) else ()
    today = DecisionOutcome(again.today, dict(Counter(plan.queue for plan in plans)))
    _count(record, event.order, recorded, today, tally)


def _count(record: Recorded, order: int, recorded: DecisionOutcome, today: DecisionOutcome, tally: Tally) -> None:
    tally.decisions += 1
    tally.jobs_recorded.update(recorded.jobs)
    tally.jobs_today.update(today.jobs)
    for column, found in enumerate((recorded, today)):
        for queue, codes in found.codes.items():
            for code in set(codes.split(" ")) - PASSED:
                tally.dropped.setdefault((queue, code), [0, 0])[column] += 1
    if recorded == today:
        tally.equal += 1
    else:
        tally.changed.append(Changed(int(record.event.aggregate_id), order, str(record.place), recorded, today))


def facts_of(evidence: BrokerageEvidence, policies: Policies, task_id: int) -> Snapshot | None:
    """The facts that the decision for the task rested on; None when it was recorded without figures or the settings are not in
    the log."""
    ends: dict[str, EndCounts] = {}
    queues: dict[str, QueueFacts] = {}
    for verdict in evidence.verdicts:
        if verdict.queue in queues:
            continue
        settings = policies.at(verdict.queue, evidence.facts_position)
        if verdict.waiting is None or verdict.leased is None or verdict.pilots is None or settings is None:
            return None
        # The verdict alone says that the queue was closed then; in which words it did does not matter here.
        ill = QueueHealth(fingerprint=verdict.code) if verdict.code == "unhealthy" else None
        quiet_since = LONG_AGO if verdict.code in ("nopilot", "inactive") else 0
        queues[verdict.queue] = QueueFacts(
            settings,
            verdict.waiting,
            verdict.leased,
            verdict.pilots,
            health=ill,
            quiet_since=quiet_since,
            starts=verdict.loads[STARTS] if len(verdict.loads) == LOADS else 0,
            met=verdict.loads,
        )
        if len(verdict.ends) == ENDS:
            ends[verdict.queue] = EndCounts(*verdict.ends)
    brokers, outside = policies.brokers_at(evidence.facts_position), policies.outside_at(evidence.facts_position)
    return Snapshot(
        queues,
        position=evidence.facts_position,
        ends={task_id: ends},
        outside=outside,
        broker_rules=brokers.rules,
        broker_figures=brokers.figures,
    )


def _codes(verdicts: Iterable[QueueVerdict], words: Mapping[str, str] = MappingProxyType({})) -> dict[str, str]:
    """What was said of each queue, in `words`; of several pieces of one order all is kept."""
    found: dict[str, list[str]] = {}
    for verdict in verdicts:
        found.setdefault(verdict.queue, []).append(words.get(verdict.code, verdict.code))
    return {queue: " ".join(codes) for queue, codes in sorted(found.items())}


def moved(tally: Tally) -> Iterator[tuple[str, int, int]]:
    """Queues with the jobs they got and would get, where that differs."""
    for queue in sorted(tally.jobs_recorded.keys() | tally.jobs_today.keys()):
        before, after = tally.jobs_recorded[queue], tally.jobs_today[queue]
        if before != after:
            yield queue, before, after


@dataclass(frozen=True, slots=True)
class QueueMoves:
    """What changes at a queue: for each filter, in how many decisions it drops the queue as recorded and as of today."""

    queue: str
    filters: tuple[tuple[str, int, int], ...]

    def sentence(self) -> str:
        """`disk drops it in 3 decisions recorded, 0 with today's figures`."""
        return "; ".join(f"{code} drops it in {was:,} decisions recorded, {now:,} today" for code, was, now in self.filters)


def by_queue(tally: Tally) -> Iterator[QueueMoves]:
    """Queues, and nuclei, that filters drop more or less often than recorded."""
    rows: dict[str, list[tuple[str, int, int]]] = {}
    for (queue, code), (before, after) in sorted(tally.dropped.items()):
        if before != after:
            rows.setdefault(queue, []).append((code, before, after))
    for queue, filters in rows.items():
        yield QueueMoves(queue, tuple(filters))
