"""Units packed into jobs: tables of the rules, and laws that hold for any input."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import records
from schemas.types import InputUnit, JobPlan
from streams.jedi.split import GIGABYTE, memory_groups, split
from tests.streams.builders import SEED, a_definition, candidates, files


def packed(plans: tuple[JobPlan, ...]) -> list[list[int]]:
    """Unit ids of each job."""
    return [list(plan.unit_ids) for plan in plans]


@pytest.mark.parametrize(
    ("count", "rules", "expected"),
    [
        (5, {"files_per_job": 2}, [[1, 2], [3, 4], [5]]),
        (5, {"files_per_job_max": 3}, [[1, 2, 3], [4, 5]]),
        (5, {}, [[1, 2, 3, 4, 5]]),
        (1, {"files_per_job": 10}, [[1]]),
        (5, {"jobs_max": 2, "files_per_job": 1}, [[1, 2, 3], [4, 5]]),
        (4, {"jobs_max": 9, "files_per_job": 2}, [[1, 2], [3, 4]]),
    ],
)
def test_files_are_packed_by_number(count: int, rules: dict[str, Any], expected: list[list[int]]) -> None:
    assert packed(split(a_definition(**rules), files(count), candidates(), SEED)) == expected


@pytest.mark.parametrize(
    ("size", "rules", "expected"),
    [
        (GIGABYTE, {"gigabytes_per_job": 2.0}, [[1, 2], [3, 4]]),
        (3 * GIGABYTE, {"gigabytes_per_job": 2.0}, [[1], [2], [3], [4]]),
        (8 * GIGABYTE, {}, [[1, 2], [3, 4]]),
        (8 * GIGABYTE, {"files_per_job": 3}, [[1, 2, 3], [4]]),
    ],
)
def test_files_are_packed_by_size(size: int, rules: dict[str, Any], expected: list[list[int]]) -> None:
    assert packed(split(a_definition(**rules), files(4, size_bytes=size), candidates(), SEED)) == expected


def test_a_job_fits_into_the_work_directory_of_its_queue() -> None:
    plans = split(a_definition(files_per_job=10), files(4, size_bytes=GIGABYTE), candidates(workdir_mb=2100), SEED)

    assert packed(plans) == [[1, 2], [3, 4]]


def test_whole_files_are_packed_by_events() -> None:
    assert packed(split(a_definition(events_per_job=25), files(5, events=10), candidates(), SEED)) == [[1, 2], [3, 4], [5]]


def test_files_without_a_count_are_not_lumped_together_by_events() -> None:
    assert packed(split(a_definition(events_per_job=25), files(3), candidates(), SEED)) == [[1], [2], [3]]


def test_ranges_of_events_share_a_job_only_when_one_continues_the_other() -> None:
    one = files(1)[0]
    ranges = [("a", 0, 4), ("a", 5, 9), ("a", 20, 24), ("b", 0, 4)]
    units = [
        records.replace(one, unit_id=number, lfn=lfn, events=end - start + 1, start_event=start, end_event=end)
        for number, (lfn, start, end) in enumerate(ranges, start=1)
    ]

    assert packed(split(a_definition(events_per_job=100), units, candidates(), SEED)) == [[1, 2], [3], [4]]


def test_made_up_input_gives_one_job_a_unit() -> None:
    units = [InputUnit(unit_id=number, lfn="pseudo_lfn", dataset="pseudo_dataset", events=1) for number in (1, 2, 3)]

    assert packed(split(a_definition(with_input=False), units, candidates(), SEED)) == [[1], [2], [3]]


def test_jobs_are_spread_over_queues_by_weight() -> None:
    heavy, light = candidates("HEAVY", "LIGHT")
    plans = split(
        a_definition(files_per_job=1), files(200), (replace(heavy, queued=300), replace(light, weight=0.1, queued=300)), SEED
    )

    counts = {name: sum(plan.queue == name for plan in plans) for name in ("HEAVY", "LIGHT")}
    assert counts == {"HEAVY": 177, "LIGHT": 23}


def test_raised_memory_never_shares_a_job_with_less() -> None:
    units = [records.replace(unit, ram_mb=ram) for unit, ram in zip(files(5), (None, 4000, 0, 4000, 1000), strict=True)]

    groups = memory_groups(units, 2000)

    assert {ram: [unit.unit_id for unit in group] for ram, group in groups.items()} == {2000: [1, 3, 5], 4000: [2, 4]}


RULES = st.fixed_dictionaries(
    {},
    optional={
        "files_per_job": st.integers(1, 20),
        "files_per_job_max": st.integers(1, 50),
        "events_per_job": st.integers(1, 500),
        "gigabytes_per_job": st.floats(0.1, 50),
        "jobs_max": st.integers(1, 20),
    },
)
UNITS = st.lists(st.tuples(st.integers(0, 30 * GIGABYTE), st.none() | st.integers(1, 300)), min_size=1, max_size=60).map(
    lambda rows: [
        InputUnit(unit_id=number, lfn=f"f{number}", dataset="d", size_bytes=size, events=events, endpoint="LOCAL_DISK")
        for number, (size, events) in enumerate(rows, start=1)
    ]
)


@given(units=UNITS, rules=RULES, seed=st.text(max_size=10), with_input=st.booleans())
def test_every_unit_is_in_exactly_one_plan(units: list[InputUnit], rules: dict[str, Any], seed: str, with_input: bool) -> None:
    plans = split(a_definition(with_input=with_input, **rules), units, candidates("Q1", "Q2"), seed)

    assert [unit_id for plan in plans for unit_id in plan.unit_ids] == [unit.unit_id for unit in units]
    assert all(plan.unit_ids for plan in plans)
    assert {plan.queue for plan in plans} <= {"Q1", "Q2"}
    assert len(plans) <= rules.get("jobs_max", len(units))


@given(units=UNITS, rules=RULES, seed=st.text(max_size=10))
def test_the_same_seed_gives_the_same_plans(units: list[InputUnit], rules: dict[str, Any], seed: str) -> None:
    queues = candidates("Q1", "Q2", "Q3")

    assert split(a_definition(**rules), units, queues, seed) == split(a_definition(**rules), list(units), queues, seed)


def test_input_is_cut_for_the_wall_time_that_is_the_target() -> None:
    """600 s and 1,000 HS06 s an event on cores of 10 HS06 that compute nine tenths of the time: 27 events are 3,600 s."""
    aimed = a_definition(walltime_seconds_target=3600, hs06_seconds_per_event=1000.0)

    assert packed(split(aimed, files(7, events=9), candidates(), SEED)) == [[1, 2, 3], [4, 5, 6], [7]]
    assert packed(split(aimed, files(3), candidates(), SEED)) == [[1, 2, 3]]


def test_a_last_job_that_has_room_for_what_follows_is_left_out() -> None:
    cut = a_definition(files_per_job=2)

    assert packed(split(cut, files(5), candidates(), SEED, continues=True)) == [[1, 2], [3, 4]]
    assert packed(split(cut, files(4), candidates(), SEED, continues=True)) == [[1, 2], [3, 4]]
    assert split(cut, files(1), candidates(), SEED, continues=True) == ()


def test_a_range_of_a_file_counts_the_file_once() -> None:
    one = files(1, size_bytes=15 * GIGABYTE)[0]
    ranges = [
        records.replace(one, unit_id=number, events=5, start_event=first, end_event=first + 4)
        for number, first in ((1, 0), (2, 5), (3, 10))
    ]

    assert packed(split(a_definition(events_per_job=10, gigabytes_per_job=20.0), ranges, candidates(), SEED)) == [[1, 2], [3]]
