"""What the jobs of a task used becomes what its other jobs ask for, with the sample; and can be taken back. Without Kafka."""

from collections.abc import Mapping
from typing import Any

import pytest

from commands.aggregates import AGGREGATES
from commands.snapshot import MAIN
from commands.task.learned_values import requirements_learned
from commands.task.measured import Measure, measure_of, nearest_rank
from commands.task.scout_checks import too_much
from commands.task.transitions import TaskStatus
from schemas.queue import JobQueued
from schemas.records import replace
from schemas.task import (
    JobsOrdered,
    RefineTask,
    ReloadTask,
    RequirementsLearned,
    RetryTask,
    RevertRequirements,
    ScoutsJudged,
)
from schemas.types import JobOutcome, JobUsage, OutcomeKind, Requirements, ScoutRules, ScoutsVerdict
from tests.commands.builders import a_definition, account, generate_all, job, the_task
from tests.commands.test_scouts import HALF, a_scouting_task, send

MB = 1024
SAMPLE = (3100, 2900, 3545, 3300, 1200, 3000, 3544, 3700, 3200, 2800)


def used(memory_mb: int, **changes: Any) -> JobUsage:
    return replace(JobUsage(pss_kb_max=memory_mb * MB, cpu_seconds=50.0), **changes)


def scouts_use(memory_mb: int, count: int = 5, usage: Mapping[str, Any] | None = None, **changes: Any) -> Any:
    culm = a_scouting_task(**changes)
    for number in range(1, count + 1):
        account(culm, job(number), OutcomeKind.FINISHED, usage=used(memory_mb, **(usage or {})), walltime_seconds=100)
    return culm


@pytest.mark.parametrize(
    ("percent", "expected"),
    [(0, 1200), (10, 1200), (11, 2800), (50, 3100), (75, 3544), (80, 3544), (81, 3545), (95, 3700), (100, 3700)],
)
def test_a_percentile_is_the_nearest_rank_of_the_printed_sample(percent: int, expected: int) -> None:
    assert nearest_rank(SAMPLE, percent) == expected


def test_a_percentile_of_one_value_is_that_value() -> None:
    assert [nearest_rank([7], percent) for percent in (0, 1, 75, 100)] == [7, 7, 7, 7]


def test_memory_is_the_75th_percentile_of_the_sample_and_a_tenth_more() -> None:
    measures = [Measure(100 + place, memory_kb=value * MB) for place, value in enumerate(SAMPLE)]

    (ram,) = requirements_learned(a_definition(), measures, made_up=True)

    assert (ram.parameter, ram.old, ram.new, ram.applied) == ("ram_mb", 2000.0, 3899.0, True)
    assert (ram.reduction, ram.margin_percent) == ("percentile 75", 10)
    assert (ram.jobs, ram.values) == (tuple(range(100, 110)), tuple(map(float, SAMPLE)))


@pytest.mark.parametrize(
    ("required", "used_mb", "expected"),
    [
        (Requirements(ram_mb=2000, core_count=8), 16_000, 2200),
        (Requirements(ram_mb=16_000, core_count=8, ram_per_core=False), 16_000, 17_600),
        (Requirements(ram_mb=2000), 100, 1000),
        (Requirements(ram_mb=500), 100, 500),
    ],
)
def test_memory_is_by_core_where_the_task_asks_so_and_not_below_what_small_jobs_need(
    required: Requirements, used_mb: int, expected: int
) -> None:
    definition = a_definition(requirements=required)

    (ram,) = requirements_learned(definition, [Measure(1, memory_kb=used_mb * MB)], made_up=True)

    assert ram.new == expected


def test_cpu_time_is_the_95th_percentile_and_half_more_where_jobs_are_long_enough_to_tell() -> None:
    long, short = Measure(1, events=100, walltime_seconds=4_200), Measure(2, events=5, walltime_seconds=900)

    learned = requirements_learned(a_definition(), [long, short], made_up=False)

    assert [(one.parameter, one.jobs, one.values, one.new) for one in learned] == [
        ("hs06_seconds_per_event", (1,), (324.0,), 486.0)
    ]


