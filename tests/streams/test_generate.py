"""The answer to an order of jobs, with its whole explanation."""

from typing import Any

from schemas.bounds import problems_of
from schemas.records import replace
from schemas.task import GenerateJobs, JobsOrdered, ParkTask
from schemas.types import JobKind, JobPlan, QueueStatus, QueueWaiting, Requirements, ResourceType
from streams.facts.snapshot import Snapshot
from streams.jedi.generate import generate
from tests.streams.builders import SEED, a_definition, a_queue, files, unmerged

POSITION = "culm.policy.events.v1:0:3"


def an_order(**changes: Any) -> JobsOrdered:
    return replace(
        JobsOrdered(
            order=4,
            kind=JobKind.NORMAL,
            units=tuple(files(3)),
            definition=a_definition(files_per_job=2),
            task_id=10_000_001,
            priority=1000,
        ),
        **changes,
    )


def facts(*queues: Any) -> Snapshot:
    return Snapshot({queue.settings.name: queue for queue in queues}, position=POSITION)


def test_an_order_of_normal_jobs_is_brokered_and_split() -> None:
    answer = generate(an_order(), "wlcg", facts(a_queue("Q1"), a_queue("OFF", status=QueueStatus.OFFLINE)), SEED)

    assert isinstance(answer, GenerateJobs)
    assert (answer.order, answer.kind) == (4, JobKind.NORMAL)
    assert answer.plans == (JobPlan(unit_ids=(1, 2), queue="Q1"), JobPlan(unit_ids=(3,), queue="Q1"))
    (made,) = answer.decided
    assert [(verdict.queue, verdict.code) for verdict in made.evidence.verdicts] == [("OFF", "status"), ("Q1", "use")]
    assert (made.evidence.seed, made.evidence.facts_position, made.ram_mb) == (SEED, POSITION, 2000)
    assert (answer.brokerage.seed, answer.brokerage.facts_position, answer.brokerage.verdicts) == (SEED, POSITION, ())
    assert [(one.ram_mb, one.waiting) for one in answer.brokerage.cited] == [(2000, (QueueWaiting(queue="Q1", waiting=0),))]


def test_the_answer_about_a_file_of_the_largest_size_that_may_be_registered_is_within_bounds() -> None:
    answer = generate(an_order(units=tuple(files(1, size_bytes=1 << 60))), "wlcg", facts(a_queue("Q1")), SEED)

    assert problems_of(answer) == ()
    assert [one.largest_input_bytes for one in answer.decided] == [1_000_000_000_000_000_000]


def test_a_build_is_one_job_without_input_on_the_best_queue() -> None:
    answer = generate(an_order(kind=JobKind.BUILD, units=()), "wlcg", facts(a_queue("BUSY", waiting=5), a_queue("IDLE")), SEED)

    assert isinstance(answer, GenerateJobs)
    assert answer.plans == (JobPlan(unit_ids=(), queue="IDLE"),)


def test_a_merge_names_the_serials_of_what_it_merges() -> None:
    answer = generate(
        an_order(kind=JobKind.MERGE, units=(), unmerged=tuple(unmerged(3))), "wlcg", facts(a_queue("Q1"), a_queue("Q2")), SEED
    )

    assert isinstance(answer, GenerateJobs)
    assert answer.plans == (JobPlan(unit_ids=(1, 2, 3), queue="Q1"),)


def test_plans_name_the_resource_type_where_the_table_in_force_is_not_the_built_in_one() -> None:
    one, two, three = files(3)
    rows = (ResourceType(name="SCORE", core_memory_mb_max=2_000), ResourceType(name="LARGE"))
    known = Snapshot({"Q1": a_queue("Q1")}, position=POSITION, resource_types=rows)

    answer = generate(an_order(units=(one, replace(two, ram_mb=4000), three)), "wlcg", known, SEED)

    assert isinstance(answer, GenerateJobs)
    assert answer.plans == (
        JobPlan(unit_ids=(1, 3), queue="Q1"),
        JobPlan(unit_ids=(2,), queue="Q1", resource_type="LARGE"),
    )


def test_input_with_raised_memory_is_brokered_apart() -> None:
    one, two, three = files(3)
    order = an_order(units=(one, replace(two, ram_mb=4000), three))

    answer = generate(order, "wlcg", facts(a_queue("SMALL", rss_mb_max=2500, waiting=0), a_queue("BIG", waiting=99)), SEED)

    assert isinstance(answer, GenerateJobs)
    assert [plan for plan in answer.plans if 2 in plan.unit_ids] == [JobPlan(unit_ids=(2,), queue="BIG")]
    assert [(one.ram_mb, len(one.evidence.verdicts)) for one in answer.decided] == [(2000, 2), (4000, 2)]
    assert [one.ram_mb for one in answer.brokerage.cited] == [2000, 4000]


def test_without_a_queue_the_task_is_parked_with_the_reasons() -> None:
    order = an_order(definition=a_definition(requirements=Requirements(ram_mb=9000)))

    answer = generate(order, "wlcg", facts(a_queue("Q1", rss_mb_max=2500), a_queue("Q2", status=QueueStatus.OFFLINE)), SEED)

    assert isinstance(answer, ParkTask)
    assert answer.message == (
        "none of 2 queues can take the jobs: 1 by lowmemory (Q1: 9000 MB of memory are needed, the limit is 2500 MB), "
        "1 by status (Q2: status is offline)"
    )
    assert [verdict.code for one in answer.decided for verdict in one.evidence.verdicts] == ["lowmemory", "status"]


def test_a_parked_task_names_what_really_stands_in_the_way() -> None:
    order = an_order(definition=a_definition(requirements=Requirements(cloud="US")))

    queues = facts(a_queue("Q1", cloud="DE"), a_queue("Q2"), a_queue("Q3", vos=("lsst",), cloud="US"))

    answer = generate(order, "wlcg", queues, SEED)

    assert isinstance(answer, ParkTask)
    assert answer.message == (
        "none of 3 queues can take the jobs: 2 by cloudmismatch (Q1: cloud DE, the task asks for US),"
        " 1 by vo (Q3: serves lsst, not wlcg)"
    )


def test_memory_that_input_was_raised_to_is_named() -> None:
    order = an_order(units=(replace(files(1)[0], ram_mb=4000),))

    answer = generate(order, "wlcg", facts(a_queue("Q1", rss_mb_max=2500)), SEED)

    assert isinstance(answer, ParkTask)
    assert answer.message.startswith("none of 1 queues can take the jobs with 4000 MB of memory: 1 by lowmemory (Q1: ")


def test_without_any_queue_at_all_that_is_the_reason() -> None:
    answer = generate(an_order(), "wlcg", facts(), SEED)

    assert isinstance(answer, ParkTask)
    assert answer.message == "no queue is configured"


def test_the_tenant_of_the_task_counts() -> None:
    assert isinstance(generate(an_order(), "lsst", facts(a_queue("Q1", vos=("wlcg",))), SEED), ParkTask)
