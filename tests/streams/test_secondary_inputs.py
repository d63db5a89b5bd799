"""Input items beside the first: what each of their attributes means."""

from typing import Any

import pytest

from schemas.records import replace
from schemas.types import SecondaryInput, TaskDefinition
from streams.jedi.refine import refine
from streams.jedi.shared_words import with_own_words
from tests.streams.builders import a_submission, a_submission_with_input

API = "http://127.0.0.1:25080"
ITEM = {"type": "template", "param_type": "input", "value": "${IN2}", "dataset": "user.jdoe.b/", "hidden": True}
STREAM = SecondaryInput(stream="IN2", datasets=("user.jdoe.b",))


def refined(parameters: dict[str, Any]) -> TaskDefinition:
    outcome = refine(parameters, API)
    assert isinstance(outcome, TaskDefinition), outcome
    return outcome


def with_stream(**changes: Any) -> dict[str, Any]:
    """As `prun --inDS user.jdoe.hdf.tiles --secondaryDSs` sends it."""
    given = a_submission_with_input(reuseSecOnDemand=True)
    in_map = {"type": "constant", "value": "--inMap \"{'IN': ${IN/T}, 'IN2': ${IN2/T}}\""}
    given["jobParameters"] += [ITEM | changes, in_map]
    return given


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, {}),
        ({"nFilesPerJob": 3, "expand": True}, {"files_per_job": 3}),
        ({"ratio": 2, "include": "a.*", "offset": 5}, {"ratio": 2, "include": ("a.*",), "offset": 5}),
        ({"reusable": True, "files": ["x", "y"]}, {"reusable": True, "files": ("x", "y")}),
        ({"attributes": "nosplit,repeat"}, {"whole": True, "reusable": True}),
        ({"attributes": "nosplit"}, {"whole": True}),
        ({"dataset": "user.a,user.b/"}, {"datasets": ("user.a", "user.b")}),
        ({"dataset": "ddo.000001/"}, {"datasets": ("ddo.000001",), "whole": True, "reusable": True}),
        ({"consolidate": "user.jdoe.c/", "exclude": "b", "nFilesPerJob": 0}, {"exclude": ("b",)}),
    ],
)
def test_attributes_of_a_second_input(changes: dict[str, Any], expected: dict[str, Any]) -> None:
    definition = refined(with_stream(**changes))

    assert definition.secondaries == (replace(STREAM, **expected),)
    assert definition.input_datasets == ("user.jdoe.hdf.tiles",)


def test_the_master_input_is_as_it_would_be_alone() -> None:
    given = with_stream()
    alone = given | {"jobParameters": [item for item in given["jobParameters"] if item != ITEM]}

    assert replace(refined(given), secondaries=()) == refined(alone)


def test_without_master_input_the_first_item_is_secondary_too() -> None:
    given = a_submission()
    given["jobParameters"].append(ITEM | {"nFilesPerJob": 1})

    definition = refined(given)
    assert (definition.input_datasets, definition.events_total) == ((), 3)
    assert definition.secondaries == (replace(STREAM, files_per_job=1),)


def test_an_organisation_has_its_own_words_in_secondary_input() -> None:
    definition = with_own_words(refined(with_stream(dataset="PandaJob.b")), "lsst")

    assert definition.secondaries[0].datasets == ("lsst@PandaJob.b",)
