"""What the tasks of works get: input released, dropped or held by unit ids, and ends. Pure.

A unit is a node of its work, counted from 1, as the names of jobs are the input of the task in their order.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from commands.decision import FollowUp
from commands.workflow.graph import IS_PRUNED, IS_RELEASED, NOT_WELL
from commands.workflow.links import values_for
from commands.workflow.model import Workflow, intervals_from
from commands.workflow.slices import GraphSlice
from commands.workflow.transitions import RELEASING, WorkflowStatus
from commands.workflow.works import Work
from schemas.intervals import Intervals
from schemas.task import DropInput, HoldInput, ReleaseInput, ReloadTask
from schemas.types import UnitRange
from schemas.workflow import AdvanceWorkflow

#: Ranges of one command to a task.
RANGES_MAX = 1_000
RELEASED, PRUNED, RETRIED = "parents ended well", "a parent did not end well", "its workflow is retried"
OPENED = "a condition started its work"
LINKED = "links of its workflow set parameters"
#: In which a task still takes its input.
TAKES_INPUT = RELEASING | {WorkflowStatus.SUSPENDED}


def moved_units(workflow: Workflow, found: GraphSlice) -> tuple[FollowUp, ...]:
    """To the tasks of the nodes that a slice releases and prunes."""
    released = _by_task(workflow, intervals_from(found.released), lambda units: ReleaseInput(units=units, reason=RELEASED))
    pruned = _by_task(workflow, intervals_from(found.pruned), lambda units: DropInput(units=units, reason=PRUNED))
    return (*released, *pruned)


def _by_task(workflow: Workflow, nodes: Intervals, command: Callable[[tuple[UnitRange, ...]], Any]) -> Iterator[FollowUp]:
    units: dict[int, list[UnitRange]] = {}
    for number, first, last in workflow.by_work(nodes):
        units.setdefault(number, []).append(_unit_range(workflow.works[number], first, last))
    for number, ranges in units.items():
        work = workflow.works[number]
        if work.task_end is None and (work.after_stop or workflow.status in TAKES_INPUT):
            yield from _to(workflow, work, ranges, command)


def open_unit(workflow: Workflow, work: Work) -> Iterator[FollowUp]:
    """To the task of a work without jobs that a condition has opened: the unit that stands for all of it."""
    if work.waits and work.is_open and not work.nodes and work.task_end is None:
        unit = UnitRange(first=1, last=1)
        yield from _to(workflow, work, [unit], lambda units: ReleaseInput(units=units, reason=OPENED))


def linked_parameters(workflow: Workflow, number: int, work: Work) -> Iterator[FollowUp]:
    """To the task of a work that a condition has opened: what links set of its parameters, before its input is released."""
    if work.waits and work.is_open and work.task_id is not None and work.task_end is None:
        values = values_for(number, workflow.links)
        if values:
            yield to_task(workflow, work, ReloadTask(parameters_json=values, reason=LINKED, only_held=True))


def standing_units(workflow: Workflow, work: Work) -> Iterator[FollowUp]:
    """To the task that a work gets: what was released and pruned before. A retry that is under way lets all of it wait again."""
    if workflow.status is WorkflowStatus.RESUMING or not workflow.sealed:
        return
    for wanted, command in ((IS_RELEASED, _release), (IS_PRUNED, _drop)):
        runs = workflow.graph.runs(wanted, work.first_node, work.beyond)
        yield from _to(workflow, work, [_unit_range(work, first, last) for first, last in runs], command)
    yield from open_unit(workflow, work)


def run_again(workflow: Workflow, work: Work) -> Iterator[FollowUp]:
    """To the task of a work that is retried: another execution, in which what did not end well waits until it is released."""
    if work.task_id is None:
        return
    if work.waits and (not work.is_open or not work.nodes):
        yield to_task(workflow, work, ReloadTask(parameters_json="{}", reason=RETRIED))
        yield to_task(workflow, work, _hold((UnitRange(first=1, last=work.units),)))
        return
    if not work.nodes_ended:
        return
    runs = list(workflow.graph.runs(NOT_WELL, work.first_node, work.beyond))
    if runs or not work.nodes:
        yield to_task(workflow, work, ReloadTask(parameters_json="{}", reason=RETRIED))
        yield from _to(workflow, work, [_unit_range(work, first, last) for first, last in runs], _hold)


def to_tasks_at_work(workflow: Workflow, command: Any) -> tuple[FollowUp, ...]:
    """The same command to every task at work; those of works that wait for a condition only before the workflow is complete."""
    known = (work for work in workflow.works.values() if work.is_open or not workflow.sealed)
    at_work = (work for work in known if work.task_id is not None and work.task_end is None)
    return tuple(to_task(workflow, work, command) for work in at_work)


def to_task(workflow: Workflow, work: Work, command: Any) -> FollowUp:
    """A command to the task of a work, in the name of the owner of the workflow."""
    return FollowUp(str(work.task_id), command, on_behalf_of=workflow.owner, vo=workflow.vo)


def another_slice(workflow: Workflow, request_id: str) -> tuple[FollowUp, ...]:
    """The command to go on, unless one is under way."""
    return () if workflow.slicing else (FollowUp(request_id, AdvanceWorkflow()),)


def _to(
    workflow: Workflow, work: Work, ranges: Sequence[UnitRange], command: Callable[[tuple[UnitRange, ...]], Any]
) -> Iterator[FollowUp]:
    if work.task_id is not None:
        for start in range(0, len(ranges), RANGES_MAX):
            yield to_task(workflow, work, command(tuple(ranges[start : start + RANGES_MAX])))


def _unit_range(work: Work, first: int, last: int) -> UnitRange:
    return UnitRange(first=first - work.first_node + 1, last=last - work.first_node + 1)


def _release(units: tuple[UnitRange, ...]) -> ReleaseInput:
    return ReleaseInput(units=units, reason=RELEASED)


def _drop(units: tuple[UnitRange, ...]) -> DropInput:
    return DropInput(units=units, reason=PRUNED)


def _hold(units: tuple[UnitRange, ...]) -> HoldInput:
    return HoldInput(units=units, reason=RETRIED)
