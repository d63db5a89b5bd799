"""A workflow after an event: applied unchecked, as `decide` gave it or the log has it."""

from dataclasses import replace
from sys import intern
from typing import assert_never

from commands.undo import UndoDict, UndoQueue
from commands.workflow.graph import DEFERRED, FAILED, FINISHED, PRUNED, RELEASED
from commands.workflow.model import Workflow
from commands.workflow.transitions import KEEP, NEXT, STATUS_OF_ENDING, STATUS_OF_OUTCOME, STOPPING, WorkflowStatus
from commands.workflow.works import Work
from schemas.intervals import Intervals, difference, intervals_of
from schemas.types import EventEnvelope, WorkEnd
from schemas.workflow import (
    ConditionEvaluated,
    EdgesAdded,
    LinkApplied,
    NodesAdvanced,
    NodesRestarted,
    WorkEnded,
    WorkEndReported,
    WorkflowEndOrdered,
    WorkflowEvent,
    WorkflowFinalized,
    WorkflowResumed,
    WorkflowRetried,
    WorkflowSealed,
    WorkflowSubmitted,
    WorkflowSuspended,
    WorksAdded,
    WorkStarted,
)


def evolve(workflow: Workflow, event: WorkflowEvent, envelope: EventEnvelope) -> Workflow:  # noqa: C901 - one case an event
    """`workflow` after `event`."""
    workflow.changed_at = envelope.occurred_at
    reached = NEXT.get((workflow.status, type(event)), KEEP)
    if reached is not KEEP:
        workflow.status = reached
    match event:
        case WorkflowSubmitted():
            _submitted(workflow, event, envelope)
        case WorksAdded():
            _works_added(workflow, event)
        case EdgesAdded():
            workflow.graph.add_edges(event.first_parent, event.counts, event.children)
            workflow.chunks += 1
        case WorkflowSealed():
            workflow.sealed, workflow.slicing, workflow.attempt = True, True, 1
            workflow.ask_all()
        case WorkStarted():
            workflow.change_work(event.work, replace(workflow.works[event.work], task_id=event.task_id))
            workflow.work_of_task[event.task_id] = event.work
        case NodesAdvanced():
            _advanced(workflow, event)
        case WorkEndReported():
            workflow.change_work(event.work, replace(workflow.works[event.work], task_end=event.end))
            workflow.slicing = workflow.slicing or event.work in workflow.given_up
        case WorkEnded():
            workflow.change_work(event.work, replace(workflow.works[event.work], end=event.end))
        case ConditionEvaluated():
            _evaluated(workflow, event)
        case LinkApplied():
            workflow.links[event.link] = replace(workflow.links[event.link], applied=True)
            workflow.due_links.pop(event.link, None)
        case WorkflowSuspended():
            pass
        case WorkflowResumed():
            workflow.slicing = True
        case WorkflowEndOrdered():
            _end_ordered(workflow, event)
        case WorkflowRetried():
            _retried(workflow, event)
            workflow.submitted_at = envelope.occurred_at
        case NodesRestarted():
            _restarted(workflow, event)
        case WorkflowFinalized():
            workflow.status, workflow.message = STATUS_OF_OUTCOME[event.outcome], event.message
            workflow.slicing, workflow.ending, workflow.due = False, None, UndoDict()
        case _:
            assert_never(event)
    return workflow


def _submitted(workflow: Workflow, event: WorkflowSubmitted, envelope: EventEnvelope) -> None:
    workflow.owner, workflow.vo = intern(envelope.actor), intern(envelope.vo)
    workflow.digest, workflow.submitted_at = event.digest, envelope.occurred_at
    workflow.lifetime_seconds, workflow.pending_seconds = event.lifetime_seconds, event.pending_seconds
    workflow.request_id = event.request_id
    workflow.announced, workflow.announced_conditions = (event.works, event.nodes, event.edges), event.conditions


def _works_added(workflow: Workflow, event: WorksAdded) -> None:
    workflow.chunks += 1
    for one in event.works:
        first_node = workflow.nodes_of_works
        workflow.add_work(
            Work(one.internal_id, one.name, one.nodes, first_node, waits=one.waits, is_open=not one.waits)
        )
    workflow.graph.add_nodes(event.depths)
    for definition in event.conditions:
        workflow.add_condition(definition)
    for link in event.links:
        workflow.add_link(link)


def _evaluated(workflow: Workflow, event: ConditionEvaluated) -> None:
    """The works of the branch are open; the conditions of it are asked from now on."""
    condition = workflow.conditions[event.condition]
    workflow.conditions[event.condition] = replace(condition, branch=event.branch)
    workflow.ask(event.condition)
    after_stop = workflow.status in STOPPING
    for number in event.works:
        workflow.change_work(number, replace(workflow.works[number], is_open=True, after_stop=after_stop))
    for number in event.conditions:
        workflow.conditions[number] = replace(workflow.conditions[number], is_asked=True)
    if event.conditions:
        workflow.ask_all()  # others may ask whether the workflow within that they are of has started
    workflow.slicing = workflow.slicing or event.more


