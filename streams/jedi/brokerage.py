"""Which queues may run a piece of a task's work, and why not the others: the generic broker.

In: what is asked, facts about all queues, the queues the task used, a seed. Out: at most five candidates, best first,
and one verdict a queue with the code of the filter that dropped it or its weight. The same input gives the same answer.
Source: docs/reference/jedi.md, "Generic brokerage", in its order; available files need catalogues Culm does not have yet.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from schemas.instants import HOUR
from schemas.patterns import PatternRefused, compile_glob, compile_pattern
from schemas.queue_classes import class_for, classes_of
from schemas.records import replace
from schemas.types import QueueStatus, QueueVerdict, Requirements, WorkerMode
from streams.facts.snapshot import QueueFacts
from streams.jedi.candidates import Asked, Candidate
from streams.jedi.draw import fraction

MEGABYTE = 1024**2
#: Characters that make a name a glob.
GLOB = frozenset("*?[")
NAMES_LISTED_MAX = 5
#: A queue where jobs wait and no pilot takes one for so long (microseconds) gets no more of them.
PILOTS_WITHIN = 3 * HOUR
#: Of the users of a container runtime (pilot, wrapper, middleware) the one that runs payloads.
CONTAINER_USER = "pilot"
TEST_LABELS = frozenset({"test", "prod_test", "ptest", "rc_test"})


@dataclass(frozen=True, slots=True)
class Weighing:
    """The figures of the broker that can be asked "what if" (`culm replay --decisions --set`); as they stand they are in force.

    weight_running, weight_waiting: powers of running and waiting jobs in the weight. used_first: 1 when queues that the task
    used already come first. candidates_max: queues that are taken at most.
    """

    weight_running: float = 1.0
    weight_waiting: float = 1.0
    used_first: float = 1.0
    candidates_max: float = 5


IN_FORCE = Weighing()


@dataclass(frozen=True, slots=True)
class Brokered:
    """Candidates, best first, and the verdicts on all queues, by name."""

    candidates: tuple[Candidate, ...]
    verdicts: tuple[QueueVerdict, ...]


def broker(
    asked: Asked, queues: Sequence[QueueFacts], used: Collection[str], seed: str, weighing: Weighing = IN_FORCE
) -> Brokered:
    """Filter, weigh and rank `queues`; those the task `used` already come first, ties fall by the seed."""
    rows = sorted(queues, key=lambda facts: facts.settings.name)
    dropped = {facts.settings.name: _first_reason(asked, facts) for facts in rows}
    passed = [facts for facts in rows if dropped[facts.settings.name] is None]
    ranked = sorted(
        passed,
        key=lambda facts: (
            bool(weighing.used_first) and facts.settings.name not in used,
            -weight_of(facts, weighing),
            fraction(seed, "tie", facts.settings.name),
        ),
    )
    taken = ranked[: int(weighing.candidates_max)]
    best = [facts.settings.name for facts in taken]
    verdicts = tuple(_verdict(facts, dropped[facts.settings.name], best, used, weighing) for facts in rows)
    candidates = tuple(
        Candidate(
            facts.settings.name,
            weight_of(facts, weighing),
            facts.waiting,
            facts.settings.workdir_mb_max,
            facts.settings.corepower,
        )
        for facts in taken
    )
    return Brokered(candidates, verdicts)


def weight_of(facts: QueueFacts, weighing: Weighing = IN_FORCE) -> float:
    """(running + 1) / (activated + defined + 1) / (defined + 1); Culm's jobs are activated once defined."""
    running: float = (facts.leased + 1) ** weighing.weight_running
    waiting: float = (facts.waiting + 1) ** weighing.weight_waiting
    return running / waiting


def preassigned(outgoing: Requirements, queue: str) -> bool:
    """True when the task names this queue, by name or regular expression."""
    if outgoing.site is None:
        return False
    if outgoing.site == queue:
        return True
    try:
        return compile_pattern(outgoing.site).fullmatch(queue)
    except PatternRefused:
        return False


def _fits_glob(name: str, pattern: str) -> bool:
    """Refinement refuses what is no glob; what was refined before it did matches as plain text."""
    if GLOB.isdisjoint(pattern):
        return name == pattern
    try:
        return compile_glob(pattern).fullmatch(name)
    except PatternRefused:
        return name == pattern


