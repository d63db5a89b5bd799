"""Tasks, jobs and files as panda-client reads them: PanDA's attribute names over rows of the read models. Pure.

Source: panda-client-protocol 7. What Culm does not know is null.
"""

import json
from collections.abc import Mapping
from typing import Any

from api.panda.envelope import moment

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
JOB_ATTRIBUTES_TEXT = """
    PandaID jobDefinitionID schedulerID pilotID creationTime creationHost modificationTime modificationHost
    AtlasRelease transformation homepackage prodSeriesLabel prodSourceLabel prodUserID assignedPriority
    currentPriority attemptNr maxAttempt jobStatus jobName maxCpuCount maxCpuUnit maxDiskCount maxDiskUnit
    ipConnectivity minRamCount minRamUnit startTime endTime cpuConsumptionTime cpuConsumptionUnit commandToPilot
    transExitCode pilotErrorCode pilotErrorDiag exeErrorCode exeErrorDiag supErrorCode supErrorDiag ddmErrorCode
    ddmErrorDiag brokerageErrorCode brokerageErrorDiag jobDispatcherErrorCode jobDispatcherErrorDiag
    taskBufferErrorCode taskBufferErrorDiag computingSite computingElement jobParameters metadata prodDBlock
    dispatchDBlock destinationDBlock destinationSE nEvents grid cloud cpuConversion sourceSite destinationSite
    transferType taskID cmtConfig stateChangeTime prodDBUpdateTime lockedby relocationFlag jobExecutionID VO
    pilotTiming workingGroup processingType prodUserName nInputFiles countryGroup batchID parentID specialHandling
    jobsetID coreCount nInputDataFiles inputFileType inputFileProject inputFileBytes nOutputDataFiles
    outputFileBytes jobMetrics workQueue_ID jediTaskID jobSubStatus actualCoreCount reqID maxRSS maxVMEM maxSWAP
    maxPSS avgRSS avgVMEM avgSWAP avgPSS maxWalltime nucleus eventService failedAttempt hs06sec gshare hs06 totRCHAR
    totWCHAR totRBYTES totWBYTES rateRCHAR rateWCHAR rateRBYTES rateWBYTES resource_type diskIO memory_leak
    memory_leak_x2 container_name job_label gco2_regional gco2_global cpu_architecture_level outputFileType
"""
JOB_ATTRIBUTES = tuple(JOB_ATTRIBUTES_TEXT.split())
ERROR_FIELDS = {
    "pilot": "pilotError",
    "exe": "exeError",
    "sup": "supError",
    "ddm": "ddmError",
    "brokerage": "brokerageError",
    "jobdispatcher": "jobDispatcherError",
    "taskbuffer": "taskBufferError",
}
FILE_STATUS = {"finished": "ready", "failed": "failed", "merging": "merging"}
ROLE_WORDS = {"INPUT": "input", "PSEUDO_INPUT": "pseudo_input", "OUTPUT": "output", "LOG": "log"}
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
    """A task with every attribute of the reference; `reqID` is the task id, as the generic flavour has it."""
    parameters = _object(row["parameters"])
    definition = row["definition"] or {}
    wishes = definition.get("requirements") or {}
    total, finished, failed = row["files_total"], row["files_finished"], row["files_failed"]
    found: dict[str, Any] = dict.fromkeys(TASK_ATTRIBUTES)
    found |= {
        "jediTaskID": row["task_id"],
        "reqID": row["task_id"],
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
        "errorDialog": row["message"] or None,
        "attemptNr": row["attempt"],
        "progress": percent(finished, total),
        "failureRate": percent(failed, total),
        "gshare": "Undefined",
        "coreCount": wishes.get("core_count"),
        "ramCount": wishes.get("ram_mb"),
        "ramUnit": "MBPerCore" if wishes.get("ram_per_core") else "MB",
        "walltime": wishes.get("walltime_seconds"),
        "cloud": wishes.get("cloud"),
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


def split_rule(rules: Mapping[str, Any]) -> str:
    """The rules with long names, `nFilesPerJob=5,...`."""
    given = ((name, rules.get(key)) for key, name in RULE_NAMES.items())
    return ",".join(f"{name}={value}" for name, value in given if value is not None)


def job_object(row: Row) -> dict[str, Any]:
    """A job with every attribute of the reference, and its files."""
    spec, usage = row["spec"], row["usage"] or {}
    outputs = {file["lfn"]: file for file in row["outputs"] or ()}
    found: dict[str, Any] = dict.fromkeys(JOB_ATTRIBUTES)
    found |= {
        "PandaID": row["job_id"],
        "jobDefinitionID": row["task_id"],
        "jobsetID": row["task_id"],
        "taskID": row["task_id"],
        "jediTaskID": row["task_id"],
        "reqID": row["task_id"],
        "pilotID": row["pilot_id"],
        "batchID": row["batch_id"],
        "creationTime": moment(row["created_at"]),
        "modificationTime": moment(row["modified_at"]),
        "stateChangeTime": moment(row["modified_at"]),
        "startTime": moment(row["started_at"]),
        "endTime": moment(row["ended_at"]),
        "modificationHost": row["node"],
        "transformation": spec["transformation"],
        "jobParameters": spec["parameters"],
        "prodSourceLabel": row["label"],
        "prodUserID": row["user_name"],
        "prodUserName": row["user_name"],
        "assignedPriority": row["priority"],
        "currentPriority": row["priority"],
        "attemptNr": row["attempt"],
        "jobStatus": row["status"],
        "jobSubStatus": row["sub_status"],
        "jobName": row["name"],
        "computingSite": row["queue"],
        "VO": row["vo"],
        "workingGroup": spec["working_group"],
        "processingType": row["processing_type"],
        "coreCount": row["core_count"],
        "minRamCount": row["ram_mb_min"],
        "minRamUnit": "MB",
        "maxDiskCount": spec["disk_mb_max"],
        "maxDiskUnit": "MB",
        "maxWalltime": spec["walltime_seconds_max"],
        "gshare": row["share"],
        "resource_type": row["resource_type"],
        "container_name": spec["container_name"],
        "nEvents": usage.get("events") or spec["events"] or 0,
        "nInputFiles": len(spec["inputs"]),
        "nInputDataFiles": len(spec["inputs"]),
        "inputFileBytes": sum(file["size_bytes"] for file in spec["inputs"]),
        "nOutputDataFiles": len(outputs),
        "outputFileBytes": sum(file["size_bytes"] for file in outputs.values()),
        "transExitCode": row["exit_code"],
        "commandToPilot": "tobekilled" if row["order_kill"] else None,
        "cpuConsumptionTime": usage.get("cpu_seconds"),
        "cpuConsumptionUnit": usage.get("cpu_unit"),
        "maxRSS": usage.get("rss_kb_max"),
        "maxPSS": usage.get("pss_kb_max"),
        "maxVMEM": usage.get("vmem_kb_max"),
        "maxSWAP": usage.get("swap_kb_max"),
        "avgRSS": usage.get("rss_kb_avg"),
        "job_label": {"BUILD": "panda", "MERGE": "pmerge"}.get(row["kind"], row["label"]),
    }
    for field in ERROR_FIELDS.values():
        found[f"{field}Code"], found[f"{field}Diag"] = 0, None
    for error in row["errors"] or ():
        family = ERROR_FIELDS.get(error["source"])
        if family is not None:
            found[f"{family}Code"], found[f"{family}Diag"] = error["code"], error["diagnostic"]
    for name in ("prodDBlock", "dispatchDBlock", "destinationDBlock"):
        found[name] = None
    found["Files"] = _files(row, spec, outputs)
    return found


def _files(row: Row, spec: Mapping[str, Any], outputs: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    files = [_file(row, file, "input", "ready", file) for file in spec["inputs"]]
    if not files:
        files = [_file(row, {"lfn": "pseudo_lfn", "dataset": "pseudo_dataset", "scope": ""}, "pseudo_input", "ready", {})]
    for file in spec["outputs"]:
        made = outputs.get(file["lfn"], {})
        status = FILE_STATUS.get(str(row["status"]), "defined")
        files.append(_file(row, file, ROLE_WORDS[file["role"]], status, made))
    return files


def _file(
    row: Row, file: Mapping[str, Any], kind: str, status: str, facts: Mapping[str, Any]
) -> dict[str, Any]:
    return {
        "row_ID": None,
        "PandaID": row["job_id"],
        "GUID": facts.get("guid") or None,
        "lfn": file["lfn"],
        "type": kind,
        "dataset": file["dataset"],
        "status": status,
        "prodDBlock": file["dataset"] if kind == "input" else None,
        "prodDBlockToken": None,
        "dispatchDBlock": None,
        "dispatchDBlockToken": None,
        "destinationDBlock": file["dataset"] if kind in ("output", "log") else None,
        "destinationDBlockToken": None,
        "destinationSE": facts.get("endpoint") or None,
        "fsize": facts.get("size_bytes"),
        "md5sum": None,
        "checksum": facts.get("checksum"),
        "scope": file["scope"],
        "jediTaskID": row["task_id"],
        "datasetID": None,
        "fileID": None,
        "attemptNr": row["attempt"],
    }


def _object(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
