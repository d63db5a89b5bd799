"""How input is cut into jobs is the same for orders of any size: decider and planner together, without Kafka."""

from collections.abc import Iterator
from typing import Any

import pytest

from commands.task import settle
from schemas.dataset import RegisterFiles
from schemas.records import replace
from schemas.task import GenerateJobs, JobsGenerated, JobsOrdered, RefineTask, TaskFinalized
from schemas.types import DatasetFile, DatasetRole, OutcomeKind, SplitRules, TaskVerdict
from streams.facts.snapshot import Snapshot
from streams.jedi.generate import generate
from tests.commands.builders import TASK, a_definition, a_queue, a_submission, account, job, the_task
from tests.commands.in_memory import Culm, a_culm
from tests.streams.builders import a_queue as a_known_queue

GIGABYTE = 1024**3


def files(count: int, **changes: Any) -> list[DatasetFile]:
    file = DatasetFile(lfn="f", scope="user.jdoe", size_bytes=5, checksum="ad:1", endpoint="LOCAL_DISK", events=10)
    return [replace(file, lfn=f"f{number:05d}.root", **changes) for number in range(count)]


def cut(datasets: dict[str, list[DatasetFile]], workdir_mb: int = 1_000_000, **rules: Any) -> Culm:
    """A task over these datasets, with every order planned by the planner."""
    culm = a_culm()
    a_queue(culm)
    for name, rows in datasets.items():
        for start in range(0, len(rows), 500):
            culm.send(RegisterFiles(files=tuple(rows[start : start + 500]), role=DatasetRole.INPUT), name)
    culm.send(a_submission(), str(TASK))
    definition = a_definition(
        rules=SplitRules(**rules), events_total=None, sequence_offset=None, parameters="", input_datasets=tuple(datasets)
    )
    culm.send(RefineTask(definition=definition, parameters_revision=0), str(TASK), role="system")
    plan_all(culm, workdir_mb)
    return culm


def plan_all(culm: Culm, workdir_mb: int = 1_000_000) -> None:
    """Answer every open order as the planner does."""
    facts = Snapshot({"LOCAL": a_known_queue("LOCAL", workdir_mb_max=workdir_mb)}, position="")
    while orders := sorted(the_task(culm).orders):
        order = next(event for event, _ in culm.events if isinstance(event, JobsOrdered) and event.order == orders[0])
        planned = generate(order, "wlcg", facts, "seed")
        assert isinstance(planned, GenerateJobs)
        answer = culm.send(planned, str(TASK), role="system")
        assert answer.accepted, answer


def jobs(culm: Culm) -> list[tuple[int, ...]]:
    made: Iterator[Any] = (event for event, _ in culm.events if isinstance(event, JobsGenerated))
    return [one.unit_ids for event in made for one in event.jobs]


def sizes(culm: Culm) -> list[int]:
    assert sorted(unit for units in jobs(culm) for unit in units) == list(range(1, len(the_task(culm).units) + 1))
    return [len(units) for units in jobs(culm)]


@pytest.mark.parametrize(
    ("count", "rules", "expected"),
    [
        (1000, {"files_per_job": 200}, [200] * 5),
        (1000, {"files_per_job": 300}, [300, 300, 300, 100]),
        (1400, {"files_per_job": 700}, [700, 700]),
        (1100, {"files_per_job": 5000}, [1000, 100]),
        (1001, {}, [200, 200, 200, 200, 200, 1]),
        (1200, {"files_per_job_max": 350}, [350, 350, 350, 150]),
        (1000, {"events_per_job": 70}, [7] * 142 + [6]),
        (1000, {"jobs_max": 10, "files_per_job": 1}, [100] * 10),
        (1000, {"jobs_max": 3}, [334, 334, 332]),
        (1000, {"jobs_max": 1}, [1000]),
        (1000, {"jobs_max": 10, "files_per_job": 200}, [200] * 5),
    ],
)
def test_input_is_cut_as_if_all_of_it_were_one_order(count: int, rules: dict[str, Any], expected: list[int]) -> None:
    assert sizes(cut({"in": files(count)}, **rules)) == expected


def test_sizes_cut_input_the_same_across_orders() -> None:
    culm = cut({"in": files(700, size_bytes=GIGABYTE)}, gigabytes_per_job=30.0)

    assert sizes(culm) == [30] * 23 + [10]


