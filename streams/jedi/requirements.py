"""What the parameters of a task ask of a queue, and readers that other parameters share.

In: parameters. Out: `Requirements` within bounds; complaints go to the parameters. Source:
docs/reference/client.md, "Task parameters".
"""

import re
from collections.abc import Callable, Sequence

from schemas.patterns import PatternRefused, compile_glob, compile_pattern
from schemas.types import Requirements
from streams.jedi.filters import GLOB
from streams.jedi.shown import shown
from streams.jedi.task_parameters import COUNT_MAX, Parameters

RAM_MB = 2000
#: Every queue, or every file of input, is held against each of these.
PATTERNS_MAX, NAMES_MAX = 50, 1_000
CORES_MAX = 100_000
MEMORY_MB_MAX = 100_000_000
DISK_MB_MAX = 1_000_000_000
WALLTIME_SECONDS_MAX = 2**31 - 1
#: No job runs longer; a larger maxWalltime is of a workflow, which says seconds (docs/decisions/0053).
WALLTIME_HOURS_MAX = 720
RATE_MAX = 1e9


def requirements_of(given: Parameters) -> Requirements:
    """What a queue must offer, and where the task wants to run or not."""
    site, included = given.name("site"), given.names("includedSite")
    if "," in site:
        included, site = (*included, *(part.strip() for part in site.split(","))), ""
    output_mb = _megabytes(given, "outDiskCount", "outDiskUnit", "kB")
    work_mb = _megabytes(given, "workDiskCount", "workDiskUnit", "MB")
    unit = given.name("ramCountUnit") or given.name("ramUnit") or "MBPerCore"
    if not re.fullmatch(r"MB(PerCore)?(Fixed)?", unit):
        given.problems.append(f"ramCountUnit is {shown(unit)}, expected MB, MBPerCore or MBPerCoreFixed")
    excluded = given.names("excludedSite")
    check_patterns(given, "site", [site] if site else (), compile_pattern)
    check_patterns(given, "includedSite", included, compile_glob)
    check_patterns(given, "excludedSite", excluded, compile_glob)
    return Requirements(
        site=None if site in ("", "AUTO") else site,
        included_sites=tuple(name for name in included if name and name != "AUTO"),
        excluded_sites=excluded,
        cloud=given.name("cloud") or None,
        nucleus=given.name("nucleus") or None,
        core_count=given.whole("coreCount", 0, CORES_MAX) or 1,
        ram_mb=given.whole("ramCount", 0, MEMORY_MB_MAX) or RAM_MB,
        ram_per_core="PerCore" in unit or not given.whole("ramCount", 0, MEMORY_MB_MAX),
        disk_mb=output_mb + work_mb,
        output_mb=output_mb,
        ram_fixed=unit.endswith("Fixed"),
        walltime_seconds=_walltime_seconds(given),
        label=given.name("prodSourceLabel", "user"),
        processing_type=given.name("processingType"),
        architecture=given.name("architecture") or None,
        container=bool(given.name("container_name") or given.raw.get("multiStepExec")),
        io_intensity_kbps=_rate_kbps(given, "ioIntensity"),
        disk_io_kbps=_rate_kbps(given, "diskIO"),
    )


