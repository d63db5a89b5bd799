"""The units of a task as columns answer as objects would, at a tenth of the memory; and every change of them can be put back."""

import pickle
import tracemalloc
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commands import undo
from commands.task.input_units import InputUnits, Unit, UnitStatus
from commands.task.live_jobs import JobState, LiveJob, LiveJobs
from schemas.ids import job_id_of
from schemas.records import replace
from schemas.types import GeneratedJob, InputUnit, JobKind, UnitChange
from tests.doses import dose

TASK = 10_000_001
#: What one takes is the same from some thousand on.
MANY = dose(100_000, fast=20_000)


def a_unit(number: int, **changes: Any) -> InputUnit:
    unit = InputUnit(
        unit_id=number,
        lfn=f"file.{number:07d}.root",
        dataset="user.jdoe.input",
        scope="user.jdoe",
        guid=f"00000000-0000-4000-8000-{number:012d}",
        size_bytes=number,
        checksum="ad:062c0215",
        endpoint="LOCAL_DISK",
    )
    return replace(unit, **changes)


def units_of(*specs: InputUnit, attempts_max: int = 3) -> InputUnits:
    units = InputUnits()
    units.add(specs, attempts_max)
    return units


def a_change(number: int, **changes: Any) -> UnitChange:
    return replace(UnitChange(unit_id=number, finished=False, failed=False, attempt=1, failed_attempt=1), **changes)


def some_jobs(first: int, count: int, queue: str = "LOCAL") -> list[GeneratedJob]:
    return [
        GeneratedJob(job_id=job_id_of(TASK, serial), serial=serial, queue=queue, unit_ids=(serial,), attempt=1)
        for serial in range(first, first + count)
    ]


def test_units_are_found_as_they_were_fed_across_feeds() -> None:
    fed = [a_unit(number, events=number % 3 or None, start_event=0) for number in range(1, 1301)]
    fed[699] = a_unit(700, ram_mb=4000)
    units = units_of(*fed[:500])

    units.add(fed[500:], attempts_max=5)

    assert len(units) == 1300
    assert [unit.spec for unit in units.values()] == fed
    assert units.specs([1, 512, 513, 700, 2]) == [fed[0], fed[511], fed[512], fed[699], fed[1]]
    assert units[500] == Unit(fed[499], 3, UnitStatus.READY, 0, 0)
    assert units[501].attempts_max == 5


def test_a_name_with_a_line_break_stays_one_name() -> None:
    fed = [a_unit(1, lfn="a\nb"), a_unit(2, lfn="c"), a_unit(3, lfn="c", dataset="d\nd", guid="x\ny")]

    assert units_of(*fed).specs([1, 2, 3]) == fed


def test_an_account_changes_alone() -> None:
    units = units_of(a_unit(1), a_unit(2))

    units.account([a_change(2, failed=True, attempt=3, failed_attempt=2, ram_mb=8000)])

    assert units[1] == Unit(a_unit(1), 3, UnitStatus.READY, 0, 0)
    assert units[2] == Unit(a_unit(2, ram_mb=8000), 3, UnitStatus.FAILED, 3, 2)
    assert list(units.with_status(UnitStatus.FAILED)) == [2]
    assert [units.count(status) for status in UnitStatus] == [1, 0, 0, 0, 1]


def test_more_attempts_for_all_and_for_one_add_up() -> None:
    units = units_of(a_unit(1), a_unit(2))
    units.account([a_change(1, failed=True, attempt=3)])

    units.allow_all(2)
    units.allow_attempts(1, more=5)
    units.allow_attempts(2, more=1)
    units.add([a_unit(3)], attempts_max=3)

    assert [units[number].attempts_max for number in (1, 2, 3)] == [8, 5, 3]


def test_a_gap_in_the_numbers_is_a_bug() -> None:
    with pytest.raises(AssertionError, match="unit 2 is fed where 1 is expected"):
        units_of(a_unit(2))


def test_input_that_is_fed_again_is_known_by_its_file_and_range_and_dataset() -> None:
    units = units_of(a_unit(1, lfn="a"), a_unit(2, lfn="b", start_event=0), a_unit(3, lfn="b", start_event=10))
    units.add([a_unit(4, lfn="c")], 3)
    asked = {("a", -1), ("a", 0), ("b", 0), ("b", 10), ("b", 20), ("c", -1), ("z", -1)}

    assert units.keys_known("user.jdoe.input", asked, before=4) == {("a", -1), ("b", 0), ("b", 10), ("c", -1)}
    assert units.keys_known("user.jdoe.input", asked, before=3) == {("a", -1), ("b", 0), ("b", 10)}
    assert units.keys_known("other", asked, before=4) == set()
    assert units.files_known("user.jdoe.input", {"a", "b", "z"}, before=4) == {"a", "b"}


def memory_of(make: Any) -> tuple[Any, int]:
    """What `make` made, and the bytes that it holds."""
    tracemalloc.start()
    try:
        made = make()
        return made, tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()


