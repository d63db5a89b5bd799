"""The answer to an order of jobs: brokerage, then split, then draw of queues; or why the task must wait.

In: `JobsOrdered`, the tenant, facts, a seed (the id of the order's event). Out: `GenerateJobs` or `ParkTask`, both with
the whole brokerage, enough to make the choice again, as far as a record holds it.
"""

from collections import Counter
from collections.abc import Sequence

from schemas.records import replace
from schemas.resource_types import BUILT_IN, memory_mb_of, resource_type_of
from schemas.task import GenerateJobs, JobsOrdered, ParkTask
from schemas.types import InputUnit, JobKind, JobPlan, QueueVerdict
from streams.facts.snapshot import Snapshot
from streams.jedi.brokerage import IN_FORCE, Asked, Brokered, Weighing, broker
from streams.jedi.evidence import evidence_of
from streams.jedi.merge import merge
from streams.jedi.shown import readable
from streams.jedi.split import memory_groups, split


def generate(
    order: JobsOrdered, vo: str, facts: Snapshot, seed: str, weighing: Weighing = IN_FORCE, ordered_at: int = 0
) -> GenerateJobs | ParkTask:
    """Plans for everything in `order`, or none: an order of which one part finds no queue waits as a whole.

    A last job that has room for more of the input that follows is left to the next order. ordered_at: time of the order's event
    (microseconds UTC); 0 where no choice rests on time.
    """
    plans: list[JobPlan] = []
    partial: list[tuple[Asked, list[InputUnit], Brokered]] = []
    verdicts: list[QueueVerdict] = []
    for asked, units in _brokered_apart(order, vo, ordered_at):
        brokered = broker(asked, tuple(facts.queues.values()), order.queues_used, seed, weighing)
        verdicts += brokered.verdicts
        if not brokered.candidates:
            evidence = evidence_of(brokered.verdicts, seed, facts.position)
            return ParkTask(order=order.order, brokerage=evidence, message=_why(asked, brokered))
        continues = order.continues and order.units[-1].unit_id == units[-1].unit_id
        found = _plans(order, units, asked, brokered, seed, continues=continues)
        plans += _with_type(found, asked, facts)
        if not found:
            partial.append((asked, units, brokered))
    for asked, units, brokered in partial if not plans else ():
        # An order makes one job at least, also one that has room for more.
        plans += _with_type(_plans(order, units, asked, brokered, seed, continues=False), asked, facts)
    evidence = evidence_of(verdicts, seed, facts.position)
    return GenerateJobs(order=order.order, kind=order.kind, plans=tuple(plans), brokerage=evidence)


def _plans(
    order: JobsOrdered, units: Sequence[InputUnit], asked: Asked, brokered: Brokered, seed: str, *, continues: bool
) -> Sequence[JobPlan]:
    match order.kind:
        case JobKind.BUILD:
            return (JobPlan(queue=brokered.candidates[0].queue),)
        case JobKind.MERGE:
            return merge(order.unmerged, order.definition.rules, brokered.candidates, seed)
        case _:
            return split(
                order.definition,
                units,
                brokered.candidates,
                f"{seed}:{asked.ram_mb}",
                units_per_job=order.units_per_job,
                continues=continues,
            )


def _with_type(plans: Sequence[JobPlan], asked: Asked, facts: Snapshot) -> Sequence[JobPlan]:
    """`plans` with the resource type of their jobs, where the table in force says another than the built-in one."""
    cores, memory_mb = asked.outgoing.core_count, memory_mb_of(asked.outgoing, asked.ram_mb)
    name = resource_type_of(facts.resource_types, cores, memory_mb)
    if name == resource_type_of(BUILT_IN, cores, memory_mb):
        return plans
    return [replace(plan, resource_type=name) for plan in plans]


def _brokered_apart(order: JobsOrdered, vo: str, ordered_at: int) -> list[tuple[Asked, list[InputUnit]]]:
    """What is brokered separately: the whole order, or the units of each memory (docs/reference/jedi.md, "Memory groups")."""
    outgoing = order.definition.requirements
    if order.kind is not JobKind.NORMAL:
        return [(Asked(outgoing, vo, outgoing.ram_mb, asked_at=ordered_at), [])]
    return [
        (Asked(outgoing, vo, ram_mb, max(unit.size_bytes for unit in units), ordered_at), units)
        for ram_mb, units in memory_groups(order.units, outgoing.ram_mb).items()
    ]


def _why(asked: Asked, brokered: Brokered) -> str:
    """The sentence for people: how many queues each filter dropped, the most frequent first, each with an example."""
    if not brokered.verdicts:
        return "no queue is configured"
    first: dict[str, QueueVerdict] = {}
    for verdict in brokered.verdicts:
        first.setdefault(verdict.code, verdict)
    counts = Counter(verdict.code for verdict in brokered.verdicts).most_common()
    causes = [f"{count} by {code} ({first[code].queue}: {first[code].message})" for code, count in counts]
    raised = f" with {asked.ram_mb} MB of memory" if asked.ram_mb > asked.outgoing.ram_mb else ""
    return readable(f"none of {len(brokered.verdicts)} queues can take the jobs{raised}: {', '.join(causes)}")
