"""What is known of a job while it runs, and what the pilot says of it (docs/reference/pilot.md, "Reports"). Pure."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from agents.pilot.config import PilotConfig
from agents.pilot.errors import JobTrouble
from agents.pilot.job import PilotJob
from agents.pilot.payload_result import PayloadResult
from agents.pilot.storage import StagedFile
from agents.pilot.usage import Usage

SEEN_LINES, SEEN_CHARACTERS = 20, 1024
TEXT_MAX = 500


@dataclass(slots=True)
class JobRun:
    """One job. Times are epoch seconds, 0 for what has not been; `exit_code` is None if the payload never ended."""

    job: PilotJob
    folder: Path
    started_at: float
    get_job_seconds: float = 0.0
    set_up_seconds: float = 0.0
    stage_in_seconds: float = 0.0
    payload_at: float = 0.0
    payload_seconds: float = 0.0
    stage_out_seconds: float = 0.0
    ended_at: float = 0.0
    usage: Usage = field(default_factory=Usage)
    exit_code: int | None = None
    verdict: PayloadResult = field(default_factory=PayloadResult)
    trouble: JobTrouble | None = None
    metadata: str | None = None
    stored: list[StagedFile] = field(default_factory=list)

    @property
    def timing(self) -> str:
        """Seconds of the phases, as `pilotTiming` lists them."""
        phases = (self.get_job_seconds, self.stage_in_seconds, self.payload_seconds, self.stage_out_seconds, 0.0)
        return "|".join(f"{seconds:.2f}" for seconds in (*phases, self.set_up_seconds))


def live_report(config: PilotConfig, course: JobRun, state: str, now: float) -> dict[str, Any]:
    """The body of updateJob while the job lives; `now` is in epoch seconds."""
    running = course.payload_seconds or (now - course.payload_at if course.payload_at else 0.0)
    report: dict[str, Any] = {
        "jobId": str(course.job.job_id),
        "state": state,
        "timestamp": datetime.fromtimestamp(now, UTC).isoformat(timespec="seconds"),
        "siteName": config.queue,
        "node": config.node,
        "schedulerID": config.harvester_id or "unknown",
        "pilotID": f"{config.worker_id or 'unknown'}|PULL|culm-light",
        "startTime": course.started_at,
        "coreCount": course.job.core_count,
        "cpuConsumptionUnit": "s",
        "xml": "",
        **course.usage.fields(running),
    }
    if course.job.attempt is not None:
        report["attemptNr"] = course.job.attempt
    return report


def final_report(config: PilotConfig, course: JobRun, lines: Sequence[str]) -> dict[str, Any]:
    """The body of the last updateJob; `lines` are the pilot's log, of which a failure shows the end."""
    trouble = course.trouble
    report = live_report(config, course, "failed" if trouble else "finished", course.ended_at) | {
        "xml": json.dumps({file.lfn: file.report() for file in course.stored}),
        "endTime": course.ended_at,
        "pilotTiming": course.timing,
        "pilotErrorCode": trouble.code if trouble else 0,
        "pilotErrorDiag": trouble.diagnosis[:TEXT_MAX] if trouble else "",
        "exeErrorCode": course.verdict.error_code,
        "exeErrorDiag": course.verdict.error_text,
        "pilotLog": "\n".join(lines[-SEEN_LINES:])[-SEEN_CHARACTERS:] if trouble else "",
    }
    if course.exit_code is not None:
        report["transExitCode"] = course.exit_code
    if course.metadata is not None:
        report["metaData"] = course.metadata
    return report