def _site(asked: Asked, facts: QueueFacts) -> str | None:
    outgoing, name = asked.outgoing, facts.settings.name
    if outgoing.site is not None and not preassigned(outgoing, name):
        return f"the task names {outgoing.site}"
    if outgoing.included_sites and not any(_fits_glob(name, pattern) for pattern in outgoing.included_sites):
        return f"not among the included sites {_listed(outgoing.included_sites)}"
    return None


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - NAMES_LISTED_MAX} more" if len(names) > NAMES_LISTED_MAX else ""
    return ", ".join(names[:NAMES_LISTED_MAX]) + more


def _excluded(asked: Asked, facts: QueueFacts) -> str | None:
    hits = [pattern for pattern in asked.outgoing.excluded_sites if _fits_glob(facts.settings.name, pattern)]
    return f"excluded by {hits[0]}" if hits else None


def _cloud(asked: Asked, facts: QueueFacts) -> str | None:
    wished, found = asked.outgoing.cloud, facts.settings.cloud
    return f"cloud {found or 'none'}, the task asks for {wished}" if wished is not None and found != wished else None


def _status(asked: Asked, facts: QueueFacts) -> str | None:
    match facts.settings.status:
        case QueueStatus.ONLINE:
            return None
        case QueueStatus.BROKEROFF if preassigned(asked.outgoing, facts.settings.name):
            return None
        case QueueStatus.TEST if asked.outgoing.label in TEST_LABELS or preassigned(asked.outgoing, facts.settings.name):
            return None
        case status:
            return f"status is {status.lower()}"


def _unhealthy(asked: Asked, facts: QueueFacts) -> str | None:
    """Also a task that names the queue: its jobs would wait there for a pilot that does not come."""
    if facts.ill is None:
        return None
    return (
        f"{facts.ill.ended} workers in a row ended before they asked for work ({facts.ill.fingerprint}); "
        "the first worker that asks for work opens the queue, and one is sent each 5 to 60 minutes"
    )


def _vo(asked: Asked, facts: QueueFacts) -> str | None:
    served = facts.settings.vos
    return f"serves {_listed(served)}, not {asked.vo}" if served and asked.vo not in served else None


def _label(asked: Asked, facts: QueueFacts) -> str | None:
    served, label = facts.settings.labels, asked.outgoing.label
    return f"serves labels {_listed(served)}, not {label}" if served and label not in served else None


def _container(asked: Asked, facts: QueueFacts) -> str | None:
    """Also a task that names the queue: without a runtime each attempt of its jobs would fail."""
    if not asked.outgoing.container or has_container_runtime(facts.settings.container_type):
        return None
    found = facts.settings.container_type or "none"
    return f"the task runs in a container, the queue's container_type is {found}; podman:pilot says that its pilots have podman"


def has_container_runtime(container_type: str) -> bool:
    """True when `NAME:USER;...` names a runtime for the user pilot; a name alone is for all users."""
    for part in container_type.split(";"):
        name, _, user = part.strip().partition(":")
        if name and user in ("", CONTAINER_USER):
            return True
    return False


