"""Filters that every broker has: what the work asks for against the settings of a queue and its pilots. Pure.

Each gives None for a queue that passes, else the figures found and the change that would let it pass. Source:
docs/reference/jedi.md, "Generic brokerage".
"""

from collections.abc import Sequence

from schemas.instants import HOUR
from schemas.patterns import PatternRefused, compile_glob, compile_pattern
from schemas.queue_classes import class_for, classes_of
from schemas.splitting import disk_bytes
from schemas.types import QueueStatus, Requirements, WorkerMode
from streams.facts.snapshot import QueueFacts
from streams.jedi.candidates import Asked, Dropped, Surroundings, dropped

MEGABYTE = 1024**2
#: Characters that make a name a glob.
GLOB = frozenset("*?[")
NAMES_LISTED_MAX = 5
#: A queue where jobs wait and no pilot takes one for so long (microseconds) gets no more of them.
PILOTS_WITHIN = 3 * HOUR
#: Of the users of a container runtime (pilot, wrapper, middleware) the one that runs payloads.
CONTAINER_USER = "pilot"
TEST_LABELS = frozenset({"test", "prod_test", "ptest", "rc_test"})


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


def site(asked: Asked, facts: QueueFacts, _: Surroundings) -> Dropped | None:
    """`nonpreassigned`: the task names another queue."""
    outgoing, name = asked.outgoing, facts.settings.name
    if outgoing.site is None or preassigned(outgoing, name):
        return None
    return dropped(f"the task names {outgoing.site}", "task.site", name)


def included(asked: Asked, facts: QueueFacts, _: Surroundings) -> Dropped | None:
    """`notincluded`: not among the queues that the task is kept to."""
    patterns, name = asked.outgoing.included_sites, facts.settings.name
    if not patterns or any(_fits_glob(name, pattern) for pattern in patterns):
        return None
    return dropped(f"not among the included sites {listed(patterns)}", "task.included_sites", [*patterns, name])


def listed(names: Sequence[str]) -> str:
    """The first names, and how many more there are."""
    more = f" and {len(names) - NAMES_LISTED_MAX} more" if len(names) > NAMES_LISTED_MAX else ""
    return ", ".join(names[:NAMES_LISTED_MAX]) + more


def excluded(asked: Asked, facts: QueueFacts, _: Surroundings) -> Dropped | None:
    """`excluded` by the task."""
    patterns = asked.outgoing.excluded_sites
    hits = [pattern for pattern in patterns if _fits_glob(facts.settings.name, pattern)]
    if not hits:
        return None
    return dropped(f"excluded by {hits[0]}", "task.excluded_sites", [one for one in patterns if one not in hits])


def cloud(asked: Asked, facts: QueueFacts, _: Surroundings) -> Dropped | None:
    """`cloudmismatch`: the task asks for another cloud."""
    wished, found = asked.outgoing.cloud, facts.settings.cloud
    if wished is None or found == wished:
        return None
    return dropped(f"cloud {found or 'none'}, the task asks for {wished}", "task.cloud", found or None)


def status(asked: Asked, facts: QueueFacts, _: Surroundings) -> Dropped | None:
    """Online; `brokeroff` only for work that names the queue, `test` also for tests."""
    match facts.settings.status:
        case QueueStatus.ONLINE:
            return None
        case QueueStatus.BROKEROFF if preassigned(asked.outgoing, facts.settings.name):
            return None
        case QueueStatus.TEST if asked.outgoing.label in TEST_LABELS or preassigned(asked.outgoing, facts.settings.name):
            return None
        case found:
            return dropped(f"status is {found.lower()}", "queue.status", QueueStatus.ONLINE.value)


def unhealthy(asked: Asked, facts: QueueFacts, _: Surroundings) -> Dropped | None:
    """Also a task that names the queue: its jobs would wait there for a pilot that does not come."""
    if facts.ill is None:
        return None
    return dropped(
        f"{facts.ill.ended} workers in a row ended before they asked for work ({facts.ill.fingerprint}); "
        "the first worker that asks for work opens the queue, and one is sent each 5 to 60 minutes",
        "facts.health",
        None,
    )


