"""Requests to iDDS, from the bytes that came to frozen plans. Names of classes are tags, nothing is opened or run. Pure.

In: the body of `POST /request`, the `args` of the relay's `submit`, or one object of a workflow. Out: a plan, or a RequestFault
with the place in the tree. Graphs of jobs stay zipped; `job_maps.jobs_of` reads them one job at a time.
Source: docs/reference/idds.md, "Grammar of requests".
"""

from collections.abc import Iterator, Mapping
from typing import Any

from streams.idds.enumerations import ENUMERATIONS
from streams.idds.faults import NotInGrammar, Position, RequestFault
from streams.idds.grammar_conditions import attributes_of, condition_of, links_of
from streams.idds.grammar_works import work_of
from streams.idds.model import (
    ConditionMethod,
    FunctionPlan,
    Json,
    Plan,
    SubmittedRequest,
    WorkCondition,
    WorkflowPlan,
    WorkPlan,
)
from streams.idds.steps import step_of
from streams.idds.tree import check_tree, is_object, kind_of, read_json
from streams.idds.values import check_id, id_in, ids_in, name_in, number_in, object_in
from streams.idds.vocabulary import USER_PREFIX, ObjectKind
from streams.idds.zipped import UnpackingAllowance
from streams.jedi.shown import shown

WORKS_MAX = 10_000
NESTED_MAX = 10
DAYS_MAX = 36_500
CAMPAIGN = ("campaign", "campaign_scope", "campaign_group", "campaign_tag")
#: Passwords and certificates that clients put into their objects.
SECRETS = frozenset({"_broker_password", "proxy"})
IN_REQUEST: Position = ("request_metadata", "workflow")


def read_request(body: str | bytes, allowance: UnpackingAllowance) -> Plan | RequestFault:
    """The plan in the body of `POST /request`."""
    try:
        given = read_json(body)
        if not isinstance(given, dict):
            raise NotInGrammar((), f"{shown(given)}, expected an object")
        metadata = object_in(given, "request_metadata", ())
        check_tree(given)
        return plan_of(metadata.get("workflow"), IN_REQUEST, allowance)
    except NotInGrammar as refused:
        return refused.fault


def read_submission(body: str | bytes, allowance: UnpackingAllowance) -> SubmittedRequest | RequestFault:
    """The body of `POST /request` with what its sender says of it beside the plan."""
    try:
        given = read_json(body)
        if not isinstance(given, dict):
            raise NotInGrammar((), f"{shown(given)}, expected an object")
        metadata = object_in(given, "request_metadata", ())
        check_tree(given)
        is_build = "workflow" not in metadata and "build_workflow" in metadata
        key = "build_workflow" if is_build else "workflow"
        plan = plan_of(metadata.get(key), ("request_metadata", key), allowance)
        return SubmittedRequest(plan, {key: one for key, one in given.items() if key != "request_metadata"}, is_build)
    except NotInGrammar as refused:
        return refused.fault


def read_relayed(arguments: str, allowance: UnpackingAllowance) -> Plan | RequestFault:
    """The plan in `args` of the relay's `submit`: the JSON text of a list whose first member is the workflow."""
    try:
        given = read_json(arguments, ("args",))
        if not isinstance(given, list) or not given:
            raise NotInGrammar(("args",), f"{shown(given)}, expected a list that begins with a workflow")
        check_tree(given, ("args",))
        return plan_of(given[0], ("args", 0), allowance)
    except NotInGrammar as refused:
        return refused.fault


def plan_of(value: Any, at: Position, allowance: UnpackingAllowance) -> Plan:
    """What an object stands for. The tree around it was checked. Raises NotInGrammar."""
    kind = kind_of(value, at) if is_object(value) else None
    match kind:
        case ObjectKind.WORKFLOW:
            inner, where = _template(value, at)
            step = step_of(inner, where, allowance)
            if step:
                return step
            plan = _workflow(value, at, 0)
            _check_ids(plan, at)
            return plan
        case ObjectKind.FUNCTION:
            return _function(value, at)
        case ObjectKind.WORK:
            return work_of(value, _id_of_single(value, at), at)
        case _:
            raise NotInGrammar(at, f"{shown(value)}, expected a workflow")


def _template(value: Mapping[str, Any], at: Position) -> tuple[dict[str, Any], Position]:
    outer = attributes_of(value, ObjectKind.WORKFLOW, at)
    where = (*at, "attributes", "template")
    return attributes_of(outer.get("template"), ObjectKind.WORKFLOW_BASE, where), (*where, "attributes")


def _id_of_single(value: Mapping[str, Any], at: Position) -> str:
    where = (*at, "attributes", "_metadata")
    metadata = attributes_of(value["attributes"].get("_metadata"), ObjectKind.METADATA, where)
    return id_in(metadata, "internal_id", (*where, "attributes"))


