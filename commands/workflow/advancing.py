"""Works get tasks, jobs and tasks end, and the graph goes on, slice by slice. Pure.

Guards: a node is released once, when all its parents ended well, and pruned once, when all ended and not all well; what was said
of an end before changes nothing. Source: docs/reference/idds.md, "Releases and pruning"; docs/decisions/0094.
"""

from dataclasses import replace

from commands.decision import Decision, FollowUp, accept, refuse
from commands.workflow import slices
from commands.workflow.graph import FAILED, FINISHED, NOT_WELL
from commands.workflow.model import Workflow, node_ranges
from commands.workflow.slices import next_slice, slice_of
from commands.workflow.submission import not_accepted
from commands.workflow.to_tasks import another_slice, linked_parameters, moved_units, standing_units, to_task
from commands.workflow.transitions import FINAL, RELEASING, WorkflowStatus
from schemas.intervals import Intervals, intervals_of, joined, size
from schemas.task import KillTask, PauseTask
from schemas.types import CommandEnvelope, UnitRange, WorkEnd
from schemas.workflow import (
    AdvanceWorkflow,
    NodesAdvanced,
    NodesRestarted,
    RecordUnitEnds,
    RecordWorkEnd,
    StartWork,
    WorkEndReported,
    WorkStarted,
)

#: Units of one report; a task accounts for so many jobs at once at most.
UNITS_MAX = 20_000
#: In which works get tasks: before the seal nothing of their input is released.
STARTING = (
    RELEASING - {WorkflowStatus.CLOSING} | {WorkflowStatus.SUBMITTING, WorkflowStatus.SUSPENDED, WorkflowStatus.RESUMING}
)


def start_work(workflow: Workflow, command: StartWork, by: CommandEnvelope) -> Decision:
    """The work has a task; what was released and pruned before is said to it. A task that comes too late is killed."""
    if workflow.status is WorkflowStatus.UNKNOWN:
        return not_accepted(workflow, "start")
    if (by.vo, by.actor) != (workflow.vo, workflow.owner):
        return refuse("NOT_PERMITTED", "a work gets a task of the one who submitted the workflow")
    work = workflow.works.get(command.work)
    if work is None:
        return refuse("UNKNOWN_WORK", f"no work {command.work}, there are {len(workflow.works)}")
    if work.task_id is not None:
        same = work.task_id == command.task_id
        return accept() if same else refuse("ALREADY_STARTED", f"work {command.work} is task {work.task_id}")
    if command.task_id in workflow.work_of_task:
        return refuse("ALREADY_STARTED", f"task {command.task_id} is work {workflow.work_of_task[command.task_id]}")
    with_task = replace(work, task_id=command.task_id)
    if workflow.status not in STARTING or work.task_end is not None or work.end is not None:
        kill = to_task(workflow, with_task, KillTask(reason="its workflow ended"))
        found = f"work {command.work} starts no more, the workflow is in {workflow.status} status"
        return refuse("WRONG_STATUS", found, follow_ups=(kill,))
    units = (*linked_parameters(workflow, command.work, with_task), *standing_units(workflow, with_task))
    is_suspended = workflow.status is WorkflowStatus.SUSPENDED
    pause = (to_task(workflow, with_task, PauseTask(reason="its workflow is suspended")),) if is_suspended else ()
    return accept(WorkStarted(work=command.work, name=work.name, task_id=command.task_id), follow_ups=(*units, *pause))


