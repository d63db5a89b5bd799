"""The answer to an order of jobs: brokerage, then split, then draw of queues; or why the task must wait.

In: `JobsOrdered`, the tenant, facts, a seed (the id of the order's event), decisions that may be cited. Out: `GenerateJobs` or
`ParkTask`, with each brokerage that was made for it and a citation of each that it rests on: enough to make the choice again.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import replace as with_fields

from schemas.brokers import broker_for, figures_with
from schemas.ids import event_id
from schemas.records import replace
from schemas.resource_types import BUILT_IN, memory_mb_of, resource_type_of
from schemas.task import GenerateJobs, JobsOrdered, ParkTask
from schemas.types import (
    Brokerage,
    BrokerageCitation,
    BrokerageEvidence,
    BrokerKind,
    InputUnit,
    JobKind,
    JobPlan,
    QueueVerdict,
)
from streams.engine.messages import outgoing_id
from streams.facts.snapshot import Snapshot
from streams.jedi.brokerage import broker
from streams.jedi.candidates import Asked, Candidate, Surroundings
from streams.jedi.citing import Decided, Known, citation, drawn_by, nothing_known, shared_work
from streams.jedi.evidence import EVIDENCE_BYTES, evidence_of
from streams.jedi.filters_by_use import HOSPITAL
from streams.jedi.loads import loads_by_queue, of_all
from streams.jedi.merge import merge
from streams.jedi.shown import readable
from streams.jedi.split import NO_SECONDARY, memory_groups, split
from streams.jedi.weights import IN_FORCE, Weighing

#: Part of the id of the command: an order has one answer of each name.
PART = "order"
#: Most that a brokerage says of the size of an input. What is registered may have more; no queue has room for either.
INPUT_BYTES_MAX = 10**18
#: Of the first job of a user, and how many jobs at work take one point off.
USER_PRIORITY, JOBS_A_POINT, PRIORITY_MIN = 1000, 5, -1_000_000


@dataclass(frozen=True, slots=True)
class Answer:
    """The command, and the decisions that were made for it, which later orders may cite once they are in the log."""

    command: GenerateJobs | ParkTask
    made: tuple[Decided, ...]


def generate(
    order: JobsOrdered, vo: str, facts: Snapshot, seed: str, weighing: Weighing = IN_FORCE, ordered_at: int = 0
) -> GenerateJobs | ParkTask:
    """The answer of an order that cites no earlier decision."""
    return answered(order, vo, facts, seed, weighing, ordered_at).command


def answered(
    order: JobsOrdered,
    vo: str,
    facts: Snapshot,
    seed: str,
    weighing: Weighing = IN_FORCE,
    ordered_at: int = 0,
    known: Known = nothing_known,
) -> Answer:
    """Plans for everything in `order`, or none: an order of which one part finds no queue waits as a whole.

    A last job that has room for more of the input that follows is left to the next order. ordered_at: time of the order's event
    (microseconds UTC); 0 where no choice rests on time. known: decisions that may be cited.
    """
    plans: list[JobPlan] = []
    partial: list[tuple[Asked, list[InputUnit], Sequence[Candidate]]] = []
    made: list[tuple[Decided, Brokerage]] = []
    cited: list[BrokerageCitation] = []
    apart = brokered_apart(order, vo, ordered_at)
    for asked, units in apart:
        decided = known(asked)
        verdicts: tuple[QueueVerdict, ...] = ()
        if decided is None:
            decided, verdicts = decide(order, asked, facts, seed, weighing, _decision_id(order, seed, "GenerateJobs", len(made)))
            evidence = evidence_of(verdicts, seed, facts.position, EVIDENCE_BYTES // len(apart))
            made.append((decided, _brokerage(asked, evidence)))
        candidates = drawn_by(decided.candidates, facts)
        if not candidates:
            return _parked(order, asked, verdicts, seed, facts)
        of_task = decided.asked.task_id if decided.asked.task_id != order.task_id else 0
        cited.append(citation(decided.decision, asked.ram_mb, candidates, of_task))
        continues = order.continues and order.units[-1].unit_id == units[-1].unit_id
        found = _plans(order, units, asked, candidates, seed, continues=continues)
        plans += _with_type(found, asked, facts)
        if not found:
            partial.append((asked, units, candidates))
    for asked, units, drawn in partial if not plans else ():
        # An order makes one job at least, also one that has room for more.
        plans += _with_type(_plans(order, units, asked, drawn, seed, continues=False), asked, facts)
    command = GenerateJobs(
        order=order.order,
        kind=order.kind,
        plans=_with_priorities(order, plans, vo, facts),
        brokerage=BrokerageEvidence(seed=seed, facts_position=facts.position, cited=tuple(cited)),
        decided=tuple(one for _, one in made),
    )
    return Answer(command, tuple(one for one, _ in made))


def decide(
    order: JobsOrdered, asked: Asked, facts: Snapshot, seed: str, weighing: Weighing, decision: str
) -> tuple[Decided, tuple[QueueVerdict, ...]]:
    """Brokerage of one piece of the order under the id `decision`, and the verdicts on all queues."""
    kind = broker_for(facts.broker_rules, asked.vo, asked.outgoing.label)
    queues, around = tuple(facts.queues.values()), _surroundings(asked, facts, kind)
    brokered = broker(asked, queues, order.queues_used, seed, weighing, kind, around)
    rows = (facts.queues[one.queue] for one in brokered.candidates)
    loads = {row.settings.name: (row.waiting, row.leased) for row in rows}
    work = shared_work(asked, order.queues_used, facts)
    found = Decided(decision, asked, order.queues_used, brokered.candidates, loads, facts.position, work=work)
    return found, brokered.verdicts


def _surroundings(asked: Asked, facts: Snapshot, kind: BrokerKind) -> Surroundings:
    waiting = sum(queue.waiting for queue in facts.queues.values())
    running = sum(queue.leased for queue in facts.queues.values())
    ends = facts.ends.get(asked.task_id, {})
    around = Surroundings(facts.outside, figures_with(facts.broker_figures), ends, waiting, running)
    if kind is BrokerKind.GENERIC:
        return around
    memory_mb = memory_mb_of(asked.outgoing, asked.ram_mb)
    resource_type = resource_type_of(facts.resource_types, asked.outgoing.core_count, memory_mb)
    loads = loads_by_queue(facts.queues.values(), asked, resource_type)
    return with_fields(
        around,
        users={name: user if kind is BrokerKind.ANALYSIS else of_all(user) for name, (user, _) in loads.items()},
        types={name: load for name, (_, load) in loads.items()},
        normal=any(not name.endswith(HOSPITAL) for name in facts.queues),
    )


def _parked(order: JobsOrdered, asked: Asked, verdicts: Sequence[QueueVerdict], seed: str, facts: Snapshot) -> Answer:
    """Of the decisions only the one that found no queue: the others are made again when the order is."""
    made = _brokerage(asked, evidence_of(verdicts, seed, facts.position))
    cited = citation(_decision_id(order, seed, "ParkTask", 0), asked.ram_mb, ())
    evidence = BrokerageEvidence(seed=seed, facts_position=facts.position, cited=(cited,))
    message = _why(asked, verdicts)
    return Answer(ParkTask(order=order.order, brokerage=evidence, message=message, decided=(made,)), ())


def _brokerage(asked: Asked, evidence: BrokerageEvidence) -> Brokerage:
    return Brokerage(ram_mb=asked.ram_mb, largest_input_bytes=asked.largest_input_bytes, evidence=evidence)


def _decision_id(order: JobsOrdered, seed: str, command: str, index: int) -> str:
    """Id of the BrokerageDecided at place `index` of what the decider makes of the answer: ids follow from causes."""
    return event_id(outgoing_id(seed, command, str(order.task_id), PART), index)


def _plans(
    order: JobsOrdered, units: Sequence[InputUnit], asked: Asked, candidates: Sequence[Candidate], seed: str, *, continues: bool
) -> Sequence[JobPlan]:
    match order.kind:
        case JobKind.BUILD:
            return (JobPlan(queue=candidates[0].queue),)
        case JobKind.MERGE:
            return merge(order.unmerged, order.definition.rules, candidates, seed)
        case _:
            return split(
                order.definition,
                units,
                candidates,
                f"{seed}:{asked.ram_mb}",
                units_per_job=order.units_per_job,
                continues=continues,
                secondary=order.secondary or NO_SECONDARY,
            )


def _with_type(plans: Sequence[JobPlan], asked: Asked, facts: Snapshot) -> Sequence[JobPlan]:
    """`plans` with the resource type of their jobs, where the table in force says another than the built-in one."""
    cores, memory_mb = asked.outgoing.core_count, memory_mb_of(asked.outgoing, asked.ram_mb)
    name = resource_type_of(facts.resource_types, cores, memory_mb)
    if name == resource_type_of(BUILT_IN, cores, memory_mb):
        return plans
    return [replace(plan, resource_type=name) for plan in plans]


def _with_priorities(order: JobsOrdered, plans: Sequence[JobPlan], vo: str, facts: Snapshot) -> tuple[JobPlan, ...]:
    """`plans` with a priority that falls with what the user or the working group has at work, where the policy has users' tasks
    brokered as analysis (docs/reference/jedi.md, "Priorities")."""
    asked = order.definition.requirements
    if order.kind is not JobKind.NORMAL or broker_for(facts.broker_rules, vo, asked.label) is not BrokerKind.ANALYSIS:
        return tuple(plans)
    level = facts.levels.of_account(vo, order.owner, order.working_group)
    at_work = level.waiting + level.leased
    return tuple(
        replace(plan, priority=max(PRIORITY_MIN, int(USER_PRIORITY - (at_work + number) / JOBS_A_POINT)))
        for number, plan in enumerate(plans)
    )


def brokered_apart(order: JobsOrdered, vo: str, ordered_at: int) -> list[tuple[Asked, list[InputUnit]]]:
    """What is brokered separately: the whole order, or the units of each memory (docs/reference/jedi.md, "Memory groups")."""
    outgoing = order.definition.requirements
    whole = Asked(
        outgoing, vo, outgoing.ram_mb, 0, ordered_at, order.task_id, order.priority, order.kind,
        share=order.definition.share, owner=order.owner,
    )  # fmt: skip
    if order.kind is not JobKind.NORMAL:
        return [(whole, [])]
    load = order.secondary or NO_SECONDARY
    beside = {dataset for stream in order.definition.secondaries for dataset in stream.datasets}
    loaded = load.job_bytes + load.unit_bytes
    return [
        (
            with_fields(
                whole,
                ram_mb=ram_mb,
                largest_input_bytes=min(INPUT_BYTES_MAX, max(unit.size_bytes for unit in units) + loaded),
                datasets=frozenset({unit.dataset for unit in units if unit.start_event is None} | beside),
            ),
            units,
        )
        for ram_mb, units in memory_groups(order.units, outgoing.ram_mb).items()
    ]


def _why(asked: Asked, verdicts: Sequence[QueueVerdict]) -> str:
    """The sentence for people: how many queues each filter dropped, the most frequent first, each with an example."""
    if not verdicts:
        return "no queue is configured"
    first: dict[str, QueueVerdict] = {}
    for verdict in verdicts:
        first.setdefault(verdict.code, verdict)
    counts = Counter(verdict.code for verdict in verdicts).most_common()
    causes = [f"{count} by {code} ({first[code].queue}: {first[code].message})" for code, count in counts]
    raised = f" with {asked.ram_mb} MB of memory" if asked.ram_mb > asked.outgoing.ram_mb else ""
    return readable(f"none of {len(verdicts)} queues can take the jobs{raised}: {', '.join(causes)}")