def _scratch(asked: Asked, facts: QueueFacts) -> str | None:
    need = asked.outgoing.disk_mb + -(-asked.largest_input_bytes // MEGABYTE)
    found = facts.settings.workdir_mb_max
    return f"{need} MB of scratch space are needed, {found} MB are there" if need > found else None


def _walltime(asked: Asked, facts: QueueFacts) -> str | None:
    need, settings = asked.outgoing.walltime_seconds, facts.settings
    if not need:
        return None
    if settings.walltime_seconds_max and need > settings.walltime_seconds_max:
        return f"{need} s of wall time are needed, the limit is {settings.walltime_seconds_max} s"
    if need < settings.walltime_seconds_min:
        return f"{need} s of wall time are too short, the least is {settings.walltime_seconds_min} s"
    return None


def _cores(asked: Asked, facts: QueueFacts) -> str | None:
    need, found = asked.outgoing.core_count, facts.settings.core_count
    if facts.settings.classes or preassigned(asked.outgoing, facts.settings.name) or need <= 0 or found <= 0:
        return None
    if need == 1:
        return f"slots of {found} cores are not for jobs of one core" if found > 1 else None
    return f"{need} cores are needed, a slot has {found}" if found < need else None


def _memory(asked: Asked, facts: QueueFacts) -> str | None:
    """Without the 0.9 that later goes into a job's own outgoing_command."""
    settings = facts.settings
    if preassigned(asked.outgoing, settings.name):
        return None
    cores = settings.core_count if settings.core_count > 0 else asked.outgoing.core_count
    need = asked.ram_mb * cores if asked.outgoing.ram_per_core else asked.ram_mb
    if settings.rss_mb_max and need > settings.rss_mb_max:
        return f"{need} MB of memory are needed, the limit is {settings.rss_mb_max} MB"
    if need < settings.rss_mb_min:
        return f"{need} MB of memory are too little, the least is {settings.rss_mb_min} MB"
    return None


def _classes(asked: Asked, facts: QueueFacts) -> str | None:
    """A queue with classes needs one that takes the work whole; slots of several cores are not for one core, here as above."""
    outgoing, classes = asked.outgoing, classes_of(facts.settings)
    if not facts.settings.classes or preassigned(outgoing, facts.settings.name):
        return None
    cores = max(1, outgoing.core_count)
    need = asked.ram_mb * cores if outgoing.ram_per_core else asked.ram_mb
    fitting = [one for one in classes if cores > 1 or one.cores <= 1]
    if class_for(fitting, need, cores, outgoing.walltime_seconds) is not None:
        return None
    shown = _listed([f"{one.name} ({one.memory_mb} MB, {one.cores} cores, {one.walltime_seconds} s)" for one in classes])
    return f"{need} MB, {cores} cores and {outgoing.walltime_seconds} s are needed, which none of the classes has: {shown}"


def _processing_type(asked: Asked, facts: QueueFacts) -> str | None:
    kind, settings = asked.outgoing.processing_type, facts.settings
    if settings.processing_types and kind not in settings.processing_types:
        return f"runs {_listed(settings.processing_types)}, not {kind or 'an unnamed type'}"
    return f"does not run {kind}" if kind in settings.processing_types_excluded else None


def _pilot(asked: Asked, facts: QueueFacts) -> str | None:
    if facts.settings.allow_no_pilot or asked.outgoing.label in TEST_LABELS or facts.pilots or facts.leased:
        return None
    return "no pilot was seen"


def _nopilot(asked: Asked, facts: QueueFacts) -> str | None:
    """Also a task that names the queue: its jobs would wait behind others for a pilot that does not come. In mode PUSH a worker
    is started for its job and asks for none."""
    if asked.outgoing.label in TEST_LABELS or facts.settings.mode is WorkerMode.PUSH:
        return None
    if not facts.waiting or facts.leased or not facts.quiet_since or asked.asked_at - facts.quiet_since <= PILOTS_WITHIN:
        return None
    hours = (asked.asked_at - facts.quiet_since) / HOUR
    found = f"{facts.waiting} jobs wait there and no pilot took one for {hours:.1f} h"
    return f"{found}, expected one within {PILOTS_WITHIN // HOUR} h"


Filter = Callable[[Asked, QueueFacts], str | None]
FILTERS: tuple[tuple[str, Filter], ...] = (
    ("site", _site),
    ("excluded", _excluded),
    ("cloud", _cloud),
    ("status", _status),
    ("unhealthy", _unhealthy),
    ("vo", _vo),
    ("label", _label),
    ("container", _container),
    ("scratch", _scratch),
    ("walltime", _walltime),
    ("cores", _cores),
    ("memory", _memory),
    ("class", _classes),
    ("processing_type", _processing_type),
    ("pilot", _pilot),
    ("nopilot", _nopilot),
)


def _first_reason(asked: Asked, facts: QueueFacts) -> tuple[str, str] | None:
    """Code and sentence of the first filter that drops the queue; None when it passes all."""
    for code, test in FILTERS:
        reason = test(asked, facts)
        if reason is not None:
            return code, reason
    return None


def _verdict(
    facts: QueueFacts, reason: tuple[str, str] | None, best: Sequence[str], used: Collection[str], weighing: Weighing
) -> QueueVerdict:
    name = facts.settings.name
    counted = QueueVerdict(queue=name, taken=False, code="", waiting=facts.waiting, leased=facts.leased, pilots=facts.pilots)
    if reason is not None:
        return replace(counted, code=reason[0], message=reason[1])
    figures = f"{facts.leased} running, {facts.waiting} waiting"
    figures += ", used by the task already" if name in used else ""
    if name not in best:
        message = f"not among the {int(weighing.candidates_max)} best: {figures}"
        return replace(counted, code="weight", weight=weight_of(facts, weighing), message=message)
    return replace(counted, taken=True, code="use", weight=weight_of(facts, weighing), message=figures)
