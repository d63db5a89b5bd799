"""Heartbeats rolled up into renewals, ends of jobs into ends of leases."""

from dataclasses import replace
from typing import Any

import pytest

from schemas import records
from schemas.bounds import OutOfBounds
from schemas.heartbeat import PilotHeartbeat
from schemas.job import JobFinished
from schemas.policy import EnrolmentEnded, IdentityRestored, IdentityRevoked
from schemas.queue import EndLeases, RenewLeases, RevokeLeases
from streams.engine.messages import OutgoingCommand, RecordRead
from streams.facts.snapshot import Snapshot
from streams.leases.ends import ended_leases
from streams.leases.renewal import renewals
from streams.provisioning.revoked import revoked_leases
from tests.streams.builders import a_queue, record_read

SECOND = 1_000_000
START = 1_700_000_000 * SECOND


def a_beat(
    job_id: int, offset: int, *, queue: str = "Q1", vo: str = "wlcg", seconds: float = 0, actor: str = "pilot"
) -> RecordRead:
    beat = PilotHeartbeat(
        job_id=job_id, attempt=1, queue=queue, state="running", seen_at=START + int(seconds * SECOND), actor=actor, vo=vo
    )
    return RecordRead(beat, None, "culm.pilot.heartbeats.v1", job_id % 2, offset)


def told(one: OutgoingCommand) -> tuple[str, str, tuple[int, ...], float]:
    assert isinstance(one.command, RenewLeases)
    (seen,) = one.command.seen
    assert seen.actor == "pilot"
    return one.envelope.aggregate_id, one.envelope.vo, seen.job_ids, (one.command.seen_at - START) / SECOND


def test_each_queue_and_tenant_gets_one_renewal_with_each_job_once() -> None:
    made = renewals([a_beat(1, 1), a_beat(2, 1, queue="Q2"), a_beat(1, 2, seconds=1), a_beat(3, 3), a_beat(4, 4, vo="lsst")])

    assert [told(one) for one in made] == [
        ("Q1", "wlcg", (1, 3), 1.0),
        ("Q2", "wlcg", (2,), 0.0),
        ("Q1", "lsst", (4,), 0.0),
    ]


def test_a_renewal_says_which_subject_reported_of_which_job() -> None:
    (made,) = renewals([a_beat(1, 1), a_beat(2, 2, actor="other"), a_beat(1, 3, actor="other"), a_beat(3, 4)])

    assert isinstance(made.command, RenewLeases)
    assert [(one.actor, one.job_ids) for one in made.command.seen] == [("pilot", (1, 3)), ("other", (2, 1))]
    assert made.command.job_ids == ()


def test_beats_far_apart_in_time_do_not_keep_each_other_alive() -> None:
    made = renewals([a_beat(1, 1), a_beat(2, 2, seconds=600)])

    assert [told(one) for one in made] == [("Q1", "wlcg", (1,), 0.0), ("Q1", "wlcg", (2,), 600.0)]


def test_the_same_beats_are_the_same_command_and_other_beats_another() -> None:
    ids = [[one.envelope.command_id for one in renewals(batch)] for batch in ([a_beat(1, 1)], [a_beat(1, 1)], [a_beat(1, 3)])]

    assert ids[0] == ids[1] != ids[2]


@pytest.mark.parametrize(
    ("change", "field"),
    [({"job_id": -5}, "job_id"), ({"seen_at": 2**62}, "seen_at"), ({"queue": ""}, "queue"), ({"queue": "Q" * 5000}, "queue")],
)
def test_a_beat_that_can_be_no_pilots_is_refused_by_itself(change: dict[str, Any], field: str) -> None:
    odd = a_beat(1, 1)

    with pytest.raises(OutOfBounds, match=f"PilotHeartbeat out of bounds: {field}: found "):
        list(renewals([a_beat(2, 2), replace(odd, message=records.replace(odd.message, **change))]))


def an_end(number: int, *, queue: str | None = "Q1", vo: str = "wlcg") -> RecordRead:
    return record_read(JobFinished(lease_on=queue), str(number), number, vo=vo)


def test_each_queue_and_tenant_gets_one_command_for_the_jobs_that_ended() -> None:
    ends = [an_end(1), an_end(2, queue="Q2"), an_end(3), an_end(4, queue=None), an_end(5, vo="other")]

    made = list(ended_leases(ends))

    assert [(one.envelope.aggregate_id, one.envelope.vo, one.command) for one in made] == [
        ("Q1", "wlcg", EndLeases(job_ids=(1, 3))),
        ("Q2", "wlcg", EndLeases(job_ids=(2,))),
        ("Q1", "other", EndLeases(job_ids=(5,))),
    ]
    assert [one.envelope.command_id for one in ended_leases(ends)] == [one.envelope.command_id for one in made]


def test_ends_of_more_jobs_than_one_command_tells_are_several() -> None:
    made = list(ended_leases([an_end(number) for number in range(1, 1_202)]))

    assert [len(one.command.job_ids) for one in made if isinstance(one.command, EndLeases)] == [500, 500, 201]


def test_who_is_believed_no_more_loses_leases_in_every_queue_that_is_known() -> None:
    facts = Snapshot({name: a_queue(name) for name in ("Q1", "Q2")})
    code = "c" * 64
    records = [
        record_read(IdentityRevoked(actor="pilot-1"), "revoked.pilot-1"),
        record_read(IdentityRestored(actor="pilot-1"), "revoked.pilot-1"),
        record_read(EnrolmentEnded(code=code), f"enrolment.{code}"),
    ]

    made = [(one.envelope.aggregate_id, one.command) for one in revoked_leases(records, facts)]

    assert made == [
        ("Q1", RevokeLeases(holder="pilot-1")),
        ("Q2", RevokeLeases(holder="pilot-1")),
        ("Q1", RevokeLeases(enrolment=code)),
        ("Q2", RevokeLeases(enrolment=code)),
    ]
