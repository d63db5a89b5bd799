"""Filters of the brokers of analysis and production: loads, ends, shares, storages and what sources outside say. Pure.

Each gives None for a queue that passes, UNTESTED where what it tests is not known, else the figures found and the change that
would let it pass. Source: docs/reference/jedi.md, "Brokers".
"""

import re

from schemas.instants import HOUR
from schemas.patterns import PatternRefused, compile_pattern
from schemas.types import JobKind, StorageElement
from streams.facts.snapshot import QueueFacts
from streams.jedi.candidates import UNTESTED, Asked, Dropped, Surroundings, Untested, dropped
from streams.jedi.filters import preassigned
from streams.jedi.weights import is_stabilized, user_queued_max

GIGABYTE = 1024**3
#: Priority from which production goes to no opportunistic and no inactive queue.
URGENT = 800
INACTIVE = 2 * HOUR
#: Wall time on a core of 10 HS06 that work of unknown wall time needs (HS06 seconds).
UNKNOWN_WALLTIME_HS06 = 24 * 3600 * 10
#: End of the name of a queue that takes what others cannot run.
HOSPITAL = "_HOSPITAL"
MISSING_BYTES_MAX, MISSING_FILES_MAX = 10 * GIGABYTE, 100
PART = re.compile(r"(priority|type|group|gshare)(<=|>=|=|<|>)(.*):([0-9.]+)%?")
Found = Dropped | Untested | None


def zero_share(asked: Asked, facts: QueueFacts, _: Surroundings) -> Found:
    """`zeroshare`: the first part of the queue's fairsharepolicy that the work matches has the value 0."""
    parts = [part.strip() for part in facts.settings.fairshare_policy.split(",") if part.strip()]
    for part in parts:
        found = PART.fullmatch(part)
        if found is None or not _matches(asked, found[1], found[2], found[3]):
            continue
        if float(found[4]) > 0:
            return None
        left = ",".join(one for one in parts if one != part)
        return dropped(f"fairsharepolicy has {part}", "queue.fairshare_policy", left)
    return None


def _matches(asked: Asked, key: str, sign: str, value: str) -> bool:
    if key == "priority":
        if not re.fullmatch(r"-?[0-9]{1,9}", value):
            return value in ("any", "*")
        limit, found = int(value), asked.priority
        return {"=": found == limit, "<": found < limit, ">": found > limit, "<=": found <= limit, ">=": found >= limit}[sign]
    # Work has no group and no share yet: only what names any of them matches.
    word = asked.outgoing.processing_type if key == "type" else ""
    if value in ("any", "*") or value == word:
        return True
    try:
        return bool(word) and compile_pattern(value).fullmatch(word) is not None
    except PatternRefused:
        return False


def disk_io(asked: Asked, facts: QueueFacts, around: Surroundings) -> Found:
    """`diskIO` of a core above maxDiskIO of the queue, or above MAX_DISKIO_DEFAULT."""
    own = facts.settings.disk_io_kbps_max
    limit, found = around.figures["MAX_DISKIO_DEFAULT"] if own is None else own, asked.outgoing.disk_io_kbps
    if found is None:
        return UNTESTED
    if found <= limit:
        return None
    return dropped(f"{found:g} kB/s of disk traffic, the limit is {limit:g} kB/s", "queue.disk_io_kbps_max", found)


def io_intensity(asked: Asked, facts: QueueFacts, _: Surroundings) -> Found:
    """`max_io_intensity` of the queue."""
    limit, found = facts.settings.io_intensity_kbps_max, asked.outgoing.io_intensity_kbps
    if limit is None:
        return None
    if found is None:
        return UNTESTED
    if found <= limit:
        return None
    return dropped(f"{found:g} kB/s of input and output, the limit is {limit:g} kB/s", "queue.io_intensity_kbps_max", found)


def closed_jobs(_: Asked, facts: QueueFacts, around: Surroundings) -> Found:
    """`closed`: jobs of this task were closed there in the last 6 h."""
    ends = around.ends.get(facts.settings.name)
    if ends is None or not ends.closed:
        return None
    return dropped(f"{ends.closed} jobs of the task were closed there in 6 h", "ends.closed", 0)


