"""Requests to iDDS for tests: those of released clients, and small ones made here."""

import base64
import json
import zlib
from pathlib import Path
from typing import Any

from streams.idds.grammar import read_relayed, read_request
from streams.idds.model import Plan, WorkflowPlan
from streams.idds.zipped import UnpackingAllowance

GOLDEN = Path(__file__).parent.parent / "golden" / "idds"
WORKFLOWS = "idds.workflowv2.workflow"
ROOT = "request_metadata.workflow.attributes.template.attributes"


def golden(name: str) -> str:
    """The text that a released client sent."""
    return (GOLDEN / f"{name}.json").read_text(encoding="utf-8")


def read(text: str | dict[str, Any]) -> Any:
    """What the grammar makes of a body."""
    return read_request(text if isinstance(text, str) else json.dumps(text), UnpackingAllowance())


def golden_plan(name: str) -> Plan:
    """A golden request as a plan."""
    found = (read_relayed if name.endswith("relayed") else read_request)(golden(name), UnpackingAllowance())
    assert isinstance(found, Plan), found
    return found


def workflow_of(request: dict[str, Any]) -> WorkflowPlan:
    """The workflow that a body means."""
    found = read(request)
    assert isinstance(found, WorkflowPlan), found
    return found


def an_object(name: str, module: str, **attributes: Any) -> dict[str, Any]:
    """An object as clients write it."""
    return {"class": name, "module": module, "attributes": attributes}


def zipped(value: Any) -> str:
    """A value as clients zip it."""
    text = value if isinstance(value, bytes) else json.dumps(value).encode()
    return "idds_zip:" + base64.b64encode(zlib.compress(text)).decode()


def a_work(name: str, job_map: Any = (), work_id: str = "", **attributes: Any) -> dict[str, Any]:
    """A work of the class of BPS."""
    given = {"task_name": name, "_dependency_map": zipped(job_map) if isinstance(job_map, list) else job_map or None}
    metadata = an_object("DictMetadata", "idds.common.dict_class", internal_id=work_id or name, work_name=name)
    return an_object("DomaPanDAWork", "idds.doma.workflowv2.domapandawork", _metadata=metadata, **(given | attributes))


def a_condition(
    condition_id: str, predicates: list[Any], true: list[Any], false: tuple[Any, ...] = (), number: int = 0
) -> dict[str, Any]:
    """A condition; number: 0 for And, 1 for Or."""
    operator = an_object("ConditionOperator", WORKFLOWS, _value_=number, _name_="Or" if number else "And")
    return an_object(
        "CompositeCondition", WORKFLOWS, internal_id=condition_id, operator=operator, _conditions=predicates,
        _true_works=true, _false_works=list(false),
    )  # fmt: skip


def asks(work_id: str, method: str) -> dict[str, str]:
    """A predicate of a work."""
    return {"idds_method": method, "idds_method_internal_id": work_id}


def a_request(*works: dict[str, Any], **attributes: Any) -> dict[str, Any]:
    """The body of a request with works, each under its own id."""
    by_id = {one["attributes"]["_metadata"]["attributes"]["internal_id"]: one for one in works}
    base = an_object("WorkflowBase", WORKFLOWS, **({"internal_id": "0a0a0a0a", "_name": "flow", "_works": by_id} | attributes))
    return {"request_metadata": {"workflow": an_object("Workflow", WORKFLOWS, template=base)}}


def a_job(name: str, *parents: tuple[str, str]) -> dict[str, Any]:
    """A job and those it waits for, as (task, job)."""
    return {"name": name, "dependencies": [{"task": task, "inputname": job} for task, job in parents]}
