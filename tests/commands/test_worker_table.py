"""Every state of a worker against every command: the whole table, literally."""

import pytest

from commands.undo import UndoDict, UndoQueue
from commands.worker.decide import decide
from commands.worker.model import Service, Worker, Workers, initial
from commands.worker.transitions import ALIVE, ENDINGS, TRANSITIONS, reached
from schemas.types import CommandEnvelope, WorkerState
from schemas.worker import (
    CancelWorker,
    ClaimService,
    IntendWorker,
    ReconcileWorkers,
    RecordFirstRequest,
    ReportWorker,
    WantWorkers,
    WithdrawWorker,
    WorkerCommand,
    WorkersReconciled,
)
from tests.commands.test_job_table import seen

NOW = 1_800_000_000_000_000
BY = CommandEnvelope(
    command_id="00000000-0000-0000-0000-000000000001",
    aggregate_id="LOCAL",
    correlation_id="00000000-0000-0000-0000-000000000001",
    issued_at=NOW,
    actor="harvester",
    vo="wlcg",
    role="pilot",
)
OWN, FOREIGN = "culm-1", "other"


def a_report(state: WorkerState, harvester_id: str = OWN) -> ReportWorker:
    return ReportWorker(worker_id="w", harvester_id=harvester_id, state=state, batch_id="77")


def workers_with(state: WorkerState) -> Workers:
    """The worker `w` in `state`: intended long ago, not seen by the listing before the last one."""
    workers = initial()
    workers.service = Service(1, OWN, "i1", NOW + 1, "wlcg")
    workers.harvesters = UndoDict({OWN: None})
    if state in ENDINGS:
        workers.ended = UndoQueue({"w": None})
    elif state in ALIVE:
        workers.live = UndoDict({"w": Worker(state, "wlcg", "culm-w", 1, state is not WorkerState.INTENDED)})
        workers.absent = UndoDict({"w": NOW - 60_000_000})
    return workers


COMMANDS: dict[str, WorkerCommand] = {
    "intend": IntendWorker(worker_id="w", tag="culm-w", harvester_id=OWN, epoch=1, submit_seconds=60),
    "old epoch": IntendWorker(worker_id="w", tag="culm-w", harvester_id=OWN, epoch=2, submit_seconds=60),
    "submitted": a_report(WorkerState.SUBMITTED),
    "pending": a_report(WorkerState.PENDING),
    "held": a_report(WorkerState.HELD),
    "running": a_report(WorkerState.RUNNING),
    "finished": a_report(WorkerState.FINISHED),
    "missed": a_report(WorkerState.MISSED),
    "nowhere": a_report(WorkerState.UNKNOWN),
    "foreign run": a_report(WorkerState.RUNNING, FOREIGN),
    "foreign end": a_report(WorkerState.PREEMPTED, FOREIGN),
    "withdraw": WithdrawWorker(worker_id="w", why="too many"),
    "cancel": CancelWorker(worker_id="w", why="by hand"),
    "absent": ReconcileWorkers(harvester_id=OWN, epoch=1, began_seconds_ago=1, absent=("w",)),
    "ask": RecordFirstRequest(worker_id="w"),
    "want none": WantWorkers(wanted=0),
    "go on": ClaimService(harvester_id=OWN, instance="i1", epoch=1, seconds=60),
}
SHOWN = [WorkerState.UNKNOWN, *sorted(ALIVE), WorkerState.FINISHED, WorkerState.MISSED]
TABLE = """
                  UNKNOWN         HELD            INTENDED        PENDING         RUNNING         SUBMITTED       FINISHED        MISSED
intend            WorkerIntended  WORKER_KNOWN    -               WORKER_KNOWN    WORKER_KNOWN    WORKER_KNOWN    WORKER_KNOWN    WORKER_KNOWN
old epoch         OLD_EPOCH       OLD_EPOCH       OLD_EPOCH       OLD_EPOCH       OLD_EPOCH       OLD_EPOCH       OLD_EPOCH       OLD_EPOCH
submitted         UNKNOWN_WORKER  -               WorkerSubmitted -               -               -               WORKER_ENDED    WORKER_ENDED
pending           UNKNOWN_WORKER  WorkerPending   WorkerPending   -               WorkerPending   WorkerPending   WORKER_ENDED    WORKER_ENDED
held              UNKNOWN_WORKER  -               WorkerHeld      WorkerHeld      WorkerHeld      WorkerHeld      WORKER_ENDED    WORKER_ENDED
running           UNKNOWN_WORKER  WorkerRunning   WorkerRunning   WorkerRunning   -               WorkerRunning   WORKER_ENDED    WORKER_ENDED
finished          UNKNOWN_WORKER  WorkerEnded     WorkerEnded     WorkerEnded     WorkerEnded     WorkerEnded     -               -
missed            UNKNOWN_WORKER  WORKER_SUBMITTED WorkerEnded    WORKER_SUBMITTED WORKER_SUBMITTED WORKER_SUBMITTED -            -
nowhere           BAD_STATE       BAD_STATE       BAD_STATE       BAD_STATE       BAD_STATE       BAD_STATE       WORKER_ENDED    WORKER_ENDED
foreign run       WorkerRunning   WorkerRunning   WorkerRunning   WorkerRunning   -               WorkerRunning   WORKER_ENDED    WORKER_ENDED
foreign end       WorkerEnded     WorkerEnded     WorkerEnded     WorkerEnded     WorkerEnded     WorkerEnded     -               -
withdraw          UNKNOWN_WORKER  WorkerCancelOrdered WorkerCancelOrdered WorkerCancelOrdered WORKER_RUNS     WorkerCancelOrdered WORKER_ENDED WORKER_ENDED
cancel            UNKNOWN_WORKER  WorkerCancelOrdered WorkerCancelOrdered WorkerCancelOrdered WorkerCancelOrdered WorkerCancelOrdered WORKER_ENDED WORKER_ENDED
absent            -               WorkersReconciled+ WorkersReconciled+ WorkersReconciled+ WorkersReconciled+ WorkersReconciled+ - -
ask               -               WorkerAsked     WorkerAsked     WorkerAsked     WorkerAsked     WorkerAsked     -               -
want none         -               -               -               -               -               -               -               -
go on             ServiceClaimed  ServiceClaimed  ServiceClaimed  ServiceClaimed  ServiceClaimed  ServiceClaimed  ServiceClaimed  ServiceClaimed
"""  # noqa: E501 - a table is read by its columns


