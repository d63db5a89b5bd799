"""What a filter of the tail looks at, and how an event reads there."""

from typing import Any

import pytest

from api.http.errors import BadRequest
from api.log.live_events import LiveRecord
from api.native.tail import conditions_from, document_of, searched
from schemas.job import JobSent
from schemas.queue import LeaseEnded
from schemas.task import TaskPaused
from schemas.types import LeaseEnding
from schemas.wire import Decoded, entry_of
from schemas.worker import WorkersWanted
from tests.projections.event_writer import EventWriter

TASK, JOB = 10_000_001, 100_000_010_000_001
ENDED = LeaseEnded(job_id=JOB, lease_id="l", pilot="p", ending=LeaseEnding.EXPIRED, waiting=0, leased=0)
SENT = JobSent(lease_id="l", queue="SLAC", pilot="p", node="n")


def a_record(message: Any, key: object) -> LiveRecord:
    entry = entry_of(message)
    return LiveRecord(entry.topic, 1, 7, Decoded(entry, message, EventWriter().envelope(message, key)))


@pytest.mark.parametrize(
    ("message", "key", "fields"),
    [
        (TaskPaused(), TASK, ("task", str(TASK), "", "")),
        (SENT, JOB, ("job", str(TASK), str(JOB), "SLAC")),
        (ENDED, "SLAC", ("queue", str(TASK), str(JOB), "SLAC")),
        (WorkersWanted(wanted=2, live=0, reason="2 jobs wait."), "SLAC", ("worker", "", "", "SLAC")),
    ],
    ids=lambda given: type(given).__name__,
)
def test_a_filter_finds_an_event_by_everything_it_is_about(message: Any, key: object, fields: tuple[str, ...]) -> None:
    found = searched(a_record(message, key))

    assert tuple(found[name] for name in ("aggregate", "task", "job", "queue")) == fields


def test_a_filter_reads_the_sentence_of_an_event() -> None:
    conditions = conditions_from(["text=batch", "queue=SL*", "type=!JobSent"])

    holds = [one.holds(searched(a_record(ENDED, "SLAC"))) for one in conditions]

    assert holds == [False, True, True]


@pytest.mark.parametrize(
    ("filters", "said"),
    [
        (["type=" + "*a" * 600], "has 1200 characters, expected at most 1000"),
        (["type=" + "[ab]" * 200 + "*" + "?" * 150], "instructions, expected at most 500"),
        (["queue=a"] * 21, "more than 20 conditions"),
        (["colour=red"], "expected FIELD=VALUE"),
    ],
)
def test_a_filter_that_costs_too_much_is_refused(filters: list[str], said: str) -> None:
    with pytest.raises(BadRequest, match=said):
        conditions_from(filters)


def test_an_event_of_the_tail_is_as_its_timeline_row() -> None:
    document = document_of(a_record(SENT, JOB))

    assert (document["place"], document["summary"]) == ("culm.job.events.v1/1/7", "Pilot p on n holds the job.")
    told = {"lease_id": "l", "queue": "SLAC", "pilot": "p", "node": "n", "harvester_id": "", "worker_id": ""}
    assert document["body"] == told | {"rebind_max": -1}
