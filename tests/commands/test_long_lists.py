"""A task whose lists of names come in chunks: it starts with the last name, or ends unfinished."""

from typing import Any

import pytest

from commands.task.transitions import TaskStatus
from schemas.answer import CommandAnswered
from schemas.dataset import RegisterFiles
from schemas.task import (
    AddInputNames,
    BreakTask,
    ContentsFed,
    ExpireSubmission,
    InputNamesAdded,
    KillTask,
    RefineTask,
    ReloadTask,
    TaskBroken,
    TaskFinalized,
)
from schemas.types import DatasetFile, DatasetRole, NameList
from tests.commands.builders import TASK, a_definition, a_submission
from tests.commands.in_memory import Culm, a_culm

PFNS = NameList(list="pfnList", count=1_200)
FILES = NameList(list="jobParameters[0].files", count=3)


def names(first: int, count: int) -> tuple[str, ...]:
    return tuple(f"root://se.example.org//data/f{number}.root" for number in range(first, first + count))


def submitted(*lists: NameList) -> Culm:
    """A task of which the decider waits for names."""
    culm = a_culm()
    assert culm.send(a_submission(lists=lists or (PFNS,)), str(TASK)).accepted
    return culm


def seen(culm: Culm, kind: type) -> list[Any]:
    return [event for event, _ in culm.events if isinstance(event, kind)]


def add(culm: Culm, chunk: int, these: tuple[str, ...], of: NameList = PFNS, **by: Any) -> CommandAnswered:
    return culm.send(AddInputNames(chunk=chunk, list=of.list, names=these), str(TASK), **by)


def refine(culm: Culm, **definition: Any) -> CommandAnswered:
    return culm.send(RefineTask(definition=a_definition(**definition), parameters_revision=0), str(TASK), role="system")


def pfn_definition() -> dict[str, Any]:
    return {"listed": PFNS, "events_total": None}


def status(culm: Culm) -> TaskStatus:
    return TaskStatus(culm.state("task", str(TASK)).status)


def fed(culm: Culm) -> list[str]:
    return [unit.lfn for event in seen(culm, ContentsFed) for unit in event.units]


@pytest.mark.parametrize("refined_after", [0, 2, 3])
def test_a_task_starts_with_its_last_name_whenever_it_was_refined(refined_after: int) -> None:
    culm = submitted()
    chunks = [names(0, 500), names(500, 500), names(1_000, 200)]
    for number, chunk in enumerate(chunks):
        if number == refined_after:
            assert refine(culm, **pfn_definition()).accepted
        assert fed(culm) == []
        assert add(culm, number, chunk).accepted
    if refined_after == 3:
        assert status(culm) is TaskStatus.REGISTERED
        refine(culm, **pfn_definition())
    assert fed(culm) == [f"{place:06d}:{name}" for place, name in enumerate(names(0, 1_200))]
    assert [event.names_left for event in seen(culm, InputNamesAdded)] == [700, 200, 0]
    assert culm.state("task", str(TASK)).contents_complete


def test_a_limit_of_files_takes_the_first_names() -> None:
    culm = submitted()
    refine(culm, **pfn_definition(), input_files_max=600)
    for number, first in enumerate((0, 500, 1_000)):
        add(culm, number, names(first, min(500, 1_200 - first)))
    assert len(fed(culm)) == 600
    assert fed(culm)[-1] == f"000599:{names(599, 1)[0]}"


def test_a_list_of_files_restricts_what_datasets_feed() -> None:
    culm = submitted(FILES)
    files = tuple(
        DatasetFile(lfn=f"f{number:05d}", scope="mc", size_bytes=1, checksum="ad:1", endpoint="SE") for number in range(1, 6)
    )
    culm.send(RegisterFiles(files=files, role=DatasetRole.INPUT), "mc.in")
    refine(culm, listed=FILES, input_datasets=("mc.in",), events_total=None)
    assert fed(culm) == []
    add(culm, 0, ("f00003", "no-such-file", "f00001"), FILES)
    assert fed(culm) == ["f00001", "f00003"]
    assert culm.state("task", str(TASK)).wanted == frozenset()


