"""Input that is released, held and dropped by unit ids: only what is released becomes jobs. Without Kafka."""

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commands.task import input_release
from commands.task.input_gate import OPEN, shown
from commands.task.input_units import InputUnits
from commands.task.transitions import TaskStatus
from schemas.dataset import RegisterFiles
from schemas.intervals import difference, gaps, intersection, intervals_of, size, size_within, union, within
from schemas.task import (
    DropInput,
    FinishTask,
    HoldInput,
    InputDropped,
    InputHeld,
    InputReleased,
    KillTask,
    PauseTask,
    RefineTask,
    ReleaseInput,
    ReloadTask,
    ResumeTask,
    TaskFinalized,
)
from schemas.types import DatasetRole, OutcomeKind, SplitRules, TaskVerdict, UnitRange
from tests.commands.builders import TASK, a_definition, a_queue, a_submission, account, generate_all, job, run_all, the_task
from tests.commands.in_memory import Culm, a_culm
from tests.commands.test_input_units import a_unit
from tests.commands.test_orders_do_not_show import files, jobs, plan_all

ALL = UnitRange(first=1, last=1_000_000)


def units(*pairs: tuple[int, int]) -> tuple[UnitRange, ...]:
    return tuple(UnitRange(first=first, last=last) for first, last in pairs)


def send(culm: Culm, command: Any, **more: Any) -> Any:
    return culm.send(command, str(TASK), **more)


def a_held_task(held: UnitRange = ALL, **changes: Any) -> Culm:
    """A task of three units, of which those in `held` were held before they were fed."""
    culm = a_culm()
    a_queue(culm)
    send(culm, a_submission())
    assert send(culm, HoldInput(units=(held,))).accepted
    send(culm, RefineTask(definition=a_definition(**changes), parameters_revision=0), role="system")
    generate_all(culm)
    return culm


def test_held_input_is_fed_and_becomes_no_job() -> None:
    culm = a_held_task()

    assert (jobs(culm), the_task(culm).ready, the_task(culm).status) == ([], 3, TaskStatus.DEFINED)


def test_a_task_with_held_units_and_nothing_alive_is_not_finished() -> None:
    culm = a_held_task(UnitRange(first=3, last=3))

    run_all(culm)

    task = the_task(culm)
    assert (task.status, task.finished, task.jobs.counted()) == (TaskStatus.RUNNING, 2, 0)


def test_released_units_become_jobs_and_the_task_ends_with_the_last() -> None:
    culm = a_held_task()

    send(culm, ReleaseInput(units=units((2, 2)), reason="staged"))
    run_all(culm)
    send(culm, ReleaseInput(units=(ALL,)))
    run_all(culm)

    assert jobs(culm) == [(2,), (1,), (3,)]
    assert culm.last(TaskFinalized).verdict is TaskVerdict.DONE


def test_a_release_before_a_unit_is_fed_is_remembered() -> None:
    culm = a_culm()
    a_queue(culm)
    send(culm, a_submission())
    send(culm, HoldInput(units=(ALL,)))

    send(culm, ReleaseInput(units=units((2, 2), (900, 1000))))
    send(culm, RefineTask(definition=a_definition(), parameters_revision=0), role="system")
    generate_all(culm)

    assert jobs(culm) == [(2,)]
    assert the_task(culm).units.gate.held == ((1, 1), (3, 899), (1001, 1_000_000))


def test_a_unit_is_released_once() -> None:
    culm = a_held_task()
    send(culm, ReleaseInput(units=units((1, 2))))
    before = len(culm.events)

    again = send(culm, ReleaseInput(units=units((2, 2))))
    more = send(culm, ReleaseInput(units=units((1, 3))))

    assert (again.accepted, again.event_types) == (True, ())
    assert more.accepted
    released = [event for event, _ in culm.events[before:] if isinstance(event, InputReleased)]
    assert [event.units for event in released] == [units((3, 3))]
    assert released[0].standing == "from 4 on"


def test_units_that_are_held_while_they_have_a_job_get_no_further_attempt() -> None:
    culm = a_culm()
    a_queue(culm)
    send(culm, a_submission())
    send(culm, RefineTask(definition=a_definition(), parameters_revision=0), role="system")
    generate_all(culm)

    send(culm, HoldInput(units=units((1, 1))))
    account(culm, job(1), OutcomeKind.FAILED)
    account(culm, job(2), OutcomeKind.FAILED)
    generate_all(culm)

    assert jobs(culm) == [(1,), (2,), (3,), (2,)]


