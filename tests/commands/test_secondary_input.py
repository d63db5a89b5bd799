"""Secondary input: each job has its files of every stream, once, in the order of the list, and the same in a later attempt."""

from typing import Any

import pytest

from commands.task.transitions import TaskStatus
from schemas.dataset import RegisterFiles
from schemas.records import replace
from schemas.task import (
    FeedContents,
    InputAwaited,
    JobOutcomesRecorded,
    JobsGenerated,
    JobsOrdered,
    RefineTask,
    ReloadTask,
    RetryTask,
    SecondaryInputFed,
    TaskBroken,
    TaskFinalized,
)
from schemas.types import DatasetFile, DatasetRole, OutcomeKind, SecondaryInput, SplitRules, TaskVerdict
from tests.commands.builders import TASK, a_definition, a_queue, a_submission, account, run_all, spec_of, the_task
from tests.commands.in_memory import Culm, a_culm
from tests.commands.test_orders_do_not_show import plan_all

GIGABYTE = 1024**3
LACKING = (
    "0 of 6 input units failed, 4 were not processed; "
    "secondary input IN2 (user.jdoe.second) has 1 of 5 files left, too few for a job"
)


def a_stream(**changes: Any) -> SecondaryInput:
    return replace(SecondaryInput(stream="IN2", datasets=("user.jdoe.second",)), **changes)


def register(culm: Culm, dataset: str, prefix: str, count: int, **changes: Any) -> None:
    file = DatasetFile(lfn="f", scope="user.jdoe", size_bytes=5, checksum="ad:1", endpoint="LOCAL_DISK")
    rows = [replace(file, lfn=f"{prefix}{number:04d}", **changes) for number in range(count)]
    for start in range(0, count, 500):
        culm.send(RegisterFiles(files=tuple(rows[start : start + 500]), role=DatasetRole.INPUT), dataset)


def a_definition_with(*streams: SecondaryInput, **changes: Any) -> Any:
    return a_definition(
        **{
            "events_total": None,
            "sequence_offset": None,
            "parameters": "".join(f"${{{one.stream}/L}}" for one in streams),
            "input_datasets": ("user.jdoe.first",),
            "rules": SplitRules(files_per_job=1),
            "secondaries": streams,
            **changes,
        }
    )


def refined(culm: Culm, definition: Any) -> Culm:
    culm.send(a_submission(), str(TASK))
    culm.send(RefineTask(definition=definition, parameters_revision=0), str(TASK), role="system")
    if the_task(culm).orders:
        plan_all(culm)
    return culm


def a_task(*streams: SecondaryInput, first: int = 3, second: int = 10, **changes: Any) -> Culm:
    """A task over `first` master files, and `second` files in user.jdoe.second, with its jobs planned."""
    culm = a_culm()
    a_queue(culm)
    register(culm, "user.jdoe.first", "a", first)
    register(culm, "user.jdoe.second", "s", second)
    return refined(culm, a_definition_with(*streams, **changes))


def jobs(culm: Culm) -> list[Any]:
    return [job for event, _ in culm.events if isinstance(event, JobsGenerated) for job in event.jobs]


def inputs(culm: Culm) -> list[list[str]]:
    """Names that each job stages in."""
    return [[file.lfn for file in spec_of(culm, job.job_id).inputs] for job in jobs(culm)]


def accounts(culm: Culm) -> tuple[int, int, int, int]:
    """Total, used, finished, failed of the only stream, as the last event has them."""
    made = [e for e, _ in culm.events if isinstance(e, JobsGenerated | JobOutcomesRecorded)]
    (one,) = made[-1].secondaries
    return one.total, one.used, one.finished, one.failed


