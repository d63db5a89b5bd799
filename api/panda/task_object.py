"""A task as panda-client reads it: PanDA's attribute names over a row of the read model. Pure.

Source: docs/reference/client.md, "Objects". What Culm does not know is null.
"""

from collections.abc import Mapping
from typing import Any

import orjson

from api.panda.envelope import moment
from schemas.boundaries import BOUNDARY_ID, LUMI_BLOCK
from schemas.split_rule_codes import KEPT

Row = Mapping[str, Any]

TASK_ATTRIBUTES_TEXT = """
    jediTaskID taskName status userName creationDate modificationTime startTime endTime frozenTime prodSourceLabel
    workingGroup vo coreCount taskType processingType taskPriority currentPriority architecture transUses transHome
    transPath lockedBy lockedTime termCondition splitRule walltime walltimeUnit outDiskCount outDiskUnit
    workDiskCount workDiskUnit ramCount ramUnit ioIntensity ioIntensityUnit workQueue_ID progress failureRate
    errorDialog reqID oldStatus cloud site countryGroup parent_tid eventService ticketID ticketSystemType
    stateChangeTime superStatus campaign mergeRamCount mergeRamUnit mergeWalltime mergeWalltimeUnit throttledTime
    numThrottled mergeCoreCount goal assessmentTime cpuTime cpuTimeUnit cpuEfficiency baseWalltime nucleus
    baseRamCount ttcRequested ttcPredicted ttcPredictionDate rescueTime requestType gshare resource_type useJumbo
    diskIO diskIOUnit memory_leak_core memory_leak_x2 attemptNr container_name framework activatedTime queuedTime
    actionTime
"""
TASK_ATTRIBUTES = tuple(TASK_ATTRIBUTES_TEXT.split())
REQUEST_ID_MAX = 2**63 - 1
RULE_NAMES = {
    "files_per_job": "nFilesPerJob",
    "files_per_job_max": "nMaxFilesPerJob",
    "events_per_job": "nEventsPerJob",
    "gigabytes_per_job": "nGBPerJob",
    "jobs_max": "maxNumJobs",
    "files_per_merge_job": "nFilesPerMergeJob",
    "gigabytes_per_merge_job": "nGBPerMergeJob",
}


def percent(part: int, whole: int) -> int:
    """Rounded percentage, 0 of nothing."""
    return round(100 * part / whole) if whole else 0


def task_object(row: Row) -> dict[str, Any]:
    """A task with every attribute of the reference; `reqID` is the one that came with the task, else the task id."""
    parameters = parameters_of(row)
    definition = row["definition"] or {}
    asked = definition.get("requirements") or {}
    total, finished, failed = row["files_total"], row["files_finished"], row["files_failed"]
    found: dict[str, Any] = dict.fromkeys(TASK_ATTRIBUTES)
    found |= {
        "jediTaskID": row["task_id"],
        "reqID": request_id_of(parameters, row["task_id"]),
        "taskName": row["name"],
        "status": row["status"],
        "superStatus": row["super_status"],
        "oldStatus": row["old_status"],
        "userName": row["user_name"],
        "creationDate": moment(row["created_at"]),
        "modificationTime": moment(row["modified_at"]),
        "stateChangeTime": moment(row["modified_at"]),
        "startTime": moment(row["started_at"]),
        "endTime": moment(row["ended_at"]),
        "prodSourceLabel": row["label"],
        "workingGroup": row["working_group"],
        "vo": row["vo"],
        "taskPriority": row["priority"],
        "currentPriority": row["current_priority"],
        "parent_tid": row["parent_task_id"] or row["task_id"],
        "site": row["site"],
        "nucleus": row.get("nucleus"),
        "errorDialog": row["message"] or None,
        "attemptNr": row["attempt"],
        "progress": percent(finished, total),
        "failureRate": percent(failed, total),
        "gshare": "Undefined",
        "coreCount": asked.get("core_count"),
        "ramCount": asked.get("ram_mb"),
        "ramUnit": "MBPerCore" if asked.get("ram_per_core") else "MB",
        "walltime": asked.get("walltime_seconds"),
        "cloud": asked.get("cloud"),
        "transPath": definition.get("transformation"),
        "container_name": definition.get("container_name"),
        "goal": definition.get("goal_permille"),
        "splitRule": split_rule(definition.get("rules") or {}),
        "job_execution_params": definition.get("parameters"),
        "task_creation_arguments": parameters.get("cliParams"),
        "raw_task_params": parameters,
        "nFiles": total,
        "nFilesFinished": finished,
        "nFilesFailed": failed,
        "nFilesMissing": 0,
        "pctFinished": percent(finished, total),
        "pctFailed": percent(failed, total),
    }
    for name in ("taskType", "processingType", "architecture", "transUses", "transHome", "framework", "campaign"):
        found[name] = parameters.get(name)
    return found


def request_id_of(parameters: Mapping[str, Any], task_id: int) -> int:
    """The request that the task belongs to, where a number came with it (iDDS sends one); else the task itself."""
    given = parameters.get("reqID")
    if not isinstance(given, int) or isinstance(given, bool) or not 0 < given <= REQUEST_ID_MAX:
        return task_id
    return given


def split_rule(rules: Mapping[str, Any]) -> str:
    """The rules with long names, `nFilesPerJob=5,...`."""
    given = [(name, rules.get(key)) for key, name in RULE_NAMES.items()]
    every = [*given, *_boundary_rules(rules), *_kept_rules(rules)]
    return ",".join(f"{name}={value}" for name, value in every if value is not None)


def _kept_rules(rules: Mapping[str, Any]) -> list[tuple[str, int]]:
    """The rules that change nothing here."""
    return [(KEPT.get(one["code"], one["code"]), one["value"]) for one in rules.get("kept") or ()]


def _boundary_rules(rules: Mapping[str, Any]) -> list[tuple[str, int]]:
    """The rules of groups of files and of luminosity blocks (docs/reference/jedi.md, "Boundaries")."""
    if rules.get("boundary") == BOUNDARY_ID:
        return [("groupBoundaryID", 1 + 2 * bool(rules.get("boundary_whole")) + bool(rules.get("boundary_mapped")))]
    if rules.get("boundary") == LUMI_BLOCK:
        return [("respectLB", 1)]
    return [("orderByLB", 1)] if rules.get("ordered_by") == LUMI_BLOCK else []


def parameters_of(row: Row) -> dict[str, Any]:
    """The stored task parameters; empty when what was submitted is no JSON object (the task is broken then)."""
    try:
        stored = orjson.loads(row["parameters"])
    except orjson.JSONDecodeError:
        return {}
    return stored if isinstance(stored, dict) else {}
