"""What events do to the rows around tasks and jobs: queues, leases, deadlines, workers, datasets, policies, answers."""

from dataclasses import replace

import pytest

from schemas import records
from schemas.dataset import ContentsRequested, DatasetClosed, FilesRegistered, WritingEnded
from schemas.queue import JobQueued, JobWithdrawn, LeasesRenewed, TaskHeld, TaskReleased
from schemas.reading import Recorded
from schemas.task import (
    ContentsFed,
    InputAwaited,
    InputNamesAdded,
    ScheduledCommandEnded,
    TaskCommandScheduled,
    TaskFinalized,
    TaskFinishOrdered,
    TaskKillOrdered,
    TaskParked,
    TaskReassigned,
    TaskReloaded,
    TaskRetried,
    TaskWoken,
)
from schemas.types import DatasetRole, LeaseEnding, NameList, TaskVerdict, WorkerState
from schemas.worker import (
    QueueHealthy,
    QueueUnhealthy,
    ServiceClaimed,
    WorkerAsked,
    WorkerCancelOrdered,
    WorkerEnded,
    WorkerEndReported,
    WorkerIntended,
    WorkerSubmitted,
)
from tests.projections.event_writer import START, EventWriter
from tests.projections.sample_history import (
    INPUT,
    QUEUE,
    a_spec,
    accounts,
    an_answer,
    ended,
    evidence,
    leased,
    submitted,
    worker_over,
    world,
)
from tests.projections.tables_in_memory import Tables, after, the

TASK = 10_000_001
JOB = 100_000_010_000_001
SECOND = 1_000_000
LEASE = (leased(TASK, JOB), QUEUE)
RENEWAL = (LeasesRenewed(job_ids=(JOB, JOB + 1), seen_at=1_800_000_500_000_000), QUEUE)
PARKING = (TaskParked(order=1, brokerage=evidence(), message="no queue has room"), TASK)
EXHAUSTION = (TaskFinalized(verdict=TaskVerdict.EXHAUSTED, message="", accounts=accounts()), TASK)


def test_a_queue_counts_what_waits_and_what_is_leased() -> None:
    events = [
        (JobQueued(spec=a_spec(JOB, TASK), waiting=1, leased=0), QUEUE),
        LEASE,
        (JobWithdrawn(job_id=JOB + 1, reason="killed", waiting=3, leased=4), QUEUE),
    ]

    queue = after(world(), events).one("queue")

    assert the(queue, "name", "waiting", "leased", "sequence") == (QUEUE, 3, 4, 4)
    assert queue["settings"]["site"] == "LOCAL"


def test_a_lease_lasts_from_the_pilots_last_sign_of_life() -> None:
    fresh = after([LEASE]).one("lease")
    renewed = after([LEASE, RENEWAL]).one("lease")

    assert the(fresh, "lease_seconds", "seen_at") == (60, LEASE[0].due_at - 60 * SECOND)
    assert the(renewed, "seen_at", "leased_at") == (1_800_000_500_000_000, START + SECOND)


def test_a_lease_is_gone_when_it_ended() -> None:
    tables = after([LEASE, (ended(JOB, LeaseEnding.JOB_ENDED), QUEUE), RENEWAL])

    assert tables.all("lease") == []
    assert tables.all("deadline") == []


def test_a_queue_holds_tasks_back_until_they_are_released() -> None:
    held = [(TaskHeld(task_id=1), QUEUE), (TaskHeld(task_id=2), QUEUE)]

    tables = after(held, [(TaskReleased(task_id=1), QUEUE)])

    assert tables.all("held_task") == [{"queue": QUEUE, "task_id": 2}]


