"""Requests of released iDDS clients are read to what their users meant; anything else is refused with its place."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.idds.faults import RequestFault
from streams.idds.grammar import read_relayed, read_request
from streams.idds.job_maps import jobs_of
from streams.idds.model import (
    ConditionMethod,
    FunctionPlan,
    Operator,
    ParameterLink,
    UploadedMap,
    UploadedStep,
    WorkCollection,
    WorkCondition,
    WorkflowPlan,
    WorkMethod,
    WorkPlan,
)
from streams.idds.steps import with_steps
from streams.idds.zipped import UnpackingAllowance
from tests.streams.idds_requests import ROOT, a_request, a_work, golden, golden_plan, read, workflow_of
from tests.streams.naughty import naughty

NAMES = (
    "bps_relayed", "conditions", "function", "graph", "loop", "steps_1", "steps_2", "two_works", "two_works_relayed",
)  # fmt: skip


def jobs(work: WorkPlan) -> list[tuple[str, list[tuple[str, str]]]]:
    return list(jobs_of(work.job_map, work.place, UnpackingAllowance()))


def the_workflow(name: str) -> WorkflowPlan:
    plan = golden_plan(name)
    assert isinstance(plan, WorkflowPlan)
    return plan


def test_a_graph_of_the_released_client_has_its_works_jobs_and_final_condition() -> None:
    plan = the_workflow("graph")

    assert (plan.workflow_id, plan.name, plan.lifetime_days) == ("01010101", "survey", 10)
    assert [one.task_name for one in plan.all_works] == ["coadd", "warp", "isr", "final"]
    assert jobs(plan.all_works[1])[:2] == [
        ("warp_0", [("isr", "isr_0"), ("isr", "isr_1")]),
        ("warp_1", [("isr", "isr_1"), ("isr", "isr_2")]),
    ]
    assert jobs(plan.all_works[3]) == [("pure_pseudoinput+qgraphNodeId:+qgraphId:", [])]
    coadd, final = plan.all_works[0].work_id, plan.all_works[3].work_id
    assert plan.conditions[0].predicates == (WorkMethod("is_terminated", coadd),)
    assert plan.conditions[0].true_targets == (final,)
    assert final not in plan.first_ids
    assert len(plan.first_ids) == 3
    assert [one.name for one in plan.all_works[2].collections] == ["in_isr", "out_isr.0"]
    assert isinstance(plan.all_works[2].collections[0], WorkCollection)


def test_conditions_of_the_released_client_keep_their_nesting() -> None:
    plan = the_workflow("conditions")

    inner = WorkCondition(
        "1f1f1f1f", Operator.OR,
        (WorkMethod("get_custom_condition_status", "10101010"), WorkMethod("is_failed", "13131313")), ("19191919",), (),
    )  # fmt: skip
    nested = WorkCondition("22222222", Operator.AND, (WorkMethod("is_started", "19191919"),), (), ())
    assert plan.conditions == (
        WorkCondition(
            "20202020", Operator.AND, (WorkMethod("is_finished", "10101010"), WorkMethod("is_subfinished", "13131313")),
            ("16161616",), (inner,),
        ),
        WorkCondition("21212121", Operator.AND, (WorkMethod("my_condition", "16161616"),), ("1c1c1c1c",), ()),
        WorkCondition(
            "23232323", Operator.OR, (ConditionMethod("is_condition_true", nested), WorkMethod("is_cancelled", "19191919")),
            ("1c1c1c1c",), (),
        ),
    )  # fmt: skip
    assert plan.first_ids == ("10101010", "13131313")
    assert plan.all_works[0].and_conditions == {"found": True}
    assert plan.all_works[0].or_conditions == {"sources": 12}


def test_a_loop_of_the_released_client_is_a_workflow_in_a_workflow() -> None:
    plan = the_workflow("loop")

    inner = plan.nodes[1]
    assert isinstance(inner, WorkflowPlan)
    assert (inner.workflow_id, inner.name) == ("28282828", "inner")
    assert inner.loop == WorkCondition(
        "31313131", Operator.AND, (WorkMethod("get_custom_condition_status", "2c2c2c2c"),), (), ()
    )
    parameters = (("user_threshold", "user_threshold"), ("user_limit", "arguments"))
    assert inner.links == (ParameterLink("30303030", parameters, ("2c2c2c2c",), ("29292929",)),)
    assert plan.loop is None
    assert plan.global_parameters == {"user_threshold": 5, "user_list": [1, 2]}
    assert plan.sliced_parameters == {"user_list": {"name": None, "index": 1}}
    assert [one.task_name for one in plan.all_works] == ["prepare", "measure", "judge", "picture"]


def test_graphs_that_were_uploaded_ahead_are_joined_by_the_names_of_works() -> None:
    step, plan = golden_plan("steps_1"), the_workflow("steps_2")
    assert isinstance(step, UploadedStep)

    joined = with_steps(plan, step.job_maps)

    assert step.workflow_id == plan.workflow_id == "37373737"
    assert (plan.with_steps, plan.all_works[0].job_map) == (True, UploadedMap("one"))
    assert isinstance(joined, WorkflowPlan)
    assert jobs(joined.all_works[0])[59] == ("first_59", [])
    assert jobs(joined.all_works[1])[59] == ("second_59", [("one", "first_59")])


def test_a_graph_that_was_not_uploaded_is_missed() -> None:
    found = with_steps(the_workflow("steps_2"), {"one": "idds_zip:"})

    assert found == RequestFault(f"{ROOT}._works.3b3b3b3b.attributes._dependency_map", "'two' was not uploaded")


def test_a_function_keeps_its_pickled_arguments_as_texts() -> None:
    plan = golden_plan("function")

    assert isinstance(plan, FunctionPlan)
    assert plan.attributes["_func_name_and_args"] == [
        "make_requests.py:__main__:add", {}, "eJxrYJnKxgABsVO8GRP1ABkRAuw=", {},
    ]  # fmt: skip
    assert (plan.context["_workflow_type"], plan.context["_max_walltime"]) == (1, 86400)
    assert "_broker_password" not in plan.context
    assert repr(plan) == "FunctionPlan(class_name='Workflow')"


def test_the_relay_and_a_direct_call_carry_the_same_workflow() -> None:
    relayed, direct = the_workflow("two_works_relayed"), the_workflow("two_works")

    assert [one.settings for one in relayed.all_works] == [one.settings for one in direct.all_works]
    assert [one.task_name for one in relayed.all_works] == ["client_dag_a", "client_dag_b"]


def test_bps_names_its_jobs_by_quanta() -> None:
    plan = the_workflow("bps_relayed")

    assert [len(jobs(one)) for one in plan.all_works] == [1, 4, 4, 1]
    assert jobs(plan.all_works[1])[0] == (
        "01a22228-3363-7c9c-b84b-95be7a2de65f_isr_4+qgraphNodeId:01a22228-3363-7c9c-b84b-95be7a2de65f+qgraphId:",
        [("u_jdoe_hclients_20261128T123558Z_01_pipetaskInit_01", "pipetaskInit+qgraphNodeId:+qgraphId:")],
    )


def test_a_plain_list_of_jobs_is_read_as_a_zipped_one() -> None:
    plan = workflow_of(a_request(a_work("a", _dependency_map=[{"name": "x", "dependencies": [{"task": "b", "inputname": "y"}]}])))

    assert jobs(plan.all_works[0]) == [("x", [("b", "y")])]


@pytest.mark.parametrize("name", NAMES)
def test_a_request_that_is_cut_off_is_refused(name: str) -> None:
    text = golden(name)[:-1]

    found = (read_relayed if name.endswith("relayed") else read_request)(text, UnpackingAllowance())

    assert isinstance(found, RequestFault)
    assert found.message.startswith("no JSON: ")


@settings(deadline=None)
@given(text=naughty())
def test_any_body_is_read_or_refused(text: str) -> None:
    assert isinstance(read(text), RequestFault)
    assert isinstance(read_relayed(text, UnpackingAllowance()), RequestFault)


@settings(deadline=None)
@given(name=st.sampled_from(NAMES), data=st.data(), text=naughty())
def test_any_value_in_any_place_of_a_request_is_read_or_refused_with_a_place(name: str, data: st.DataObject, text: str) -> None:
    try:
        value = json.loads(text)
    except (RecursionError, ValueError):
        return
    tree = json.loads(golden(name))
    holder = tree if isinstance(tree, list) else tree["request_metadata"]
    while True:
        key = data.draw(st.sampled_from(sorted(holder) if isinstance(holder, dict) else range(len(holder))))
        inner = holder[key]
        if not isinstance(inner, dict | list) or not inner or data.draw(st.integers(0, 5)) == 0:
            break
        holder = inner
    holder[key] = value
    try:
        body = json.dumps(tree)
    except (RecursionError, ValueError):
        return

    found = (read_relayed if name.endswith("relayed") else read_request)(body, UnpackingAllowance())

    if isinstance(found, RequestFault):
        assert found.place
        assert found.message.isprintable()
    elif isinstance(found, WorkflowPlan):
        for work in found.all_works:
            assert work.task_name.isprintable()
