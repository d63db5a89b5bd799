"""Every status of a workflow against every command: the whole table, literally."""

from typing import Any, get_args

import pytest

from commands.workflow.transitions import FINAL, TRANSITIONS, WorkflowStatus
from schemas.types import UnitRange, WorkEnd, WorkflowClock
from schemas.workflow import (
    AbortWorkflow,
    AddEdges,
    AddWorks,
    AdvanceWorkflow,
    CloseWorkflow,
    ExpireWorkflow,
    FinishWorkflow,
    RecordUnitEnds,
    RecordWorkEnd,
    ResumeWorkflow,
    RetryWorkflow,
    SealWorkflow,
    StartWork,
    SubmitWorkflow,
    SuspendWorkflow,
    WorkflowCommand,
    WorkflowRetried,
)
from tests.commands.test_job_table import seen
from tests.commands.workflow_scenes import REQUEST, START, Alone, Jobs, a_workflow, compiled, submission, task_of

#: Nodes 0 and 1 are of the first work, 2 and 3 of the second; 3 waits for all others.
JOBS: Jobs = {"w0": {"a": [], "b": []}, "w1": {"c": [], "d": [("w0", "a"), ("w0", "b"), ("w1", "c")]}}
LATER = START + 7200 * 1_000_000
ENDED = (UnitRange(first=1, last=1),)
COMMANDS: dict[str, Any] = {
    "submit": SubmitWorkflow(request_id=int(REQUEST), digest="d1", works=2, nodes=4, edges=3),
    "submit another": SubmitWorkflow(request_id=int(REQUEST), digest="d2"),
    "add works": AddWorks(chunk=1, depths=(0, 0, 0, 1)),
    "add edges": AddEdges(chunk=2, first_parent=0, counts=(1,), children=(3,)),
    "seal": SealWorkflow(works=2, nodes=4, edges=3),
    "start": StartWork(work=0, task_id=task_of(0)),
    "end of a unit": RecordUnitEnds(task_id=task_of(0), finished=ENDED),
    "end of a task": RecordWorkEnd(task_id=task_of(1), end=WorkEnd.FAILED),
    "advance": AdvanceWorkflow(),
    "suspend": SuspendWorkflow(),
    "resume": ResumeWorkflow(),
    "close": CloseWorkflow(),
    "finish": FinishWorkflow(),
    "abort": AbortWorkflow(),
    "expire": ExpireWorkflow(clock=WorkflowClock.LIFETIME),
    "retry": RetryWorkflow(),
}


_S = WorkflowStatus
ALL_WELL = tuple(
    RecordUnitEnds(task_id=task_of(work), finished=(UnitRange(first=1, last=2),)) for work in (0, 1)
)
#: What brings the workflow into a status, or to an end of its own.
BEFORE: dict[WorkflowStatus, tuple[Any, ...]] = {
    _S.SUSPENDED: (SuspendWorkflow(),),
    _S.CLOSING: (CloseWorkflow(),),
    _S.FINISHING: (FinishWorkflow(),),
    _S.CANCELLING: (AbortWorkflow(),),
    _S.CANCELLED: (AbortWorkflow(),),
    _S.EXPIRING: (COMMANDS["expire"],),
    _S.EXPIRED: (COMMANDS["expire"],),
    _S.FINISHED: ALL_WELL,
    _S.SUBFINISHED: (RecordUnitEnds(task_id=task_of(0), finished=(UnitRange(first=2, last=2),)),),
}


def in_status(status: WorkflowStatus) -> Alone:
    """The workflow of `JOBS` in a status; of a final one, how its jobs ended fits."""
    if status is WorkflowStatus.UNKNOWN:
        return Alone()
    if status is WorkflowStatus.SUBMITTING:
        found = Alone()
        for command in submission(compiled(JOBS), lifetime_seconds=3600)[:2]:
            found.send(command)
        return found
    found = a_workflow(JOBS, lifetime_seconds=3600)
    found.now = LATER
    for command in BEFORE.get(status, ()):
        found.send(command)
    if status in FINAL or status is WorkflowStatus.RESUMING:
        for work in (0, 1):
            found.go_on()
            found.send(RecordWorkEnd(task_id=task_of(work), end=WorkEnd.FAILED))
        found.go_on()
    if status is WorkflowStatus.RESUMING:
        found.send(RetryWorkflow())
        found.now += 7200 * 1_000_000  # a retry begins the lifetime again
    assert found.workflow.status is status, found.workflow.status
    return found


