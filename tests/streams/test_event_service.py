"""A task with nEventsPerWorker: its jobs take ranges of the events of one file each, and its results are merged."""

from typing import Any

import pytest

from schemas.types import InputUnit, TaskDefinition
from streams.jedi.candidates import Candidate
from streams.jedi.refine import refine
from streams.jedi.split import split
from streams.jedi.task_parameters import Refusal
from tests.streams.builders import a_submission, a_submission_with_input

API = "https://culm"
ESMERGE = {"transPath": "https://cvmfs/esmerge", "jobParameters": "-i ${TRN_OUTPUT:OUTPUT}"}
UNITS = [
    InputUnit(unit_id=n, lfn=f"f{n}", dataset="d", scope="s", size_bytes=1, endpoint="SE", events=100) for n in range(1, 4)
]


def refined(**changes: Any) -> TaskDefinition | Refusal:
    return refine(a_submission_with_input(**({"nEventsPerWorker": 10, "esmergeSpec": ESMERGE} | changes)), API)


def test_each_file_has_a_job_whose_ranges_have_so_many_events() -> None:
    found = refined(nGBPerJob=100)

    assert isinstance(found, TaskDefinition)
    assert (found.rules.events_per_range, found.rules.files_per_job) == (10, 1)
    assert found.merge is not None
    assert (found.merge.transformation, found.merge.parameters) == ("https://cvmfs/esmerge", "-i ${TRN_OUTPUT:OUTPUT}")
    plans = split(found, UNITS, [Candidate("A", 1.0, 0, 1_000_000)], "seed", units_per_job=3)
    assert [plan.unit_ids for plan in plans] == [(1,), (2,), (3,)]


def test_the_usual_merge_does_as_well() -> None:
    found = refined(esmergeSpec=None, mergeSpec={"jobParameters": "-r ."}, mergeOutput=True)

    assert isinstance(found, TaskDefinition)
    assert found.merge is not None
    assert found.merge.parameters == "-r ."


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"nEventsPerWorker": 0}, "nEventsPerWorker is 0, expected a whole number of at least 1"),
        ({"nEventsPerWorker": -3}, "nEventsPerWorker is -3, expected a whole number of at least 1"),
        ({"nEventsPerWorker": 2_000_000}, "nEventsPerWorker is 2000000, expected a whole number of at most 1000000"),
        ({"nFilesPerJob": 2}, "nEventsPerWorker is 10 beside nEventsPerJob or nFilesPerJob, expected none of them"),
        ({"nEventsPerJob": 50}, "nEventsPerWorker is 10 beside nEventsPerJob or nFilesPerJob, expected none of them"),
        ({"maxNumJobs": 2}, "nEventsPerWorker is 10 beside a number of jobs, expected none: each file has a job"),
        ({"groupBoundaryID": 1}, "nEventsPerWorker is 10 beside a boundary of jobs, expected one of them"),
        ({"esmergeSpec": None}, "esmergeSpec is missing, expected an object beside nEventsPerWorker"),
    ],
)
def test_what_ranges_cannot_be_made_with_is_named(changes: dict[str, Any], message: str) -> None:
    assert refined(**changes) == Refusal("BAD_PARAMETERS", message)


def test_a_task_without_input_datasets_has_no_events_to_take() -> None:
    found = refine(a_submission(nEventsPerWorker=10, esmergeSpec=ESMERGE), API)

    assert isinstance(found, Refusal)
    assert "the task has no input dataset" in found.message


def test_several_consumers_of_one_file_are_refused_by_name() -> None:
    found = refined(nEsConsumers=2)

    assert isinstance(found, Refusal)
    assert found.message.startswith("nEsConsumers: several jobs that take ranges of one file at once is not supported; found 2")
