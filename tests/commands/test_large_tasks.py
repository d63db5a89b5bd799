"""A task of very many units is worked on slice by slice: no decision is large, nothing is lost in between, little is at work."""

from typing import Any

import pytest

from commands.task import feeding, kills, progress, retries, settle
from schemas.dataset import ContentsRequested, RegisterFiles
from schemas.job import JobCancelled, KillJob
from schemas.records import replace
from schemas.task import (
    ContentsFed,
    FinishTask,
    JobsOrdered,
    KillTask,
    KillTaskJobs,
    PauseTask,
    ReassignTask,
    RefineTask,
    ReloadTask,
    RetryTask,
    RetryTaskUnits,
    TaskBroken,
    TaskFinalized,
    TaskRetried,
)
from schemas.types import DatasetFile, DatasetRole, OutcomeKind, SplitRules, StepDefinition, TaskVerdict
from tests.commands.builders import (
    TASK,
    a_definition,
    a_queue,
    a_running_task,
    a_submission,
    account,
    end,
    generate_all,
    job,
    lease,
    run_all,
    the_task,
)
from tests.commands.in_memory import Culm, a_culm

DATASET = "user.jdoe.in"


@pytest.fixture(autouse=True)
def small_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    """Slices that few units and jobs fill."""
    monkeypatch.setattr(feeding, "UNITS_PER_SLICE", 4)
    monkeypatch.setattr(retries, "UNITS_PER_RETRY", 2)
    monkeypatch.setattr(kills, "JOBS_PER_KILL", 2)


def units_in(culm: Culm, kind: type[Any]) -> list[int]:
    """Numbers of units in the events of a kind."""
    return [len(message.units) for message, _ in culm.events if type(message) is kind]


def kill_orders(monkeypatch: pytest.MonkeyPatch) -> list[list[int]]:
    """Serials that each decision kills, filled as they are made."""
    seen: list[list[int]] = []
    slice_of = kills._slice

    def recorded(task: Any, command: KillTaskJobs) -> Any:
        made = slice_of(task, command)
        seen.append([int(one.aggregate_id) - TASK * 10_000_000 for one in made if isinstance(one.command, KillJob)])
        return made

    monkeypatch.setattr(kills, "_slice", recorded)
    return seen


def a_task_over(files: list[DatasetFile], **changes: Any) -> Culm:
    """A refined task over a dataset of these files."""
    culm = a_culm()
    a_queue(culm)
    for start in range(0, len(files), 500):
        culm.send(RegisterFiles(files=tuple(files[start : start + 500]), role=DatasetRole.INPUT), DATASET)
    culm.send(a_submission(), str(TASK))
    refine(culm, 0, **changes)
    return culm


def refine(culm: Culm, revision: int, **changes: Any) -> None:
    given: dict[str, Any] = {"events_total": None, "input_datasets": (DATASET,), "rules": SplitRules(events_per_job=1), **changes}
    culm.send(RefineTask(definition=a_definition(**given), parameters_revision=revision), str(TASK), role="system")


def a_file(lfn: str, events: int | None = None) -> DatasetFile:
    return DatasetFile(lfn=lfn, scope="user.jdoe", size_bytes=5, checksum="ad:062c0215", endpoint="LOCAL_DISK", events=events)


def test_a_file_that_is_split_into_many_ranges_is_fed_in_slices() -> None:
    culm = a_task_over([a_file("a"), a_file("b", 10), a_file("c", 3)])

    units = [(unit.spec.lfn, unit.spec.start_event) for unit in the_task(culm).units.values()]
    assert units == [("a", None), *(("b", start) for start in range(10)), *(("c", start) for start in range(3))]
    assert units_in(culm, ContentsFed) == [4, 4, 4, 2]
    assert [message.complete for message, _ in culm.events if isinstance(message, ContentsFed)] == [False, False, False, True]
    assert (the_task(culm).files, the_task(culm).fed) == ({DATASET: 3}, {DATASET: 1})


def test_chunks_of_a_dataset_are_asked_for_one_by_one() -> None:
    culm = a_task_over([a_file("f" * 900 + f"{n:04d}") for n in range(1_000)], rules=SplitRules())

    assert [message.files_total for message, _ in culm.events if isinstance(message, ContentsRequested)] == [1_000]
    assert the_task(culm).fed[DATASET] == 2
    assert [unit.spec.lfn[900:] for unit in the_task(culm).units.values()] == [f"{n:04d}" for n in range(1_000)]


