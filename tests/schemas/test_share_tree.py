"""The tree of global shares: what is refused, which leaf takes a task, in which order leaves are served."""

import pytest

from schemas.share_tree import UNDEFINED, ShareAsked, leaf_for, leaves_of, order_of, problem_of_shares, standings_of
from schemas.types import GlobalShare

TREE = (
    GlobalShare(name="Production", percent=70),
    GlobalShare(name="Analysis", percent=30, label_pattern="user"),
    GlobalShare(name="Simulation", parent="Production", percent=80, processing_type_pattern="simul"),
    GlobalShare(name="Reprocessing", parent="Production", percent=20, campaign_pattern="data2[0-9]"),
)


def order(**used: float) -> tuple[str, ...]:
    return order_of(standings_of(TREE, used))


@pytest.mark.parametrize(
    ("shares", "problem"),
    [
        (TREE, ""),
        ((), ""),
        ((GlobalShare(name="a", percent=99),), "shares below the top add up to 99 percent, expected 100"),
        ((GlobalShare(name="a", percent=100), GlobalShare(name="a", percent=0)), "share a is named twice"),
        ((GlobalShare(name="a", percent=100, parent="b"),), "share a has the unknown parent b"),
        (
            (
                GlobalShare(name="t", percent=100),
                GlobalShare(name="a", percent=100, parent="b"),
                GlobalShare(name="b", percent=100, parent="a"),
            ),
            "share a has more than 20 shares above it or is above itself, expected a tree",
        ),
        (
            (GlobalShare(name="a", percent=100, vo_pattern="("),),
            "share a: pattern '(' is not a regular expression (syntax: RE2): missing ): (",
        ),
        (
            (GlobalShare(name="Undefined", percent=100),),
            "share Undefined: expected another name, as this one is for tasks that no share takes",
        ),
    ],
)
def test_a_tree_that_is_none_is_refused_with_name_and_value(shares: tuple[GlobalShare, ...], problem: str) -> None:
    assert problem_of_shares(shares) == problem


def test_leaves_stand_in_tree_order() -> None:
    assert leaves_of(TREE) == ("Simulation", "Reprocessing", "Analysis")


@pytest.mark.parametrize(
    ("asked", "named", "leaf"),
    [
        (ShareAsked(label="user"), "", "Analysis"),
        (ShareAsked(label="user", processing_type="simulation"), "", "Simulation"),
        (ShareAsked(label="user", processing_type="simulation"), "Analysis", "Analysis"),
        (ShareAsked(label="managed", campaign="data26_13p6TeV"), "", "Reprocessing"),
        (ShareAsked(label="managed"), "", UNDEFINED),
        (ShareAsked(label="managed"), "Analysis", None),
        (ShareAsked(label="user"), "Production", None),
    ],
)
def test_a_task_belongs_to_the_first_leaf_that_matches_or_to_the_one_it_names(
    asked: ShareAsked, named: str, leaf: str | None
) -> None:
    assert leaf_for(TREE, asked, named) == leaf


@pytest.mark.parametrize(
    ("pattern", "asked"),
    [
        ("label_pattern", "label"),
        ("working_group_pattern", "working_group"),
        ("campaign_pattern", "campaign"),
        ("processing_type_pattern", "processing_type"),
        ("transformation_pattern", "transformation"),
        ("resource_type_pattern", "resource_type"),
        ("vo_pattern", "vo"),
    ],
)
def test_each_pattern_is_held_against_the_beginning_of_its_own_value(pattern: str, asked: str) -> None:
    tree = (GlobalShare(name="a", percent=100, **{pattern: "ab"}),)

    found = [leaf_for(tree, ShareAsked(**{asked: value})) for value in ("abc", "xab", "")]

    assert found == ["a", UNDEFINED, UNDEFINED]


def test_the_child_that_has_least_of_what_it_may_have_goes_first_at_every_node() -> None:
    assert order() == ("Simulation", "Reprocessing", "Analysis")
    assert order(Simulation=56, Reprocessing=15, Analysis=30) == ("Analysis", "Simulation", "Reprocessing")
    assert order(Simulation=60, Reprocessing=9, Analysis=31) == ("Reprocessing", "Simulation", "Analysis")


def test_what_one_share_leaves_goes_to_its_siblings_first() -> None:
    assert order(Simulation=69, Analysis=31) == ("Reprocessing", "Simulation", "Analysis")


def test_a_share_that_may_have_nothing_goes_last() -> None:
    tree = (GlobalShare(name="none", percent=0), GlobalShare(name="all", percent=100))

    assert order_of(standings_of(tree, {"all": 1e9})) == ("all", "none")


def test_a_node_uses_what_its_leaves_use_and_is_pledged_its_part_of_all() -> None:
    standings = standings_of(TREE, {"Simulation": 50, "Analysis": 50, "gone": 7})

    found = {one.name: (round(one.used), round(one.pledged)) for one in standings}

    assert found == {
        "Production": (50, 70),
        "Analysis": (50, 30),
        "Simulation": (50, 56),
        "Reprocessing": (0, 14),
    }


def test_what_was_given_since_counts_for_the_leaf_and_all_above_it() -> None:
    standings = standings_of(TREE, {})

    assert order_of(standings, {"Simulation": 10}) == ("Analysis", "Reprocessing", "Simulation")
    assert order_of(standings, {"gone": 10}) == ("Simulation", "Reprocessing", "Analysis")