@pytest.mark.parametrize(
    ("stream", "expected"),
    [
        ({}, [["a0000", "s0000"], ["a0001", "s0001"], ["a0002", "s0002"]]),
        ({"ratio": 2}, [["a0000", "s0000", "s0001"], ["a0001", "s0002", "s0003"], ["a0002", "s0004", "s0005"]]),
        ({"files_per_job": 3}, [[f"a{n:04d}", *(f"s{3 * n + k:04d}" for k in range(3))] for n in range(3)]),
        ({"offset": 7}, [["a0000", "s0007"], ["a0001", "s0008"], ["a0002", "s0009"]]),
        ({"include": ("s.*[5-9]$",)}, [["a0000", "s0005"], ["a0001", "s0006"], ["a0002", "s0007"]]),
        ({"exclude": ("[0-4]$",)}, [["a0000", "s0005"], ["a0001", "s0006"], ["a0002", "s0007"]]),
        ({"files": ("s0002", "s0004", "s0006")}, [["a0000", "s0002"], ["a0001", "s0004"], ["a0002", "s0006"]]),
    ],
)
def test_each_job_has_the_next_files_of_the_stream(stream: dict[str, Any], expected: list[list[str]]) -> None:
    culm = a_task(a_stream(**stream))

    assert inputs(culm) == expected
    assert [spec_of(culm, job.job_id).parameters for job in jobs(culm)] == [",".join(names[1:]) for names in expected]


def test_a_ratio_counts_units_and_a_number_counts_jobs() -> None:
    by_unit = a_task(a_stream(ratio=2), first=4, rules=SplitRules(files_per_job=2))
    by_job = a_task(a_stream(files_per_job=2), first=4, rules=SplitRules(files_per_job=2))

    assert [len(names) for names in inputs(by_unit)] == [6, 6]
    assert inputs(by_job) == [["a0000", "a0001", "s0000", "s0001"], ["a0002", "a0003", "s0002", "s0003"]]


def test_a_reusable_stream_begins_again_when_too_few_files_are_left() -> None:
    culm = a_task(a_stream(files_per_job=2, reusable=True), first=4, second=5)

    assert [names[1:] for names in inputs(culm)] == [["s0000", "s0001"], ["s0002", "s0003"]] * 2
    run_all(culm)
    assert accounts(culm) == (5, 4, 4, 0)
    assert culm.last(TaskFinalized).verdict is TaskVerdict.DONE


def test_a_reusable_stream_with_fewer_files_than_a_job_should_have_gives_all_of_them() -> None:
    assert [names[1:] for names in inputs(a_task(a_stream(files_per_job=5, reusable=True), second=2))] == [["s0000", "s0001"]] * 3


def test_a_stream_that_is_not_split_goes_whole_into_each_job() -> None:
    culm = a_task(a_stream(whole=True, reusable=True), second=3)

    assert [names[1:] for names in inputs(culm)] == [["s0000", "s0001", "s0002"]] * 3


def test_two_streams_and_made_up_master_input() -> None:
    culm = a_culm()
    a_queue(culm)
    register(culm, "user.jdoe.second", "s", 3)
    register(culm, "user.jdoe.third", "t", 1)
    streams = a_stream(), a_stream(stream="IN3", datasets=("user.jdoe.third",), files_per_job=1, reusable=True)

    refined(culm, a_definition_with(*streams, input_datasets=(), events_total=3, rules=SplitRules(events_per_job=1)))

    assert inputs(culm) == [["s0000", "t0000"], ["s0001", "t0000"], ["s0002", "t0000"]]


def test_datasets_of_a_stream_follow_each_other_in_its_list() -> None:
    culm = a_culm()
    a_queue(culm)
    for dataset, prefix, count in (("user.jdoe.first", "a", 3), ("user.jdoe.z", "z", 501), ("user.jdoe.b", "b", 2)):
        register(culm, dataset, prefix, count)

    refined(culm, a_definition_with(a_stream(datasets=("user.jdoe.z", "user.jdoe.b"), offset=500)))

    assert [names[1:] for names in inputs(culm)] == [["z0500"], ["b0000"], ["b0001"]]
    fed = [(e.dataset, len(e.files), e.complete) for e, _ in culm.events if isinstance(e, SecondaryInputFed)]
    assert fed == [("user.jdoe.z", 0, False), ("user.jdoe.z", 1, False), ("user.jdoe.b", 2, True)]


