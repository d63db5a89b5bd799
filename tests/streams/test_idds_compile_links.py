"""Links and global parameters of a request: what each sets of its target's task, and what is refused by name."""

import json
from dataclasses import replace
from typing import Any

import pytest

from schemas.types import LinkDefinition
from streams.idds.compile import CompiledGraph, compile_graph
from streams.idds.compile_links import compile_links, reason_against_links
from streams.idds.faults import RequestFault
from streams.idds.model import ParameterLink, WorkflowPlan, WorkPlan
from streams.idds.zipped import UnpackingAllowance

Settings = dict[str, Any]
WAITING = frozenset({"b", "c"})


def a_work(name: str, settings: Settings, **user: Any) -> WorkPlan:
    return WorkPlan(name, "DomaPanDAWork", name, name, (), settings, user, {}, {}, {}, (), ())


def a_plan(*links: ParameterLink, a: Settings, b: Settings, of_a: Settings | None = None, **changes: Any) -> WorkflowPlan:
    works = (a_work("a", a, **(of_a or {})), a_work("b", b), a_work("c", {}))
    plan = WorkflowPlan("wf", "wf", works, (), links, ("a",), (), {}, {}, None, False, None, None, None, {})
    return replace(plan, **changes)


def a_link(*parameters: tuple[str, str], source: str = "a", target: str = "b", name: str = "l") -> ParameterLink:
    return ParameterLink(name, parameters, (source,), (target,))


def compiled(plan: WorkflowPlan) -> tuple[LinkDefinition, ...] | RequestFault:
    graph = compile_graph(plan, UnpackingAllowance())
    assert isinstance(graph, CompiledGraph), graph
    assert reason_against_links(plan) == ""
    return compile_links(plan, graph, WAITING, 101, "Jane Doe")


def carried(plan: WorkflowPlan) -> list[tuple[int, int, Settings]]:
    found = compiled(plan)
    assert isinstance(found, tuple), found
    return [(one.source, one.target, json.loads(one.parameters_json)) for one in found]


def test_an_attribute_becomes_the_parameter_that_the_target_would_have_had_with_it() -> None:
    link = a_link(("executable", "executable"), ("task_priority", "task_priority"))
    a, b = {"executable": "run 5", "task_priority": 700}, {"executable": "run", "task_priority": None}

    (found,) = carried(a_plan(link, a=a, b=b))

    exports = "export IDDS_BUILD_REQUEST_ID=101;export IDDS_BUIL_SIGNATURE=None; "
    command = [{"type": "constant", "value": f"{exports}run 5"}]
    assert found == (0, 1, {"jobParameters": command, "taskPriority": 700})


def test_memory_is_divided_by_the_cores_of_the_target() -> None:
    link = a_link(("task_rss", "task_rss"))

    (found,) = carried(a_plan(link, a={"task_rss": 8000, "core_count": 1}, b={"task_rss": 2000, "core_count": 4}))

    assert found == (0, 1, {"ramCount": 2000.0})


def test_a_global_parameter_of_the_source_and_a_member_of_it_are_carried() -> None:
    link = a_link(("user_one", "task_priority"), ("user_time", "maxWalltime"))
    of_request: Settings = {
        "global_parameters": {"user_list": [300, 400], "user_time": 60},
        "sliced_parameters": {"user_list": {"name": "user_one", "index": 1}},
    }

    (found,) = carried(a_plan(link, a={}, b={"task_priority": 1, "maxWalltime": 0}, **of_request))

    assert found == (0, 1, {"taskPriority": 400, "maxWalltime": 60})


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ({"task_priority": None}, {"task_priority": 1}),
        ({"task_priority": 7}, {}),
        ({"task_priority": 7}, {"task_priority": 7}),
    ],
)
def test_a_null_what_the_target_has_not_and_what_it_has_already_change_nothing(source: Settings, target: Settings) -> None:
    assert carried(a_plan(a_link(("task_priority", "task_priority")), a=source, b=target)) == []


def test_a_work_that_starts_with_the_request_gets_nothing() -> None:
    link = a_link(("task_priority", "task_priority"), source="b", target="a")

    assert carried(a_plan(link, a={"task_priority": 1}, b={"task_priority": 2})) == []


def test_a_value_that_the_task_cannot_have_is_a_fault_with_its_place() -> None:
    found = compiled(a_plan(a_link(("user_x", "task_priority")), a={}, b={"task_priority": 1}, of_a={"user_x": "high"}))

    assert isinstance(found, RequestFault)
    assert found.message.startswith("with the values of a link: ")


def test_two_links_that_set_one_parameter_of_a_task_are_a_fault() -> None:
    links = (a_link(("maxWalltime", "maxWalltime")), a_link(("maxWalltime", "maxWalltime"), source="c", name="m"))
    plan = a_plan(*links, a={"maxWalltime": 60}, b={"maxWalltime": 1})
    works = (*plan.nodes[:2], a_work("c", {"maxWalltime": 90}))

    found = compiled(replace(plan, nodes=works))

    assert isinstance(found, RequestFault)
    assert found.message == "the link 'm' sets maxWalltime, which another one sets, too"


def test_a_link_of_more_than_the_log_takes_is_a_fault() -> None:
    found = compiled(a_plan(a_link(("executable", "executable")), a={"executable": "x" * 6_000}, b={"executable": "y"}))

    assert isinstance(found, RequestFault)
    assert found.message.endswith("characters, at most 6,000")


@pytest.mark.parametrize(
    ("link", "reason"),
    [
        (a_link(("executable", "encode_command_line")), "links to encode_command_line"),
        (a_link(("executable", "username")), "links to username"),
        (a_link(("output_data", "executable")), "links from output_data"),
        (a_link(("task_rss", "task_rss"), source="wf"), "links of workflows (wf)"),
        (a_link(("task_rss", "user_g")), "links to the global parameter user_g"),
        (a_link(("task_rss", "task_rss"), target="a"), "links that read what another one writes (task_rss of a)"),
    ],
)
def test_what_is_not_carried_yet_is_named(link: ParameterLink, reason: str) -> None:
    assert reason_against_links(a_plan(link, a={}, b={}, global_parameters={"user_g": 1})) == reason


def test_global_parameters_of_a_workflow_within_are_named() -> None:
    outer = a_plan(a={}, b={})
    inner = replace(outer, workflow_id="in", nodes=(a_work("d", {}),), global_parameters={"user_g": 1})

    assert reason_against_links(replace(outer, nodes=(*outer.nodes, inner))) == "global parameters of workflows within"
