"""Groups of files and luminosity blocks: what a job may have together, in which order, for orders of any size."""

from collections.abc import Sequence
from typing import Any

import pytest

from commands.dataset import decide as dataset_decider
from commands.task import settle
from schemas.dataset import FilesRegistered, RegisterFiles
from schemas.records import replace
from schemas.task import JobsGenerated, RefineTask, ReloadTask
from schemas.types import DatasetFile, DatasetRole, SplitRules
from streams.jedi.refine import refine
from streams.jedi.task_parameters import Refusal
from tests.commands.builders import TASK, a_definition, a_queue, a_submission, run_all, the_task
from tests.commands.in_memory import Culm, a_culm
from tests.commands.test_orders_do_not_show import plan_all
from tests.streams.builders import a_submission_with_input

LUMI: dict[str, Any] = {"boundary": "lumi_block", "ordered_by": "lumi_block"}
GROUP: dict[str, Any] = {"boundary": "boundary_id", "ordered_by": "boundary_id"}
WHOLE: dict[str, Any] = {**GROUP, "boundary_whole": True}


def a_task(numbers: Sequence[int | None], **rules: Any) -> Culm:
    """A task over one file for each of `numbers`, which are its luminosity block and its group, named in their order."""
    culm = a_culm()
    a_queue(culm)
    file = DatasetFile(lfn="f", scope="user.jdoe", size_bytes=5, checksum="ad:1", endpoint="LOCAL_DISK")
    rows = [replace(file, lfn=f"f{at:04d}", lumi_block=one, boundary_id=one) for at, one in enumerate(numbers)]
    for start in range(0, len(rows), 500):
        culm.send(RegisterFiles(files=tuple(rows[start : start + 500]), role=DatasetRole.INPUT), "in")
    culm.send(a_submission(), str(TASK))
    culm.send(RefineTask(definition=definition(**rules), parameters_revision=0), str(TASK), role="system")
    plan_all(culm)
    return culm


def definition(**rules: Any) -> Any:
    return a_definition(
        rules=SplitRules(**rules), events_total=None, sequence_offset=None, parameters="", input_datasets=("in",)
    )


def blocks(culm: Culm) -> list[list[int | None]]:
    """The blocks or groups of the files of each job."""
    made = [job for event, _ in culm.events if isinstance(event, JobsGenerated) for job in event.jobs]
    return [[unit.boundary for unit in the_task(culm).units.specs(job.unit_ids)] for job in made]


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ({}, [[None] * 6]),
        ({"ordered_by": "lumi_block"}, [[1, 1, 2, 2, 2, 3]]),
        (LUMI, [[1, 1], [2, 2, 2], [3]]),
        ({**LUMI, "files_per_job": 2}, [[1, 1], [2, 2], [2], [3]]),
        (GROUP, [[1, 1], [2, 2, 2], [3]]),
        ({**GROUP, "files_per_job": 2}, [[1, 1], [2, 2], [2], [3]]),
        ({**WHOLE, "files_per_job": 2}, [[1, 1], [2, 2, 2], [3]]),
        ({**WHOLE, "files_per_job_max": 1}, [[1, 1], [2, 2, 2], [3]]),
        ({**LUMI, "jobs_max": 1}, [[1, 1], [2, 2, 2], [3]]),
    ],
)
def test_a_job_ends_at_a_boundary(rules: dict[str, Any], expected: list[list[int | None]]) -> None:
    assert blocks(a_task([2, 1, 3, 2, 1, 2], **rules)) == expected


def test_files_without_a_number_come_first_and_together() -> None:
    assert blocks(a_task([5, None, 0, None], **LUMI)) == [[None, None], [0], [5]]