@pytest.mark.parametrize("stream", [{}, {"ratio": 2}, {"files_per_job": 2}])
def test_a_later_attempt_has_the_same_files(stream: dict[str, Any]) -> None:
    culm = a_task(a_stream(**stream), first=3)
    first = jobs(culm)[1]

    account(culm, first.job_id, OutcomeKind.FAILED)
    plan_all(culm)

    again = jobs(culm)[-1]
    assert again.unit_ids == first.unit_ids
    assert [file.lfn for file in spec_of(culm, again.job_id).inputs] == inputs(culm)[1]
    assert again.secondaries == ()


def test_the_counters_of_a_stream_stand_in_order_after_every_event() -> None:
    culm = a_task(a_stream(ratio=2), first=3, attempts_max=1)
    seen = [accounts(culm)]
    for job, kind in zip(jobs(culm), (OutcomeKind.FINISHED, OutcomeKind.FAILED, OutcomeKind.FINISHED), strict=True):
        account(culm, job.job_id, kind)
        seen.append(accounts(culm))

    assert seen == [(10, 6, 0, 0), (10, 6, 2, 0), (10, 6, 2, 2), (10, 6, 4, 2)]
    for total, used, finished, failed in seen:
        assert finished + failed <= used <= total


def test_a_task_ends_where_the_files_of_a_stream_run_out() -> None:
    culm = a_task(a_stream(files_per_job=2), first=6, second=5)

    assert len(jobs(culm)) == 2
    run_all(culm)

    ended = culm.last(TaskFinalized)
    assert (ended.verdict, ended.message) == (
        TaskVerdict.FINISHED,
        LACKING,
    )


def test_input_that_has_its_files_is_tried_again_after_the_stream_ran_out() -> None:
    culm = a_task(a_stream(), first=3, second=1)

    account(culm, jobs(culm)[0].job_id, OutcomeKind.FAILED)
    plan_all(culm)

    assert inputs(culm) == [["a0000", "s0000"]] * 2


def test_a_retry_keeps_the_files_of_what_had_failed() -> None:
    culm = a_task(a_stream(), first=2, attempts_max=1)
    for job in jobs(culm):
        account(culm, job.job_id, OutcomeKind.FAILED)
    assert the_task(culm).status is TaskStatus.FAILED

    assert culm.send(RetryTask(), str(TASK)).accepted
    plan_all(culm)

    assert inputs(culm)[2:] == inputs(culm)[:2] == [["a0000", "s0000"], ["a0001", "s0001"]]


def test_a_reload_takes_up_new_files_behind_the_others() -> None:
    culm = a_task(a_stream(), first=3, second=2)
    run_all(culm)
    assert the_task(culm).status is TaskStatus.FINISHED
    register(culm, "user.jdoe.second", "t", 1)

    assert culm.send(ReloadTask(parameters_json="{}"), str(TASK)).accepted
    definition = replace(a_definition_with(a_stream()))
    culm.send(RefineTask(definition=definition, parameters_revision=1), str(TASK), role="system")
    plan_all(culm)

    assert inputs(culm)[2:] == [["a0002", "t0000"]]


def test_a_stream_of_another_definition_begins_with_its_first_file() -> None:
    culm = a_task(a_stream(), first=3, second=2)
    run_all(culm)

    assert culm.send(ReloadTask(parameters_json="{}"), str(TASK)).accepted
    definition = a_definition_with(a_stream(reusable=True))
    culm.send(RefineTask(definition=definition, parameters_revision=1), str(TASK), role="system")
    plan_all(culm)

    assert inputs(culm)[2:] == [["a0002", "s0000"]]


