"""What a pilot says of its job, as commands.

In: the body of updateJob (legacy names, values as JSON or as text). Out: a `Report`, and from it `ReportJobProgress`,
`ReportJobEnd` or `PilotHeartbeat`. Long texts are cut and odd characters replaced, never refused; what cannot be read of a final
report is left out, because a final report is sent once and must not get lost. Structured texts are never cut: `structured.py`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from api.http.errors import BadRequest
from api.pilots.output_report import outputs_of
from api.pilots.structured import log_of, metadata_of
from api.pilots.values import EVENTS_MAX, KILOBYTES_MAX, amount_of, as_sent, code_of, micros_of, number_of, text_of, whole_of
from identity.identity import Identity
from schemas.characters import LINE, NAME, WORD
from schemas.heartbeat import PilotHeartbeat
from schemas.job import ReportJobEnd, ReportJobProgress
from schemas.types import JobError, JobUsage, ReportedState

DIAGNOSTIC_MAX, NODE_MAX, PILOT_ID_MAX, BATCH_ID_MAX = 500, 128, 200, 80
QUEUE_MAX, SUB_STATUS_MAX, TIMING_MAX, UNIT_MAX = 128, 80, 100, 200
ATTEMPT_MAX, CPU_SECONDS_MAX, CORES_MAX = 1_000_000, 1e12, 1e6
FINAL_STATES = {"finished": True, "failed": False, "cancelled": False, "closed": False}
LIVE_STATES = {
    "starting": ReportedState.STARTING,
    "sent": ReportedState.STARTING,
    "running": ReportedState.RUNNING,
    "holding": ReportedState.HOLDING,
    "transferring": ReportedState.TRANSFERRING,
}
#: What tells of usage; most reports of short jobs have none of them.
USAGE = (
    "cpuConsumptionTime", "cpuConsumptionUnit", "maxRSS", "maxPSS", "maxVMEM", "maxSWAP", "avgRSS", "totRBYTES",
    "totRCHAR", "totWBYTES", "totWCHAR", "meanCoreCount", "nEvents", "jobMetrics",
)  # fmt: skip
#: Characters of jobMetrics, and the steepest slope of memory that is believed (kB/s).
METRICS_MAX, LEAK_MAX = 500, 1_000_000_000
#: Exit codes of payloads that the pilot renames (docs/reference/pilot.md, "Error codes"): its own says nothing then.
RENAMED_EXIT_CODES = frozenset({2, 3, 251})
#: Error families: name in the report, family in the log.
FAMILIES = (("exe", "exe"), ("sup", "sup"), ("ddm", "ddm"), ("jobDispatcher", "jobdispatcher"))
LEGACY_OF_V1 = {
    "job_id": "jobId",
    "job_status": "state",
    "site_name": "siteName",
    "attempt_nr": "attemptNr",
    "scheduler_id": "schedulerID",
    "pilot_id": "pilotID",
    "batch_id": "batchID",
    "start_time": "startTime",
    "end_time": "endTime",
    "job_output_report": "xml",
    "meta_data": "metaData",
    "cpu_consumption_time": "cpuConsumptionTime",
    "cpu_consumption_unit": "cpuConsumptionUnit",
    "pilot_error_code": "pilotErrorCode",
    "pilot_error_diag": "pilotErrorDiag",
    "trans_exit_code": "transExitCode",
    "exe_error_code": "exeErrorCode",
    "exe_error_diag": "exeErrorDiag",
    "pilot_timing": "pilotTiming",
    "pilot_log": "pilotLog",
    "max_rss": "maxRSS",
    "max_pss": "maxPSS",
    "max_vmem": "maxVMEM",
    "max_swap": "maxSWAP",
    "avg_rss": "avgRSS",
    "tot_rbytes": "totRBYTES",
    "tot_wbytes": "totWBYTES",
    "tot_rchar": "totRCHAR",
    "tot_wchar": "totWCHAR",
    "core_count": "coreCount",
    "mean_core_count": "meanCoreCount",
    "n_events": "nEvents",
    "job_metrics": "jobMetrics",
    "job_sub_status": "jobSubStatus",
    "jobStatus": "state",
}


@dataclass(frozen=True, slots=True)
class Report:
    """An update of one job. `attempt` is None when the pilot did not say; `body` has legacy names."""

    job_id: int
    attempt: int | None
    state: str
    body: Mapping[str, Any]

    @property
    def is_final(self) -> bool:
        """True for the pilot's final report."""
        return self.state in FINAL_STATES

    @property
    def queue(self) -> str:
        """The queue that the pilot says it runs on."""
        return text_of(self.body, "siteName", QUEUE_MAX, WORD) or text_of(self.body, "computingElement", QUEUE_MAX, WORD)

    @property
    def node(self) -> str:
        """The host it says it runs on."""
        return text_of(self.body, "node", NODE_MAX, NAME)


def report_from(body: Mapping[str, Any]) -> Report:
    """The report in `body`; raises BadRequest without a job id or with an unknown state."""
    job_id = whole_of(body, "jobId")
    if job_id is None or job_id <= 0:
        raise BadRequest(f"jobId: found {str(body.get('jobId'))[:50]!r}, expected a PandaID")
    state = text_of(body, "state", 40)
    if state not in FINAL_STATES and state not in LIVE_STATES:
        raise BadRequest(f"state: found {state!r}, expected one of {', '.join((*LIVE_STATES, *FINAL_STATES))}")
    attempt = whole_of(body, "attemptNr")
    if attempt is not None and not 0 <= attempt <= ATTEMPT_MAX:
        raise BadRequest(f"attemptNr: found {attempt}, expected 0 to {ATTEMPT_MAX}")
    return Report(job_id, attempt, state, body)