def test_dropped_units_are_not_needed_for_done() -> None:
    culm = a_held_task(UnitRange(first=3, last=3))
    run_all(culm)

    send(culm, DropInput(units=units((3, 3)), reason="lost on tape"))

    ended = culm.last(TaskFinalized)
    assert (ended.verdict, ended.accounts.total, ended.accounts.finished) == (TaskVerdict.DONE, 3, 2)


def test_dropped_units_that_have_jobs_count_when_they_finish() -> None:
    culm = a_culm()
    a_queue(culm)
    send(culm, a_submission())
    send(culm, RefineTask(definition=a_definition(), parameters_revision=0), role="system")
    generate_all(culm)

    send(culm, DropInput(units=(ALL,)))
    account(culm, job(1), OutcomeKind.FINISHED)
    account(culm, job(2), OutcomeKind.FAILED)
    account(culm, job(3), OutcomeKind.FINISHED)

    ended = culm.last(TaskFinalized)
    assert (ended.verdict, ended.accounts.finished) == (TaskVerdict.DONE, 2)


def test_a_task_of_which_all_was_dropped_fails_and_says_so() -> None:
    culm = a_held_task()

    send(culm, DropInput(units=(ALL,)))

    ended = culm.last(TaskFinalized)
    assert ended.verdict is TaskVerdict.FAILED
    assert ended.message == "0 of 0 input units failed, 0 were not processed, 3 were dropped"


def test_another_execution_takes_dropped_units_again() -> None:
    culm = a_held_task(UnitRange(first=3, last=3))
    run_all(culm)
    send(culm, DropInput(units=units((3, 3))))

    send(culm, ReloadTask())
    send(culm, ReleaseInput(units=(ALL,)))
    send(culm, RefineTask(definition=a_definition(), parameters_revision=1), role="system")
    run_all(culm)

    assert (culm.last(TaskFinalized).verdict, the_task(culm).finished) == (TaskVerdict.DONE, 3)


def test_finish_does_not_wait_for_held_input_and_kill_does_not_either() -> None:
    finished, killed = a_held_task(UnitRange(first=3, last=3)), a_held_task()
    run_all(finished)

    send(finished, FinishTask(soft=True))
    send(killed, KillTask())

    assert finished.last(TaskFinalized).verdict is TaskVerdict.FINISHED
    assert killed.last(TaskFinalized).verdict is TaskVerdict.ABORTED


def test_a_paused_task_is_released_and_goes_on_when_it_is_resumed() -> None:
    culm = a_held_task(UnitRange(first=3, last=3))
    run_all(culm)
    send(culm, PauseTask())
    send(culm, ReleaseInput(units=(ALL,)))
    while_paused = jobs(culm)
    send(culm, ResumeTask())
    generate_all(culm)

    assert (while_paused, jobs(culm)) == ([(1,), (2,)], [(1,), (2,), (3,)])


def test_files_that_are_released_one_by_one_make_whole_jobs() -> None:
    culm = a_culm()
    a_queue(culm)
    culm.send(RegisterFiles(files=tuple(files(7)), role=DatasetRole.INPUT), "in.put")
    send(culm, a_submission())
    send(culm, HoldInput(units=(ALL,)))
    definition = a_definition(
        rules=SplitRules(files_per_job=3), events_total=None, sequence_offset=None, parameters="", input_datasets=("in.put",)
    )
    send(culm, RefineTask(definition=definition, parameters_revision=0), role="system")
    made = []

    for unit_id in (5, 1, 7, 2, 3, 4, 6):
        send(culm, ReleaseInput(units=units((unit_id, unit_id))))
        plan_all(culm)
        made.append(len(jobs(culm)))

    assert made == [0, 0, 1, 1, 1, 2, 3]
    assert jobs(culm) == [(1, 5, 7), (2, 3, 4), (6,)]


