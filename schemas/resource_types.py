"""The resource type of a job: what its cores and its memory make it. Pure.

In: rows in the order they are tried, cores and memory. Out: the name of the first row that takes both. `BUILT_IN` is in force
until other rows are set (`SetResourceTypes`). Source: docs/reference/jedi.md, "Resource types".
"""

from collections.abc import Sequence

from schemas.types import Requirements, ResourceType

#: What JEDI leaves of the memory that was asked for in a job's own request.
RAM_COMPENSATION = 0.9
#: Steps by which the memory of a core rises after a failure (docs/reference/jedi.md, "Retry rules").
MEMORY_LADDER_MB = (1000, 2000, 3000, 4000, 6000, 8000)
#: Key of the policy.
RESOURCE_TYPES_KEY = "resource_types"
#: Of a job that no row takes, as in PanDA.
UNDEFINED = "Undefined"
BUILT_IN = (
    ResourceType(name="SCORE", cores_max=1, core_memory_mb_max=2000),
    ResourceType(name="SCORE_HIMEM", cores_max=1, core_memory_mb_min=2001),
    ResourceType(name="MCORE", cores_min=2, core_memory_mb_max=2000),
    ResourceType(name="MCORE_HIMEM", cores_min=2, core_memory_mb_min=2001),
)


def memory_mb_of(required: Requirements, ram_mb: int) -> int:
    """What a pilot must offer for a job. ram_mb: memory that its input needs by now, in the unit of `required`."""
    return int(asked_mb_of(required, ram_mb) * RAM_COMPENSATION)


def asked_mb_of(required: Requirements, ram_mb: int) -> int:
    """What was asked for a job, for all its cores. ram_mb: as for `memory_mb_of`."""
    return max(ram_mb, required.ram_mb) * (required.core_count if required.ram_per_core else 1)


def resource_type_of(rows: Sequence[ResourceType], cores: int, memory_mb: int) -> str:
    """Name of the type of a job. memory_mb: what a pilot must offer for it, for all its cores."""
    cores = max(1, cores)
    core_memory_mb = round(memory_mb / cores)
    for row in rows:
        if (
            row.cores_min <= cores
            and (not row.cores_max or cores <= row.cores_max)
            and row.core_memory_mb_min <= core_memory_mb
            and (not row.core_memory_mb_max or core_memory_mb <= row.core_memory_mb_max)
        ):
            return row.name
    return UNDEFINED


def problem_of_resource_types(rows: Sequence[ResourceType]) -> str:
    """What is wrong with these rows; empty when nothing is."""
    if not rows:
        return "rows is empty, expected at least one resource type"
    names = [row.name for row in rows]
    for row in rows:
        if names.count(row.name) > 1:
            return f"resource type {row.name} is named twice, expected each name once"
        if row.cores_max and row.cores_min > row.cores_max:
            return f"resource type {row.name}: cores_min is {row.cores_min}, expected at most cores_max {row.cores_max}"
        if row.core_memory_mb_max and row.core_memory_mb_min > row.core_memory_mb_max:
            limit = f"core_memory_mb_max {row.core_memory_mb_max}"
            return f"resource type {row.name}: core_memory_mb_min is {row.core_memory_mb_min}, expected at most {limit}"
    return ""
