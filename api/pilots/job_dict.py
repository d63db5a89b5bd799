"""A job as a flat object of PanDA's names (docs/reference/pilot.md, "The job object").

Rules: lists are comma-joined and aligned; `outFiles`, `realDatasets`, `destinationDblock` and `ddmEndPointOut` cover
the job's own log, `scopeOut` does not; a file of several datasets is listed once; `NULL` stands for nothing.
"""

from base64 import b64encode
from collections.abc import Sequence
from typing import Any

import orjson

from schemas.ids import caused_command_id
from schemas.job_files import own_log, written_once
from schemas.server_address import with_address
from schemas.types import JobOutput, JobSpec

NULL = "NULL"
#: So often steps may name all parameters of the job; refinement takes fewer.
ARGUMENTS_MAX = 20
STEPS = ("preprocess", "postprocess", "coprocess", "containerOptions")


def job_dict(spec: JobSpec, storage: str, server: str, arguments: str | None = None) -> dict[str, Any]:
    """The job for its pilot; outputs without a storage element of their own go to `storage`.

    server: base address from which jobs fetch wrappers and sandboxes at this moment. arguments: what stands for its parameters
    where they travel apart (`long_arguments.py`).
    """
    job: dict[str, Any] = {
        "StatusCode": 0,
        "PandaID": spec.job_id,
        "taskID": spec.task_id,
        "jobsetID": spec.task_id,
        "jobDefinitionID": spec.task_id,
        "reqID": spec.task_id,
        "jobName": spec.name,
        "transformation": with_address(spec.transformation, server),
        "jobPars": with_address(spec.parameters, server) if arguments is None else arguments,
        **_inputs(spec),
        **_outputs(written_once(spec.outputs), storage),
        "attemptNr": spec.attempt,
        "coreCount": spec.core_count,
        "minRamCount": spec.ram_mb_min,
        "maxDiskCount": spec.disk_mb_max,
        "maxCpuCount": spec.walltime_seconds_max,
        "maxWalltime": spec.walltime_seconds_max,
        "currentPriority": spec.priority,
        "prodSourceLabel": spec.label,
        "processingType": spec.processing_type or NULL,
        "prodUserID": spec.user_name,
        "workingGroup": spec.working_group or NULL,
        "resource_type": spec.resource_type,
        "sourceSite": spec.queue,
        "nSent": 0,
        "cloud": NULL,
        "homepackage": NULL,
        "swRelease": NULL,
        "cmtConfig": NULL,
        "transferType": NULL,
        "nucleus": NULL,
    }
    if not spec.looping_check:
        job["loopingCheck"] = False
    if spec.takes_ranges:
        job["eventService"] = "True"
    if spec.container_name:
        job["container_name"] = spec.container_name
    if spec.multi_step_json:
        job |= _steps(spec.multi_step_json, job["transformation"], job["jobPars"])
    if spec.encoded_parameters:
        job["jobPars"] = b64encode(job["jobPars"].encode()).decode("ascii")
    return job


def _steps(text: str, transformation: str, parameters: str) -> dict[str, Any]:
    """The steps of a JSON object, with wrapper and parameters in them; none of any other text, which no definition has."""
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError:
        return {}
    if not isinstance(found, dict) or text.count("TRF_ARGS") > ARGUMENTS_MAX:
        return {}
    return {name: _with_wrapper(found[name], transformation, parameters) for name in STEPS if name in found}


def _with_wrapper(value: Any, transformation: str, parameters: str) -> Any:
    """`value` with its `${TRF}` and `${TRF_ARGS}` filled in, in every text of it."""
    if isinstance(value, str):
        return parameters.join(part.replace("${TRF}", transformation) for part in value.split("${TRF_ARGS}"))
    if isinstance(value, dict):
        return {key: _with_wrapper(one, transformation, parameters) for key, one in value.items()}
    if isinstance(value, list):
        return [_with_wrapper(one, transformation, parameters) for one in value]
    return value


def _inputs(spec: JobSpec) -> dict[str, str]:
    files = spec.inputs
    datasets = ",".join([file.dataset for file in files])
    return {
        "inFiles": ",".join([file.lfn for file in files]),
        "realDatasetsIn": datasets,
        "prodDBlocks": datasets,
        "dispatchDblock": NULL,
        "dispatchDBlockToken": NULL,
        "prodDBlockToken": _repeated("local" if spec.use_local_io else NULL, len(files)),
        "scopeIn": ",".join([file.scope for file in files]),
        "GUID": ",".join([file.guid for file in files]),
        "fsize": ",".join([str(file.size_bytes) for file in files]),
        "checksum": ",".join([file.checksum for file in files]),
        "ddmEndPointIn": ",".join([file.endpoint for file in files]),
    }


def _outputs(every: Sequence[JobOutput], storage: str) -> dict[str, str]:
    log = own_log(every)
    files = [output for output in every if output is not log]
    datasets = ",".join([output.dataset for output in every])
    endpoints = ",".join([output.endpoint or storage for output in every])
    nothing = _repeated(NULL, len(every))
    found = {
        "outFiles": ",".join([output.lfn for output in every]),
        "realDatasets": datasets,
        "destinationDblock": datasets,
        "destinationDBlockToken": nothing,
        "dispatchDBlockTokenForOut": nothing,
        "ddmEndPointOut": endpoints,
        "fileDestinationSE": endpoints,
        "destinationSE": storage or NULL,
        "scopeOut": ",".join([output.scope for output in files]),
    }
    optional = [output.lfn for output in files if output.allow_no_output]
    if optional:
        found["allowNoOutput"] = ",".join(optional)
    if log is not None:
        found |= {"logFile": log.lfn, "logGUID": log.guid or caused_command_id(log.dataset, log.lfn), "scopeLog": log.scope}
    return found


def _repeated(word: str, times: int) -> str:
    return ",".join([word] * times)
