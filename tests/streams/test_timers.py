"""What deadlines call for, and that no pilot is declared dead for a silence that could not be observed."""

import pytest

from schemas.queue import ExpireLease
from schemas.task import CarryOutScheduled, ExpireInput, ExpirePending, ExpireSubmission, FinishTask, WakeTask
from streams.engine.messages import OutgoingCommand
from streams.timers.due import Due, command_for
from streams.timers.watch import HeartbeatWindow, LastSeen, Watch

SECOND = 1_000_000
LEASE = Due(
    "lease", "Q1", "77", 100 * SECOND, 9, "wlcg", {"job_id": 77, "lease_id": "l1", "lease_seconds": 30, "task_id": 10_000_001}
)


def said(
    row: Due, now: float, *, watched_since: float | None = 0.0, last_seen: float = 0.0, read_until: float | None = None
) -> OutgoingCommand | None:
    since = None if watched_since is None else int(watched_since * SECOND)
    until = now if read_until is None else read_until
    return command_for(row, int(now * SECOND), HeartbeatWindow(since, int(until * SECOND), int(last_seen * SECOND)))


def test_a_lease_that_ran_out_while_heartbeats_were_read_is_expired() -> None:
    made = said(LEASE, 101, watched_since=50)

    assert made is not None
    assert made.command == ExpireLease(job_id=77, lease_id="l1", at=101 * SECOND, watched_since=50 * SECOND)
    assert (made.envelope.aggregate_id, made.envelope.vo, made.envelope.role) == ("Q1", "wlcg", "system")


@pytest.mark.parametrize(
    ("now", "watched_since", "last_seen"),
    [
        (99.0, 0.0, 0.0),
        (101.0, None, 0.0),
        (101.0, 80.0, 0.0),
        (101.0, 0.0, 90.0),
    ],
    ids=["not due", "no one listens", "listening for less than a lease", "a heartbeat that the read model does not know yet"],
)
def test_a_lease_is_not_expired_too_early(now: float, watched_since: float | None, last_seen: float) -> None:
    assert said(LEASE, now, watched_since=watched_since, last_seen=last_seen) is None


def test_a_lease_ends_as_of_the_moment_up_to_which_heartbeats_were_read() -> None:
    made = said(LEASE, 500, read_until=101)

    assert said(LEASE, 500, read_until=99) is None
    assert made is not None
    assert made.command == ExpireLease(job_id=77, lease_id="l1", at=101 * SECOND, watched_since=0)
    assert made.envelope.issued_at == 500 * SECOND


def test_the_same_row_is_the_same_command_and_leases_moved_together_are_not() -> None:
    other = Due("lease", "Q1", "78", LEASE.due_at, LEASE.sequence, "wlcg", dict(LEASE.detail) | {"job_id": 78})
    found = [said(LEASE, 101), said(LEASE, 105), said(other, 101), said(LEASE, 140, watched_since=105)]

    ids = [made.envelope.command_id for made in found if made is not None]
    assert ids[0] == ids[1]
    assert len(set(ids)) == 3


def test_a_parked_task_is_woken_and_an_exhausted_one_ended() -> None:
    parked, exhausted = (said(Due(kind, "10000001", "", 5, 3, "wlcg"), 1) for kind in ("parked", "exhausted"))

    assert parked is not None
    assert parked.command == WakeTask(cause="TIMER")
    assert exhausted is not None
    assert exhausted.command == FinishTask(soft=False, reason="exhausted for 48 hours")


def test_a_command_that_was_ordered_is_due_by_its_own_id() -> None:
    made = said(Due("scheduled", "10000001", "5c0e-schedule", 5, 3, "wlcg"), 1)

    assert made is not None
    assert made.command == CarryOutScheduled(schedule_id="5c0e-schedule")


def test_a_submission_whose_names_did_not_come_is_ended() -> None:
    made = said(Due("submission", "10000001", "", 5, 1, "wlcg"), 1)

    assert made is not None
    assert made.command == ExpireSubmission()


def test_input_that_did_not_come_is_given_up() -> None:
    made = said(Due("input", "10000001", "", 5, 4, "wlcg"), 1)

    assert made is not None
    assert made.command == ExpireInput()


def test_a_task_that_waits_for_a_queue_for_long_is_given_up_with_the_length_in_force() -> None:
    built_in = said(Due("pending", "10000001", "", 5, 4, "wlcg"), 1)
    changed = said(Due("pending", "10000001", "", 5, 4, "wlcg", seconds=3_600), 1)
    exhausted = said(Due("exhausted", "10000001", "", 5, 4, "wlcg", seconds=3_600), 1)

    assert built_in is not None
    assert changed is not None
    assert exhausted is not None
    assert (built_in.command, changed.command) == (ExpirePending(seconds=604_800), ExpirePending(seconds=3_600))
    assert exhausted.command == FinishTask(soft=False, reason="exhausted for 1 hour")


def test_an_unknown_kind_is_an_error_that_names_it() -> None:
    with pytest.raises(ValueError, match="deadline of kind 'lunch', expected lease, submission, parked"):
        said(Due("lunch", "x", "", 0, 1), 1)


def test_a_watch_lasts_until_a_gap() -> None:
    watch = Watch(5 * SECOND)
    assert watch.since is None

    for now in (10, 11, 15, 20):
        watch.works(now * SECOND)
    assert watch.since == 10 * SECOND

    watch.works(26 * SECOND)
    assert watch.since == 26 * SECOND


def test_a_clock_set_back_is_a_gap() -> None:
    watch = Watch(5 * SECOND)
    for now in (100, 50, 51):
        watch.works(now * SECOND)

    assert watch.since == 50 * SECOND


def test_a_failure_ends_the_watch_at_once() -> None:
    watch = Watch(5 * SECOND)
    watch.works(10 * SECOND)
    watch.fails()
    assert watch.since is None

    watch.works(11 * SECOND)
    assert watch.since == 11 * SECOND


def test_heartbeats_are_remembered_as_long_as_a_lease_may_run() -> None:
    seen = LastSeen(keep=100, limit=2)
    for job_id, at in (("1", 10), ("2", 20), ("1", 30), ("3", 40)):
        seen.note(job_id, at)

    seen.forget(now=60)
    assert [seen.of(job_id) for job_id in ("1", "2", "3")] == [30, 0, 40]

    seen.forget(now=135)
    assert [seen.of(job_id) for job_id in ("1", "3")] == [0, 40]
