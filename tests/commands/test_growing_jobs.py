"""Jobs of input that grows: of what fills one, and of the rest when the input closes; scouts of such input."""

from commands.task.transitions import TaskStatus
from schemas.task import TaskBroken
from schemas.types import ScoutRules, SplitRules
from tests.commands.builders import a_queue, generate_all, run_all, the_task
from tests.commands.in_memory import a_culm
from tests.commands.test_growing_input import MADE, a_reader, inputs, writer_ended, written
from tests.commands.test_waiting_for_input import input_of, ordered, refined, register

GIGABYTE = 1024**3


def test_jobs_are_made_of_full_groups_and_of_what_is_left_when_the_input_closes() -> None:
    culm = a_reader("a", rules=SplitRules(files_per_job=2))
    assert (the_task(culm).status, dict(the_task(culm).orders)) == (TaskStatus.DEFINED, {})

    written(culm, "b", "c")
    assert ordered(culm) == ["a", "b"]
    generate_all(culm, per_job=2)
    written(culm, "d", "e")
    assert ordered(culm) == ["c", "d"]
    generate_all(culm, per_job=2)

    writer_ended(culm)
    assert ordered(culm) == ["e"]


def test_with_gigabytes_a_job_is_full_when_the_next_file_does_not_fit() -> None:
    culm = a_culm()
    a_queue(culm)
    written(culm, "a", "b", size_bytes=GIGABYTE)
    refined(input_of(MADE, rules=SplitRules(gigabytes_per_job=2)), culm)
    assert dict(the_task(culm).orders) == {}

    written(culm, "c", size_bytes=GIGABYTE)
    assert ordered(culm) == ["a", "b"]

    writer_ended(culm)
    generate_all(culm, per_job=2)
    assert ordered(culm) == ["c"]


def test_with_events_a_job_is_full_when_it_has_so_many() -> None:
    culm = a_culm()
    a_queue(culm)
    written(culm, "a", events=40)
    refined(input_of(MADE, rules=SplitRules(events_per_job=100)), culm)
    assert dict(the_task(culm).orders) == {}

    written(culm, "b", events=60)

    assert ordered(culm) == ["a", "b"]


def test_a_limit_of_jobs_waits_for_all_of_the_input() -> None:
    culm = a_reader("a", "b", "c", rules=SplitRules(jobs_max=2))
    assert dict(the_task(culm).orders) == {}

    writer_ended(culm)

    assert ordered(culm) == ["a", "b", "c"]


def test_a_limit_of_files_ends_the_wait() -> None:
    culm = a_reader("a", input_files_max=2)

    written(culm, "b", "c")

    assert (inputs(culm), the_task(culm).contents_complete) == (["a", "b"], True)
    assert dict(culm.state("dataset", MADE).subscribers) == {}


def test_files_before_the_offset_are_counted_over_all_that_came() -> None:
    culm = a_reader("a", input_offset=3)

    written(culm, "b", "c")
    written(culm, "d", "e")

    assert inputs(culm) == ["d", "e"]


def test_a_dataset_without_a_file_of_use_breaks_the_task_when_it_closes() -> None:
    culm = a_reader("a", input_include=("never",))
    assert the_task(culm).status is TaskStatus.DEFINED

    writer_ended(culm)

    assert culm.last(TaskBroken).reason == "EMPTY_INPUT"


def test_a_second_input_dataset_is_read_beside_one_that_grows() -> None:
    culm = a_culm()
    a_queue(culm)
    register(culm, "user.jdoe.there", "x")
    written(culm, "a")
    refined(input_of("user.jdoe.there", MADE, rules=SplitRules(files_per_job=2)), culm)
    assert ordered(culm) == ["x"]
    generate_all(culm)

    written(culm, "b")
    assert ordered(culm) == ["a", "b"]


def test_scouts_of_input_that_grows_are_judged_by_as_many_as_they_will_be() -> None:
    culm = a_reader("f00", scouts=ScoutRules(success_tenths=5), rules=SplitRules(files_per_job=1))
    for number in range(1, 4):
        written(culm, f"f{number:02}")
    run_all(culm)
    assert (the_task(culm).status, the_task(culm).finished) == (TaskStatus.SCOUTING, 4)

    written(culm, "f04")
    run_all(culm)

    assert (the_task(culm).status, the_task(culm).scouts.value) == (TaskStatus.RUNNING, "passed")


def test_scouts_are_not_asked_for_when_the_input_ends_with_them() -> None:
    culm = a_reader("a", scouts=ScoutRules(success_tenths=5), rules=SplitRules(files_per_job=1))
    run_all(culm)
    assert the_task(culm).status is TaskStatus.SCOUTING

    writer_ended(culm)

    assert the_task(culm).status is TaskStatus.DONE