def bad_jobs(_: Asked, facts: QueueFacts, around: Surroundings) -> Found:
    """`badsite`: failed and closed jobs of the task above max(2 * finished, MIN_BAD_JOBS_TO_SKIP_PQ)."""
    ends = around.ends.get(facts.settings.name)
    if ends is None:
        return None
    limit, bad = max(2 * ends.finished, int(around.figures["MIN_BAD_JOBS_TO_SKIP_PQ"])), ends.failed + ends.closed
    if bad <= limit:
        return None
    message = f"{bad} jobs of the task failed or were closed there in 6 h, {ends.finished} finished; the limit is {limit}"
    return dropped(message, "ends.finished", -(-bad // 2))


def overloaded(asked: Asked, facts: QueueFacts, around: Surroundings) -> Found:
    """More than OVERLOAD_MIN_QUEUE jobs wait, and waiting to running is above that of all queues by OVERLOAD_RATIO_OFFSET."""
    least = int(around.figures["OVERLOAD_MIN_QUEUE"])
    ratio = around.waiting / max(1, around.running) * around.figures["OVERLOAD_RATIO_OFFSET"]
    if preassigned(asked.outgoing, facts.settings.name) or facts.waiting <= least:
        return None
    if facts.waiting / max(1, facts.leased) <= ratio:
        return None
    limit = max(least, int(ratio * max(1, facts.leased)))
    message = f"{facts.waiting} jobs wait for {facts.leased} that run; more than {least} may wait at {ratio:.2f} a running job"
    return dropped(message, "facts.waiting", limit)


def stabilizer(_: Asked, facts: QueueFacts, around: Surroundings) -> Found:
    """`tmp_user_problem`: for now, the user has more jobs waiting there than the queue works off in time."""
    load, rate = around.users.get(facts.settings.name), facts.starts_per_hour
    if load is None:
        return UNTESTED
    if not is_stabilized(load, rate, around.figures):
        return None
    limit = int(user_queued_max(load, rate, around.figures))
    if load.user_queued <= limit:
        return None
    message = f"{load.user_queued} jobs of the user wait among {load.queued}, the limit is {limit} at {rate:.1f} starts an hour"
    return dropped(message, "users.user_queued", limit)


def share_cap(asked: Asked, facts: QueueFacts, around: Surroundings) -> Found:
    """`cap`: more than max(NQUEUELIMITSITE, 2 * running) jobs of the share wait; of all shares where they are not known apart."""
    load = around.users.get(facts.settings.name)
    if load is None:
        return _capped(asked, facts, around, facts.waiting, facts.leased, "jobs", "facts.waiting")
    return _capped(asked, facts, around, load.queued, load.running, f"jobs of share {asked.share}", "users.queued")


def resource_cap(asked: Asked, facts: QueueFacts, around: Surroundings) -> Found:
    """`cap_rt`: the same of the jobs of the share and resource type."""
    load = around.types.get(facts.settings.name)
    if load is None:
        return _capped(asked, facts, around, facts.waiting, facts.leased, "jobs", "facts.waiting")
    return _capped(asked, facts, around, load.queued, load.running, "jobs of its share and resource type", "types.queued")


def _capped(
    asked: Asked, facts: QueueFacts, around: Surroundings, queued: int, running: int, what: str, change: str
) -> Found:
    limit = max(int(around.figures["NQUEUELIMITSITE"]), 2 * running)
    if preassigned(asked.outgoing, facts.settings.name) or queued <= limit:
        return None
    return dropped(f"{queued} {what} wait, the limit is {limit}", change, limit)


def non_pledged(asked: Asked, facts: QueueFacts, around: Surroundings) -> Found:
    """`non_pledged`: in a shortage of work (WORK_SHORTAGE) none goes where no pledge stands behind the queue."""
    short, settings = around.figures["WORK_SHORTAGE"], facts.settings
    if not short or not settings.opportunistic or preassigned(asked.outgoing, settings.name):
        return None
    return dropped("work is short, and no pledge stands behind the queue", "queue.opportunistic", False)


def over_pledged(asked: Asked, facts: QueueFacts, around: Surroundings) -> Found:
    """`over_pledged`: in a shortage of work none goes where more cores are in use than pledged."""
    short, settings = around.figures["WORK_SHORTAGE"], facts.settings
    if not short or not settings.pledged_cores or preassigned(asked.outgoing, settings.name):
        return None
    load = around.types.get(settings.name)
    if load is None:
        return UNTESTED
    if load.cores <= settings.pledged_cores:
        return None
    message = f"work is short, and {load.cores} cores are in use of {settings.pledged_cores} that are pledged"
    return dropped(message, "queue.pledged_cores", load.cores)


def hospital(asked: Asked, facts: QueueFacts, around: Surroundings) -> Found:
    """`hospital`: a queue for work that others cannot run, while there are others; not for work that names it."""
    name = facts.settings.name
    if not name.endswith(HOSPITAL) or not around.normal or preassigned(asked.outgoing, name):
        return None
    return dropped("a hospital queue, and there are others", "task.site", name)


def undefined_walltime(asked: Asked, facts: QueueFacts, _: Surroundings) -> Found:
    """`min_walltime`: work of unknown wall time needs 24 h on a core of 10 HS06."""
    return None if asked.outgoing.walltime_seconds else _long_enough(facts, "the wall time is not known")


def merge_walltime(asked: Asked, facts: QueueFacts, _: Surroundings) -> Found:
    """`scout_walltime`: so does a merge."""
    return _long_enough(facts, "a merge") if asked.kind is JobKind.MERGE else None


def _long_enough(facts: QueueFacts, what: str) -> Found:
    found, power = facts.settings.walltime_seconds_max, facts.settings.corepower or 10.0
    need = int(-(-UNKNOWN_WALLTIME_HS06 // power))
    if not found or found >= need:
        return None
    return dropped(f"{what}: {need} s are needed at {power:g} HS06, the limit is {found} s", "queue.walltime_seconds_max", need)


def opportunistic(asked: Asked, facts: QueueFacts, _: Surroundings) -> Found:
    """Urgent work goes where a pledge stands behind the queue."""
    if asked.priority < URGENT or not facts.settings.opportunistic:
        return None
    return dropped(f"priority {asked.priority} from {URGENT} on goes to no opportunistic queue", "queue.opportunistic", False)


def inactive(asked: Asked, facts: QueueFacts, _: Surroundings) -> Found:
    """Urgent work and merges do not go where jobs wait and none began for 2 h."""
    if asked.priority < URGENT and asked.kind is not JobKind.MERGE:
        return None
    if not facts.waiting or not facts.quiet_since or asked.asked_at - facts.quiet_since <= INACTIVE:
        return None
    hours = (asked.asked_at - facts.quiet_since) / HOUR
    return dropped(f"no job began for {hours:.1f} h while {facts.waiting} wait", "facts.quiet_since", asked.asked_at - INACTIVE)


def blacklist(asked: Asked, facts: QueueFacts, around: Surroundings) -> Found:
    """The queue's storage takes no output: closed for writing, or in an announced downtime."""
    storage = around.outside.storages.get(facts.settings.storage)
    if storage is None:
        return UNTESTED
    if not storage.write_lan:
        return dropped(f"storage {storage.name} may not be written", "storage.write_lan", True)
    begins, ends = storage.down_from, storage.down_until
    if begins is None or asked.asked_at < begins or (ends is not None and asked.asked_at >= ends):
        return None
    return dropped(f"storage {storage.name} is in a downtime", "storage.down_from", None)


def space(_: Asked, facts: QueueFacts, around: Surroundings) -> Found:
    """`disk`: less than STORAGE_MIN_FREE_SIZE GB are usable in the queue's storage."""
    storage, least = around.outside.storages.get(facts.settings.storage), int(around.figures["STORAGE_MIN_FREE_SIZE"])
    usable = None if storage is None else usable_gb(storage)
    if storage is None or usable is None:
        return UNTESTED
    if usable >= least:
        return None
    return dropped(f"{usable} GB are usable in {storage.name}, the least is {least} GB", "storage.space_usable_gb", least)


def usable_gb(storage: StorageElement) -> int | None:
    """What new files may take, as the source says it or as its parts give it; None where neither does."""
    if storage.space_usable_gb is not None:
        return storage.space_usable_gb
    if storage.space_total_gb is None or storage.space_used_gb is None:
        return None
    return storage.space_total_gb - storage.space_used_gb - (storage.space_min_free_gb or 0)


def locality(asked: Asked, facts: QueueFacts, around: Surroundings) -> Found:
    """`fileunavailable`: no file of the input lies in the queue's storage; UNTESTED where no list of replicas is known."""
    known = [around.outside.replicas[name] for name in asked.datasets if name in around.outside.replicas]
    if not known:
        return UNTESTED if asked.datasets else None
    storage = facts.settings.storage
    if any(copy.storage == storage and copy.files for one in known for copy in one.copies):
        return None
    holders = sorted({copy.storage for one in known for copy in one.copies if copy.files})
    message = f"no input lies in {storage or 'no storage'}; it is in {', '.join(holders[:5]) or 'none'}"
    return dropped(message, "replicas.storage", storage)


def heavy_io(asked: Asked, facts: QueueFacts, around: Surroundings) -> Found:
    """`io`: work above IO_INTENSITY_CUTOFF that would have to fetch more than 10 GB or 100 files."""
    intensity = asked.outgoing.io_intensity_kbps
    if intensity is None:
        return UNTESTED
    if intensity <= around.figures["IO_INTENSITY_CUTOFF"] or not asked.datasets:
        return None
    known = [around.outside.replicas[name] for name in asked.datasets if name in around.outside.replicas]
    if not known:
        return UNTESTED
    here = [copy for one in known for copy in one.copies if copy.storage == facts.settings.storage]
    files = sum(one.files for one in known) - sum(copy.files for copy in here)
    size = sum(one.size_bytes for one in known) - sum(copy.size_bytes for copy in here)
    if files <= MISSING_FILES_MAX and size <= MISSING_BYTES_MAX:
        return None
    message = f"{files} files and {size // GIGABYTE} GB of the input are elsewhere; at most {MISSING_FILES_MAX} and 10 GB may be"
    return dropped(message, "replicas.storage", facts.settings.storage)