def test_a_dataset_sends_the_same_for_any_order_in_which_its_files_came() -> None:
    culm = a_task_over([a_file(name) for name in "dacb"], rules=SplitRules())

    assert [unit.spec.lfn for unit in the_task(culm).units.values()] == ["a", "b", "c", "d"]


def test_input_that_is_fed_again_is_not_taken_twice() -> None:
    culm = a_task_over([a_file("b", 6)])
    run_all(culm)
    culm.send(RegisterFiles(files=(a_file("a", 2), a_file("c")), role=DatasetRole.INPUT), DATASET)

    culm.send(ReloadTask(), str(TASK))
    refine(culm, 1)
    run_all(culm)

    units = [(unit.spec.lfn, unit.spec.start_event) for unit in the_task(culm).units.values()]
    assert units == [*(("b", start) for start in range(6)), ("a", 0), ("a", 1), ("c", None)]
    assert the_task(culm).files == {DATASET: 3}
    assert the_task(culm).status == "done"


def test_a_limit_of_files_counts_each_file_once() -> None:
    culm = a_task_over([a_file(name, 6) for name in "abcd"], input_files_max=2)
    run_all(culm)

    culm.send(ReloadTask(), str(TASK))
    refine(culm, 1, input_files_max=3)
    run_all(culm)

    assert sorted({unit.spec.lfn for unit in the_task(culm).units.values()}) == ["a", "b", "c"]
    assert len(the_task(culm).units) == 18


def test_a_kill_of_many_jobs_is_many_small_decisions(monkeypatch: pytest.MonkeyPatch) -> None:
    culm = a_running_task(a_definition(events_total=7))
    killed = kill_orders(monkeypatch)

    culm.send(KillTask(), str(TASK))

    assert killed == [[1, 2], [3, 4], [5, 6], [7]]
    assert sum(isinstance(message, JobCancelled) for message, _ in culm.events) == 7
    for number in range(1, 8):
        account(culm, job(number), OutcomeKind.CANCELLED)
    assert culm.last(TaskFinalized).verdict is TaskVerdict.ABORTED


def test_a_kill_that_goes_on_spares_what_was_made_after_it(monkeypatch: pytest.MonkeyPatch) -> None:
    culm = a_running_task(a_definition(events_total=3))
    command = KillTaskJobs(code=51, reason="task reassigned", merging=False, after=0, last=2)
    killed = kill_orders(monkeypatch)

    culm.send(command, str(TASK), role="system")
    culm.send(replace(command, after=2), str(TASK), role="system")

    assert killed == [[1, 2], []]
    assert culm.state("job", job(3)).status == "activated"


def test_a_reassignment_takes_back_every_waiting_job_in_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    culm = a_running_task(a_definition(events_total=5))
    killed = kill_orders(monkeypatch)

    culm.send(ReassignTask(mode="soft"), str(TASK))

    assert killed == [[1, 2], [3, 4], [5]]


def test_a_kill_takes_jobs_that_wait_for_their_merge_too(monkeypatch: pytest.MonkeyPatch) -> None:
    step = StepDefinition(transformation="t", parameters="-r . -a a ${TRN_OUTPUT:OUTPUT} ${TRN_LOG:LOG}")
    culm = a_running_task(a_definition(events_total=5, merge=step))
    for _ in range(3):
        first = lease(culm) or 0
        end(culm, first)
        account(culm, first, OutcomeKind.MERGING)
    killed = kill_orders(monkeypatch)

    culm.send(KillTask(), str(TASK))

    assert killed == [[1, 2], [3, 4], [5]]


def test_a_retry_of_many_units_is_many_small_decisions_and_the_task_waits_for_the_last() -> None:
    culm = a_running_task(a_definition(events_total=5))
    run_all(culm, succeed=False)

    culm.send(RetryTask(), str(TASK))

    retried = [message for message, _ in culm.events if isinstance(message, TaskRetried)]
    assert [(one.units, one.continues, one.more) for one in retried] == [
        ((1, 2), False, True),
        ((3, 4), True, True),
        ((5,), True, False),
    ]
    assert {one.task_attempt for one in retried} == {2}
    run_all(culm)
    assert culm.last(TaskFinalized).verdict is TaskVerdict.DONE


