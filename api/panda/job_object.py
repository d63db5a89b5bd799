"""A job and its files as panda-client reads them: PanDA's attribute names over a row of the read model. Pure.

Source: docs/reference/client.md, "Objects". What Culm does not know is null.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from api.panda.envelope import moment

Row = Mapping[str, Any]

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
#: The input of a job without input.
PSEUDO_FILE = {"lfn": "pseudo_lfn", "dataset": "pseudo_dataset", "scope": ""}
#: What is shown of the specification in the moment before its row is there.
NOT_THERE_YET: Mapping[str, Any] = {
    "transformation": "",
    "parameters": "",
    "working_group": None,
    "disk_mb_max": 0,
    "walltime_seconds_max": 0,
    "container_name": None,
    "events": None,
    "inputs": (),
    "outputs": (),
}
KIND_LABELS = {"BUILD": "panda", "MERGE": "pmerge"}


def job_object(row: Row) -> dict[str, Any]:
    """A job with every attribute of the reference, and its files."""
    spec, usage = row["spec"] or NOT_THERE_YET, row["usage"] or {}
    outputs = {file["lfn"]: file for file in row["outputs"] or ()}  # of a file in several datasets, one is enough
    found: dict[str, Any] = dict.fromkeys(JOB_ATTRIBUTES)
    found |= {
        "PandaID": row["job_id"],
        "jobDefinitionID": row["task_id"],
        "jobsetID": row["task_id"],
        "taskID": row["task_id"],
        "jediTaskID": row["task_id"],
        "reqID": row["task_id"],
        "schedulerID": f"harvester-{row['harvester_id']}" if row.get("harvester_id") else None,
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
        "cpuConsumptionTime": None if usage.get("cpu_seconds") is None else round(usage["cpu_seconds"]),
        "cpuConsumptionUnit": usage.get("cpu_unit"),
        "maxRSS": usage.get("rss_kb_max"),
        "maxPSS": usage.get("pss_kb_max"),
        "maxVMEM": usage.get("vmem_kb_max"),
        "maxSWAP": usage.get("swap_kb_max"),
        "avgRSS": usage.get("rss_kb_avg"),
        "job_label": KIND_LABELS.get(row["kind"], row["label"]),
    }
    for field in ERROR_FIELDS.values():
        found[f"{field}Code"], found[f"{field}Diag"] = 0, None
    for error in row["errors"] or ():
        family = ERROR_FIELDS.get(error["source"])
        if family is not None:
            found[f"{family}Code"], found[f"{family}Diag"] = error["code"], error["diagnostic"]
    found["prodDBlock"] = _first_dataset(spec["inputs"])
    found["destinationDBlock"] = _first_dataset(spec["outputs"])
    found["Files"] = _files(row, spec, outputs)
    return found


def _first_dataset(files: Sequence[Mapping[str, Any]]) -> str | None:
    return str(files[0]["dataset"]) if files else None


def _files(row: Row, spec: Mapping[str, Any], outputs: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    files = [_file(row, file, "input", "ready", file) for file in spec["inputs"]]
    if not files:
        files = [_file(row, PSEUDO_FILE, "pseudo_input", "ready", {})]
    for file in spec["outputs"]:
        made = outputs.get(file["lfn"], {})
        status = FILE_STATUS.get(str(row["status"]), "defined")
        files.append(_file(row, file, ROLE_WORDS.get(file["role"], "unknown"), status, made))
    return files


def _file(row: Row, file: Mapping[str, Any], kind: str, status: str, facts: Mapping[str, Any]) -> dict[str, Any]:
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
