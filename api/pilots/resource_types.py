"""The classes of jobs by cores and memory per core, as pilots and harvesters ask for them."""

from collections.abc import Sequence
from typing import Any

from schemas.types import ResourceType


def resource_type_documents(rows: Sequence[ResourceType]) -> list[dict[str, Any]]:
    """The rows in PanDA's words: memory is MB per core, null is no limit."""
    return [
        {
            "resource_name": row.name,
            "mincore": row.cores_min,
            "maxcore": row.cores_max or None,
            "minrampercore": row.core_memory_mb_min or None,
            "maxrampercore": row.core_memory_mb_max or None,
        }
        for row in rows
    ]