def vo(asked: Asked, facts: QueueFacts, _: Surroundings) -> Dropped | None:
    """The queue serves other organisations."""
    served = facts.settings.vos
    if not served or asked.vo in served:
        return None
    return dropped(f"serves {listed(served)}, not {asked.vo}", "queue.vos", [*served, asked.vo])


def label(asked: Asked, facts: QueueFacts, _: Surroundings) -> Dropped | None:
    """The queue serves other kinds of work."""
    served, found = facts.settings.labels, asked.outgoing.label
    if not served or found in served:
        return None
    return dropped(f"serves labels {listed(served)}, not {found}", "queue.labels", [*served, found])


def container(asked: Asked, facts: QueueFacts, _: Surroundings) -> Dropped | None:
    """Also a task that names the queue: without a runtime each attempt of its jobs would fail."""
    found = facts.settings.container_type
    if not asked.outgoing.container or has_container_runtime(found):
        return None
    message = f"the task runs in a container, the queue's container_type is {found or 'none'}; "
    added = f"{found};podman:{CONTAINER_USER}" if found else f"podman:{CONTAINER_USER}"
    return dropped(f"{message}podman:pilot says that its pilots have podman", "queue.container_type", added)


def has_container_runtime(container_type: str) -> bool:
    """True when `NAME:USER;...` names a runtime for the user pilot; a name alone is for all users."""
    for part in container_type.split(";"):
        name, _, user = part.strip().partition(":")
        if name and user in ("", CONTAINER_USER):
            return True
    return False