def _workflow(value: Mapping[str, Any], at: Position, nested: int) -> WorkflowPlan:
    if nested > NESTED_MAX:
        raise NotInGrammar(at[:20], f"workflows nested deeper than {NESTED_MAX}")
    given, inside = _template(value, at)
    loop = given.get("_loop_condition")
    return WorkflowPlan(
        workflow_id=id_in(given, "internal_id", inside),
        name=name_in(given, "_name", inside),
        nodes=_nodes(given, inside, nested),
        conditions=tuple(
            condition_of(one, (*inside, "_conditions", key)) for key, one in object_in(given, "_conditions", inside).items()
        ),
        links=links_of(given, inside),
        initial_ids=ids_in(given, "initial_works", inside),
        independent_ids=ids_in(given, "independent_works", inside),
        global_parameters=_of_users(given, "_global_parameters", inside),
        sliced_parameters=_of_users(given, "_sliced_global_parameters", inside),
        loop=None if loop is None else condition_of(loop, (*inside, "_loop_condition")),
        with_steps=given.get("with_steps") is True,
        lifetime_days=number_in(given, "_lifetime", inside, DAYS_MAX),
        pending_days=number_in(given, "_pending_time", inside, DAYS_MAX),
        max_processing_requests=_unless_unlimited(given, "_max_processing_requests", inside),
        campaign={key: name_in(given, f"_{key}", inside) or None for key in CAMPAIGN},
    )


def _unless_unlimited(given: Mapping[str, Any], key: str, at: Position) -> int | None:
    found = None if given.get(key) == -1 else number_in(given, key, at)
    return None if found is None else int(found)


def _nodes(given: Mapping[str, Any], at: Position, nested: int) -> tuple[WorkPlan | WorkflowPlan, ...]:
    found = object_in(given, "_works", at)
    if len(found) > WORKS_MAX:
        raise NotInGrammar((*at, "_works"), f"{len(found)} works, at most {WORKS_MAX}")
    nodes: list[WorkPlan | WorkflowPlan] = []
    for key, value in found.items():
        where = (*at, "_works", key)
        check_id(key, where)
        if is_object(value) and kind_of(value, where) is ObjectKind.WORKFLOW:
            inner = _workflow(value, where, nested + 1)
            if inner.workflow_id != key:
                raise NotInGrammar(where, f"holds the workflow {shown(inner.workflow_id)}, but stands under {shown(key)}")
            nodes.append(inner)
        else:
            nodes.append(work_of(value, key, where))
    return tuple(nodes)


def _of_users(given: Mapping[str, Any], key: str, at: Position) -> Mapping[str, Json]:
    """Global parameters are those that begin with `user_`; the reference leaves others out with a warning."""
    return {name: one for name, one in object_in(given, key, at).items() if name.startswith(USER_PREFIX)}


def _function(value: Mapping[str, Any], at: Position) -> FunctionPlan:
    given = value["attributes"]
    context = given.get("_context")
    plain = {} if context is None else attributes_of(context, ObjectKind.CONTEXT, (*at, "attributes", "_context"))
    return FunctionPlan(value["class"], _plain(given), _plain(plain))


def _plain(given: Mapping[str, Any]) -> dict[str, Json]:
    """Without objects of classes, with the numbers of enumerations, and without what nothing here needs to know."""
    found = {}
    for key, one in given.items():
        if not is_object(one):
            found[key] = one
        elif (one["module"], one["class"]) in ENUMERATIONS:
            found[key] = one["attributes"]["_value_"]
    return {key: one for key, one in found.items() if key not in SECRETS}


def _check_ids(plan: WorkflowPlan, at: Position) -> None:
    """Each id stands for one node, and conditions, links and starts name nodes that are there."""
    known: set[str] = {plan.workflow_id}
    for node_id in _ids(plan):
        if node_id in known:
            raise NotInGrammar(at, f"the id {shown(node_id)} stands for two works")
        known.add(node_id)
    for what, named in _named_in(plan):
        if named not in known:
            raise NotInGrammar(at, f"{what} names the work {shown(named)}, which is not there")


def _ids(plan: WorkflowPlan) -> Iterator[str]:
    for one in plan.nodes:
        if isinstance(one, WorkPlan):
            yield one.work_id
        else:
            yield one.workflow_id
            yield from _ids(one)


def _named_in(plan: WorkflowPlan) -> Iterator[tuple[str, str]]:
    yield from (("the start", one) for one in (*plan.initial_ids, *plan.independent_ids))
    for condition in (*plan.conditions, *([plan.loop] if plan.loop else [])):
        yield from ((f"the condition {condition.condition_id}", one) for one in works_named(condition))
    for link in plan.links:
        yield from ((f"the link {link.link_id}", one) for one in (*link.sources, *link.destinations))
    for one in plan.nodes:
        if isinstance(one, WorkflowPlan):
            yield from _named_in(one)


def works_named(condition: WorkCondition) -> Iterator[str]:
    """Ids of all works that a condition asks or starts, also in the conditions within it."""
    for predicate in condition.predicates:
        if isinstance(predicate, ConditionMethod):
            yield from works_named(predicate.condition)
        elif not isinstance(predicate, bool):
            yield predicate.work_id
    for target in (*condition.true_targets, *condition.false_targets):
        if isinstance(target, str):
            yield target
        else:
            yield from works_named(target)
