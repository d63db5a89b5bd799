"""Rows of ranges of events: what each job was given, in which try, and how it ended."""

import pytest

from projections.ranges import apply as folded
from schemas.ranges import RangesAcquired
from schemas.types import RangeEnd
from tests.commands.in_memory import Culm, a_culm
from tests.commands.test_ranges import FILE, OTHER, acquire, end, report
from tests.projections.sample_history import Said
from tests.projections.tables_in_memory import Tables, after

SET = 7


def rows_of(culm: Culm, batch: int = 200) -> Tables:
    """The rows that the events of the set make."""
    said: list[Said] = [(message, SET) for message, envelope in culm.events if envelope.aggregate_id == str(SET)]
    return after(said, batch=batch)


def a_history() -> Culm:
    """Job 71 does two ranges and is lost with two, of job 72 one fails, and job 73 gets what came back."""
    culm = a_culm()
    acquire(culm, 71, 4)
    acquire(culm, 72, 4, FILE, OTHER)
    report(culm, 71, 1, 2)
    report(culm, 72, 5, 5, RangeEnd.FAILED)
    end(culm, 71)
    acquire(culm, 73, 20, FILE, OTHER)
    report(culm, 73, 3, 4, try_number=2)
    return culm


@pytest.mark.parametrize("batch", [1, 2, 200])
def test_each_job_has_what_it_was_given_with_try_and_state(batch: int) -> None:
    rows = {row["job_id"]: row for row in rows_of(a_history(), batch).all("job_ranges")}

    assert rows[71]["ranges"] == [[1, 2, 1, "d"], [3, 4, 1, "b"]]
    assert rows[72]["ranges"][0] == [5, 5, 1, "r"]
    assert {state for *_, state in rows[72]["ranges"][1:]} == {"s"}
    assert rows[73]["ranges"][0] == [3, 4, 2, "d"]
    assert [5, 5, 2, "s"] in rows[73]["ranges"]
    assert [rows[job]["is_over"] for job in (71, 72, 73)] == [True, False, False]


def test_the_set_knows_which_ranges_were_tried_in_vain() -> None:
    assert rows_of(a_history()).one("range_set")["tries"] == [[[3, 5]]]


def test_a_job_with_very_many_runs_of_ranges_keeps_the_latest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folded, "ENTRIES_MAX", 2)
    culm = a_culm()
    acquire(culm, 71, 4)
    for number in (2, 4):
        report(culm, 71, number, number)

    assert rows_of(culm).one("job_ranges")["ranges"] == [[3, 3, 1, "s"], [4, 4, 1, "d"]]


def test_what_a_new_lease_of_the_job_left_is_given_back() -> None:
    culm = a_culm()
    acquire(culm, 71, 2)
    message = next(one for one, _ in culm.events if isinstance(one, RangesAcquired))
    again = RangesAcquired(
        job_id=71, lease_id="other", events_per_range=message.events_per_range, ranges=message.ranges, returned=message.ranges,
        total=2,
    )  # fmt: skip

    found = after([(message, SET), (again, SET)]).one("job_ranges")

    assert found["ranges"] == [[1, 2, 1, "b"], [1, 2, 1, "s"]]