def test_the_deadline_of_a_lease_moves_with_heartbeats() -> None:
    deadline = after([LEASE, RENEWAL]).one("deadline")

    assert the(deadline, "kind", "aggregate", "aggregate_id", "key", "sequence") == ("lease", "queue", QUEUE, str(JOB), 2)
    assert the(deadline, "counted_from", "length_micros") == (1_800_000_500_000_000, 60 * SECOND)
    assert deadline["detail"] == {"job_id": JOB, "lease_id": f"lease-{JOB}", "lease_seconds": 60, "task_id": TASK}


def test_a_parked_task_is_due_after_an_hour() -> None:
    deadlines = after([(submitted(TASK), TASK), PARKING]).all("deadline")

    deadline = next(row for row in deadlines if row["kind"] == "parked")
    assert the(deadline, "kind", "aggregate", "aggregate_id", "key") == ("parked", "task", str(TASK), "")
    assert the(deadline, "counted_from", "length_micros") == (START + 2 * SECOND, 3600 * SECOND)


UUIDS = ("00000000-0000-0000-0000-00000000000a", "00000000-0000-0000-0000-00000000000b")
UNFINISHED = (records.replace(submitted(TASK), lists=(NameList(list="pfnList", count=3),)), TASK)


def named(chunk: int, left: int) -> InputNamesAdded:
    status = "waiting" if left else "registered"
    return InputNamesAdded(chunk=chunk, list="pfnList", names=("a",), names_left=left, status=status)


def test_a_submission_whose_names_are_to_come_is_due_an_hour_after_it() -> None:
    deadline = after([UNFINISHED, (named(0, 2), TASK)]).one("deadline")

    assert the(deadline, "kind", "aggregate_id", "length_micros") == ("submission", str(TASK), 3600 * SECOND)
    assert deadline["counted_from"] == START + SECOND


@pytest.mark.parametrize("event", [named(1, 0), TaskKillOrdered()], ids=lambda event: type(event).__name__)
def test_a_submission_that_is_complete_or_given_up_is_not_due(event: object) -> None:
    assert after([UNFINISHED, (named(0, 2), TASK), (event, TASK)]).all("deadline") == []


def test_names_of_a_task_are_rows_by_chunk_and_its_lists_a_column() -> None:
    tables = after([UNFINISHED, (named(0, 2), TASK), (named(1, 1), TASK)])

    assert [the(row, "chunk", "list", "names") for row in tables.all("task_names")] == [
        (0, "pfnList", ["a"]), (1, "pfnList", ["a"]),
    ]  # fmt: skip
    assert the(tables.one("task"), "status", "super_status", "lists") == (
        "waiting", "registered", [{"list": "pfnList", "count": 3}],
    )  # fmt: skip


WAITS = (InputAwaited(dataset="user.jdoe.later", message="waits for it", limit_seconds=7 * 86_400), TASK)


def test_input_that_does_not_exist_is_due_after_a_week_and_not_once_it_came() -> None:
    deadline = after([(submitted(TASK), TASK), WAITS]).one("deadline")
    assert the(deadline, "kind", "key", "length_micros") == ("input", "", 7 * 86_400 * SECOND)
    assert deadline["detail"] == {"dataset": "user.jdoe.later"}

    came = ContentsFed(dataset="user.jdoe.later", units=(), complete=False, accounts=accounts(), status="defined")
    assert after([(submitted(TASK), TASK), WAITS, (came, TASK)]).all("deadline") == []
    beside = InputAwaited(dataset="user.jdoe.later", message="waits for it; its parent is at work")
    assert after([(submitted(TASK), TASK), WAITS, (beside, TASK)]).all("deadline") == []


def test_an_exhausted_task_is_due_after_two_days() -> None:
    deadline = after([(submitted(TASK), TASK), PARKING, EXHAUSTION]).one("deadline")

    assert the(deadline, "kind", "length_micros") == ("exhausted", 48 * 3600 * SECOND)