@pytest.mark.parametrize("units_max", [1, 7, 500])
@pytest.mark.parametrize("files_per_chunk", [3, 500])
def test_the_jobs_are_the_same_for_every_size_of_orders_and_chunks(
    units_max: int, files_per_chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settle, "UNITS_PER_ORDER", units_max)
    monkeypatch.setattr(dataset_decider, "FILES_PER_CHUNK", files_per_chunk)

    culm = a_task([at % 4 for at in range(30)], **LUMI, files_per_job=5)

    assert [(one[0], len(one)) for one in blocks(culm)] == [(0, 5), (0, 3), (1, 5), (1, 3), (2, 5), (2, 2), (3, 5), (3, 2)]


def test_a_group_of_more_files_than_an_order_is_one_job() -> None:
    culm = a_task([1] * 700 + [2] * 3, **WHOLE)

    assert [(one[0], len(one)) for one in blocks(culm)] == [(1, 700), (2, 3)]


def test_a_group_of_more_files_than_a_job_may_have_is_cut() -> None:
    assert [len(one) for one in blocks(a_task([1] * 1100, **WHOLE))] == [1000, 100]


def test_outputs_belong_to_the_group_of_their_input_where_the_task_maps_them() -> None:
    mapped, free = a_task([7, 8], **GROUP, boundary_mapped=True), a_task([7, 8], **GROUP)
    for culm in (mapped, free):
        run_all(culm)

    assert sorted(groups_of_outputs(mapped)) == [7, 8]
    assert groups_of_outputs(free) == [None, None]


def groups_of_outputs(culm: Culm) -> list[Any]:
    made = [event for event, _ in culm.events if isinstance(event, FilesRegistered) and event.role is DatasetRole.OUTPUT]
    return [file.boundary_id for event in made for file in event.files]


def test_a_reload_takes_new_files_of_a_block_that_is_done() -> None:
    culm = a_task([2, 1], **LUMI)
    run_all(culm)
    file = DatasetFile(lfn="a", scope="user.jdoe", size_bytes=5, checksum="ad:1", endpoint="LOCAL_DISK", lumi_block=1)
    culm.send(RegisterFiles(files=(file,), role=DatasetRole.INPUT), "in")

    assert culm.send(ReloadTask(parameters_json="{}"), str(TASK)).accepted
    culm.send(RefineTask(definition=definition(**LUMI), parameters_revision=1), str(TASK), role="system")
    plan_all(culm)

    assert blocks(culm) == [[1], [2], [1]]


@pytest.mark.parametrize(
    ("keys", "rules"),
    [
        ({"respectLB": True}, LUMI),
        ({"orderByLB": True}, {"ordered_by": "lumi_block"}),
        ({"respectLB": True, "orderByLB": True}, LUMI),
        ({"groupBoundaryID": 1}, GROUP),
        ({"groupBoundaryID": 2}, {**GROUP, "boundary_mapped": True}),
        ({"groupBoundaryID": 3}, WHOLE),
        ({"groupBoundaryID": 4}, {**WHOLE, "boundary_mapped": True}),
        ({"groupBoundaryID": 0, "respectLB": False}, {}),
    ],
)
def test_what_the_parameters_ask_for(keys: dict[str, Any], rules: dict[str, Any]) -> None:
    outcome = refine(a_submission_with_input(**keys), "http://127.0.0.1")

    assert not isinstance(outcome, Refusal)
    assert outcome.rules == replace(SplitRules(), **rules)


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"groupBoundaryID": 5}, "groupBoundaryID is 5, expected a whole number of at most 4"),
        ({"groupBoundaryID": -1}, "groupBoundaryID is -1, expected a whole number of at least 0"),
        ({"groupBoundaryID": 1, "respectLB": True}, "groupBoundaryID is 1 beside respectLB or orderByLB, expected one of them"),
        ({"respectLB": "x"}, "respectLB is 'x', expected true or false"),
    ],
)
def test_bad_boundaries_are_named(keys: dict[str, Any], message: str) -> None:
    assert refine(a_submission_with_input(**keys), "http://127.0.0.1") == Refusal("BAD_PARAMETERS", message)
