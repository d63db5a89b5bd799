"""Heartbeats rolled up into renewals."""

from dataclasses import replace
from typing import Any

import pytest

from schemas import records
from schemas.bounds import OutOfBounds
from schemas.heartbeat import PilotHeartbeat
from schemas.queue import RenewLeases
from streams.engine.messages import OutgoingCommand, RecordRead
from streams.leases.renewal import renewals

SECOND = 1_000_000
START = 1_700_000_000 * SECOND


def a_beat(job_id: int, offset: int, *, queue: str = "Q1", vo: str = "wlcg", seconds: float = 0) -> RecordRead:
    beat = PilotHeartbeat(
        job_id=job_id, attempt=1, queue=queue, state="running", seen_at=START + int(seconds * SECOND), actor="pilot", vo=vo
    )
    return RecordRead(beat, None, "culm.pilot.heartbeats.v1", job_id % 2, offset)


def told(one: OutgoingCommand) -> tuple[str, str, tuple[int, ...], float]:
    assert isinstance(one.command, RenewLeases)
    return one.envelope.aggregate_id, one.envelope.vo, one.command.job_ids, (one.command.seen_at - START) / SECOND


def test_each_queue_and_tenant_gets_one_renewal_with_each_job_once() -> None:
    made = renewals([a_beat(1, 1), a_beat(2, 1, queue="Q2"), a_beat(1, 2, seconds=1), a_beat(3, 3), a_beat(4, 4, vo="lsst")])

    assert [told(one) for one in made] == [
        ("Q1", "wlcg", (1, 3), 1.0),
        ("Q2", "wlcg", (2,), 0.0),
        ("Q1", "lsst", (4,), 0.0),
    ]


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
