"""Single requests that once cost a decider or the database minutes or gigabytes: they hurt their sender alone."""

from uuid import uuid4

import pytest

from tests.hostile.cases import Cases
from tests.hostile.naughty import json_text
from tests.monitor.manual_actors import until

pytestmark = pytest.mark.stack


def test_a_hundred_long_names_to_be_merged_hold_no_decider_up(cases: Cases) -> None:
    """Of the names one expression was made for each job: 200 jobs in one decision, two seconds each."""
    name = f"user.hostile.{uuid4()}"
    outputs = [
        {"type": "template", "param_type": "output", "hidden": True, "dataset": f"{name}.{number}/", "container": f"{name}/",
         "value": "a" * 430 + f"b{number:06d}${{SN}}"}
        for number in range(100)
    ]  # fmt: skip
    text = {"type": "constant", "value": "a" * 50_000}
    merge = {"jobParameters": "-r . ${TRN_OUTPUT:OUTPUT}"}

    task = cases.task(jobParameters=[text, *outputs], mergeOutput=True, mergeSpec=merge, nEvents=200)

    cases.lives_on()
    until(lambda: cases.seen(task)["status"] not in ("registered", "defined"), 60)


def test_a_placeholder_that_becomes_more_than_a_process_holds_is_refused(cases: Cases) -> None:
    value = "${" + ",".join(["IN"] * 30_000) + "}"
    names = [f"root://storage.example.org:1094//data/{'d' * 180}/file_{number:06d}.root" for number in range(400)]

    task = cases.task(
        pfnList=names, nFiles=400, nFilesPerJob=400, jobParameters=[{"type": "template", "value": value, "param_type": "input"}]
    )

    cases.lives_on()
    assert cases.ended(task)["status"] == "broken"


@pytest.mark.parametrize("text", ["(?=.*(?=.*(?=.*b)))c", "((a{1,100}){1,100}){1,5}y", "((a{1,20}){1,20}){1,2}y"])
@pytest.mark.parametrize("attribute", ["taskName", "processingType"])
def test_an_expression_that_would_hold_the_database_up_is_refused(cases: Cases, attribute: str, text: str) -> None:
    cases.task()
    filters: dict[str, str | int] = {"n_tasks": 10, "filters": json_text({attribute: text})}

    answer = cases.user.get("/api/v1/task/get_tasks_detailed_info_since", params=filters)

    assert (answer.status_code, answer.json()["success"]) == (200, False), answer.text
    assert cases.user.get("/v1/tasks?limit=1").status_code == 200


@pytest.mark.parametrize("text", ["%a" * 900, "a" * 3_000, "\\"])
@pytest.mark.parametrize("where", ["/v1/tasks", "/v1/jobs", "/v1/datasets", "/v1/queues"])
def test_a_text_to_look_for_is_a_text_or_refused(cases: Cases, where: str, text: str) -> None:
    assert cases.user.get(where, params={"text": text}).status_code in (200, 400)
