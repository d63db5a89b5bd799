"""Weights of queues by broker, and the formulas of the stabilizer and the network. Pure.

Source: docs/reference/jedi.md, "Brokers". Numbers of jobs that Culm does not tell apart (assigned, defined, starting) are 0.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from schemas.types import BrokerKind
from streams.facts.snapshot import QueueFacts
from streams.jedi.candidates import Asked, Surroundings, UserLoad

#: MB/s from which on a link has the weight.
THROUGHPUTS = ((200, 2.0), (100, 1.9), (75, 1.8), (50, 1.6), (20, 1.5), (10, 1.3), (2, 1.2), (1, 1.1))
FARTHEST = 11
#: Of a link that no source names: 0.7 of the farthest.
UNKNOWN_CLOSENESS = 7.7
#: Network weight of the nucleus itself.
AT_NUCLEUS = 2.5
#: Priority, and kB/s of input and output, from which on the queues of a nucleus are preferred, and by how much.
URGENT, NUCLEUS_URGENT = 900, 100.0
HEAVY_KBPS, NUCLEUS_HEAVY = 500, 4.0


@dataclass(frozen=True, slots=True)
class Weighing:
    """The figures of the broker that can be asked "what if" (`culm replay --decisions --set`); as they stand they are in force.

    weight_running, weight_waiting: powers of running and waiting jobs in the weight. used_first: 1 when queues that the task
    used already come first. candidates_max: queues that are taken at most; None is as the broker says.
    """

    weight_running: float = 1.0
    weight_waiting: float = 1.0
    used_first: float = 1.0
    candidates_max: float | None = None


IN_FORCE = Weighing()


def weight_of(facts: QueueFacts, weighing: Weighing = IN_FORCE) -> float:
    """Generic: (running + 1) / (activated + defined + 1) / (defined + 1); Culm's jobs are activated once defined."""
    running: float = (facts.leased + 1) ** weighing.weight_running
    waiting: float = (facts.waiting + 1) ** weighing.weight_waiting
    return running / waiting


def weight_by(broker: BrokerKind, asked: Asked, facts: QueueFacts, around: Surroundings, weighing: Weighing) -> float:
    """The weight that this broker gives. Analysis: that of earlier releases of PanDA, which is the generic one here."""
    if broker is not BrokerKind.PRODUCTION:
        return weight_of(facts, weighing)
    running: float = (facts.leased + 1) ** weighing.weight_running
    waiting: float = (facts.waiting + 10) ** weighing.weight_waiting
    site = around.outside.sites.get(facts.settings.site)
    t1_weight = site.t1_weight if site is not None and site.t1_weight > 0 else 1.0
    by_nucleus = nucleus_factor(asked, facts) * link_factor(asked, facts, around)
    return running / waiting * local_factor(asked, facts, around) * t1_weight * by_nucleus


def nucleus_factor(asked: Asked, facts: QueueFacts) -> float:
    """At the nucleus of the task: 100 for urgent work, 4 for work that reads much; 1 elsewhere."""
    if asked.outgoing.nucleus is None or facts.settings.site != asked.outgoing.nucleus:
        return 1.0
    heavy = (asked.outgoing.io_intensity_kbps or 0.0) > HEAVY_KBPS
    return max(NUCLEUS_URGENT if asked.priority >= URGENT else 1.0, NUCLEUS_HEAVY if heavy else 1.0)


def link_factor(asked: Asked, facts: QueueFacts, around: Surroundings) -> float:
    """The network weight of the link to the nucleus where NW_ACTIVE is set; 2.5 at the nucleus itself, 1 without one."""
    nucleus = asked.outgoing.nucleus
    if nucleus is None or not around.figures["NW_ACTIVE"]:
        return 1.0
    if facts.settings.site == nucleus:
        return AT_NUCLEUS
    link, queued_max = around.outside.links.get((facts.settings.site, nucleus)), max(1.0, around.figures["NQUEUED_SAT_CAP"])
    if link is None:
        return network_weight(0, queued_max, None, UNKNOWN_CLOSENESS)
    return network_weight(link.files_queued, queued_max, link.mb_per_second, link.closeness)


