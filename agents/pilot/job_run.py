"""What is known of a job while it runs, and what the pilot says of it (docs/reference/pilot.md, "Reports"). Pure.

In: times, results and usage that `runner.py` notes in a `JobRun`. Out: the bodies of updateJob, live and final. Guards: a
report names the attempt that this pilot was given, so that it cannot count for another one.
"""

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
    payload_result: PayloadResult = field(default_factory=PayloadResult)
    trouble: JobTrouble | None = None
    metadata: str | None = None
    stored: list[StagedFile] = field(default_factory=list)

    @property
    def timing(self) -> str:
        """Seconds of the phases, as `pilotTiming` lists them."""
        phases = (self.get_job_seconds, self.stage_in_seconds, self.payload_seconds, self.stage_out_seconds, 0.0)
        return "|".join(f"{seconds:.2f}" for seconds in (*phases, self.set_up_seconds))


def live_report(config: PilotConfig, run: JobRun, state: str, now: float) -> dict[str, Any]:
    """The body of updateJob while the job lives; `now` is in epoch seconds."""
    running = run.payload_seconds or (now - run.payload_at if run.payload_at else 0.0)
    report: dict[str, Any] = {
        "jobId": str(run.job.job_id),
        "state": state,
        "timestamp": datetime.fromtimestamp(now, UTC).isoformat(timespec="seconds"),
        "siteName": config.queue,
        "node": config.node,
        "schedulerID": config.harvester_id or "unknown",
        "pilotID": config.pilot_id,
        "startTime": run.started_at,
        "coreCount": run.job.core_count,
        "cpuConsumptionUnit": "s",
        "xml": "",
        **run.usage.fields(running),
    }
    if run.job.attempt is not None:
        report["attemptNr"] = run.job.attempt
    return report


def final_report(config: PilotConfig, run: JobRun, lines: Sequence[str]) -> dict[str, Any]:
    """The body of the last updateJob; `lines` are the pilot's log, of which a failure shows the end."""
    trouble = run.trouble
    report = live_report(config, run, "failed" if trouble else "finished", run.ended_at) | {
        "xml": json.dumps({file.lfn: file.report() for file in run.stored}),
        "endTime": run.ended_at,
        "pilotTiming": run.timing,
        "pilotErrorCode": trouble.code if trouble else 0,
        "pilotErrorDiag": trouble.diagnosis[:TEXT_MAX] if trouble else "",
        "exeErrorCode": run.payload_result.error_code,
        "exeErrorDiag": run.payload_result.error_text,
        "pilotLog": "\n".join(lines[-SEEN_LINES:])[-SEEN_CHARACTERS:] if trouble else "",
    }
    if run.exit_code is not None:
        report["transExitCode"] = run.exit_code
    if run.metadata is not None:
        report["metaData"] = run.metadata
    return report