@pytest.mark.parametrize(
    ("chunk", "of", "count", "reason"),
    [
        (2, PFNS, 500, "OUT_OF_ORDER"),
        (1, FILES, 1, "OUT_OF_ORDER"),
        (0, PFNS, 400, "OUT_OF_ORDER"),
        (1, PFNS, 0, "BAD_COUNT"),
    ],
)
def test_a_chunk_that_is_not_the_next_is_refused(chunk: int, of: NameList, count: int, reason: str) -> None:
    culm = submitted(PFNS, FILES)
    add(culm, 0, names(0, 500))
    assert add(culm, chunk, names(0, count), of).reason == reason
    assert len(seen(culm, InputNamesAdded)) == 1


def test_more_names_than_announced_are_refused() -> None:
    culm = submitted(NameList(list="pfnList", count=2))
    assert add(culm, 0, names(0, 3)).reason == "BAD_COUNT"
    assert add(culm, 0, names(0, 2)).accepted


def test_lists_come_in_the_order_in_which_they_were_announced() -> None:
    culm = submitted(FILES, NameList(list="pfnList", count=1))
    assert add(culm, 0, names(0, 1)).reason == "OUT_OF_ORDER"
    assert add(culm, 0, names(0, 3), FILES).accepted
    assert add(culm, 1, names(0, 1)).accepted
    assert status(culm) is TaskStatus.REGISTERED


def test_a_chunk_that_comes_again_is_accepted_without_effect() -> None:
    culm = submitted()
    add(culm, 0, names(0, 500))
    assert add(culm, 0, names(0, 500)).accepted
    assert len(seen(culm, InputNamesAdded)) == 1


@pytest.mark.parametrize("by", [{"actor": "mallory"}, {"actor": "ops", "role": "production"}, {"vo": "other"}])
def test_names_come_only_from_the_one_who_submitted(by: dict[str, Any]) -> None:
    culm = submitted()
    assert add(culm, 0, names(0, 500), **by).reason == "NOT_PERMITTED"


def test_an_unfinished_submission_ends_with_a_reason() -> None:
    culm = submitted()
    add(culm, 0, names(0, 500))
    assert culm.send(ExpireSubmission(), str(TASK), role="system").accepted
    (broken,) = seen(culm, TaskBroken)
    assert broken.reason == "SUBMISSION_UNFINISHED"
    assert broken.message.startswith("500 of 1,200 names of its input arrived within an hour")
    assert [event.verdict.value for event in seen(culm, TaskFinalized)] == ["BROKEN"]
    assert add(culm, 1, names(500, 500)).reason == "WRONG_STATUS"


def test_a_submission_that_is_complete_does_not_expire() -> None:
    culm = submitted(NameList(list="pfnList", count=1))
    add(culm, 0, names(0, 1))
    assert culm.send(ExpireSubmission(), str(TASK), role="system").reason == "WRONG_STATUS"


def test_an_unfinished_submission_is_never_run_again() -> None:
    culm = submitted()
    culm.send(KillTask(), str(TASK))
    assert status(culm) is TaskStatus.ABORTED
    assert culm.send(ReloadTask(parameters_json="{}"), str(TASK)).reason == "SUBMISSION_UNFINISHED"


def test_parameters_that_mean_nothing_break_the_task_while_names_arrive() -> None:
    culm = submitted()
    assert culm.send(BreakTask(reason="BAD_PARAMETERS", message="no"), str(TASK), role="system").accepted
    assert status(culm) is TaskStatus.BROKEN
    assert add(culm, 0, names(0, 500)).reason == "WRONG_STATUS"


def test_new_parameters_replace_a_list_and_keep_the_others() -> None:
    culm = submitted(FILES, NameList(list="pfnList", count=2))
    add(culm, 0, ("a", "b", "c"), FILES)
    add(culm, 1, names(0, 2))
    refine(culm)
    culm.send(KillTask(), str(TASK))
    assert culm.send(ReloadTask(parameters_json='{"jobParameters": []}'), str(TASK)).accepted
    task = culm.state("task", str(TASK))
    assert task.lists == (NameList(list="pfnList", count=2),)
    assert [page.list for page in task.names.values()] == ["pfnList"]


def test_a_list_announced_twice_is_refused() -> None:
    culm = a_culm()
    assert culm.send(a_submission(lists=(PFNS, PFNS)), str(TASK)).reason == "BAD_LISTS"