def retry_megabytes(given: Parameters, key: str) -> int | None:
    """`retryRamOffset`, `retryRamStep` or `retryRamMax` in MB, rounded up, as BPS says fractions; None where it is not given."""
    found = given.number(key)
    if found is None:
        return None
    if not 0 <= found <= MEMORY_MB_MAX:
        given.complain(key, f"memory of 0 to {MEMORY_MB_MAX} MB")
        return None
    return -int(-found // 1) or None


def events_of(given: Parameters, key: str) -> int | None:
    """A number of events, of which there may be more than of anything else."""
    return given.whole(key, 1, COUNT_MAX)


def check_patterns(given: Parameters, key: str, patterns: Sequence[str], compiled: Callable[[str], object]) -> None:
    """Complain about what cannot be matched in linear time, by name, and about more patterns than a name may be held against."""
    costly = [pattern for pattern in patterns if compiled is not compile_glob or not GLOB.isdisjoint(pattern)]
    if len(costly) > PATTERNS_MAX or len(patterns) > NAMES_MAX:
        what = f"{len(patterns)} names, {len(costly)} of them patterns"
        given.problems.append(f"{key or 'a filter of input'} has {what}, expected at most {NAMES_MAX} and {PATTERNS_MAX}")
        return
    for pattern in patterns:
        try:
            compiled(pattern)
        except PatternRefused as problem:
            given.problems.append(f"{key}: {problem}" if key else str(problem))


def walltime_target_of(given: Parameters) -> int | None:
    """The wall time (s) that jobs are cut for: `maxWalltime`, which is hours; None when it is not given, or is seconds."""
    hours = given.number("maxWalltime")
    return max(1, int(hours * 3600)) if hours is not None and 0 < hours <= WALLTIME_HOURS_MAX else None


def hs06_seconds_of(given: Parameters) -> float | None:
    """HS06 seconds of one event: `cpuTime` in `cpuTimeUnit`; None when it is not given."""
    found, unit = given.number("cpuTime"), given.name("cpuTimeUnit") or "HS06sPerEvent"
    if found is None or found <= 0:
        return None
    if not re.fullmatch(r"m?HS06sPerEvent(Fixed)?", unit):
        given.problems.append(f"cpuTimeUnit is {shown(unit)}, expected HS06sPerEvent or mHS06sPerEvent")
        return None
    return found / 1000 if unit.startswith("m") else found


def _walltime_seconds(given: Parameters) -> int:
    """`walltime` in seconds, which a queue must allow; 0 when none is asked for. `maxWalltime` is a target for splitting, but
    where it can only be the seconds of a workflow."""
    hours, seconds = given.number("maxWalltime"), given.number("walltime")
    if hours is not None and hours < 0:
        given.complain("maxWalltime", "a number of hours from 0 on")
    asked = seconds or 0
    if asked <= 0 and hours is not None and hours > WALLTIME_HOURS_MAX:
        asked = hours
    if asked > WALLTIME_SECONDS_MAX:
        key = "walltime" if seconds and seconds > 0 else "maxWalltime"
        given.complain(key, f"a wall time of 0 to {WALLTIME_SECONDS_MAX} seconds")
        return 0
    return max(0, int(asked))


def _rate_kbps(given: Parameters, key: str) -> float | None:
    """`ioIntensity` or `diskIO` in kB/s, by its unit kBPerS or MBPerS; None when it is not given."""
    found, unit = given.number(key), given.name(f"{key}Unit") or "kBPerS"
    factors = {"kbpers": 1.0, "mbpers": 1000.0}
    if unit.lower() not in factors:
        given.problems.append(f"{key}Unit is {shown(unit)}, expected kBPerS or MBPerS")
        return None
    if found is None:
        return None
    if not 0 <= found <= RATE_MAX:
        given.complain(key, f"a rate of 0 to {RATE_MAX:g}")
        return None
    return found * factors[unit.lower()]


def _megabytes(given: Parameters, key: str, unit_key: str, usual: str) -> int:
    """A disk count in MB, rounded up; per-event counts are taken for the events of one job."""
    count, unit = given.number(key), given.name(unit_key) or usual
    factors = {"B": 1 / 1024**2, "kB": 1 / 1024, "MB": 1.0, "GB": 1024.0}
    size = re.match(r"(kB|MB|GB|B)", unit)
    if size is None:
        given.problems.append(f"{unit_key} is {shown(unit)}, expected kB, MB or GB")
    if count is None or size is None:
        return 0
    events = (events_of(given, "nEventsPerJob") or 1) if "PerEvent" in unit else 1
    megabytes = -int(-count * events * factors[size.group()] // 1)
    if not 0 <= megabytes <= DISK_MB_MAX:
        given.complain(key, f"disk space of 0 to {DISK_MB_MAX} MB for a job ({unit_key} {shown(unit)})")
        return 0
    return megabytes