def scratch(asked: Asked, facts: QueueFacts, _: Surroundings) -> Dropped | None:
    """`disk`: outputs, work and the largest input unit against maxwdir."""
    largest = asked.largest_input_bytes
    need = -(-(disk_bytes(asked.outgoing, largest, None) + largest) // MEGABYTE)
    found = facts.settings.workdir_mb_max
    if need <= found:
        return None
    return dropped(f"{need} MB of scratch space are needed, {found} MB are there", "queue.workdir_mb_max", need)


def short_walltime(asked: Asked, facts: QueueFacts, _: Surroundings) -> Dropped | None:
    """`shortwalltime`: the queue allows less than the task needs."""
    need, found = asked.outgoing.walltime_seconds, facts.settings.walltime_seconds_max
    if not need or not found or need <= found:
        return None
    return dropped(f"{need} s of wall time are needed, the limit is {found} s", "queue.walltime_seconds_max", need)


def long_walltime(asked: Asked, facts: QueueFacts, _: Surroundings) -> Dropped | None:
    """`longwalltime`: the queue is for longer jobs."""
    need, found = asked.outgoing.walltime_seconds, facts.settings.walltime_seconds_min
    if not need or need >= found:
        return None
    return dropped(f"{need} s of wall time are too short, the least is {found} s", "queue.walltime_seconds_min", need)


def cores(asked: Asked, facts: QueueFacts, _: Surroundings) -> Dropped | None:
    """`cpucore`: one core needs slots of one, several need as many; 0 and below are any."""
    need, found = asked.outgoing.core_count, facts.settings.core_count
    if facts.settings.classes or preassigned(asked.outgoing, facts.settings.name) or need <= 0 or found <= 0:
        return None
    if need == 1 and found > 1:
        return dropped(f"slots of {found} cores are not for jobs of one core", "queue.core_count", 1)
    if need > found:
        return dropped(f"{need} cores are needed, a slot has {found}", "queue.core_count", need)
    return None


def memory_needed(asked: Asked, facts: QueueFacts, factor: float = 1.0) -> int:
    """MB of a slot; the brokers of analysis and production count 0.9 of what was asked."""
    slot = facts.settings.core_count if facts.settings.core_count > 0 else asked.outgoing.core_count
    need = asked.ram_mb * slot if asked.outgoing.ram_per_core else asked.ram_mb
    return int(need * factor)


def low_memory(asked: Asked, facts: QueueFacts, _: Surroundings, factor: float = 1.0) -> Dropped | None:
    """`lowmemory`: more than maxrss is needed."""
    need, found = memory_needed(asked, facts, factor), facts.settings.rss_mb_max
    if preassigned(asked.outgoing, facts.settings.name) or not found or need <= found:
        return None
    return dropped(f"{need} MB of memory are needed, the limit is {found} MB", "queue.rss_mb_max", need)


def high_memory(asked: Asked, facts: QueueFacts, _: Surroundings, factor: float = 1.0) -> Dropped | None:
    """`highmemory`: the queue is for jobs that need more."""
    need, found = memory_needed(asked, facts, factor), facts.settings.rss_mb_min
    if preassigned(asked.outgoing, facts.settings.name) or need >= found:
        return None
    return dropped(f"{need} MB of memory are too little, the least is {found} MB", "queue.rss_mb_min", need)


def classes(asked: Asked, facts: QueueFacts, _: Surroundings) -> Dropped | None:
    """A queue with classes needs one that takes the work whole; slots of several cores are not for one core, here as above."""
    outgoing, found = asked.outgoing, classes_of(facts.settings)
    if not facts.settings.classes or preassigned(outgoing, facts.settings.name):
        return None
    need_cores = max(1, outgoing.core_count)
    need = asked.ram_mb * need_cores if outgoing.ram_per_core else asked.ram_mb
    fitting = [one for one in found if need_cores > 1 or one.cores <= 1]
    if class_for(fitting, need, need_cores, outgoing.walltime_seconds) is not None:
        return None
    shown = listed([f"{one.name} ({one.memory_mb} MB, {one.cores} cores, {one.walltime_seconds} s)" for one in found])
    what = f"{need} MB, {need_cores} cores and {outgoing.walltime_seconds} s are needed"
    wanted = {"memory_mb": need, "cores": need_cores, "walltime_seconds": outgoing.walltime_seconds}
    return dropped(f"{what}, which none of the classes has: {shown}", "queue.classes.more", wanted)


def processing_type(asked: Asked, facts: QueueFacts, _: Surroundings) -> Dropped | None:
    """The queue runs other types, or not this one."""
    kind, settings = asked.outgoing.processing_type, facts.settings
    runs, runs_not = settings.processing_types, settings.processing_types_excluded
    if runs and kind not in runs:
        return dropped(f"runs {listed(runs)}, not {kind or 'an unnamed type'}", "queue.processing_types", [*runs, kind])
    if kind in runs_not:
        left = [one for one in runs_not if one != kind]
        return dropped(f"does not run {kind}", "queue.processing_types_excluded", left)
    return None


def pilot(asked: Asked, facts: QueueFacts, _: Surroundings) -> Dropped | None:
    """`nopilot`: the queue wants to have been seen with a pilot."""
    if facts.settings.allow_no_pilot or asked.outgoing.label in TEST_LABELS or facts.pilots or facts.leased:
        return None
    return dropped("no pilot was seen", "facts.pilots", 1)


def pilots_of_late(asked: Asked, facts: QueueFacts, _: Surroundings) -> Dropped | None:
    """`nopilot`: also a task that names the queue; its jobs would wait behind others for a pilot that does not come. In mode PUSH
    a worker is started for its job and asks for none."""
    if asked.outgoing.label in TEST_LABELS or facts.settings.mode is WorkerMode.PUSH:
        return None
    if not facts.waiting or facts.leased or not facts.quiet_since or asked.asked_at - facts.quiet_since <= PILOTS_WITHIN:
        return None
    hours = (asked.asked_at - facts.quiet_since) / HOUR
    found = f"{facts.waiting} jobs wait there and no pilot took one for {hours:.1f} h"
    message = f"{found}, expected one within {PILOTS_WITHIN // HOUR} h"
    return dropped(message, "facts.quiet_since", asked.asked_at - PILOTS_WITHIN)