def record_unit_ends(workflow: Workflow, command: RecordUnitEnds, by: CommandEnvelope) -> Decision:
    """Jobs ended without another attempt: what waits for nothing else is released or pruned, as far as one slice goes."""
    number = workflow.work_of_task.get(command.task_id)
    if number is None:
        return refuse("UNKNOWN_TASK", f"task {command.task_id} is no work of workflow {by.aggregate_id}")
    work = workflow.works[number]
    finished, failed = _units(command.finished), _units(command.failed)
    for units in (finished, failed):
        if units and units[-1][1] > work.nodes:
            return refuse("BAD_RANGE", f"unit {units[-1][1]} of task {command.task_id}, work {number} has {work.nodes} jobs")
    if size(finished) + size(failed) > UNITS_MAX:
        count = size(finished) + size(failed)
        return refuse("TOO_MANY_UNITS", f"{count:,} units in one report, expected at most {UNITS_MAX:,}")
    found = slice_of(workflow)
    for units, state in ((finished, FINISHED), (failed, FAILED)):
        for first, last in units:
            for unit in range(first, last + 1):
                found.end(work.first_node + unit - 1, state)
    found.spread()
    event = found.event(more=workflow.slicing or found.is_cut)
    if event is None:
        return accept()
    rest = another_slice(workflow, by.aggregate_id) if found.is_cut else ()
    return accept(event, follow_ups=(*moved_units(workflow, found), *rest))


def record_work_end(workflow: Workflow, command: RecordWorkEnd, by: CommandEnvelope) -> Decision:
    """The task of a work ended; nodes that have not are given up, slice by slice."""
    if command.end is WorkEnd.UNKNOWN:
        return refuse("BAD_END", "end: found UNKNOWN, expected how the work ended")
    number = command.work if command.task_id is None else workflow.work_of_task.get(command.task_id)
    work = None if number is None else workflow.works.get(number)
    if number is None or work is None:
        return refuse("UNKNOWN_WORK", f"neither task {command.task_id} nor work {command.work} is of workflow {by.aggregate_id}")
    if not workflow.sealed and workflow.status is not WorkflowStatus.SUBMITTING:
        return not_accepted(workflow, "end of work")
    if command.task_id is None and work.task_id is not None:
        return refuse("ALREADY_STARTED", f"work {number} is task {work.task_id}, expected the end of that")
    # The task of a work that no condition opened ends behind its workflow.
    is_behind = workflow.status in FINAL and not work.is_open
    if work.task_end is not None or work.end is not None or is_behind:
        return accept()
    reported = WorkEndReported(work=number, name=work.name, end=command.end, message=command.message)
    # Before the seal nothing goes on; the first slice after it gives up what is left of the work.
    goes_on = workflow.sealed and work.is_open and not work.nodes_ended
    return accept(reported, follow_ups=another_slice(workflow, by.aggregate_id) if goes_on else ())


def advance(workflow: Workflow, by: CommandEnvelope) -> Decision:
    """The next slice of what is left."""
    if not workflow.slicing:
        return accept()
    if workflow.status is WorkflowStatus.RESUMING:
        return _restart(workflow, by)
    found = next_slice(workflow)
    event = found.event(more=found.is_cut)
    assert event is not None or not found.is_cut, "a slice without a step would be followed by another one for ever"
    rest = _go_on(by) if found.is_cut else ()
    return accept(event or NodesAdvanced(more=False), follow_ups=(*moved_units(workflow, found), *rest))


def _restart(workflow: Workflow, by: CommandEnvelope) -> Decision:
    """Nodes that did not end well wait again; nothing is released before the last of them does, as they count each other."""
    nodes, steps = list[int](), 0
    left = workflow.graph.nodes_in(NOT_WELL)
    for node in left:
        nodes.append(node)
        first, beyond = workflow.graph.bounds_of(node)
        steps += 1 + beyond - first
        if steps >= slices.SLICE_STEPS:
            break
    more = next(left, None) is not None
    restarted = NodesRestarted(nodes=node_ranges(joined((node, node) for node in nodes)), total=len(nodes), more=more)
    # After the last one, what waits for nothing is released.
    return accept(restarted, follow_ups=_go_on(by))


def _go_on(by: CommandEnvelope) -> tuple[FollowUp, ...]:
    return (FollowUp(by.aggregate_id, AdvanceWorkflow()),)


def _units(ranges: tuple[UnitRange, ...]) -> Intervals:
    return intervals_of(UnitRange(first=one.first, last=max(one.first, one.last)) for one in ranges)