def heartbeat_of(report: Report, queue: str, attempt: int, seen_at: int, identity: Identity) -> PilotHeartbeat:
    """The sign of life that a live report is."""
    return PilotHeartbeat(
        job_id=report.job_id,
        attempt=attempt,
        queue=queue,
        node=report.node,
        state=report.state,
        sub_status=text_of(report.body, "jobSubStatus", SUB_STATUS_MAX, LINE) or None,
        usage=usage_of(report.body),
        seen_at=seen_at,
        actor=identity.subject,
        vo=identity.vo,
    )


def progress_of(report: Report, attempt: int) -> ReportJobProgress:
    """The command that a live report is."""
    return ReportJobProgress(
        attempt=attempt,
        state=LIVE_STATES[report.state],
        node=report.node,
        batch_id=text_of(report.body, "batchID", BATCH_ID_MAX, LINE) or None,
        pilot_id=as_sent(report.body, "pilotID", PILOT_ID_MAX, LINE),
        sub_status=text_of(report.body, "jobSubStatus", SUB_STATUS_MAX, LINE) or None,
        usage=usage_of(report.body),
        started_at=micros_of(report.body, "startTime"),
    )


def end_of(report: Report, attempt: int, storage: str) -> ReportJobEnd:
    """The command that a final report is; files without a storage element are at `storage`."""
    body = report.body
    succeeded = FINAL_STATES[report.state]
    outputs = outputs_of(body, storage)
    return ReportJobEnd(
        attempt=attempt,
        succeeded=succeeded,
        node=report.node,
        pilot_id=as_sent(body, "pilotID", PILOT_ID_MAX, LINE),
        outputs=outputs,
        errors=() if succeeded else errors_of(body),
        exit_code=whole_of(body, "transExitCode"),
        usage=usage_of(body),
        started_at=micros_of(body, "startTime"),
        ended_at=micros_of(body, "endTime"),
        timing=text_of(body, "pilotTiming", TIMING_MAX, LINE) or None,
        metadata_json=metadata_of(body, outputs),
        log_extract=log_of(body),
    )


def errors_of(body: Mapping[str, Any]) -> tuple[JobError, ...]:
    """What went wrong, by family; the pilot's code first, except where it only renames the payload's exit code."""
    # Its sign says that the pilot asks for another attempt elsewhere.
    pilot_code = code_of(body, "pilotErrorCode")
    diagnostic = text_of(body, "pilotErrorDiag", DIAGNOSTIC_MAX)
    exit_code = code_of(body, "transExitCode")
    errors = []
    if pilot_code and exit_code not in RENAMED_EXIT_CODES:
        errors.append(JobError(source="pilot", code=pilot_code, diagnostic=diagnostic))
    if exit_code:
        renamed = diagnostic if exit_code in RENAMED_EXIT_CODES else ""
        errors.append(JobError(source="trans", code=exit_code, diagnostic=renamed or f"payload exit code {exit_code}"))
    for name, family in FAMILIES:
        code = abs(code_of(body, f"{name}ErrorCode"))
        if code:
            text = text_of(body, f"{name}ErrorDiag", DIAGNOSTIC_MAX)
            errors.append(JobError(source=family, code=code, diagnostic=text))
    return tuple(errors)


def metrics_of(body: Mapping[str, Any]) -> Mapping[str, str]:
    """The words `name=value` of `jobMetrics`, of which the first 500 characters count, as in PanDA."""
    words = (word.partition("=") for word in text_of(body, "jobMetrics", METRICS_MAX).split())
    return {name: value for name, sign, value in words if sign}


def usage_of(body: Mapping[str, Any]) -> JobUsage | None:
    """What the payload used; None when the pilot measured nothing."""
    if not any(name in body for name in USAGE):
        return None
    cpu, cores = number_of(body, "cpuConsumptionTime"), number_of(body, "meanCoreCount")
    metrics = metrics_of(body)
    leak = number_of(metrics, "leak")
    usage = JobUsage(
        cpu_seconds=cpu if cpu is not None and 0 <= cpu <= CPU_SECONDS_MAX else None,
        cpu_unit=text_of(body, "cpuConsumptionUnit", UNIT_MAX, LINE) or None,
        rss_kb_max=amount_of(body, "maxRSS", most=KILOBYTES_MAX),
        pss_kb_max=amount_of(body, "maxPSS", most=KILOBYTES_MAX),
        vmem_kb_max=amount_of(body, "maxVMEM", most=KILOBYTES_MAX),
        swap_kb_max=amount_of(body, "maxSWAP", most=KILOBYTES_MAX),
        rss_kb_avg=amount_of(body, "avgRSS", most=KILOBYTES_MAX),
        read_bytes=amount_of(body, "totRBYTES", "totRCHAR"),
        written_bytes=amount_of(body, "totWBYTES", "totWCHAR"),
        core_count=cores if cores is not None and 0 <= cores <= CORES_MAX else None,
        events=amount_of(body, "nEvents", most=EVENTS_MAX),
        work_dir_bytes=amount_of(metrics, "workDirSize"),
        leak_kb_per_second=leak if leak is not None and abs(leak) <= LEAK_MAX else None,
    )
    return None if all(value is None for value in usage.to_avro().values()) else usage