def test_a_hundred_thousand_units_take_less_than_200_bytes_each_beside_their_names() -> None:
    def fed() -> InputUnits:
        units = InputUnits()
        for start in range(1, MANY + 1, 500):
            units.add([a_unit(number, events=5, start_event=0, end_event=4) for number in range(start, start + 500)], 3)
        return units

    units, held = memory_of(fed)

    names = sum(len(a_unit(number).lfn) for number in (1, MANY)) // 2
    assert held / MANY - names < 200
    assert len(pickle.dumps(units, pickle.HIGHEST_PROTOCOL)) / MANY - names < 200


def test_a_hundred_thousand_live_jobs_take_less_than_60_bytes_each_and_nothing_once_they_ended() -> None:
    def made() -> LiveJobs:
        jobs = LiveJobs()
        for first in range(1, MANY + 1, 500):
            jobs.add(JobKind.NORMAL, some_jobs(first, 500))
        return jobs

    jobs, held = memory_of(made)

    assert held / MANY < 60
    assert len(jobs) == MANY
    for serial in range(1, MANY + 1):
        jobs.move(serial, JobState.ENDED)
    assert (len(jobs), list(jobs.pages)) == (0, [])


def test_jobs_are_found_by_id_as_long_as_they_live() -> None:
    jobs = LiveJobs()
    jobs.add(JobKind.NORMAL, [*some_jobs(1, 2), *some_jobs(3, 1, queue="FAR")])
    jobs.add(JobKind.MERGE, some_jobs(4, 2))

    jobs.move(2, JobState.ENDED)
    jobs.move(3, JobState.UNMERGED)

    assert jobs.get(job_id_of(TASK, 1)) == LiveJob(job_id_of(TASK, 1), 1, JobKind.NORMAL, "LOCAL", (1,), 1)
    assert jobs.get(job_id_of(TASK, 5)) == LiveJob(job_id_of(TASK, 5), 5, JobKind.MERGE, "LOCAL", (5,), 1)
    assert [jobs.get(job_id_of(TASK, serial)) for serial in (2, 3, 6)] == [None, None, None]
    assert (len(jobs), jobs.counted()) == (3, 4)
    assert list(jobs.to_kill(0, 9, merging=False)) == [1]
    assert list(jobs.to_kill(0, 9, merging=True)) == [1, 3, 4, 5]
    assert list(jobs.to_kill(3, 4, merging=True)) == [4]
    assert list(jobs.awaiting_merge()) == [3]


OPERATIONS = st.lists(st.tuples(st.sampled_from(["feed", "move", "account", "limit", "all"]), st.integers(1, 40)), max_size=30)


def operate(units: InputUnits, name: str, number: int) -> None:
    """One change."""
    some = sorted({1 + number * 7 % len(units), 1 + number * 3 % len(units)}) if len(units) else []
    match name:
        case "feed":
            units.add([a_unit(len(units) + place + 1) for place in range(number)], number)
        case "move":
            units.move(some, list(UnitStatus)[number % 5])
        case "account":
            units.account(a_change(one, finished=number % 3 == 0, failed=number % 3 == 1, ram_mb=number) for one in some)
        case "limit":
            for one in some:
                units.allow_attempts(one, number)
        case _:
            units.allow_all(number)


@given(OPERATIONS, OPERATIONS)
def test_all_that_is_done_to_units_can_be_put_back(
    before: list[tuple[str, int]], after: list[tuple[str, int]]
) -> None:
    units, as_before = InputUnits(), InputUnits()
    for name, number in before:
        operate(units, name, number)
        operate(as_before, name, number)

    mark = undo.mark()
    for name, number in after:
        operate(units, name, number)
    undo.put_back(mark)
    undo.forget()

    assert units == as_before


@given(OPERATIONS)
def test_counters_and_the_first_ready_units_are_those_of_the_units(operations: list[tuple[str, int]]) -> None:
    units = InputUnits()
    for name, number in operations:
        operate(units, name, number)

    statuses = [unit.status for unit in units.values()]
    assert [units.count(status) for status in UnitStatus] == [statuses.count(status) for status in UnitStatus]
    ready = [number for number, status in enumerate(statuses, start=1) if status is UnitStatus.READY]
    assert [spec.unit_id for spec in units.first_ready()] == ready


@given(st.lists(st.tuples(st.integers(1, 30), st.sampled_from(list(JobState))), max_size=30))
def test_all_that_is_done_to_jobs_can_be_put_back(moves: list[tuple[int, JobState]]) -> None:
    jobs = LiveJobs()
    for first in (1, 11, 21):
        jobs.add(JobKind.NORMAL, some_jobs(first, 10))
    before = pickle.loads(pickle.dumps(jobs))

    mark = undo.mark()
    for serial, state in moves:
        if jobs.state_of(serial) is not JobState.ENDED:
            jobs.move(serial, state)
    undo.put_back(mark)
    undo.forget()

    assert jobs == before


@pytest.mark.parametrize("column", [undo.UndoArray("q", [1, 2]), undo.UndoBytes(b"ab")])
def test_arrays_refuse_changes_that_cannot_be_put_back(column: Any) -> None:
    with pytest.raises(TypeError, match="cannot be put back"):
        column.append(1)
    with pytest.raises(TypeError, match="cannot be put back"):
        del column[0]
    with pytest.raises(TypeError, match="cannot be put back"):
        column[0:1] = column[0:1]
