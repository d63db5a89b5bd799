"""Which workflows this server runs, and what a request says of itself as the log takes it. Pure.

In: a plan of the grammar, the fields of a request. Out: why it cannot be run; the announcement. What cannot be run is refused
before anything of it is in the log, with the part that is not there yet.
"""

from collections.abc import Mapping
from typing import Any

from api.http.errors import BadRequest
from identity.identity import Identity
from schemas.workflow import SubmitWorkflow
from streams.idds.compile import CompiledGraph
from streams.idds.compile_conditions import compile_conditions, starting_works
from streams.idds.compile_links import plans_in, reason_against_links
from streams.idds.model import FunctionPlan, Plan, UploadedStep, WorkflowPlan, WorkPlan

NOT_YET = "not run by this server yet"
DAY_SECONDS = 86_400
LENGTHS = {
    "name": 255, "scope": 25, "requester": 64, "transform_tag": 64, "campaign": 255, "campaign_scope": 64, "campaign_group": 255,
    "campaign_tag": 64, "cloud": 255, "site": 255, "queue": 255,
}  # fmt: skip
REQUEST_TYPE_MAX = 99
PRIORITY_MAX = 2_147_483_647


def reason_against(plan: Plan) -> str:
    """Why a plan cannot be run yet; empty for one that can."""
    match plan:
        case UploadedStep():
            return f"workflows that are sent in steps are {NOT_YET}; send it in one request of at most 420,000,000 bytes"
        case FunctionPlan():
            return f"functions as tasks are {NOT_YET}"
        case WorkPlan():
            return f"works without a workflow are {NOT_YET}"
        case WorkflowPlan():
            return _against_workflow(plan)


def _against_workflow(plan: WorkflowPlan) -> str:
    for one in plans_in(plan):
        if what := _missing_in(one):
            return f"{what} are {NOT_YET}"
    if what := reason_against_links(plan):
        return f"{what} are {NOT_YET}"
    conditions = compile_conditions(plan)
    if isinstance(conditions, str):
        return f"{conditions} are {NOT_YET}"
    starting = {*starting_works(plan), *conditions.waiting}
    idle = [one for one in plan.all_works if one.work_id not in starting]
    return f"works that nothing starts are {NOT_YET}" if idle else ""


def _missing_in(plan: WorkflowPlan) -> str:
    """What a workflow, or one within it, has of what is not run yet."""
    for found, what in (
        (plan.with_steps, "workflows that are sent in steps"),
        (plan.loop, "loops"),
    ):
        if found:
            return what
    return ""


def fields_of(given: Mapping[str, Any], plan: WorkflowPlan) -> dict[str, Any]:
    """Fields of `SubmitWorkflow` that the sender chose; what a relayed workflow does not say has the values of ClientManager."""
    found: dict[str, Any] = {"name": plan.name, "scope": "workflow", "requester": "panda", "transform_tag": "workflow"}
    found |= {name: one for name, one in plan.campaign.items() if one}
    for name, most in LENGTHS.items():
        value = given.get(name)
        if value is None:
            continue
        if not isinstance(value, str) or len(value) > most:
            raise BadRequest(f"{name}: found {str(value)[:60]!r}, expected a text of at most {most} characters")
        found[name] = value
    found["name"] = found["name"][: LENGTHS["name"]]
    found["priority"] = _whole(given, "priority", -PRIORITY_MAX, PRIORITY_MAX) or 0
    found["request_type"] = _whole(given, "request_type", 0, REQUEST_TYPE_MAX) or 0
    return found


def announced(
    said: Mapping[str, Any],
    plan: WorkflowPlan,
    graph: CompiledGraph,
    request_id: int,
    digest: str,
    identity: Identity,
    conditions: int = 0,
) -> SubmitWorkflow:
    """The command that announces a workflow. said: of `fields_of`; conditions: how many it has."""
    return SubmitWorkflow(
        **said,
        request_id=request_id,
        internal_id=plan.workflow_id,
        user_name=identity.user_name,
        nickname=identity.nickname,
        max_processing_requests=plan.max_processing_requests or None,
        digest=digest,
        lifetime_seconds=_seconds(plan.lifetime_days),
        pending_seconds=_seconds(plan.pending_days),
        works=len(graph.works),
        nodes=graph.nodes,
        edges=len(graph.children),
        conditions=conditions,
    )


def _seconds(days: float | None) -> int | None:
    """Whole seconds, one at least; None for no limit, as 0 means."""
    return max(1, round(days * DAY_SECONDS)) if days else None


def _whole(given: Mapping[str, Any], name: str, lowest: int, highest: int) -> int | None:
    """A number, or the value of an enumeration that stands in its place."""
    value = given.get(name)
    if isinstance(value, dict) and isinstance(value.get("attributes"), dict):
        value = value["attributes"].get("_value_")
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or not lowest <= value <= highest:
        raise BadRequest(f"{name}: found {str(value)[:60]!r}, expected a whole number from {lowest} to {highest}")
    return value
