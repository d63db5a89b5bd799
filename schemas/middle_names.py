"""The middle of an output name: fields of the name of its input. Pure.

Source: docs/reference/jedi.md, "Output names".
"""

import re
from collections.abc import Sequence

from schemas.types import InputUnit, TaskDefinition

#: What stands between the fields of a name; `_tid` is what a production system puts behind names of datasets.
BETWEEN_FIELDS = re.compile(r"\.|_tid\d+")


def middle_name(definition: TaskDefinition, unit: InputUnit) -> str:
    """`${MIDDLENAME}` of a job whose first input is `unit`: a dot before each field; empty where no field is asked for.

    Of a file's name the fields that it has, up to the first that it has not; of a dataset's name all of them, or none.
    """
    if not definition.name_fields or not unit.endpoint:
        return ""
    if definition.name_fields_of_files:
        return _joined(BETWEEN_FIELDS.split(unit.lfn), definition.name_fields)
    fields = BETWEEN_FIELDS.split(unit.dataset.rpartition(":")[2])
    return _joined(fields, definition.name_fields) if len(fields) >= max(definition.name_fields) else ""


def alike(definition: TaskDefinition, one: InputUnit, other: InputUnit) -> bool:
    """False for two files that may not share a job because their outputs would have other names."""
    if not definition.name_fields_of_files:
        return True
    return one.lfn == other.lfn or middle_name(definition, one) == middle_name(definition, other)


def _joined(fields: Sequence[str], wanted: Sequence[int]) -> str:
    parts = []
    for place in wanted:
        if place > len(fields):
            break
        parts.append(f".{fields[place - 1]}")
    return "".join(parts)