def a_retry_cut_short(culm: Culm, monkeypatch: pytest.MonkeyPatch) -> RetryTaskUnits:
    """A retry whose second slice is still under way, and that slice."""
    held: list[Any] = []
    revival = retries.revival

    def first_slice(*arguments: Any, **more: Any) -> Any:
        retried, rest = revival(*arguments, **more)
        held.extend(one.command for one in rest)
        return retried, ()

    with monkeypatch.context() as patch:
        patch.setattr("commands.task.decide.revival", first_slice)
        culm.send(RetryTask(), str(TASK))
    assert isinstance(held[0], RetryTaskUnits)
    return held[0]


def test_a_task_does_not_end_between_the_slices_of_its_retry(monkeypatch: pytest.MonkeyPatch) -> None:
    culm = a_running_task(a_definition(events_total=3))
    run_all(culm, succeed=False)
    rest = a_retry_cut_short(culm, monkeypatch)

    run_all(culm)
    assert (the_task(culm).status, the_task(culm).finished) == ("running", 2)
    answer = culm.send(rest, str(TASK), role="system")
    run_all(culm)

    assert answer.accepted
    assert the_task(culm).status == "done"


def test_a_slice_of_a_retry_finds_the_task_paused_and_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    culm = a_running_task(a_definition(events_total=3))
    run_all(culm, succeed=False)
    rest = a_retry_cut_short(culm, monkeypatch)
    culm.send(PauseTask(), str(TASK))

    answer = culm.send(rest, str(TASK), role="system")

    assert (answer.accepted, the_task(culm).status, the_task(culm).failed) == (True, "paused", 0)


def test_a_slice_of_a_retry_that_was_ended_meanwhile_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    culm = a_running_task(a_definition(events_total=3))
    run_all(culm, succeed=False)
    rest = a_retry_cut_short(culm, monkeypatch)
    culm.send(FinishTask(soft=False), str(TASK))

    answer = culm.send(rest, str(TASK), role="system")

    assert answer.reason == "STALE"
    assert the_task(culm).failed == 1


def test_a_reload_gives_many_failed_units_new_attempts_in_slices() -> None:
    culm = a_running_task(a_definition(events_total=5))
    run_all(culm, succeed=False)

    culm.send(ReloadTask(), str(TASK))
    culm.send(RefineTask(definition=a_definition(events_total=6), parameters_revision=1), str(TASK), role="system")

    assert units_in(culm, TaskRetried) == [2, 2, 1]
    run_all(culm)
    assert the_task(culm).status == "done"
    assert culm.last(TaskFinalized).accounts.finished == 6


def test_so_many_jobs_of_a_task_are_at_work_and_the_next_are_ordered_as_they_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settle, "UNITS_PER_ORDER", 2)
    monkeypatch.setattr(settle, "JOBS_LIVE_MAX", 5)
    culm = a_running_task(a_definition(events_total=9))

    assert (len(the_task(culm).jobs), the_task(culm).orders) == (4, {})
    account(culm, job(1), OutcomeKind.FINISHED)
    assert [len(message.units) for message, _ in culm.events if isinstance(message, JobsOrdered)] == [2, 2, 2]
    generate_all(culm)
    assert len(the_task(culm).jobs) == 5

    run_all(culm)
    for number in range(1, 10):
        account(culm, job(number), OutcomeKind.FINISHED)
        generate_all(culm)
    assert the_task(culm).status == "done"


def test_a_task_that_has_used_up_its_job_numbers_breaks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "JOBS_PER_TASK", 5)
    culm = a_running_task(a_definition(events_total=3))

    account(culm, job(1), OutcomeKind.FAILED)
    generate_all(culm)
    account(culm, job(2), OutcomeKind.FAILED)
    generate_all(culm)

    assert culm.last(TaskBroken).message == "the task has made 4 jobs, expected fewer than 5"


def test_the_outcomes_of_a_large_task_touch_only_what_ended() -> None:
    culm = a_running_task(a_definition(events_total=40))
    touched: list[int] = []
    units = the_task(culm).units

    for number in range(1, 41):
        before = bytes(units.status)
        account(culm, job(number), OutcomeKind.FINISHED)
        touched.append(sum(one != other for one, other in zip(before, units.status, strict=True)))

    assert touched == [1] * 40
    assert the_task(culm).status == "done"