def local_factor(asked: Asked, facts: QueueFacts, around: Surroundings) -> float:
    """(total + local) / total / (missing / 100 + 1) by files; 1 where no list of replicas is known."""
    known = [around.outside.replicas[name] for name in asked.datasets if name in around.outside.replicas]
    total = sum(one.files for one in known)
    if not total:
        return 1.0
    local = sum(copy.files for one in known for copy in one.copies if copy.storage == facts.settings.storage)
    return (total + local) / total / (max(0, total - local) / 100 + 1)


def throughput_weight(mb_per_second: float | None, closeness: float) -> float:
    """By the throughput of a link; by its closeness where none was measured; 1 below 1 MB/s."""
    if mb_per_second is None:
        return 1 + (FARTHEST - closeness) / FARTHEST
    return next((weight for least, weight in THROUGHPUTS if mb_per_second >= least), 1.0)


def network_weight(files_queued: int, queued_max: float, mb_per_second: float | None, closeness: float) -> float:
    """Half of what the queue of transfers and half of what the throughput gives; 2.5 is for the nucleus itself."""
    return 0.5 * ((2 - files_queued / queued_max) + throughput_weight(mb_per_second, closeness))


def is_stabilized(load: UserLoad, starts_per_hour: float, figures: Mapping[str, float]) -> bool:
    """False where the queue is short, or waits less than BASE_EXPECTED_WAIT_HOUR_ON_PQ: nothing is held back there."""
    short = load.queued < figures["BASE_QUEUE_LENGTH_PER_PQ"]
    return not short and load.queued >= figures["BASE_EXPECTED_WAIT_HOUR_ON_PQ"] * starts_per_hour


def queued_max(load: UserLoad, starts_per_hour: float, figures: Mapping[str, float]) -> float:
    """Jobs that may wait at a queue for a share."""
    by_running = figures["STATIC_MAX_QUEUE_RUNNING_RATIO"] * load.running
    by_rate = figures["MAX_EXPECTED_WAIT_HOUR"] * starts_per_hour
    return max(figures["BASE_QUEUE_LENGTH_PER_PQ"], by_running, by_rate)


def user_queued_max(load: UserLoad, starts_per_hour: float, figures: Mapping[str, float]) -> float:
    """Jobs of one user among them; the stabilizer drops the queue when more wait."""
    own = load.user_running / load.running if load.running else 0.0
    fraction = max(own, 1 / max(1, load.users))
    base = figures["BASE_DEFAULT_QUEUE_LENGTH_PER_PQ_USER"]
    return max(base, figures["BASE_QUEUE_RATIO_ON_PQ"] * load.running, queued_max(load, starts_per_hour, figures) * fraction)


def user_class(slots_fast: int, slots_mid: int, figures: Mapping[str, float]) -> str:
    """A, B or C by the slots that the user runs on fast and on mid queues."""
    if slots_fast <= figures["USER_USAGE_THRESHOLD_A"]:
        return "A"
    return "B" if slots_fast + slots_mid <= figures["USER_USAGE_THRESHOLD_B"] else "C"


def shares_by_class(task_class: str, jobs: float, rest: Mapping[int, float]) -> dict[int, float]:
    """Jobs for fast (1), mid (0) and slow (-1) queues. jobs: sub-chunks of the task; rest: what queues of a class take."""
    wanted = min(jobs, sum(rest.values()))
    fast, mid = rest.get(1, 0.0), rest.get(0, 0.0)
    if task_class == "C":
        return {1: 0.001, 0: 0.001, -1: wanted}
    if task_class == "B":
        found = {1: 0.001, 0: min(wanted, mid), -1: wanted - min(wanted, mid)}
        if found[0] > 0:
            found[0], found[-1] = found[0] - 0.1, found[-1] + 0.1
        return found
    first = min(wanted, fast)
    second = min(wanted - first, mid)
    found = {1: first, 0: second, -1: wanted - first - second}
    if found[1] > 0:
        found[1], found[0], found[-1] = found[1] - 0.052, found[0] + 0.05, found[-1] + 0.002
    return found
