"""`event/get_event_range_statuses`: every form in which it is asked, and what is said of each range."""

import re
from pathlib import Path
from typing import Any

import pytest

from api.panda.arguments import BadArgument
from api.panda.event_states import jobs_in
from schemas.ids import job_id_of
from tests.api.panda.test_forms import Front

TASK = 10000001
JOB, OTHER = job_id_of(TASK, 1), job_id_of(TASK, 2)
CALL = "event/get_event_range_statuses"


@pytest.mark.parametrize(
    "given",
    [
        [f"{{'task_id': {TASK}, 'panda_id': {JOB}}}", f"{{'task_id': {TASK}, 'panda_id': {OTHER}}}"],
        [f'[{{"task_id": {TASK}, "job_id": {JOB}}}, {{"task_id": {TASK}, "panda_id": "{OTHER}"}}]'],
        [{"panda_id": JOB}, {"job_id": OTHER}, {"job_id": JOB}],
        [f"[[{TASK}, {JOB}], [{OTHER}, {TASK}]]"],
    ],
    ids=["as the client says it", "as the reference reads it", "as objects", "as pairs"],
)
def test_jobs_are_read_in_every_form(given: list[Any]) -> None:
    assert jobs_in(given) == [JOB, OTHER]


@pytest.mark.parametrize(
    ("given", "found"),
    [
        (["__import__('os').getcwd()"], "is \"__import__('os').getcwd()\", expected a list of objects"),
        (["(" * 5_000], "expected a list of objects with task_id and panda_id"),
        ([" " * 20_001], "has 20,001 characters, expected at most 20,000"),
        (["{'task_id': 1}"], "expected a list of objects with task_id and panda_id"),
        (["7"], "expected a list of objects with task_id and panda_id"),
        (["{'panda_id': 'x'}"], "expected whole numbers"),
        (["{'panda_id': 99999999999999999999999}"], "expected whole numbers"),
        ([{"panda_id": number} for number in range(101)], "has 101 jobs, expected at most 100"),
    ],
)
def test_what_is_no_job_is_refused_with_what_was_expected(given: list[Any], found: str) -> None:
    with pytest.raises(BadArgument, match=re.escape(found)):
        jobs_in(given)


def asked(home: Path, rows: list[dict[str, Any]]) -> dict[str, Any]:
    front = Front(home, {"from job_ranges": rows})
    ids = [f"{{'task_id': {TASK}, 'panda_id': {job}}}" for job in (JOB, OTHER)]
    return front.envelope("GET", CALL, params={"job_task_ids": ids})


@pytest.mark.parametrize(("is_over", "done"), [(False, "finished"), (True, "done")])
def test_each_range_of_a_job_has_a_status_by_its_id(api_home: Path, is_over: bool, done: str) -> None:
    entries = [[1, 2, 1, "d"], [3, 3, 1, "r"], [3, 3, 2, "x"], [4, 4, 1, "b"], [5, 5, 1, "l"], [6, 6, 1, "s"]]
    row = {"task_id": TASK, "job_id": JOB, "file_id": 9, "ranges": entries, "is_over": is_over}

    found = asked(api_home, [row])

    states = {name: one["status"] for name, one in found["data"][str(JOB)].items()}
    assert found["success"] is True
    assert states == {
        f"{TASK}-{JOB}-9-1-1": done,
        f"{TASK}-{JOB}-9-2-1": done,
        f"{TASK}-{JOB}-9-3-1": "failed",
        f"{TASK}-{JOB}-9-3-2": "fatal",
        f"{TASK}-{JOB}-9-4-1": "cancelled",
        f"{TASK}-{JOB}-9-5-1": "failed",
        f"{TASK}-{JOB}-9-6-1": "sent",
    }
    assert found["data"][str(OTHER)] == {}


def test_jobs_with_more_ranges_than_an_answer_holds_are_refused(api_home: Path) -> None:
    row = {"task_id": TASK, "job_id": JOB, "file_id": 9, "ranges": [[1, 50_001, 1, "d"]], "is_over": True}

    found = asked(api_home, [row])

    assert found["success"] is False
    assert found["message"] == "these jobs have 50,001 ranges, expected at most 50,000; ask for fewer jobs"