@pytest.mark.parametrize(
    "event",
    [
        TaskWoken(cause="TIMER"),
        TaskKillOrdered(),
        TaskFinishOrdered(soft=True),
        TaskReassigned(mode="soft"),
        TaskFinalized(verdict=TaskVerdict.BROKEN, message="", accounts=accounts()),
    ],
    ids=lambda event: type(event).__name__,
)
def test_a_task_that_is_not_parked_any_more_has_no_deadline(event: object) -> None:
    rows = after([(submitted(TASK), TASK), PARKING, (event, TASK)]).all("deadline")

    # One that is tried again is given up in the end if that is in vain.
    assert [row["kind"] for row in rows] == (["pending"] if isinstance(event, TaskWoken) else [])


def test_a_further_part_of_a_retry_leaves_a_parked_task_its_deadline() -> None:
    further = TaskRetried(units=(), attempts_max=5, task_attempt=2, continues=True)

    assert len(after([(submitted(TASK), TASK), PARKING, (further, TASK)]).all("deadline")) == 2


def test_each_command_for_later_has_a_deadline_of_its_own_until_it_is_decided() -> None:
    first, second = (
        TaskCommandScheduled(schedule_id=number, at=START + length, at_text="then", command="KillTask")
        for number, length in ((UUIDS[0], 60 * SECOND), (UUIDS[1], 90 * SECOND))
    )
    ended = ScheduledCommandEnded(schedule_id=UUIDS[0], command="KillTask", actor="jdoe", outcome="carried out")

    deadline = after([(submitted(TASK), TASK), (first, TASK), (second, TASK), (ended, TASK)]).one("deadline")

    assert the(deadline, "kind", "key", "sequence") == ("scheduled", UUIDS[1], 3)
    assert deadline["counted_from"] + deadline["length_micros"] == START + 90 * SECOND


@pytest.mark.parametrize(
    "event",
    [
        TaskRetried(units=(), attempts_max=5, task_attempt=2),
        TaskReloaded(parameters_json="{}", parameters_revision=1, retried=False, task_attempt=2),
        TaskFinishOrdered(soft=False),
        TaskKillOrdered(),
    ],
    ids=lambda event: type(event).__name__,
)
def test_a_task_that_is_not_exhausted_any_more_has_no_deadline(event: object) -> None:
    assert after([(submitted(TASK), TASK), EXHAUSTION, (event, TASK)]).all("deadline") == []


def test_a_worker_has_a_life() -> None:
    tables = after(world(), [worker_over()])

    worker = tables.one("worker")
    assert the(worker, "queue", "worker_id", "state", "node", "exit_code") == (QUEUE, "w1", "finished", "node1", 0)
    assert worker["submitted_at"] < worker["started_at"] < worker["ended_at"]
    assert the(tables.one("worker_demand"), "wanted", "live", "reason", "sequence") == (1, 0, "2 jobs wait", 4)


def test_a_dataset_exists_once_a_file_was_registered() -> None:
    asked = after([(ContentsRequested(task_id=TASK, files_total=0), "nowhere"), (DatasetClosed(), "nowhere")])
    there = after(world())

    assert asked.all("dataset") == []
    assert the(there.one("dataset"), "name", "role", "state", "files_total", "owner") == (INPUT, "INPUT", "closed", 2, "jdoe")
    assert [row["lfn"] for row in there.all("dataset_file")] == ["in.1", "in.2"]


def test_a_dataset_that_its_task_closed_is_open_with_the_next_file() -> None:
    first = FilesRegistered(role=DatasetRole.OUTPUT, files_total=1, task_id=TASK, until_task_ends=True)
    closed = [(first, "d"), (WritingEnded(task_id=TASK, writers_left=1), "d"), (DatasetClosed(task_id=TASK), "d")]
    again = [*closed, (records.replace(first, files_total=2, reopened=True), "d")]

    assert the(after(closed).one("dataset"), "state", "files_total", "sequence") == ("closed", 1, 3)
    assert the(after(again).one("dataset"), "state", "files_total", "sequence") == ("open", 2, 4)


