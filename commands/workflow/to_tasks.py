"""What the tasks of works get: input released, dropped or held by unit ids, and ends. Pure.

A unit is a node of its work, counted from 1, as the names of jobs are the input of the task in their order.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from commands.decision import FollowUp
from commands.workflow.graph import IS_PRUNED, IS_RELEASED, NOT_RELEASED, NOT_WELL
from commands.workflow.model import Work, Workflow, intervals_from
from commands.workflow.slices import GraphSlice
from commands.workflow.transitions import RELEASING, STOPPING, WorkflowStatus
from schemas.intervals import Intervals
from schemas.task import DropInput, HoldInput, ReleaseInput, ReloadTask, ResumeTask
from schemas.types import UnitRange
from schemas.workflow import AdvanceWorkflow

#: Ranges of one command to a task.
RANGES_MAX = 1_000
RELEASED, PRUNED, RETRIED = "parents ended well", "a parent did not end well", "its workflow is retried"
#: In which a task still takes its input.
TAKES_INPUT = RELEASING | {WorkflowStatus.SUSPENDED}


def moved_units(workflow: Workflow, found: GraphSlice) -> tuple[FollowUp, ...]:
    """To the tasks of the nodes that a slice releases and prunes."""
    if workflow.status not in TAKES_INPUT | STOPPING:
        return ()
    released = _by_task(workflow, intervals_from(found.released), lambda units: ReleaseInput(units=units, reason=RELEASED))
    if workflow.status in STOPPING:
        return tuple(released)  # of final works: all others have no input left to be dropped
    pruned = _by_task(workflow, intervals_from(found.pruned), lambda units: DropInput(units=units, reason=PRUNED))
    return (*released, *pruned)


def _by_task(workflow: Workflow, nodes: Intervals, command: Callable[[tuple[UnitRange, ...]], Any]) -> Iterator[FollowUp]:
    units: dict[int, list[UnitRange]] = {}
    for number, first, last in workflow.by_work(nodes):
        units.setdefault(number, []).append(_unit_range(workflow.works[number], first, last))
    for number, ranges in units.items():
        if workflow.works[number].task_end is None:
            yield from _to(workflow, workflow.works[number], ranges, command)


def standing_units(workflow: Workflow, work: Work) -> Iterator[FollowUp]:
    """To the task that a work gets: what was released and pruned before. A retry that is under way lets all of it wait again."""
    if workflow.status is WorkflowStatus.RESUMING or not workflow.sealed:
        return
    for wanted, command in ((IS_RELEASED, _release), (IS_PRUNED, _drop)):
        runs = workflow.graph.runs(wanted, work.first_node, work.beyond)
        yield from _to(workflow, work, [_unit_range(work, first, last) for first, last in runs], command)


def run_again(workflow: Workflow, work: Work) -> Iterator[FollowUp]:
    """To the task of a work that is retried: another execution, in which what did not end well waits until it is released."""
    if work.task_id is None or not work.nodes_ended:
        return
    runs = list(workflow.graph.runs(NOT_WELL, work.first_node, work.beyond))
    if runs or not work.nodes:
        yield to_task(workflow, work, ReloadTask(parameters_json="{}", reason=RETRIED))
        yield from _to(workflow, work, [_unit_range(work, first, last) for first, last in runs], _hold)


def to_tasks_at_work(workflow: Workflow, command: Any) -> tuple[FollowUp, ...]:
    """The same command to every task that has not ended."""
    return tuple(to_task(workflow, work, command) for work in _at_work(workflow))


def to_tasks_stopped(workflow: Workflow, command: Any) -> tuple[FollowUp, ...]:
    """An order to end, to every task that has not; not to those of final works that still wait, which run after it.

    These are resumed when the workflow was suspended.
    """
    found = []
    for work in _at_work(workflow):
        if not (work.is_final and workflow.sealed and _waits(workflow, work)):
            found.append(to_task(workflow, work, command))
        elif workflow.status is WorkflowStatus.SUSPENDED:
            found.append(to_task(workflow, work, ResumeTask(reason=command.reason)))
    return tuple(found)


def _at_work(workflow: Workflow) -> Iterator[Work]:
    return (work for work in workflow.works.values() if work.task_id is not None and work.task_end is None)


def _waits(workflow: Workflow, work: Work) -> bool:
    return any(True for _ in workflow.graph.runs(NOT_RELEASED, work.first_node, work.beyond))


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