@pytest.mark.parametrize("command", [ReleaseInput, HoldInput, DropInput])
@pytest.mark.parametrize(
    ("ranges", "found"),
    [
        ((), "units is empty, expected one range of unit ids at least"),
        (units((2, 1)), "units from 2 to 1, expected a last id of at least 2"),
    ],
)
def test_a_range_that_is_none_is_refused(command: Any, ranges: Any, found: str) -> None:
    answer = send(a_held_task(), command(units=ranges))

    assert (answer.reason, answer.message) == ("BAD_RANGE", found)


@pytest.mark.parametrize("command", [ReleaseInput, HoldInput, DropInput])
def test_an_ended_task_and_a_stranger_are_refused(command: Any) -> None:
    culm = a_held_task()
    stranger = send(culm, command(units=(ALL,)), actor="mallory")
    send(culm, KillTask())

    late = send(culm, command(units=(ALL,)))

    assert stranger.reason == "NOT_PERMITTED"
    assert (late.reason, "aborted status" in (late.message or "")) == ("WRONG_STATUS", True)


def test_the_intervals_of_a_task_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(input_release, "INTERVALS_MAX", 2)
    culm = a_held_task()

    held = send(culm, ReleaseInput(units=units((5, 5), (9, 9))))
    dropped = send(culm, DropInput(units=units((1, 1), (5, 5), (9, 9))))
    fine = send(culm, ReleaseInput(units=units((5, 5))))

    assert (held.reason, dropped.reason, fine.accepted) == ("TOO_MANY_RANGES", "TOO_MANY_RANGES", True)
    assert "would be 3 separate ranges of ids, expected at most 2" in (held.message or "")


def test_events_say_what_stands_for_people() -> None:
    culm = a_held_task(UnitRange(first=2, last=4))

    send(culm, DropInput(units=units((1, 1), (3, 4), (6, 6), (8, 8), (10, 10), (12, 12))))

    assert culm.last(InputHeld).standing == "2-4"
    assert culm.last(InputDropped).standing == "1, 3-4, 6, 8, 10 and 1 more ranges"
    assert shown(()) == ""


#: Few and many, so that both ways of working with them are taken.
PAIRS = st.lists(st.tuples(st.integers(1, 40), st.integers(0, 8)), max_size=6) | st.lists(
    st.tuples(st.integers(1, 120), st.integers(0, 2)), max_size=24
)


def ranges_of(pairs: list[tuple[int, int]]) -> tuple[UnitRange, ...]:
    return units(*((first, first + more) for first, more in pairs))


def numbers(ranges: tuple[UnitRange, ...]) -> set[int]:
    return {number for one in ranges for number in range(one.first, one.last + 1)}


@given(PAIRS, PAIRS)
def test_operations_on_intervals_are_those_on_sets(one: list[tuple[int, int]], other: list[tuple[int, int]]) -> None:
    left, right = intervals_of(ranges_of(one)), intervals_of(ranges_of(other))
    these, those = numbers(ranges_of(one)), numbers(ranges_of(other))

    def as_set(intervals: Any) -> set[int]:
        return {number for first, last in intervals for number in range(first, last + 1)}

    assert as_set(union(left, right)) == these | those
    assert as_set(difference(left, right)) == these - those
    assert as_set(intersection(left, right)) == these & those
    assert as_set(gaps(left, 5, 30)) == set(range(5, 31)) - these
    assert as_set(within(left, 5, 30)) == set(range(5, 31)) & these
    assert size_within(left, 5, 30) == len(set(range(5, 31)) & these)
    assert size(left) == len(these)
    assert all(before[1] + 1 < after[0] for before, after in pairwise(left))


@given(PAIRS, PAIRS, st.integers(0, 50))
def test_what_is_released_is_what_the_gate_lets_pass(
    held: list[tuple[int, int]], dropped: list[tuple[int, int]], most: int
) -> None:
    them = InputUnits()
    them.add([a_unit(number) for number in range(1, 41)], 3)
    gate = OPEN.holding(intervals_of(ranges_of(held)), most).dropping(intervals_of(ranges_of(dropped)))

    them.pass_by(gate)

    closed = numbers(ranges_of(held)) | numbers(ranges_of(dropped))
    assert [unit.unit_id for unit in them.first_ready()] == [n for n in range(1, min(most, 40) + 1) if n not in closed]
    assert them.dropped == len(numbers(ranges_of(dropped)) & set(range(1, 41)))
    assert them.held == len((numbers(ranges_of(held)) - numbers(ranges_of(dropped))) & set(range(1, 41)))
