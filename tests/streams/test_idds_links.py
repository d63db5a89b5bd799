"""Links and global parameters hand on what they name, to what is there."""

from typing import Any

import pytest

from streams.idds.links import assigned, refreshed, values_of, with_globals
from streams.idds.model import ParameterLink, WorkCollection


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (5, 5), ("x", "x"), ([1], [1]), ("", None), ([], None), (None, None), (0, 0), (False, False),
        (WorkCollection("c1", "user.jdoe", "out", 1), {"scope": "user.jdoe", "name": "out"}),
    ],
)  # fmt: skip
def test_a_link_keeps_the_value_of_its_source(value: Any, kept: Any) -> None:
    link = ParameterLink("l", (("user_found", "user_threshold"), ("gone", "arguments")))

    assert values_of(link, {"user_found": value, "other": 1}) == {"user_threshold": kept, "arguments": None}


def test_a_destination_gets_what_it_has_and_no_null() -> None:
    before = {"arguments": "old", "user_x": 1, "user_y": 2}

    after = assigned(before, {"arguments": "new", "user_x": None, "not_there": 5})

    assert after == {"arguments": "new", "user_x": 1, "user_y": 2}
    assert before["arguments"] == "old"


@pytest.mark.parametrize(
    ("parameters", "sliced", "after"),
    [
        ({"user_a": 1}, {}, {"user_a": 1}),
        ({"user_a": [7, 8]}, {"user_a": {"name": None, "index": 1}}, {"user_a": 8}),
        ({"user_a": [7, 8]}, {"user_a": {"name": "user_one", "index": 0}}, {"user_one": 7}),
        ({"user_a": [7, 8]}, {"user_a": {"name": "user_one", "index": 2}}, {"user_one": [7, 8]}),
        ({"user_a": [7, 8]}, {"user_a": {"name": "user_one", "index": -1}}, {"user_one": [7, 8]}),
        ({"user_a": [7, 8]}, {"user_a": {"name": "user_one", "index": True}}, {"user_one": [7, 8]}),
        ({"user_a": "text"}, {"user_a": {"name": "user_one", "index": 0}}, {"user_one": "text"}),
        ({"user_a": [7]}, {"user_a": {"name": "executable", "index": 0}}, {"user_a": 7}),
    ],
)
def test_a_work_gets_the_global_parameters_before_it_starts(
    parameters: dict[str, Any], sliced: dict[str, Any], after: dict[str, Any]
) -> None:
    assert with_globals({"arguments": "x"}, parameters, sliced) == {"arguments": "x", **after}


def test_global_parameters_follow_the_output_of_a_work_then_its_attributes() -> None:
    found = refreshed({"user_a": 1, "user_b": 2, "user_c": 3}, {"a": 10, "z": 0}, {"user_a": 11, "user_b": 20})

    assert found == {"user_a": 10, "user_b": 20, "user_c": 3}