def _advanced(workflow: Workflow, event: NodesAdvanced) -> None:
    """States first, then the children of those that are counted: so a node that is released in the same event stays so."""
    graph = workflow.graph
    finished, failed, pruned = intervals_of(event.finished), intervals_of(event.failed), intervals_of(event.pruned)
    deferred, counted = intervals_of(event.deferred), intervals_of(event.counted)
    _recovered(workflow, intervals_of(event.recovered))
    for nodes, state in ((finished, FINISHED), (failed, FAILED), (pruned, PRUNED)):
        _tally(workflow, nodes, state)
        graph.set_states(nodes, state)
    for first, last in deferred:
        for node in range(first, last + 1):
            graph.states[node] |= DEFERRED
    graph.set_states(intervals_of(event.released), RELEASED)
    for nodes, well in ((finished, True), (failed, False), (pruned, False)):
        for first, last in difference(nodes, deferred):
            for node in range(first, last + 1):
                graph.count_down(graph.children_of(node), well=well)
    for first, last in counted:
        for node in range(first, last + 1):
            _count_later(workflow, node)
    if event.partial_node is not None:
        start = workflow.partial_children if event.partial_node == workflow.partial_node else 0
        well = graph.states[event.partial_node] == FINISHED | DEFERRED
        graph.count_down(graph.children_of(event.partial_node, start, event.partial_children), well=well)
    is_through = workflow.partial_node is not None and _is_in(workflow.partial_node, counted)
    if event.partial_node is not None or is_through:
        workflow.partial_node, workflow.partial_children = event.partial_node, event.partial_children
    workflow.deferred += _size(deferred) - _size(counted)
    workflow.slicing = event.more


def _count_later(workflow: Workflow, node: int) -> None:
    """The children of a node that ended in an earlier event count it now, as far as they do not yet."""
    graph = workflow.graph
    state = graph.states[node] & ~DEFERRED
    start = workflow.partial_children if node == workflow.partial_node else 0
    graph.states[node] = state
    graph.count_down(graph.children_of(node, start), well=state == FINISHED)


def _recovered(workflow: Workflow, nodes: Intervals) -> None:
    graph = workflow.graph
    for first, last in nodes:
        for node in range(first, last + 1):
            number, before = workflow.work_of(node), graph.states[node]
            work = workflow.works[number]
            was_failed = before & ~DEFERRED == FAILED
            work = replace(
                work, finished=work.finished + 1, failed=work.failed - was_failed, pruned=work.pruned - (not was_failed)
            )
            workflow.change_work(number, work)
            graph.states[node] = FINISHED | before & DEFERRED


def _tally(workflow: Workflow, nodes: Intervals, state: int) -> None:
    for number, first, last in workflow.by_work(nodes):
        work, more = workflow.works[number], last - first + 1
        if state == FINISHED:
            work = replace(work, finished=work.finished + more)
        elif state == FAILED:
            work = replace(work, failed=work.failed + more)
        else:
            work = replace(work, pruned=work.pruned + more)
        workflow.change_work(number, work)


def _end_ordered(workflow: Workflow, event: WorkflowEndOrdered) -> None:
    """Works that have no task get none; others end with their tasks."""
    workflow.status, workflow.ending, workflow.slicing = STATUS_OF_ENDING[event.ending], event.ending, True
    workflow.message = event.reason or ""
    for number, work in workflow.works.items():
        if work.end is None:
            gets_no_task = work.task_id is None and work.nodes
            task_end = WorkEnd.CANCELLED if gets_no_task else work.task_end
            workflow.change_work(number, replace(work, task_end=task_end, after_stop=False))
    workflow.ask_all()


def _retried(workflow: Workflow, event: WorkflowRetried) -> None:
    workflow.attempt, workflow.message, workflow.slicing, workflow.ending = event.attempt, "", True, None
    workflow.over, workflow.given_up = UndoQueue(), UndoQueue()
    for number, work in workflow.works.items():
        if work.end is WorkEnd.FINISHED:
            continue
        # What is over from the attempt before is no end of this one, but for what ended well after its work had ended.
        is_well = 0 < work.nodes == work.finished
        workflow.ended_works -= work.end is not None
        is_open = is_well or not work.waits
        workflow.works[number] = replace(
            work, end=None, task_end=work.task_end if is_well else None, is_open=is_open, after_stop=False
        )
        if is_well:
            workflow.over[number] = None
        if not is_open:
            workflow.closed[number] = None
    for number, condition in workflow.conditions.items():
        workflow.conditions[number] = replace(condition, is_asked=not condition.definition.waits, branch=None)
    workflow.ask_all()


def _restarted(workflow: Workflow, event: NodesRestarted) -> None:
    graph = workflow.graph
    for number, first, last in workflow.by_work(intervals_of(event.nodes)):
        work = workflow.works[number]
        failed = sum(graph.states[node] == FAILED for node in range(first, last + 1))
        workflow.change_work(number, replace(work, failed=work.failed - failed, pruned=work.pruned - (last - first + 1 - failed)))
        for node in range(first, last + 1):
            graph.wait_again(node)
    if not event.more and workflow.status is WorkflowStatus.RESUMING:
        workflow.status = WorkflowStatus.TRANSFORMING


def _is_in(node: int, nodes: Intervals) -> bool:
    return any(first <= node <= last for first, last in nodes)


def _size(nodes: Intervals) -> int:
    return sum(last - first + 1 for first, last in nodes)

