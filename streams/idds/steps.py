"""Workflows that are too large for one request: graphs of jobs that come ahead of them, and their join. Pure.

Source: docs/reference/idds.md, "Uploads in steps".
"""

import json
import zlib
from base64 import b64encode
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from streams.idds.faults import NotInGrammar, Position, RequestFault
from streams.idds.grammar_works import check_no_path
from streams.idds.job_maps import read_job
from streams.idds.model import UploadedMap, UploadedStep, WorkflowPlan, WorkPlan
from streams.idds.values import id_in, name_in
from streams.idds.zipped import PREFIX, UnpackingAllowance, ZippedJson, pieces_of
from streams.jedi.shown import shown

DATA = "_workflow_data"


def step_of(given: Mapping[str, Any], at: Position, allowance: UnpackingAllowance) -> UploadedStep | None:
    """The graphs in a step; None for a workflow that is no step."""
    if given.get("_is_workflow_step") is not True:
        return None
    data, where = given.get(DATA), (*at, DATA)
    if not isinstance(data, str):
        raise NotInGrammar(where, f"{shown(data)}, expected zipped text")
    maps = dict(_maps(ZippedJson(data, where, allowance), where, allowance))
    named = [name for name in name_in(given, "_step_name", at, 1_000_000).split(",") if name]
    if set(named) != maps.keys():
        raise NotInGrammar((*at, "_step_name"), "names other works than those whose graphs it holds")
    return UploadedStep(id_in(given, "internal_id", at), maps)


def _maps(zipped: ZippedJson, at: Position, allowance: UnpackingAllowance) -> Iterator[tuple[str, str]]:
    zipped.take("{")
    while zipped.next_character() != "}":
        name = zipped.take_value()
        if not isinstance(name, str) or not name.isprintable():
            raise NotInGrammar(at, f"{shown(name)} is no name of a work")
        check_no_path(name, (*at, name))
        zipped.take(":")
        yield name, _map(zipped, (*at, name), allowance)
        if zipped.next_character() != "}":
            zipped.take(",")
    zipped.take("}")
    zipped.end()


def _map(zipped: ZippedJson, at: Position, allowance: UnpackingAllowance) -> str:
    """One graph as zipped text; a list is checked job by job and zipped again, so that no more than a job is in memory."""
    if zipped.next_character() != "[":
        text = zipped.take_value()
        if not isinstance(text, str):
            raise NotInGrammar(at, f"{shown(text)}, expected a list of jobs or zipped text")
        for _ in pieces_of(text, at, allowance):
            pass
        return text
    packer = zlib.compressobj(1)
    packed = [packer.compress(b"[")]
    for number, one in enumerate(zipped.elements()):
        name, parents = read_job(one, (*at, number))
        job = {"name": name, "dependencies": [{"task": task, "inputname": parent} for task, parent in parents]}
        packed.append(packer.compress((b"," if number else b"") + json.dumps(job).encode()))
    packed += [packer.compress(b"]"), packer.flush()]
    return PREFIX + b64encode(b"".join(packed)).decode("ascii")


def with_steps(plan: WorkflowPlan, job_maps: Mapping[str, str]) -> WorkflowPlan | RequestFault:
    """`plan` with the graphs that were uploaded for it. job_maps: of the same caller and the same id of a workflow."""
    nodes: list[WorkPlan | WorkflowPlan] = []
    for node in plan.nodes:
        match node:
            case WorkPlan(job_map=UploadedMap(work_name)):
                if work_name not in job_maps:
                    return NotInGrammar((*node.place, "_dependency_map"), f"{shown(work_name)} was not uploaded").fault
                nodes.append(replace(node, job_map=job_maps[work_name]))
            case WorkPlan():
                nodes.append(node)
            case WorkflowPlan():
                inner = with_steps(node, job_maps)
                if isinstance(inner, RequestFault):
                    return inner
                nodes.append(inner)
    return replace(plan, nodes=tuple(nodes))