def test_the_work_directory_of_a_queue_cuts_input_into_as_few_jobs_across_orders() -> None:
    culm = cut({"in": files(1000, size_bytes=GIGABYTE // 10)}, workdir_mb=1024 * 15, files_per_job=200)

    assert len(sizes(culm)) == 7


@pytest.mark.parametrize("units_max", [1, 7, 500])
def test_the_jobs_are_the_same_for_every_size_of_orders(units_max: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settle, "UNITS_PER_ORDER", units_max)
    rows = [replace(file, size_bytes=number % 7 * GIGABYTE) for number, file in enumerate(files(100))]

    assert jobs(cut({"in": rows}, gigabytes_per_job=11.0)) == jobs_of_one_order(rows)


def jobs_of_one_order(rows: list[DatasetFile]) -> list[tuple[int, ...]]:
    found: list[list[int]] = [[]]
    size = 0
    for number, file in enumerate(rows, start=1):
        if found[-1] and size + file.size_bytes > 11 * GIGABYTE:
            found.append([])
            size = 0
        found[-1].append(number)
        size += file.size_bytes
    return [tuple(units) for units in found]


def test_files_of_two_datasets_are_never_in_one_job() -> None:
    culm = cut({"a": files(700), "b": files(800)}, files_per_job=300)

    assert sorted(sizes(culm)) == [100, 200, 300, 300, 300, 300]
    units = the_task(culm).units
    assert all(len({units[unit].spec.dataset for unit in one}) == 1 for one in jobs(culm))


def test_small_datasets_are_a_job_each() -> None:
    culm = cut({f"d{number}": files(2) for number in range(20)}, files_per_job=10)

    assert sizes(culm) == [2] * 20


def test_files_of_datasets_that_may_be_mixed_fill_jobs() -> None:
    named = {name: [replace(file, lfn=f"{name}.{file.lfn}") for file in files(5)] for name in ("a", "b")}
    twins = {name: [replace(file, scope=name) for file in files(5)] for name in ("a", "b")}

    assert sizes(cut(named, files_per_job=10, datasets_mixed=True)) == [10]
    assert sizes(cut(twins, files_per_job=10, datasets_mixed=True)) == [5, 5]


def test_a_limit_of_jobs_holds_for_datasets_together() -> None:
    culm = cut({"a": files(900), "b": files(90)}, files_per_job=1, jobs_max=10)

    assert len(sizes(culm)) == 10


@pytest.mark.parametrize(
    ("datasets", "limit", "message"),
    [
        ({"a": 2, "b": 2, "c": 2}, 2, "3 input datasets, which share no jobs, in 2 jobs; expected a job for each"),
        ({"a": 1002}, 1, "1,002 input units in 1 jobs are 1,002 a job, expected at most 1,000"),
    ],
)
def test_a_limit_of_jobs_that_cannot_hold_breaks_the_task(datasets: dict[str, int], limit: int, message: str) -> None:
    culm = cut({name: files(count) for name, count in datasets.items()}, jobs_max=limit)

    final = culm.last(TaskFinalized)
    assert (final.verdict, final.message) == (TaskVerdict.BROKEN, message)


def test_made_up_input_shares_jobs_up_to_their_limit() -> None:
    culm = a_culm()
    a_queue(culm)
    culm.send(a_submission(), str(TASK))
    definition = a_definition(rules=SplitRules(events_per_job=1, jobs_max=10), events_total=1000)
    culm.send(RefineTask(definition=definition, parameters_revision=0), str(TASK), role="system")
    plan_all(culm)

    assert sizes(culm) == [100] * 10


def test_input_that_an_order_left_out_is_in_the_next_one_and_counts_as_unused() -> None:
    culm = cut({"in": files(1001)})

    generated = [event for event, _ in culm.events if isinstance(event, JobsGenerated)]
    assert [event.accounts.used for event in generated] == [400, 800, 1001]
    assert [len(event.units) for event, _ in culm.events if isinstance(event, JobsOrdered)] == [500, 500, 201]


def test_input_that_failed_is_planned_although_other_input_goes_on() -> None:
    culm = cut({"in": files(3)}, files_per_job=2)
    account(culm, job(1), OutcomeKind.FAILED)
    plan_all(culm)

    assert jobs(culm) == [(1, 2), (3,), (1, 2)]


def test_a_plan_that_leaves_input_out_where_none_goes_on_is_refused() -> None:
    culm = a_culm()
    a_queue(culm)
    culm.send(a_submission(), str(TASK))
    culm.send(RefineTask(definition=a_definition(), parameters_revision=0), str(TASK), role="system")
    order = culm.last(JobsOrdered)
    facts = Snapshot({"LOCAL": a_known_queue("LOCAL")}, position="")
    whole = generate(order, "wlcg", facts, "seed")
    assert isinstance(whole, GenerateJobs)

    answer = culm.send(replace(whole, plans=whole.plans[:2]), str(TASK), role="system")
    twice = culm.send(replace(whole, plans=(*whole.plans, whole.plans[0])), str(TASK), role="system")

    assert (answer.reason, twice.reason) == ("BAD_PLAN", "BAD_PLAN")
