"""A workflow becomes integers and task parameters: edges sorted by parent, depths, and faults with their places."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.idds.compile import CompiledGraph, compile_graph
from streams.idds.compile_tasks import TaskOrigin, task_parameters
from streams.idds.faults import RequestFault
from streams.idds.model import WorkflowPlan
from streams.idds.zipped import UnpackingAllowance
from tests.streams.idds_requests import ROOT, a_job, a_request, a_work, golden_plan, workflow_of

RECORDED = Path(__file__).parent / "recorded" / "doma-task-parameters.json"


def compiled(request: dict[str, Any]) -> Any:
    return compile_graph(workflow_of(request), UnpackingAllowance())


def the_graph(request: dict[str, Any]) -> CompiledGraph:
    found = compiled(request)
    assert isinstance(found, CompiledGraph), found
    return found


def jobs_at(work: str, rest: str) -> str:
    return f"{ROOT}._works.{work}.attributes._dependency_map{rest}"


def test_children_that_were_sent_before_their_parents_are_numbered_all_the_same() -> None:
    plan = golden_plan("graph")
    assert isinstance(plan, WorkflowPlan)

    graph = compile_graph(plan, UnpackingAllowance())

    assert isinstance(graph, CompiledGraph)
    assert [(one.plan.task_name, one.first_node, list(one.names)[:1]) for one in graph.works] == [
        ("coadd", 0, ["coadd_0"]), ("warp", 1, ["warp_0"]), ("isr", 4, ["isr_0"]),
        ("final", 8, ["pure_pseudoinput+qgraphNodeId:+qgraphId:"]),
    ]  # fmt: skip
    assert list(graph.edges()) == [(1, 0), (2, 0), (3, 0), (4, 1), (5, 1), (5, 2), (6, 2), (6, 3), (7, 3)]
    assert list(graph.depths) == [2, 1, 1, 1, 0, 0, 0, 0, 0]
    assert list(graph.parents) == [3, 2, 2, 2, 0, 0, 0, 0, 0]
    assert [one.has_parents for one in graph.works] == [True, True, False, False]
    assert graph.name_of(5) == "isr/isr_1"


def test_a_graph_of_bps_goes_from_its_first_task_through_its_quanta() -> None:
    plan = golden_plan("bps_relayed")
    assert isinstance(plan, WorkflowPlan)

    graph = compile_graph(plan, UnpackingAllowance())

    assert isinstance(graph, CompiledGraph)
    assert list(graph.edges()) == [(0, 1), (0, 2), (0, 3), (0, 4), (1, 5), (2, 6), (3, 7), (4, 8)]
    assert list(graph.depths) == [0, 1, 1, 1, 1, 2, 2, 2, 2, 0]


def test_a_job_may_wait_for_others_of_its_own_work() -> None:
    graph = the_graph(a_request(a_work("a", [a_job("x", ("a", "y")), a_job("y"), a_job("z", ("a", "x"))])))

    assert list(graph.edges()) == [(0, 2), (1, 0)]
    assert list(graph.depths) == [1, 0, 2]


def test_a_workflow_without_jobs_has_an_empty_graph() -> None:
    graph = the_graph(a_request(a_work("a"), a_work("b", [])))

    assert (graph.nodes, list(graph.edges()), list(graph.first_child)) == (0, [], [0])


def test_a_node_with_three_edges_takes_at_most_64_bytes() -> None:
    graph = the_graph(a_request(
        a_work("a", [a_job(f"a{number}") for number in range(100)]),
        a_work("b", [a_job(f"b{number}", *(("a", f"a{(number + step) % 100}") for step in range(3))) for number in range(100)]),
    ))  # fmt: skip

    arrays = (graph.first_child, graph.children, graph.parents, graph.depths)
    assert sum(len(one) * one.itemsize for one in arrays) <= 64 * 100


@pytest.mark.parametrize(
    ("works", "place", "message"),
    [
        (
            {"a": [a_job("x"), a_job("x")]},
            jobs_at("a", "[1].name"), "'x' names two jobs of 'a'",
        ),
        (
            {"a": [a_job("x")], "b": [a_job("y"), a_job("z", ("a", "x"), ("a", "gone"))]},
            jobs_at("b", "[1].dependencies"), "waits for the job 'gone' of 'a', which is not there",
        ),
        (
            {"a": [a_job("x", ("gone", "y"))]},
            jobs_at("a", "[0].dependencies"), "waits for the work 'gone', which is not there",
        ),
        (
            {"a": [a_job("w"), a_job("x", ("a", "x"))]},
            jobs_at("a", "[1].dependencies"), "'x' waits for itself",
        ),
        (
            {"a": [a_job("x")], "b": [a_job("y", ("a", "x"), ("a", "x"))]},
            jobs_at("b", "[0].dependencies[0]"), "'x' of 'a' is named twice",
        ),
        (
            {
                "a": [a_job("x", ("c", "z"))], "b": [a_job("y", ("a", "x"))], "c": [a_job("w"), a_job("z", ("b", "y"))],
                "d": [a_job("v", ("c", "z"))],
            },
            jobs_at("a", "[0].dependencies"), "jobs wait for each other in a circle: 'a/x' -> 'b/y' -> 'c/z' -> 'a/x'",
        ),
        ({"a": [{"name": ""}]}, jobs_at("a", "[0].name"), "'', expected 1 to 4000 printable characters"),
        ({"a": [{"name": "a\nb"}]}, jobs_at("a", "[0].name"), "'a\\nb', expected 1 to 4000 printable characters"),
        (
            {"a": [{"name": "a", "order_id": -1}]},
            jobs_at("a", "[0].order_id"), "-1, expected a whole number from 0 to 2147483647",
        ),
        ({"a": [{"name": "a", "dependencies": {}}]}, jobs_at("a", "[0].dependencies"), "{}, expected a list"),
        (
            {"a": [{"name": "a", "dependencies": [[]]}]},
            jobs_at("a", "[0].dependencies[0]"), "[], expected an object with task and inputname",
        ),
        (
            {"a": [{"name": "a", "dependencies": [{"task": "a"}]}]},
            jobs_at("a", "[0].dependencies[0].inputname"), "null, expected 1 to 4000 printable characters",
        ),
    ],
)  # fmt: skip
def test_a_graph_that_cannot_be_is_refused_with_its_place(works: dict[str, Any], place: str, message: str) -> None:
    found = compiled(a_request(*(a_work(name, jobs) for name, jobs in works.items())))

    assert found == RequestFault(place, message)


def test_the_recorded_pair_names_a_parent_that_its_request_does_not_have() -> None:
    plan = golden_plan("two_works")
    assert isinstance(plan, WorkflowPlan)

    assert compile_graph(plan, UnpackingAllowance()) == RequestFault(
        f"{ROOT}._works.199cd609.attributes._dependency_map[0].dependencies",
        "waits for the work 'h_clients_dag_a', which is not there",
    )


@settings(deadline=None)
@given(st.lists(st.sets(st.integers(0, 11), max_size=4), max_size=12), st.permutations(range(12)))
def test_depths_are_longest_ways_and_edges_are_sorted(parents: list[set[int]], order: list[int]) -> None:
    wanted = {node: {one for one in of if one < node} for node, of in enumerate(parents)}
    names = [node for node in order if node in wanted]
    works = [a_work(f"w{node}", [a_job("j", *((f"w{one}", "j") for one in sorted(wanted[node])))]) for node in names]

    graph = the_graph(a_request(*works))

    numbers = {node: number for number, node in enumerate(names)}
    depths: dict[int, int] = {}
    for node in sorted(wanted):
        depths[node] = max((depths[one] + 1 for one in wanted[node]), default=0)
    assert list(graph.edges()) == sorted((numbers[one], numbers[node]) for node, of in wanted.items() for one in of)
    assert list(graph.depths) == [depths[node] for node in names]


def test_task_parameters_are_those_that_the_released_work_makes() -> None:
    recorded = json.loads(RECORDED.read_text(encoding="utf-8"))
    same = {
        "executable": "echo", "encode_command_line": True, "task_queue": "LOCAL", "task_cloud": "US", "vo": "wlcg",
        "prodSourceLabel": "managed", "task_type": "lsst", "task_rss": 1024, "core_count": 1, "maxWalltime": 90000,
        "maxAttempt": 5, "task_priority": 900, "working_group": "", "task_log": recorded[0]["log"],
    }  # fmt: skip
    request = a_request(
        a_work("hc869568_a", [a_job("a1"), a_job("a2")], **same),
        a_work("hc869568_b", [a_job("b1", ("hc869568_a", "a1"), ("hc869568_a", "a2"))], **same),
    )

    made = [task_parameters(one, TaskOrigin(101, None, signature="s")) for one in the_graph(request).works]

    assert made == recorded


def parameters(**settings: Any) -> Any:
    return task_parameters(the_graph(a_request(a_work("a", [a_job("x")], **settings))).works[0], TaskOrigin(7, 3, "jdoe"))


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, {"taskName": "a_7_3", "userName": "jdoe", "reqID": 7, "maxAttempt": 5, "maxFailure": 5, "coreCount": 1}),
        ({"maxAttempt": 3, "num_retries": 9}, {"maxAttempt": 3, "maxFailure": 3}),
        ({"maxAttempt": 0, "num_retries": 9}, {"maxAttempt": 9, "maxFailure": 9}),
        (
            {"task_rss": 8000, "core_count": 4, "task_rss_retry_step": 1000, "task_rss_retry_offset": 400, "task_rss_max": 9000},
            {"ramCount": 2000, "ramUnit": "MBPerCoreFixed", "retryRamStep": 250, "retryRamOffset": 100, "retryRamMax": 9000},
        ),
        ({"queue": "Q"}, {"site": "Q"}),
        ({"queue": "Q", "task_queue": "T"}, {"site": "T"}),
        ({"encode_command_line": False}, {"transPath": "https://storage.googleapis.com/drp-us-central1-containers/bash-c"}),
        ({"core_count": 8, "core_to_queues": {"8": {"processing_type": "M"}}}, {"processingType": "M"}),
        ({"core_count": 8, "core_to_queues": {"any": {"processing_type": "M"}}}, {"processingType": "M"}),
        (
            {"queue": "Q_8", "core_to_queues": {"1": {"processing_type": "N"}, "m": {"queues": ["Q_8"], "processing_type": "M"}}},
            {"processingType": "M"},
        ),
        ({"processingType": "P", "core_to_queues": {"1": {"processing_type": "M"}}}, {"processingType": "P"}),
        ({"additional_task_parameters": {"vo": "x", "nEvents": 5}, "vo": "wlcg"}, {"vo": "wlcg", "nEvents": 5}),
        ({"task_site": "SLAC_X", "additional_task_parameters_per_site": {"SLAC": {"k": 1}, "RAL": {"l": 1}}}, {"k": 1}),
    ],
)  # fmt: skip
def test_settings_of_a_work_become_keys_of_its_task(settings: dict[str, Any], expected: dict[str, Any]) -> None:
    made = parameters(**settings)

    assert {key: made.get(key) for key in expected} == expected


def test_a_work_without_jobs_has_one_made_up_file() -> None:
    made = task_parameters(the_graph(a_request(a_work("a"))).works[0], TaskOrigin(7, 3))

    assert isinstance(made, dict)
    assert (made["pfnList"], made["nFiles"], "inputPreStaging" in made) == (["pseudo_file"], 1, False)


@pytest.mark.parametrize(
    ("settings", "key"),
    [
        ({"core_count": "4"}, "core_count"), ({"core_count": -1}, "core_count"), ({"executable": ["echo"]}, "executable"),
        ({"maxAttempt": True}, "maxAttempt"), ({"vo": "\0"}, "vo"), ({"task_log": "x"}, "task_log"), ({"es": True}, "es"),
        ({"additional_task_parameters": []}, "additional_task_parameters"), ({"task_queue": "x" * 5_000}, "task_queue"),
    ],
)  # fmt: skip
def test_a_setting_that_means_nothing_is_refused_with_its_place(settings: dict[str, Any], key: str) -> None:
    found = parameters(**settings)

    assert isinstance(found, RequestFault)
    assert found.place == f"{ROOT}._works.a.attributes.{key}"
