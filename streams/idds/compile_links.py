"""Links of parameters between works as what each sets of its target's task. Pure.

In: a plan of the grammar, and its graph. Out: one definition for each pair of works that a link joins, or why links cannot be run
yet. What a payload gave is not known here, so what a link carries follows from the request: an attribute of its source, with
the global parameters in it. A target that waits for no condition starts before any source has ended, and gets nothing.
Source: docs/reference/idds.md, "Links and parameters"; docs/decisions/0129.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from schemas.types import LinkDefinition
from streams.idds.compile import CompiledGraph, CompiledWork
from streams.idds.compile_tasks import TaskOrigin, task_parameters
from streams.idds.faults import NotInGrammar, RequestFault
from streams.idds.links import assigned, values_of, with_globals
from streams.idds.model import Json, ParameterLink, WorkflowPlan, WorkPlan
from streams.idds.vocabulary import USER_PREFIX
from streams.jedi.shown import shown

#: Attributes of works that a link may write to: what its task is asked for, but not in whose name, or by which wrapper it runs.
CARRIED = frozenset({
    "executable", "task_priority", "maxWalltime", "maxAttempt", "num_retries", "task_rss", "task_rss_retry_offset",
    "task_rss_retry_step", "task_rss_max", "task_queue", "queue", "task_cloud", "processingType", "task_type",
})  # fmt: skip
LINKS_MAX, PARAMETERS_CHARACTERS_MAX = 100, 6_000


def reason_against_links(plan: WorkflowPlan) -> str:
    """What of the links and global parameters cannot be run yet; empty for nothing."""
    works = {work.work_id for work in plan.all_works}
    for one in plans_in(plan):
        if one is not plan and (one.global_parameters or one.sliced_parameters):
            return "global parameters of workflows within"
        for link in one.links:
            if reason := _reason_against(link, works, plan):
                return f"links {reason}"
    read = {(work, source) for link in _links(plan) for work in link.sources for source, _ in link.parameters}
    for link in _links(plan):
        for work in link.destinations:
            for _, name in link.parameters:
                if (work, name) in read:
                    return f"links that read what another one writes ({name} of {work})"
    return ""


def plans_in(plan: WorkflowPlan) -> Iterator[WorkflowPlan]:
    """The workflow and all those within it."""
    yield plan
    for one in plan.nodes:
        if isinstance(one, WorkflowPlan):
            yield from plans_in(one)


def _links(plan: WorkflowPlan) -> Iterator[ParameterLink]:
    for one in plans_in(plan):
        yield from one.links


def _reason_against(link: ParameterLink, works: set[str], plan: WorkflowPlan) -> str:
    for work in (*link.sources, *link.destinations):
        if work not in works:
            return f"of workflows ({work})"
    for source, name in link.parameters:
        if source not in CARRIED and not source.startswith(USER_PREFIX):
            return f"from {source}"
        if name not in CARRIED and not name.startswith(USER_PREFIX):
            return f"to {name}"
        if name in plan.global_parameters:
            return f"to the global parameter {name}"
    return ""


def compile_links(
    plan: WorkflowPlan, graph: CompiledGraph, waiting: frozenset[str], request_id: int, user_name: str
) -> tuple[LinkDefinition, ...] | RequestFault:
    """The links that change something, in their order. waiting: ids of the works that wait for a condition.

    A fault for values that the task of a target cannot have, and for two links that set the same parameter of a task.
    """
    numbers = {work.plan.work_id: number for number, work in enumerate(graph.works)}
    found: list[LinkDefinition] = []
    written: set[tuple[int, str]] = set()
    try:
        for link in _links(plan):
            for target in (numbers[one] for one in link.destinations if one in waiting):
                work = graph.works[target]
                for source in (numbers[one] for one in link.sources):
                    values = values_of(link, attributes_of_work(graph.works[source].plan, plan))
                    changes = _changes(work, values, TaskOrigin(request_id, target + 1, user_name))
                    if not changes:
                        continue
                    _check_apart(link, work, changes, target, written)
                    found.append(_definition(link, work, source, target, changes))
    except NotInGrammar as refused:
        return refused.fault
    return tuple(found)


def attributes_of_work(work: WorkPlan, plan: WorkflowPlan) -> dict[str, Json]:
    """What a work has when it starts: its settings, and its own parameters with the global ones."""
    sliced = {**plan.sliced_parameters, **work.sliced_parameters}
    known = {key: one for key, one in sliced.items() if isinstance(one, Mapping)}
    return with_globals({**work.settings, **work.user_parameters}, plan.global_parameters, known)


def _changes(work: CompiledWork, values: Mapping[str, Json], origin: TaskOrigin) -> dict[str, Any]:
    """Parameters of the task that are others with these values; null for one that is there no more."""
    before = task_parameters(work, origin)
    settings = assigned(work.plan.settings, values)
    after = task_parameters(replace(work, plan=replace(work.plan, settings=settings)), origin)
    for one in (before, after):
        if isinstance(one, RequestFault):
            raise NotInGrammar(work.plan.place, f"with the values of a link: {one.message}")
    assert not isinstance(before, RequestFault)
    assert not isinstance(after, RequestFault)
    return {name: after.get(name) for name in {**before, **after} if before.get(name) != after.get(name)}


def _check_apart(
    link: ParameterLink, work: CompiledWork, changes: Mapping[str, Any], target: int, written: set[tuple[int, str]]
) -> None:
    """The order in which works end must not decide which of two values a task gets."""
    for name in sorted(changes):
        if (target, name) in written:
            raise NotInGrammar(work.plan.place, f"the link {shown(link.link_id)} sets {name}, which another one sets, too")
        written.add((target, name))


def _definition(
    link: ParameterLink, work: CompiledWork, source: int, target: int, changes: Mapping[str, Any]
) -> LinkDefinition:
    text = json.dumps(changes, separators=(",", ":"), sort_keys=True)
    if len(text) > PARAMETERS_CHARACTERS_MAX:
        raise NotInGrammar(work.plan.place, f"a link sets {len(text):,} characters, at most {PARAMETERS_CHARACTERS_MAX:,}")
    return LinkDefinition(link_id=link.link_id, source=source, target=target, parameters_json=text)
