"""Which tasks get a nucleus, and the answer to an order that waits for one. Pure.

In: a definition or an order, the tenant, facts, a seed. Out: the definition that says that a nucleus is wanted; `AssignNucleus`,
or `ParkTask` with what was said of each. Guards: a task is given a nucleus before its first jobs, where the rule of brokers for
its VO and label says so, now and when it was refined. Source: docs/reference/jedi.md, "Nuclei"; docs/decisions/0102.
"""

from collections import Counter
from collections.abc import Mapping, Sequence

from schemas.brokers import chooses_nucleus, figures_with
from schemas.records import replace
from schemas.task import AssignNucleus, JobsOrdered, ParkTask
from schemas.types import BrokerageEvidence, BrokerRule, JobKind, NucleusVerdict, Requirements, TaskDefinition
from streams.facts.snapshot import Snapshot
from streams.jedi.nuclei import NucleusAsked, NucleusChosen, choose_nucleus
from streams.jedi.shown import readable

#: Verdicts that a record carries; there are some dozens of nuclei.
VERDICTS_MAX = 1_000
MESSAGE_CHARACTERS_MAX = 1_000
SECONDS_A_DAY, MEGABYTES = 86_400, 1_024


def with_nucleus_wanted(definition: TaskDefinition, rules: Sequence[BrokerRule], vo: str) -> TaskDefinition:
    """`definition`, marked where the rule for the task says that it gets a nucleus."""
    wanted = chooses_nucleus(rules, vo, definition.requirements.label)
    return replace(definition, nucleus_wanted=True) if wanted else definition


def waits_for_nucleus(order: JobsOrdered, vo: str, facts: Snapshot) -> bool:
    """True for an order before the first jobs of a task that is to have a nucleus and has none."""
    required = order.definition.requirements
    begun = order.kind is JobKind.MERGE or order.queues_used or required.nucleus is not None
    return order.definition.nucleus_wanted and not begun and chooses_nucleus(facts.broker_rules, vo, required.label)


def assigned(order: JobsOrdered, facts: Snapshot, seed: str, ordered_at: int) -> AssignNucleus | ParkTask:
    """The nucleus drawn for the task of `order`, or why there is none. ordered_at: microseconds UTC."""
    chosen = chosen_for(order, facts, facts.nuclei, seed, ordered_at)
    verdicts = tuple(_cut(one) for one in chosen.verdicts[:VERDICTS_MAX])
    if chosen.nucleus is None:
        evidence = BrokerageEvidence(seed=seed, facts_position=facts.position)
        return ParkTask(order=order.order, brokerage=evidence, message=_why(verdicts), nuclei=verdicts)
    return AssignNucleus(
        order=order.order, nucleus=chosen.nucleus, verdicts=verdicts, seed=seed, facts_position=facts.position
    )


def chosen_for(
    order: JobsOrdered, facts: Snapshot, work: Mapping[str, float], seed: str, ordered_at: int
) -> NucleusChosen:
    """The choice for the task of `order`; work: by nucleus, what it has already (days of a core)."""
    beside = {name for stream in order.definition.secondaries for name in stream.datasets}
    asked = NucleusAsked(
        datasets=frozenset({*order.definition.input_datasets, *beside}),
        priority=order.priority,
        io_intensity_kbps=order.definition.requirements.io_intensity_kbps,
        output_gb_by_work=_output_gb_by_work(order.definition.requirements),
        asked_at=ordered_at,
    )
    return choose_nucleus(asked, facts.outside, work, figures_with(facts.broker_figures), seed)


def _output_gb_by_work(required: Requirements) -> float:
    """GB of output by day of a core; 0 where the task does not say how long a job runs."""
    days = required.walltime_seconds * max(1, required.core_count) / SECONDS_A_DAY
    return required.output_mb / MEGABYTES / days if days else 0.0


def _cut(one: NucleusVerdict) -> NucleusVerdict:
    return replace(one, message=readable(one.message, MESSAGE_CHARACTERS_MAX))


def _why(verdicts: Sequence[NucleusVerdict]) -> str:
    """The sentence for people: how many nuclei each filter dropped, the most frequent first, each with an example."""
    if not verdicts:
        return "no source names a nucleus, and the task is to have one"
    first: dict[str, NucleusVerdict] = {}
    for verdict in verdicts:
        first.setdefault(verdict.code, verdict)
    counts = Counter(verdict.code for verdict in verdicts).most_common()
    causes = [f"{count} by {code} ({first[code].nucleus}: {first[code].message})" for code, count in counts]
    return readable(f"none of {len(verdicts)} nuclei can take the output of the task: {', '.join(causes)}")
