"""What cores and memory make a job, by the table that operators set."""

import pytest

from schemas.policy import SetResourceTypes
from schemas.queue import JobQueued
from schemas.resource_types import BUILT_IN, resource_type_of
from schemas.task import GenerateJobs, RefineTask
from schemas.types import BrokerageEvidence, JobPlan, Requirements, ResourceType
from tests.commands.builders import QUEUE, TASK, a_definition, a_queue, a_running_task, a_submission, lease, the_task
from tests.commands.in_memory import a_culm


@pytest.mark.parametrize(
    ("cores", "memory_mb", "name"),
    [(1, 1_800, "SCORE"), (1, 2_000, "SCORE"), (1, 5_400, "SCORE_HIMEM"), (8, 16_000, "MCORE"), (8, 17_000, "MCORE_HIMEM")],
)
def test_the_built_in_table_names_jobs_by_cores_and_memory_for_each_core(cores: int, memory_mb: int, name: str) -> None:
    assert resource_type_of(BUILT_IN, cores, memory_mb) == name


def test_a_job_of_one_core_and_6_gb_is_himem_and_goes_to_a_pilot_that_asks_for_that_type() -> None:
    culm = a_running_task(a_definition(requirements=Requirements(ram_mb=6_000)))

    assert culm.last(JobQueued).spec.resource_type == "SCORE_HIMEM"
    assert lease(culm, memory_mb=8_000, resource_type="SCORE") is None
    assert lease(culm, memory_mb=8_000, resource_type="SCORE_HIMEM") is not None


def test_a_job_has_the_type_that_its_plan_names() -> None:
    culm = a_culm()
    a_queue(culm)
    culm.send(a_submission(), str(TASK))
    culm.send(RefineTask(definition=a_definition(), parameters_revision=0), str(TASK), role="system")
    ((number, order),) = the_task(culm).orders.items()
    plans = tuple(JobPlan(unit_ids=(unit,), queue=QUEUE, resource_type="SMALL") for unit in order.units)

    command = GenerateJobs(order=number, kind=order.kind, plans=plans, brokerage=BrokerageEvidence(seed="seed"))
    assert culm.send(command, str(TASK), role="system").accepted

    assert culm.last(JobQueued).spec.resource_type == "SMALL"


def test_rows_are_set_whole_by_operators() -> None:
    culm = a_culm()
    rows = (ResourceType(name="SMALL", core_memory_mb_max=1_000), ResourceType(name="REST"))

    assert culm.send(SetResourceTypes(rows=rows), "resource_types", role="operator").event_types == ("ResourceTypesSet",)
    assert culm.send(SetResourceTypes(rows=rows), "resource_types", role="operator").event_types == ()
    assert culm.state("policy", "resource_types").resource_types == rows


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ((), "rows is empty, expected at least one resource type"),
        (
            (ResourceType(name="A"), ResourceType(name="A", cores_min=2)),
            "resource type A is named twice, expected each name once",
        ),
        (
            (ResourceType(name="A", cores_min=4, cores_max=2),),
            "resource type A: cores_min is 4, expected at most cores_max 2",
        ),
        (
            (ResourceType(name="A", core_memory_mb_min=4, core_memory_mb_max=2),),
            "resource type A: core_memory_mb_min is 4, expected at most core_memory_mb_max 2",
        ),
    ],
)
def test_rows_that_cannot_work_are_refused(rows: tuple[ResourceType, ...], message: str) -> None:
    answer = a_culm().send(SetResourceTypes(rows=rows), "resource_types", role="operator")

    assert (answer.accepted, answer.message) == (False, message)
