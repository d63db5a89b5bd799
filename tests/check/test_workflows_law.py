"""The law about graphs of workflows on a good history, and on the same with one thing broken: each break is found."""

from collections.abc import Callable
from typing import Any

import pytest

from check.laws import Seen
from check.report import judge_log, laws_of_the_log
from check.workflows import NodesReleasedOnce
from schemas.records import replace
from schemas.types import NodeRange, UnitRange, WorkEnd
from schemas.workflow import RecordUnitEnds, RecordWorkEnd, RetryWorkflow, StartWork
from tests.check.test_workers_law import seen_of
from tests.commands.in_memory import Culm, a_culm
from tests.commands.workflow_scenes import REQUEST, Jobs, compiled, submission, task_of

#: Nodes 0 and 1 wait for nothing, 2 for 0, 3 for both, 4 for 3.
JOBS: Jobs = {"w": {"a": [], "b": [], "c": [("w", "a")], "d": [("w", "a"), ("w", "b")], "e": [("w", "d")]}}


def end(culm: Culm, unit: int, *, well: bool = True) -> None:
    ends = {"finished" if well else "failed": (UnitRange(first=unit, last=unit),)}
    culm.send(RecordUnitEnds(task_id=task_of(0), **ends), REQUEST, role="system")


def a_history() -> list[Seen]:
    """a ends well and b fails, so that d and e are pruned; then all that did not end well runs again."""
    culm = a_culm()
    for command in submission(compiled(JOBS)):
        culm.send(command, REQUEST)
    culm.send(StartWork(work=0, task_id=task_of(0)), REQUEST, role="system")
    end(culm, 1)
    end(culm, 2, well=False)
    end(culm, 3)
    culm.send(RecordWorkEnd(task_id=task_of(0), end=WorkEnd.FINISHED), REQUEST, role="system")
    culm.send(RetryWorkflow(), REQUEST)
    end(culm, 2)
    return seen_of(culm, "workflow")


def found_in(records: list[Seen]) -> str:
    (result,) = judge_log(records, [NodesReleasedOnce()])
    return result.first.found if result.first else ""


def changed(name: str, which: int, change: Callable[[Any], Any]) -> list[Seen]:
    """The history in which event number `which` of this name says something else."""
    records = a_history()
    place = [number for number, one in enumerate(records) if one.name == name][which]
    one = records[place]
    records[place] = Seen(one.place, one.role, one.aggregate, one.name, one.envelope, change(one.message))
    return records


def nodes(*numbers: int) -> tuple[NodeRange, ...]:
    return tuple(NodeRange(first=one, last=one) for one in numbers)


def test_a_good_history_breaks_no_law_and_is_looked_at() -> None:
    history = a_history()

    (result,) = judge_log(history, [NodesReleasedOnce()])

    assert (result.violations, result.checked) == (0, len(history))
    assert [one.name for one in history].count("NodesAdvanced") == 6
    assert NodesReleasedOnce().name in [law.name for law in laws_of_the_log({})]


@pytest.mark.parametrize(
    ("which", "change", "found"),
    [
        (0, lambda one: replace(one, released=nodes(0, 1, 3), released_total=3), "node 3 is released, its parent 0 is released"),
        (1, lambda one: replace(one, released=nodes(2, 3), released_total=2), "node 3 is released, its parent 1 is released"),
        (1, lambda one: replace(one, released=nodes(1, 2), released_total=2), "node 1 is released, it is released"),
        (3, lambda one: replace(one, released=nodes(1), released_total=1), "node 1 is released, it is failed"),
        (1, lambda one: replace(one, pruned=nodes(3), pruned_total=1), "node 3 is pruned, its parents are finished, released"),
        (1, lambda one: replace(one, pruned=nodes(1), pruned_total=1), "node 1 is pruned, its parents are none"),
        (3, lambda one: replace(one, finished=nodes(0), finished_total=1), "node 0 is said to be finished, it is finished"),
        (1, lambda one: replace(one, released_total=2), "2 nodes are said to be released, 1 are named"),
        (5, lambda one: replace(one, released=(), released_total=0), "node 3 waits, all its parents have ended"),
    ],
)
def test_what_is_broken_is_found(which: int, change: Callable[[Any], Any], found: str) -> None:
    assert found in found_in(changed("NodesAdvanced", which, change))


def test_an_edge_may_lead_to_a_node_with_a_lower_number_but_not_to_one_that_is_no_deeper() -> None:
    culm = a_culm()
    for command in submission(compiled({"later": {"l": [("earlier", "e")]}, "earlier": {"e": []}})):
        culm.send(command, REQUEST)
    records = seen_of(culm, "workflow")
    good = found_in(records)
    place = next(number for number, one in enumerate(records) if getattr(one.message, "depths", ()))
    one = records[place]
    flat = replace(one.message, depths=(0, 0))
    records[place] = Seen(one.place, one.role, one.aggregate, one.name, one.envelope, flat)

    assert (good, found_in(records)) == ("", "workflow 10000001: the edge 1 -> 0 does not go deeper in the graph")


def test_a_retry_that_leaves_a_node_out_is_found() -> None:
    records = changed("NodesRestarted", 0, lambda one: replace(one, nodes=nodes(1, 3), total=2))

    assert "the retry is through, node 4 is pruned" in found_in(records)