def test_a_policy_is_its_last_document() -> None:
    policies = {row["name"]: row for row in after(world()).all("policy")}

    assert sorted(policies) == ["queue.LOCAL", "retry_rules", "shares"]
    assert policies["shares"]["document"]["shares"][0]["name"] == "User Analysis"


def test_the_first_answer_to_a_command_counts() -> None:
    writer, tables = EventWriter(), Tables()
    first, again = an_answer(1), an_answer(1, repeated=True, message="again")
    place = writer.recorded(submitted(TASK), TASK).place
    records = [
        Recorded(replace(place, topic="culm.command.answers.v1", offset=number), answer, None)
        for number, answer in enumerate((first, again))
    ]

    tables.take(records)

    assert the(tables.one("answer"), "command_id", "accepted", "message") == (first.command_id, True, None)


def test_a_worker_that_was_intended_has_what_was_asked_and_its_outcome() -> None:
    intended = WorkerIntended(
        worker_id="w2",
        tag="culm-w2",
        harvester_id="h1",
        epoch=3,
        class_name="medium",
        memory_mb=8000,
        submit_by=5 * SECOND,
        live=1,
    )
    submitted = WorkerSubmitted(worker_id="w2", harvester_id="h1", live=1, batch_id="77", state=WorkerState.RUNNING)
    ordered = WorkerCancelOrdered(worker_id="w2", why="by hand", by="operator")
    claimed = ServiceClaimed(harvester_id="h1", instance="i1", epoch=3, until=9 * SECOND)
    tables = after([(claimed, QUEUE), (intended, QUEUE), (submitted, QUEUE), (ordered, QUEUE)])

    worker = tables.one("worker")
    assert the(worker, "state", "batch_id", "memory_mb", "class_name", "mode") == ("running", "77", 8000, "medium", "pull")
    assert the(worker, "is_foreign", "cancel_ordered", "cancel_why") == (False, True, "by hand")
    assert the(tables.one("worker_service"), "epoch", "harvester_id", "until") == (3, "h1", 9 * SECOND)
    assert the(tables.one("worker_demand"), "live", "sequence") == (1, 4)


def test_what_the_batch_system_says_of_a_worker_that_was_over_is_shown_beside_its_end() -> None:
    finished = WorkerEnded(worker_id="w2", harvester_id="h1", state=WorkerState.FINISHED, live=0)
    word = WorkerEndReported(
        worker_id="w2", harvester_id="h1", state=WorkerState.OUT_OF_MEMORY, native_state="OOM", reason="OutOfMemory", signal=9
    )

    worker = after([(finished, QUEUE), (word, QUEUE)]).one("worker")

    assert the(worker, "state", "native_state", "reason", "signal") == ("finished", "OOM", "OutOfMemory", 9)


def test_a_queue_says_why_it_is_closed_until_a_worker_asks_for_work() -> None:
    intended = WorkerIntended(worker_id="w2", tag="culm-w2", harvester_id="h1", epoch=3, submit_by=5 * SECOND, live=1)
    closed = QueueUnhealthy(worker_id="w1", fingerprint="no-shared-folder", ended=3, probe_at=7 * SECOND)
    opened = [(WorkerAsked(worker_id="w2"), QUEUE), (QueueHealthy(worker_id="w2"), QUEUE)]

    before, after_all = after([(intended, QUEUE), (closed, QUEUE)]), after([(intended, QUEUE), (closed, QUEUE), *opened])

    why = "The queue gets no new work: 3 workers in a row ended before they asked for any (no-shared-folder)."
    why += " The first worker that asks for work opens it."
    assert the(before.one("worker_demand"), "unhealthy", "probe_at") == (why, 7 * SECOND)
    assert the(after_all.one("worker_demand"), "unhealthy", "probe_at") == ("", None)
    assert before.one("worker")["asked_at"] is None
    assert after_all.one("worker")["asked_at"] is not None