def cells() -> list[tuple[WorkerState, str, str]]:
    """(state, command, expectation) of every cell; `-`: nothing happens."""
    header, *rows = TABLE.strip("\n").splitlines()
    states = [WorkerState(word) for word in header.split()]
    assert states == SHOWN
    return [
        (state, row[:18].strip(), expected) for row in rows for state, expected in zip(states, row[18:].split(), strict=True)
    ]


@pytest.mark.parametrize(("state", "name", "expected"), cells())
def test_a_worker_answers_as_the_table_says(state: WorkerState, name: str, expected: str) -> None:
    assert seen(decide(workers_with(state), COMMANDS[name], BY)) == expected


def test_the_table_covers_every_state_and_every_command() -> None:
    assert len(cells()) == len(SHOWN) * len(COMMANDS)
    assert set(SHOWN) | ENDINGS == set(WorkerState)
    assert {type(command) for command in COMMANDS.values()} == {
        WantWorkers, ClaimService, IntendWorker, ReportWorker, WithdrawWorker, CancelWorker, ReconcileWorkers,
        RecordFirstRequest,
    }  # fmt: skip


@pytest.mark.parametrize(("state", "name", "expected"), cells())
def test_every_event_a_decision_makes_is_in_the_table_of_transitions(state: WorkerState, name: str, expected: str) -> None:
    at = state
    for event in decide(workers_with(state), COMMANDS[name], BY).events:
        if hasattr(event, "worker_id"):
            found = reached(at, event)
            assert found is not None, f"{type(event).__name__} in {at}"
            at = found


@pytest.mark.parametrize("ending", sorted(ENDINGS))
def test_each_ending_stays_apart_from_the_others(ending: WorkerState) -> None:
    decision = decide(workers_with(WorkerState.INTENDED), a_report(ending), BY)

    assert [event.state for event in decision.events] == [ending]


def test_no_transition_leaves_an_ending_or_leads_back_to_the_intent() -> None:
    assert [found for found, _, _ in TRANSITIONS if found in ENDINGS] == []
    assert [found for found, _, to in TRANSITIONS if to is WorkerState.INTENDED and found not in (to, WorkerState.UNKNOWN)] == []


def test_the_event_of_a_listing_comes_before_the_ends_that_it_proves() -> None:
    reconciled, ended = decide(workers_with(WorkerState.RUNNING), COMMANDS["absent"], BY).events

    assert isinstance(reconciled, WorkersReconciled)
    assert (reconciled.vanished, ended.state, ended.diagnostic) == (1, WorkerState.LOST, "the batch system has it no more")