def test_what_was_learned_of_disk_and_time_is_in_force_and_comes_back_with_a_revert() -> None:
    usage = {"work_dir_bytes": 2_000 * MB * MB, "read_bytes": 500 * MB, "written_bytes": 500 * MB}
    culm = scouts_use(3000, events=150, requirements=Requirements(ram_mb=2000, walltime_seconds=60), usage=usage)
    definition = the_task(culm).definition
    assert definition is not None
    assert (definition.requirements.disk_mb, definition.requirements.disk_io_kbps) == (2_000, 10.0)

    send(culm, RevertRequirements())

    after = the_task(culm).definition
    assert after is not None
    assert (after.requirements.disk_mb, after.requirements.disk_io_kbps, after.requirements.ram_mb) == (0, None, 2000)


def test_a_revert_says_how_much_it_touches_before_it_is_done() -> None:
    culm = scouts_use(3000, events=150)

    asked = send(culm, RevertRequirements(), dry_run=True)
    done = send(culm, RevertRequirements())

    assert (asked.units_hit, asked.units_hit) == (done.units_hit, 140)


def test_memory_that_grows_stands_in_a_good_verdict() -> None:
    rules = ScoutRules(success_tenths=5, leak_kbps_of_core_max=2)
    usage = {"leak_kb_per_second": 3.0}

    verdict = scouts_use(1500, events=150, scouts=rules, usage=usage).last(ScoutsJudged)

    assert verdict.verdict is ScoutsVerdict.GOOD
    assert verdict.message == "the memory of a core grows by 3.0 kB/s, expected at most 2"


def test_what_is_fixed_is_recorded_and_stays() -> None:
    definition = a_definition(scouts=ScoutRules(success_tenths=5, ram_fixed=True, cpu_time_fixed=True))

    learned = requirements_learned(
        definition, [Measure(1, events=100, walltime_seconds=4_200, memory_kb=9_000 * MB)], made_up=False
    )

    assert [(one.parameter, one.applied) for one in learned] == [("ram_mb", False), ("hs06_seconds_per_event", False)]


def test_a_job_tells_proportional_memory_before_resident_and_its_own_events_before_those_of_its_input() -> None:
    usage = JobUsage(rss_kb_max=9, pss_kb_max=7, read_bytes=1, written_bytes=2, cpu_seconds=1.6)
    outcome = JobOutcome(job_id=5, kind=OutcomeKind.FINISHED, events=3, usage=usage, walltime_seconds=60)

    assert measure_of(outcome, 8) == Measure(5, 3, 60, 2, 7, 3)
    assert measure_of(replace(outcome, usage=None), 8) is None


def test_the_rest_of_the_task_asks_for_what_its_scouts_used() -> None:
    culm = scouts_use(3000)
    generate_all(culm)

    learned = culm.last(RequirementsLearned)
    assert (learned.finished_jobs, learned.learned[0].new) == (5, 3300.0)
    orders = [event.definition.requirements.ram_mb for event, _ in culm.events if isinstance(event, JobsOrdered)]
    assert orders == [2000, 3300]
    memory = [event.spec.ram_mb_min for event, _ in culm.events if isinstance(event, JobQueued)]
    assert memory == [1800] * 10 + [2970] * 20


def test_requirements_are_worked_out_again_at_a_hundred_jobs_and_never_after() -> None:
    culm = scouts_use(3000, events=150)
    generate_all(culm)

    for number in range(6, 131):
        account(culm, job(number), OutcomeKind.FINISHED, usage=used(3500), walltime_seconds=100)

    learned = [event for event, _ in culm.events if isinstance(event, RequirementsLearned)]
    assert [(one.finished_jobs, one.learned[0].new, len(one.learned[0].jobs)) for one in learned] == [
        (5, 3300.0, 5), (100, 3850.0, 100),
    ]  # fmt: skip
    assert (len(the_task(culm).learning.measures), the_task(culm).learning.finished_jobs) == (0, 100)


