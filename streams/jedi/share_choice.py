"""Which global share a task belongs to. Pure.

In: a definition, the parameters that it was made of, the tree of shares and the resource types. Out: the definition with its
leaf, which its jobs carry. Guards: a task names a leaf (`gshare`) only among those that match it, so that no one takes a share by
naming it. Source: docs/reference/jedi.md, "Global shares"; docs/decisions/0073.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from schemas.records import replace
from schemas.resource_types import memory_mb_of, resource_type_of
from schemas.share_tree import ShareAsked, leaf_for, leaves_of
from schemas.types import GlobalShare, ResourceType, TaskDefinition
from streams.jedi.shown import shown
from streams.jedi.task_parameters import Parameters, Refusal

#: Where the last jobs of a production task go, if the tree has such a leaf; patterns of the leaf do not matter then.
EXPRESS = "Express"
PRODUCTION = frozenset({"managed", "test"})


def with_share(
    definition: TaskDefinition,
    parameters: Mapping[str, Any],
    shares: Sequence[GlobalShare],
    types: Sequence[ResourceType],
    vo: str,
) -> TaskDefinition | Refusal:
    """`definition` in the share that takes it; UNDEFINED where none does, or there is no tree.

    Refused (BAD_PARAMETERS): `gshare` that is no leaf of the tree whose patterns match the task.
    """
    given = Parameters(parameters)
    named = given.name("gshare")
    required = definition.requirements
    asked = ShareAsked(
        label=required.label,
        working_group=given.name("workingGroup"),
        campaign=given.name("campaign"),
        processing_type=required.processing_type,
        transformation=given.name("transPath"),
        resource_type=resource_type_of(types, required.core_count, memory_mb_of(required, 0)),
        vo=vo,
    )
    leaf = leaf_for(shares, asked, named)
    if given.problems:
        return Refusal("BAD_PARAMETERS", given.complaint)
    if leaf is None:
        return Refusal("BAD_PARAMETERS", f"gshare is {shown(named)}, expected a leaf of the tree of shares that takes this task")
    express = EXPRESS if required.label in PRODUCTION and EXPRESS in leaves_of(shares) else ""
    return replace(definition, share=leaf, last_share=express)
