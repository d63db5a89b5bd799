"""Contents of works: one input and one output of each job of their graphs, and of outputs what the last job says of its end.

States come from the rows of nodes, names and jobs from the input of the work's task; a unit of that is a node of the work. At
most `CONTENTS_MAX` in one answer, because clients cannot ask for a page; a narrower question is by transform, relation or status.
Source: docs/reference/idds.md, "Rows"; docs/decisions/0109.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from api.http.errors import BadRequest
from api.idds.calls import IddsRequest
from api.idds.workflow_queries import works_asked_for
from api.idds.workflow_rows import INPUT, OUTPUT, PREFIXES, SCOPE, WorkShown, enumerated, moment, numbered
from api.panda.job_object import job_object
from api.queries import workflows
from api.queries.read_models import Row
from projections.workflows.nodes import FAILED, FINISHED, PAGE_NODES, PRUNED, RELEASED, WAITING
from streams.idds.enumerations import CONSTANTS, ENUMERATIONS

CONTENTS_MAX = 10_000
OF_INPUT = {WAITING: "New", RELEASED: "Available", FINISHED: "Available", FAILED: "Available", PRUNED: "Missing"}
OF_OUTPUT = {WAITING: "New", RELEASED: "Processing", FINISHED: "Available", FAILED: "FinalFailed", PRUNED: "Missing"}
STATUSES = {INPUT: OF_INPUT, OUTPUT: OF_OUTPUT}
#: Column of contents_ext -> attribute of PanDA's job.
EXT = {
    "panda_id": "PandaID", "job_definition_id": "jobDefinitionID", "jedi_task_id": "jediTaskID", "scheduler_id": "schedulerID",
    "pilot_id": "pilotID", "batch_id": "batchID", "creation_time": "creationTime", "modification_time": "modificationTime",
    "start_time": "startTime", "end_time": "endTime", "modification_host": "modificationHost", "job_status": "jobStatus",
    "job_name": "jobName", "prod_source_label": "prodSourceLabel", "prod_user_id": "prodUserID", "attempt_nr": "attemptNr",
    "assigned_priority": "assignedPriority", "current_priority": "currentPriority", "computing_site": "computingSite",
    "core_count": "coreCount", "min_ram_count": "minRamCount", "min_ram_unit": "minRamUnit", "gshare": "gshare",
    "resource_type": "resource_type", "cpu_consumption_time": "cpuConsumptionTime", "max_rss": "maxRSS", "max_pss": "maxPSS",
    "max_vmem": "maxVMEM", "max_swap": "maxSWAP", "avg_rss": "avgRSS", "pilot_error_code": "pilotErrorCode",
    "pilot_error_diag": "pilotErrorDiag", "exe_error_code": "exeErrorCode", "exe_error_diag": "exeErrorDiag",
    "sup_error_code": "supErrorCode", "sup_error_diag": "supErrorDiag", "ddm_error_code": "ddmErrorCode",
    "ddm_error_diag": "ddmErrorDiag", "brokerage_error_code": "brokerageErrorCode",
    "brokerage_error_diag": "brokerageErrorDiag", "job_dispatcher_error_code": "jobDispatcherErrorCode",
    "job_dispatcher_error_diag": "jobDispatcherErrorDiag", "task_buffer_error_code": "taskBufferErrorCode",
    "task_buffer_error_diag": "taskBufferErrorDiag",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class JobNode:
    """A job of a work: its unit (from 1) in the task's input, the letter of its state, the unit's row; None before it is fed."""

    work: WorkShown
    unit_id: int
    state: str
    unit: Mapping[str, Any] | None = None

    def content(self, relation: int) -> dict[str, Any]:
        """Its input or output."""
        unit, work = self.unit or {}, self.work
        status = enumerated("ContentStatus", STATUSES[relation][self.state])
        updated = moment(work.row["modified_at"])
        return {
            "content_id": 2 * (work.row["first_node"] + self.unit_id) - 1 + relation,
            "transform_id": work.transform_id,
            "coll_id": work.collection_id(relation),
            "request_id": work.row["request_id"],
            "workload_id": work.row["task_id"],
            "map_id": self.unit_id,
            "sub_map_id": 0,
            "dep_sub_map_id": 0,
            "content_dep_id": None,
            "scope": unit.get("scope") or SCOPE,
            "name": unit.get("lfn"),
            "min_id": 0,
            "max_id": 0,
            "content_type": enumerated("ContentType", "PseudoContent"),
            "content_relation_type": numbered("ContentRelationType", relation),
            "status": status,
            "substatus": status,
            "bytes": unit.get("size_bytes") or 0,
            "md5": None,
            "adler32": None,
            "processing_id": work.transform_id,
            "retries": unit.get("attempt") or 0,
            "path": None,
            "content_metadata": {"panda_id": unit.get("job_id")},
            "created_at": moment(work.row["created_at"]),
            "updated_at": updated,
        }


async def get_contents(asked: IddsRequest) -> list[dict[str, Any]]:
    """Inputs and outputs of jobs, as far as they have what is asked for. Dependencies are not among them."""
    relation, status = asked.whole("relation_type"), asked.whole("content_status")
    wanted = {name: asked.text(name) for name in ("scope", "name")}
    works = await works_asked_for(asked)
    if wanted["scope"] not in (None, SCOPE):
        return []
    works = [work for work in works if wanted["name"] in (None, work.collection_name())]
    found: list[tuple[JobNode, int]] = []
    states = await _states(asked, works)
    for work, of_work in zip(works, states, strict=True):
        for number in PREFIXES.values():
            if relation in (None, number):
                nodes = _nodes(work, of_work, _letters(number, status), len(found))
                found += [(node, number) for node in nodes]
    fed = await _with_units(asked, [node for node, _ in found])
    return [fed[node.work.transform_id, node.work.row["request_id"], node.unit_id].content(number) for node, number in found]


async def get_contents_output_ext(asked: IddsRequest) -> dict[str, list[dict[str, Any]]]:
    """Outputs of jobs that ran, with what their last jobs say of their ends, by transform or by task; statuses are names."""
    if asked.whole("request_id") is None:
        raise BadRequest("request_id: found nothing, expected a whole number")
    by_task = asked.flag("group_by_jedi_task_id")
    nodes: list[JobNode] = []
    works = await works_asked_for(asked)
    for work, of_work in zip(works, await _states(asked, works), strict=True):
        nodes += _nodes(work, of_work, frozenset((RELEASED, FINISHED, FAILED)), len(nodes))
    fed = (await _with_units(asked, nodes)).values()
    job_ids = [node.unit["job_id"] for node in fed if node.unit is not None and node.unit["job_id"] is not None]
    rows = await workflows.jobs_of_units(asked.services.read_models, asked.identity.vo, job_ids) if job_ids else []
    jobs = {row["job_id"]: row for row in rows}
    found: dict[str, list[dict[str, Any]]] = {
        str(work.row["task_id"] if by_task else work.transform_id): [] for work in works if work.row["task_id"] is not None
    }
    for node in fed:
        job = jobs.get(node.unit["job_id"]) if node.unit is not None else None
        if job is not None:
            key = str(node.work.row["task_id"] if by_task else node.work.transform_id)
            found[key].append({**node.content(OUTPUT), **_ext(node, job)})
    return found


def _ext(node: JobNode, job: Row) -> dict[str, Any]:
    """Columns of contents_ext; the exit code is a text, as PanDA has it."""
    shown = job_object({**job, "spec": None, "outputs": ()})
    code = shown["transExitCode"]
    status = OF_OUTPUT[node.state]
    return {
        **{column: shown[attribute] for column, attribute in EXT.items()},
        "trans_exit_code": None if code is None else str(code),
        "status": status,
        "substatus": status,
        "content_relation_type": "Output",
        "content_type": "PseudoContent",
    }


async def _states(asked: IddsRequest, works: Sequence[WorkShown]) -> list[str]:
    """A letter for each job of each of these works, which are of one request."""
    bounds = [(work.row["first_node"], work.row["first_node"] + work.row["nodes"]) for work in works]
    if not any(first < beyond for first, beyond in bounds):
        return [""] * len(bounds)
    first_page = min(first for first, _ in bounds) // PAGE_NODES
    last_page = (max(beyond for _, beyond in bounds) - 1) // PAGE_NODES
    request_id = works[0].row["request_id"]
    rows = await workflows.node_states(asked.services.read_models, request_id, first_page, last_page)
    states, start = "".join(row["states"] for row in rows), first_page * PAGE_NODES
    return [states[first - start : beyond - start] for first, beyond in bounds]


def _letters(relation: int, status: int | None) -> frozenset[str]:
    """States of jobs whose content has that number of ContentStatus; all for None."""
    values = ENUMERATIONS[CONSTANTS, "ContentStatus"]
    return frozenset(letter for letter, name in STATUSES[relation].items() if status in (None, values[name]))


def _nodes(work: WorkShown, states: str, letters: frozenset[str], before: int) -> Iterator[JobNode]:
    """Jobs in these states; BadRequest when they are too many, with what was found before."""
    count = before + sum(states.count(letter) for letter in letters)
    if count > CONTENTS_MAX:
        advice = "ask for one transform, relation or status"
        raise BadRequest(f"{count:,} contents or more, at most {CONTENTS_MAX:,} in one answer: {advice}")
    return (JobNode(work, unit_id, state) for unit_id, state in enumerate(states, start=1) if state in letters)


async def _with_units(asked: IddsRequest, nodes: Sequence[JobNode]) -> dict[tuple[int, int, int], JobNode]:
    """Each job once, with its unit, by transform, request and unit."""
    pairs = sorted({(node.work.row["task_id"], node.unit_id) for node in nodes if node.work.row["task_id"] is not None})
    task_ids, unit_ids = [task_id for task_id, _ in pairs], [unit_id for _, unit_id in pairs]
    rows = await workflows.units(asked.services.read_models, asked.identity.vo, task_ids, unit_ids) if pairs else []
    units = {(row["task_id"], row["unit_id"]): row for row in rows}
    return {
        (node.work.transform_id, node.work.row["request_id"], node.unit_id): JobNode(
            node.work, node.unit_id, node.state, units.get((node.work.row["task_id"], node.unit_id))
        )
        for node in nodes
    }