def test_what_was_learned_is_taken_back_and_nothing_more_is_learned() -> None:
    culm = scouts_use(3000, events=150)

    answer = send(culm, RevertRequirements(reason="the scouts were odd"))
    again = send(culm, RevertRequirements())
    generate_all(culm)
    for number in range(6, 121):
        account(culm, job(number), OutcomeKind.FINISHED, usage=used(3500), walltime_seconds=100)

    assert answer.event_types == ("RequirementsReverted",)
    assert again.reason == "NOTHING_LEARNED"
    definition = the_task(culm).definition
    assert definition is not None
    assert definition.requirements.ram_mb == 2000
    assert sum(isinstance(event, RequirementsLearned) for event, _ in culm.events) == 1


def test_a_stranger_does_not_take_back_what_was_learned() -> None:
    assert send(scouts_use(3000), RevertRequirements(), actor="mallory").reason == "NOT_PERMITTED"


def test_another_execution_learns_from_the_beginning() -> None:
    culm = scouts_use(3000, count=5)
    generate_all(culm)
    for number in range(6, 31):
        account(culm, job(number), OutcomeKind.FINISHED, usage=used(3000))

    send(culm, ReloadTask())
    send(culm, RefineTask(definition=a_definition(events_total=31, scouts=HALF), parameters_revision=1), role="system")

    learning = the_task(culm).learning
    assert (learning.finished_jobs, learning.asked, learning.learned_at) == (0, None, 0)


def test_a_task_without_scouts_and_pilots_that_measure_nothing_teach_nothing() -> None:
    without, silent = scouts_use(3000, count=3, scouts=None), a_scouting_task()
    for number in range(1, 6):
        account(silent, job(number), OutcomeKind.FINISHED)

    for culm in (without, silent):
        assert not any(isinstance(event, RequirementsLearned) for event, _ in culm.events)


def test_scouts_that_use_far_more_memory_than_asked_for_exhaust_a_task_with_many_jobs_left() -> None:
    many, few = scouts_use(5000, events=150), scouts_use(5000)

    verdict = many.last(ScoutsJudged)
    assert (verdict.verdict, the_task(many).status) == (ScoutsVerdict.EXHAUSTED, TaskStatus.EXHAUSTED)
    assert verdict.message == "jobs use 5,500 MB for each core, 2,000 MB were asked for; expected at most 4,096 MB"
    assert few.last(ScoutsJudged).verdict is ScoutsVerdict.GOOD


def test_a_retry_after_such_a_verdict_goes_on_without_another() -> None:
    culm = scouts_use(5000, events=150)

    send(culm, RetryTask(), role="production", actor="ops")
    generate_all(culm)

    assert the_task(culm).status is TaskStatus.RUNNING
    assert sum(isinstance(event, ScoutsJudged) for event, _ in culm.events) == 1
    assert culm.last(RequirementsLearned).learned[0].new == 5500.0


def test_what_was_measured_comes_back_from_the_rows_of_the_task() -> None:
    form = AGGREGATES["task"].snapshot
    for culm in (a_scouting_task(), scouts_use(3000, count=4), scouts_use(3000)):
        task = the_task(culm)
        rows = dict(form.rows(task, {MAIN, *form.names(task)}))

        assert form.restored(rows) == task


@pytest.mark.parametrize(
    ("cpu_seconds", "found"), [(200, ""), (201, "job 1 used 2.0 cores, 1 were asked for; expected at most twice as many")]
)
def test_more_than_twice_the_cores_is_a_case_for_a_person(cpu_seconds: int, found: str) -> None:
    assert too_much(a_definition(), [Measure(1, walltime_seconds=100, cpu_seconds=cpu_seconds)]) == found
