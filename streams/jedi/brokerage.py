"""Which queues may run a piece of a task's work, and why not the others: three rows of filters, one function.

In: what is asked, facts about all queues, the queues the task used, a seed, which broker. Out: candidates, best first, and one
verdict a queue with the code of the filter that dropped it and the change that would let it pass, or its weight. The same input
gives the same answer. Codes are those of PanDA's brokers; Culm's own are unhealthy, vo, label, container, class and
processing_type. Source: docs/reference/jedi.md, "Brokers".
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from schemas.records import replace
from schemas.types import BrokerKind, QueueVerdict
from streams.facts.snapshot import QueueFacts
from streams.jedi import filters, filters_by_nucleus, filters_by_use
from streams.jedi.candidates import Asked, Candidate, Dropped, Filter, Surroundings
from streams.jedi.draw import fraction
from streams.jedi.loads import loads_in
from streams.jedi.weights import IN_FORCE, Weighing, weight_by

NOWHERE = Surroundings()
#: Of what analysis and production ask of memory.
COMPENSATION = 0.9
LOCALITY = "fileunavailable"
Row = tuple[tuple[str, Filter], ...]
CHOICE: Row = (
    ("nonpreassigned", filters.site),
    ("notincluded", filters.included),
    ("excluded", filters.excluded),
    ("cloudmismatch", filters.cloud),
)
OWN: Row = (
    ("unhealthy", filters.unhealthy),
    ("vo", filters.vo),
    ("label", filters.label),
    ("container", filters.container),
)
END: Row = (
    ("class", filters.classes),
    ("processing_type", filters.processing_type),
    ("nopilot", filters.pilot),
    ("nopilot", filters.pilots_of_late),
)
COMPENSATED: Row = (
    ("lowmemory", partial(filters.low_memory, factor=COMPENSATION)),
    ("highmemory", partial(filters.high_memory, factor=COMPENSATION)),
    ("disk", filters.scratch),
)
NUCLEUS: Row = (
    ("dest_blacklisted", filters_by_nucleus.destination),
    ("links_full", filters_by_nucleus.links_full),
    ("link_unusable", filters_by_nucleus.link_unusable),
)
WALLTIMES: Row = (
    ("shortwalltime", filters.short_walltime),
    ("longwalltime", filters.long_walltime),
    ("scout_walltime", filters_by_use.merge_walltime),
    ("min_walltime", filters_by_use.undefined_walltime),
)
FILTERS: Mapping[BrokerKind, Row] = {
    BrokerKind.GENERIC: (
        *CHOICE,
        ("status", filters.status),
        *OWN,
        ("disk", filters.scratch),
        ("shortwalltime", filters.short_walltime),
        ("longwalltime", filters.long_walltime),
        ("cpucore", filters.cores),
        ("lowmemory", filters.low_memory),
        ("highmemory", filters.high_memory),
        *END,
    ),
    BrokerKind.ANALYSIS: (
        (LOCALITY, filters_by_use.locality),
        ("status", filters.status),
        *OWN,
        ("zeroshare", filters_by_use.zero_share),
        ("diskIO", filters_by_use.disk_io),
        ("max_io_intensity", filters_by_use.io_intensity),
        ("cpucore", filters.cores),
        ("closed", filters_by_use.closed_jobs),
        *COMPENSATED,
        ("disk", filters_by_use.space),
        ("blacklist", filters_by_use.blacklist),
        *WALLTIMES,
        *END,
        ("excluded", filters.excluded),
        ("notincluded", filters.included),
        ("cloudmismatch", filters.cloud),
        ("nonpreassigned", filters.site),
        ("hospital", filters_by_use.hospital),
        ("cap_rt", filters_by_use.resource_cap),
        ("overloaded", filters_by_use.overloaded),
        ("tmp_user_problem", filters_by_use.stabilizer),
        ("badsite", filters_by_use.bad_jobs),
    ),
    BrokerKind.PRODUCTION: (
        *CHOICE,
        ("status", filters.status),
        *OWN,
        *NUCLEUS,
        ("opportunistic", filters_by_use.opportunistic),
        ("inactive", filters_by_use.inactive),
        ("zeroshare", filters_by_use.zero_share),
        ("diskIO", filters_by_use.disk_io),
        ("cpucore", filters.cores),
        *COMPENSATED,
        ("disk", filters_by_use.space),
        *WALLTIMES,
        ("non_pledged", filters_by_use.non_pledged),
        ("over_pledged", filters_by_use.over_pledged),
        ("t1weight", filters_by_nucleus.nucleus_only),
        ("max_io_intensity", filters_by_use.io_intensity),
        *END,
        ("io", filters_by_use.heavy_io),
        ("badsite", filters_by_use.bad_jobs),
        ("cap", filters_by_use.share_cap),
        ("cap_rt", filters_by_use.resource_cap),
    ),
}
CANDIDATES_MAX = {BrokerKind.GENERIC: 5, BrokerKind.ANALYSIS: 10, BrokerKind.PRODUCTION: 10}
#: Priority from which on analysis may go where its input does not lie.
ANYWHERE = 2_000


@dataclass(frozen=True, slots=True)
class Brokered:
    """Candidates, best first, and the verdicts on all queues, by name."""

    candidates: tuple[Candidate, ...]
    verdicts: tuple[QueueVerdict, ...]


@dataclass(frozen=True, slots=True)
class Tested:
    """A queue after all filters of a row. untested: codes of those that passed it for want of facts."""

    facts: QueueFacts
    code: str
    dropped: Dropped | None
    untested: tuple[str, ...]


def broker(
    asked: Asked,
    queues: Sequence[QueueFacts],
    used: Collection[str],
    seed: str,
    weighing: Weighing = IN_FORCE,
    kind: BrokerKind = BrokerKind.GENERIC,
    around: Surroundings = NOWHERE,
) -> Brokered:
    """Filter, weigh and rank `queues`; those the task `used` already come first, ties fall by the seed."""
    rows = sorted(queues, key=lambda facts: facts.settings.name)
    tested = [_tested(FILTERS[kind], asked, facts, around) for facts in rows]
    if kind is BrokerKind.ANALYSIS and all(one.dropped for one in tested) and _may_go_anywhere(asked, around):
        elsewhere = tuple(row for row in FILTERS[kind] if row[0] != LOCALITY)
        tested = [_tested(elsewhere, asked, facts, around) for facts in rows]
    weights = {
        one.facts.settings.name: weight_by(kind, asked, one.facts, around, weighing) for one in tested if one.dropped is None
    }
    if kind is not BrokerKind.GENERIC and (least := around.figures["MIN_WEIGHT"]):
        tested = [_heavy_enough(one, weights, least) for one in tested]
    ranked = sorted(
        (one.facts for one in tested if one.dropped is None),
        key=lambda facts: (
            bool(weighing.used_first) and facts.settings.name not in used,
            -weights[facts.settings.name],
            fraction(seed, "tie", facts.settings.name),
        ),
    )
    limit = CANDIDATES_MAX[kind] if weighing.candidates_max is None else int(weighing.candidates_max)
    best = tuple(_candidate(facts, weights[facts.settings.name]) for facts in ranked[:limit])
    names = frozenset(one.queue for one in best)
    verdicts = tuple(_verdict(one, kind, around, weights, names, used, limit) for one in tested)
    return Brokered(best, verdicts)


def _may_go_anywhere(asked: Asked, around: Surroundings) -> bool:
    """The second pass of analysis: urgent work, or work that reads little."""
    intensity = asked.outgoing.io_intensity_kbps
    return asked.priority >= ANYWHERE or (intensity is not None and intensity <= around.figures["IO_INTENSITY_CUTOFF_USER"])


def _tested(row: Row, asked: Asked, facts: QueueFacts, around: Surroundings) -> Tested:
    """Up to the first filter that drops the queue."""
    untested: list[str] = []
    for code, test in row:
        found = test(asked, facts, around)
        if found is None:
            continue
        if isinstance(found, Dropped):
            return Tested(facts, code, found, ())
        untested.append(code)
    return Tested(facts, "use", None, tuple(untested))


def _heavy_enough(one: Tested, weights: Mapping[str, float], least: float) -> Tested:
    """`below_min_weight`: the weight of a queue that passed all filters is below MIN_WEIGHT."""
    weight = weights.get(one.facts.settings.name)
    if one.dropped is not None or weight is None or weight >= least:
        return one
    found = Dropped(f"its weight is {weight:.3g}, the least is {least:g}")
    return Tested(one.facts, "below_min_weight", found, ())


def _candidate(facts: QueueFacts, weight: float) -> Candidate:
    settings = facts.settings
    return Candidate(settings.name, weight, facts.waiting, settings.workdir_mb_max, settings.corepower)


def _verdict(
    one: Tested,
    kind: BrokerKind,
    around: Surroundings,
    weights: Mapping[str, float],
    best: Collection[str],
    used: Collection[str],
    limit: int,
) -> QueueVerdict:
    facts, name = one.facts, one.facts.settings.name
    counted = QueueVerdict(queue=name, taken=False, code="", waiting=facts.waiting, leased=facts.leased, pilots=facts.pilots)
    ends = around.ends.get(name)
    if kind is not BrokerKind.GENERIC and ends is not None:
        counted = replace(counted, ends=(ends.finished, ends.failed, ends.closed))
    if name in around.users and name in around.types:
        counted = replace(counted, loads=loads_in(around.users[name], around.types[name], facts.starts))
    if one.dropped is not None:
        return replace(counted, code=one.code, message=one.dropped.message, change=one.dropped.change)
    figures = f"{facts.leased} running, {facts.waiting} waiting"
    figures += ", used by the task already" if name in used else ""
    counted = replace(counted, weight=weights[name], untested=one.untested)
    if name not in best:
        return replace(counted, code="weight", message=f"not among the {limit} best: {figures}")
    return replace(counted, taken=True, code="use", message=figures)
