"""The classes of slots that a queue has: which one a job belongs to, and which one a pilot is of. Pure.

In: a queue's settings. Out: its classes, smallest first. A queue that names none has one, made of its own limits.
A limit of 0 is none, here as in the settings.
"""

from collections.abc import Sequence

from schemas.types import QueueClass, QueueSettings

#: The class of a queue that names none.
WHOLE = "all"
_UNLIMITED = 1 << 62


def classes_of(settings: QueueSettings) -> tuple[QueueClass, ...]:
    """The classes of a queue, those with the least memory first, then the fewest cores, then the shortest time."""
    if settings.classes:
        return tuple(sorted(settings.classes, key=_size))
    whole = QueueClass(
        name=WHOLE,
        memory_mb=settings.rss_mb_max,
        cores=settings.core_count,
        walltime_seconds=settings.walltime_seconds_max,
        standby_min=settings.standby_min,
        pilots_max=settings.pilots_max,
    )
    return (whole,)


def class_for(classes: Sequence[QueueClass], memory_mb: int, cores: int, walltime_seconds: int) -> QueueClass | None:
    """The smallest of `classes`, which are in order, that takes a job with these needs; None when none does."""
    for one in classes:
        if _takes(one, memory_mb, cores, walltime_seconds):
            return one
    return None


def class_of_slot(classes: Sequence[QueueClass], memory_mb: int, cores: int = 0) -> QueueClass | None:
    """The class of a pilot that offers this: the nearest in memory, then in cores; None when it does not say its memory.

    A batch system grants a little less or more than was asked for, so equal numbers cannot be expected.
    """
    if not memory_mb or not classes:
        return None
    return min(classes, key=lambda one: (abs((one.memory_mb or _UNLIMITED) - memory_mb), abs(one.cores - cores) if cores else 0))


def problem_of_classes(settings: QueueSettings) -> str:
    """What is wrong with the classes of a queue, or with its pilots that stand by; empty when nothing is."""
    if settings.standby_min > settings.pilots_max:
        return f"standby_min is {settings.standby_min}, expected at most pilots_max {settings.pilots_max}"
    if not settings.classes:
        return ""
    if settings.standby_min:
        return f"standby_min is {settings.standby_min}, expected 0 beside classes, each of which has its own"
    names = [one.name for one in settings.classes]
    sizes = [_size(one) for one in settings.classes]
    for number, one in enumerate(settings.classes):
        if names.count(one.name) > 1:
            return f"class {one.name} is named twice, expected each name once"
        if sizes.count(sizes[number]) > 1:
            other = names[sizes.index(sizes[number])]
            other = other if other != one.name else names[sizes.index(sizes[number], number + 1)]
            same = "have the same memory_mb, cores and walltime_seconds"
            return f"classes {one.name} and {other} {same}, expected sizes that differ"
        problem = _problem_of_class(one, settings)
        if problem:
            return f"class {one.name}: {problem}"
    return ""


def _problem_of_class(one: QueueClass, settings: QueueSettings) -> str:
    if one.standby_min > one.pilots_max:
        return f"standby_min is {one.standby_min}, expected at most pilots_max {one.pilots_max}"
    limits = (
        ("memory_mb", one.memory_mb, "rss_mb_max", settings.rss_mb_max),
        ("cores", one.cores, "core_count", settings.core_count if settings.core_count > 1 else 0),
        ("walltime_seconds", one.walltime_seconds, "walltime_seconds_max", settings.walltime_seconds_max),
    )
    for name, found, limit_name, limit in limits:
        if limit and found > limit:
            return f"{name} is {found}, expected at most {limit_name} {limit} of the queue"
        if limit and not found:
            return f"{name} is 0, which is no limit, expected at most {limit_name} {limit} of the queue"
    return ""


def _takes(one: QueueClass, memory_mb: int, cores: int, walltime_seconds: int) -> bool:
    return (
        (not one.memory_mb or memory_mb <= one.memory_mb)
        and (not one.cores or cores <= one.cores)
        and (not one.walltime_seconds or walltime_seconds <= one.walltime_seconds)
    )


def _size(one: QueueClass) -> tuple[int, int, int]:
    return one.memory_mb or _UNLIMITED, one.cores or _UNLIMITED, one.walltime_seconds or _UNLIMITED