def test_files_beside_the_input_count_in_the_size_of_a_job() -> None:
    rules = SplitRules(gigabytes_per_job=10.0)
    alone = a_task(first=8, rules=rules, secondaries=(), parameters="")
    culm = a_culm()
    a_queue(culm)
    register(culm, "user.jdoe.first", "a", 8, size_bytes=GIGABYTE)
    register(culm, "user.jdoe.second", "s", 8, size_bytes=4 * GIGABYTE)
    refined(culm, a_definition_with(a_stream(), rules=rules))

    assert [len(job.unit_ids) for job in jobs(alone)] == [8]
    assert [len(job.unit_ids) for job in jobs(culm)] == [2, 2, 2, 2]
    load = culm.last(JobsOrdered).secondary
    assert load is not None
    assert (load.unit_files, load.unit_bytes, load.job_files) == (1, 4 * GIGABYTE, 0)


def test_a_job_never_has_more_than_a_thousand_files() -> None:
    culm = a_task(a_stream(ratio=9), first=150, second=1350, rules=SplitRules())

    assert [len(job.unit_ids) for job in jobs(culm)] == [100, 50]


def test_a_job_may_not_have_two_files_of_one_name() -> None:
    culm = a_culm()
    a_queue(culm)
    register(culm, "user.jdoe.first", "a", 1)
    register(culm, "user.jdoe.second", "a", 1, scope="user.other")
    refined(culm, a_definition_with(a_stream()))

    assert culm.last(TaskBroken).message == "job parameters: two input files of one job have the name 'a0000'"


def test_a_secondary_dataset_that_does_not_exist_breaks_the_task_or_is_waited_for() -> None:
    culm = a_culm()
    a_queue(culm)
    register(culm, "user.jdoe.first", "a", 1)
    refined(culm, a_definition_with(a_stream(), wait_input=True))
    assert culm.last(InputAwaited).dataset == "user.jdoe.second"

    register(culm, "user.jdoe.second", "s", 1)
    plan_all(culm)
    assert inputs(culm) == [["a0000", "s0000"]]

    culm = a_culm()
    register(culm, "user.jdoe.first", "a", 1)
    refined(culm, a_definition_with(a_stream()))
    assert culm.last(TaskBroken).message == "input dataset user.jdoe.second does not exist"


def test_a_stream_without_files_breaks_the_task() -> None:
    culm = a_task(a_stream(include=("nothing",)))

    assert culm.last(TaskBroken).message == (
        "secondary dataset user.jdoe.second (stream IN2) has no file that the task could use"
    )


def test_a_chunk_that_was_not_asked_for_is_refused() -> None:
    culm = a_culm()
    register(culm, "user.jdoe.first", "a", 1)
    refined(culm, a_definition_with(a_stream(), wait_input=True))

    stray = FeedContents(dataset="user.jdoe.second", known=True, chunk=1, chunks=2, stream="IN2")
    assert culm.send(stray, str(TASK), role="system").reason == "OUT_OF_ORDER"
    assert not [e for e, _ in culm.events if isinstance(e, SecondaryInputFed)]


def test_the_names_of_files_stand_once_in_the_log_and_not_with_each_unit() -> None:
    culm = a_task(a_stream(whole=True, reusable=True), first=50, second=3)

    fed = [file.lfn for e, _ in culm.events if isinstance(e, SecondaryInputFed) for file in e.files]
    assert fed == ["s0000", "s0001", "s0002"]
    assert {len(job.secondaries) for job in jobs(culm)} == {1}


def test_a_dataset_may_be_master_and_secondary_input() -> None:
    culm = a_culm()
    a_queue(culm)
    register(culm, "user.jdoe.first", "a", 2)
    refined(culm, a_definition_with(a_stream(datasets=("user.jdoe.first",), whole=True, reusable=True)))

    assert inputs(culm) == [["a0000", "a0001"], ["a0001", "a0000"]]
