"""The law about groups of jobs on a good history, and on the same with one thing broken: each break is found."""

from collections.abc import Callable
from typing import Any

import pytest

from check.groups import GroupsCounted
from check.laws import Seen
from check.report import judge_log
from schemas.records import replace
from tests.check.test_shares_law import a_history


def found_in(records: list[Seen]) -> str:
    (result,) = judge_log(records, [GroupsCounted()])
    return result.first.found if result.first else ""


def broken(name: str, change: Callable[[Any], Any]) -> str:
    """What is found when the last event of this name says something else."""
    records = a_history()
    place = max(number for number, one in enumerate(records) if one.name == name)
    one = records[place]
    records[place] = Seen(one.place, one.role, one.aggregate, one.name, one.envelope, change(one.message))
    return found_in(records)


def test_a_good_history_breaks_no_law() -> None:
    assert found_in(a_history()) == ""


@pytest.mark.parametrize(
    ("name", "change", "found"),
    [
        ("JobLeased", lambda one: replace(one, groups=(replace(one.groups[0], waiting=9),)), "JobLeased says (9, "),
        ("LeaseEnded", lambda one: replace(one, groups=()), "LeaseEnded says None (waiting, leased, cores) of"),
        ("LeaseEnded", lambda one: replace(one, groups=(replace(one.groups[0], cores=7),)), "LeaseEnded says"),
        ("JobSharesAssigned", lambda one: replace(one, groups=one.groups[1:]), "JobSharesAssigned says None"),
        ("JobQueued", lambda one: replace(one, groups=(replace(one.groups[0], owner="another"),)), "JobQueued says"),
    ],
)
def test_what_is_broken_is_found(name: str, change: Callable[[Any], Any], found: str) -> None:
    assert found in broken(name, change)


def test_groups_of_an_earlier_release_are_not_judged() -> None:
    records = [
        Seen(one.place, one.role, one.aggregate, one.name, one.envelope, replace(one.message, groups=()))
        if hasattr(one.message, "groups")
        else one
        for one in a_history()
    ]

    assert found_in(records) == ""
