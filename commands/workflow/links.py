"""Links of parameters: values of a work that has ended, for the task of one that a condition opens later. Pure.

In: the links of a workflow, and its works as they stand. Out: which link has its values now; what the task of a work gets.
Guards: a link leads from a work that is there to one that waits for a condition; it has its values once, when its source has
ended; a task gets them before any of its input is released. Source: docs/reference/idds.md, "Links and parameters";
docs/decisions/0129.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from commands.workflow.works import Work
from schemas.types import LinkDefinition

#: Of one request; the links of a row of a snapshot.
LINKS_MAX = 100


@dataclass(frozen=True, slots=True)
class WorkflowLink:
    """One link. applied: its source has ended, so a target that is opened from now on gets the values."""

    definition: LinkDefinition
    applied: bool = False


Links = Mapping[int, WorkflowLink]


def problem_of_links(added: Iterable[LinkDefinition], works: Mapping[int, Work], known: int) -> str:
    """What is wrong with links that come behind `known` others; empty for nothing."""
    for number, one in enumerate(added, start=known):
        if number >= LINKS_MAX:
            return f"links: expected at most {LINKS_MAX}"
        if one.source not in works or one.target not in works:
            return f"links: link {number} leads from work {one.source} to {one.target}, there are {len(works)}"
        if not works[one.target].waits:
            return f"links: link {number} leads to work {one.target}, which waits for no condition"
        if object_of(one.parameters_json) is None:
            return f"links: link {number}: parameters_json is no JSON object"
    return ""


def object_of(text: str) -> dict[str, Any] | None:
    """The object that a text is; None for one that is none."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def values_for(work: int, links: Links) -> str:
    """What the links that have their values set of the task's parameters, as JSON; empty for nothing. A later link wins."""
    found: dict[str, Any] = {}
    for link in links.values():
        if link.applied and link.definition.target == work:
            found |= object_of(link.definition.parameters_json) or {}
    return json.dumps(found, separators=(",", ":"), sort_keys=True) if found else ""