TABLE = """
                  unknown           submitting         transforming       suspended          closing            finishing          cancelling      expiring        resuming           finished       subfinished     failed          cancelled       expired
submit            WorkflowSubmitted -                  -                  -                  -                  -                  -               -               -                  -              -               -               -               -
submit another    WorkflowSubmitted ALREADY_EXISTS     ALREADY_EXISTS     ALREADY_EXISTS     ALREADY_EXISTS     ALREADY_EXISTS     ALREADY_EXISTS  ALREADY_EXISTS  ALREADY_EXISTS     ALREADY_EXISTS ALREADY_EXISTS  ALREADY_EXISTS  ALREADY_EXISTS  ALREADY_EXISTS
add works         UNKNOWN_WORKFLOW  WorksAdded         -                  -                  -                  -                  -               -               -                  -              -               -               -               -
add edges         UNKNOWN_WORKFLOW  MISSING_CHUNK      -                  -                  -                  -                  -               -               -                  -              -               -               -               -
seal              UNKNOWN_WORKFLOW  INCOMPLETE         -                  -                  -                  -                  -               -               -                  -              -               -               -               -
start             UNKNOWN_WORKFLOW  WorkStarted        -                  -                  -                  -                  -               -               -                  -              -               -               -               -
end of a unit     UNKNOWN_TASK      UNKNOWN_TASK       NodesAdvanced      NodesAdvanced      NodesAdvanced      NodesAdvanced      NodesAdvanced   NodesAdvanced   NodesAdvanced      -              NodesAdvanced   NodesAdvanced   NodesAdvanced   NodesAdvanced
end of a task     UNKNOWN_WORK      UNKNOWN_WORK       WorkEndReported    WorkEndReported    WorkEndReported    WorkEndReported    WorkEndReported WorkEndReported WorkEndReported    -              -               -               -               -
advance           -                 -                  -                  -                  NodesAdvanced      NodesAdvanced      NodesAdvanced   NodesAdvanced   NodesRestarted     -              -               -               -               -
suspend           UNKNOWN_WORKFLOW  WRONG_STATUS       WorkflowSuspended  -                  WRONG_STATUS       WRONG_STATUS       WRONG_STATUS    WRONG_STATUS    WRONG_STATUS       WRONG_STATUS   WRONG_STATUS    WRONG_STATUS    WRONG_STATUS    WRONG_STATUS
resume            UNKNOWN_WORKFLOW  WRONG_STATUS       -                  WorkflowResumed    WRONG_STATUS       WRONG_STATUS       WRONG_STATUS    WRONG_STATUS    WRONG_STATUS       WRONG_STATUS   WRONG_STATUS    WRONG_STATUS    WRONG_STATUS    WRONG_STATUS
close             UNKNOWN_WORKFLOW  WRONG_STATUS       WorkflowEndOrdered WorkflowEndOrdered -                  WRONG_STATUS       WRONG_STATUS    WRONG_STATUS    WRONG_STATUS       -              -               -               -               -
finish            UNKNOWN_WORKFLOW  WRONG_STATUS       WorkflowEndOrdered WorkflowEndOrdered WorkflowEndOrdered -                  WRONG_STATUS    WRONG_STATUS    WorkflowEndOrdered -              -               -               -               -
abort             UNKNOWN_WORKFLOW  WorkflowEndOrdered WorkflowEndOrdered WorkflowEndOrdered WorkflowEndOrdered WorkflowEndOrdered -               WRONG_STATUS    WorkflowEndOrdered -              -               -               -               -
expire            NO_CLOCK          TOO_EARLY          WorkflowEndOrdered WorkflowEndOrdered WorkflowEndOrdered WorkflowEndOrdered WRONG_STATUS    -               WorkflowEndOrdered NO_CLOCK       NO_CLOCK        NO_CLOCK        NO_CLOCK        NO_CLOCK
retry             UNKNOWN_WORKFLOW  WRONG_STATUS       -                  -                  -                  -                  -               -               -                  WRONG_STATUS   WorkflowRetried WorkflowRetried WorkflowRetried WorkflowRetried
"""  # noqa: E501 - a table is read by its columns


def cells() -> list[tuple[WorkflowStatus, str, str]]:
    """(status, command, expectation) of every cell; `-`: nothing happens."""
    header, *rows = TABLE.strip("\n").splitlines()
    statuses = [WorkflowStatus(word) for word in header.split()]
    return [
        (status, row[:18].strip(), expected)
        for row in rows
        for status, expected in zip(statuses, row[18:].split(), strict=True)
    ]


@pytest.mark.parametrize(("status", "name", "expected"), cells())
def test_a_workflow_answers_as_the_table_says(status: WorkflowStatus, name: str, expected: str) -> None:
    alone = in_status(status)
    before = len(alone.events)

    assert seen(alone.send(COMMANDS[name])) == expected
    at = status
    for event, reached in zip(alone.events[before:], alone.statuses[before:], strict=True):
        assert (at, type(event), reached) in TRANSITIONS
        at = reached


def test_the_table_covers_every_status_and_every_command() -> None:
    assert len(cells()) == len(WorkflowStatus) * len(COMMANDS)
    assert {type(command) for command in COMMANDS.values()} == set(get_args(WorkflowCommand))


def test_an_end_is_left_by_a_retry_alone_and_never_when_all_is_well() -> None:
    left = {(found, event) for found, event, reached in TRANSITIONS if found in FINAL and reached != found}

    assert {event for _, event in left} == {WorkflowRetried}
    assert WorkflowStatus.FINISHED not in {found for found, _ in left}
