"""The row of an answer, whether it stands among the answers or an event stands for it."""

from dataclasses import replace
from typing import Any

import pytest

from schemas import records
from schemas.job import JobStarted
from schemas.reading import Recorded
from tests.projections.event_writer import EventWriter
from tests.projections.tables_in_memory import Tables, the

JOB = 100_000_010_000_001


def a_start(**changes: Any) -> Recorded:
    """JobStarted of a job, its envelope with `changes`."""
    record = EventWriter().recorded(JobStarted(node="n", batch_id="", pilot_id=""), JOB)
    return replace(record, envelope=records.replace(record.event, **changes))


def test_an_event_that_stands_for_the_answer_makes_its_row() -> None:
    record = a_start(role="pilot", command_type="ReportJobProgress", is_answer=True)
    tables = Tables()

    tables.take([record])

    columns = ("command_id", "command_type", "aggregate", "aggregate_id", "accepted", "reason", "sequence", "at", "actor")
    event = record.event
    expected = (event.command_id, "ReportJobProgress", "job", str(JOB), True, None, 1, event.occurred_at, event.actor)
    assert the(tables.one("answer"), *columns) == expected


@pytest.mark.parametrize("changes", [{"role": "pilot"}, {"role": "system", "is_answer": True}], ids=["answered", "own command"])
def test_other_events_make_no_answer(changes: dict[str, Any]) -> None:
    tables = Tables()

    tables.take([a_start(**changes)])

    assert tables.all("answer") == []
