"""Which global share a task is refined into."""

import json
from typing import Any

import pytest

from schemas.task import BreakTask, RefineTask
from schemas.types import GlobalShare
from streams.facts.snapshot import Snapshot
from streams.jedi.reactions import refine_submitted
from tests.streams.builders import a_submission, record_read
from tests.streams.test_reactions import API, a_task

TREE = (
    GlobalShare(name="Big", percent=10, resource_type_pattern="MCORE"),
    GlobalShare(name="Survey", percent=60, working_group_pattern="Higgs", campaign_pattern="DP1"),
    GlobalShare(name="Own", percent=10, transformation_pattern="http.*/runGen", vo_pattern="juno"),
    GlobalShare(name="Analysis", percent=20, label_pattern="user|panda"),
)


def refined(shares: tuple[GlobalShare, ...] = TREE, vo: str = "wlcg", **parameters: Any) -> RefineTask | BreakTask:
    records = [record_read(a_task(json.dumps(a_submission(**parameters))), vo=vo)]
    (made,) = refine_submitted(records, API, Snapshot(shares=shares))
    assert isinstance(made.command, RefineTask | BreakTask)
    return made.command


@pytest.mark.parametrize(
    ("parameters", "vo", "share"),
    [
        ({}, "wlcg", "Analysis"),
        ({"coreCount": 8}, "wlcg", "Big"),
        ({"workingGroup": "Higgs", "campaign": "DP1"}, "wlcg", "Survey"),
        ({"workingGroup": "Higgs"}, "wlcg", "Analysis"),
        ({"prodSourceLabel": "managed"}, "wlcg", "Undefined"),
        ({"prodSourceLabel": "managed", "transPath": "http://x/runGen-00"}, "juno", "Own"),
        ({"coreCount": 8, "gshare": "Analysis"}, "wlcg", "Analysis"),
        ({"gshare": None}, "wlcg", "Analysis"),
    ],
)
def test_a_task_is_in_the_first_leaf_that_takes_it(parameters: dict[str, Any], vo: str, share: str) -> None:
    command = refined(vo=vo, **parameters)

    assert isinstance(command, RefineTask)
    assert command.definition.share == share


def test_without_a_tree_a_task_is_in_no_share() -> None:
    command = refined(())

    assert isinstance(command, RefineTask)
    assert command.definition.share == "Undefined"


@pytest.mark.parametrize(
    ("named", "shown"), [("Survey", "'Survey'"), ("nothing", "'nothing'"), ("Test", "'Test'")]
)
def test_a_share_that_does_not_take_the_task_cannot_be_named(named: str, shown: str) -> None:
    command = refined(gshare=named)

    assert isinstance(command, BreakTask)
    assert command.reason == "BAD_PARAMETERS"
    assert command.message == f"gshare is {shown}, expected a leaf of the tree of shares that takes this task"


def test_a_share_that_is_no_text_is_refused_by_name_and_value() -> None:
    command = refined(gshare=[1])

    assert isinstance(command, BreakTask)
    assert command.message == "gshare is [1], expected text"


@pytest.mark.parametrize(
    ("label", "express", "last"),
    [("managed", "Express", "Express"), ("test", "Express", "Express"), ("user", "Express", ""), ("managed", "Fast", "")],
)
def test_the_last_jobs_of_production_go_to_express_where_the_tree_has_it(label: str, express: str, last: str) -> None:
    tree = (GlobalShare(name=express, percent=10, campaign_pattern="none"), GlobalShare(name="Rest", percent=90))

    command = refined(tree, prodSourceLabel=label)

    assert isinstance(command, RefineTask)
    assert (command.definition.share, command.definition.last_share) == ("Rest", last)
