"""One job from stage-in to its last word.

Guards: nothing is reported stored that was not checked; when the lease may be lost, the payload stands still until the server
has said that it is not; a job that was told to stop never reports success.
"""

import json
import shutil
import stat
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import structlog

from agents.pilot.config import PilotConfig
from agents.pilot.errors import (
    KILLED_BY_SERVER,
    MEMORY_LIMIT,
    PAYLOAD_FAILED,
    SIGTERM_RECEIVED,
    TIME_LIMIT,
    WRAPPER_NOT_FETCHED,
    JobTrouble,
    ServerAway,
)
from agents.pilot.job import PilotJob
from agents.pilot.log_archive import make_log_archive
from agents.pilot.payload import Payload, payload_environment
from agents.pilot.server import Server
from agents.pilot.storage import Storage, Stored
from agents.pilot.undertaker import Undertaker

KILL_WORD = "tobekilled"
TEXT_MAX = 500
LOG_LINES = 20
METADATA_BYTES_MAX = 100_000
STEP_SECONDS = 0.25
log = structlog.get_logger()


class LeaseLost(Exception):
    """The server gave the job to nobody, or somebody else: stop at once, store nothing."""


class Runner:
    """Runs one job in a folder of its own."""

    def __init__(
        self,
        config: PilotConfig,
        server: Server,
        storage: Storage,
        undertaker: Undertaker,
        stopping: Callable[[], bool],
    ) -> None:
        self._config = config
        self._server = server
        self._storage = storage
        self._undertaker = undertaker
        self._stopping = stopping
        self._wrappers: dict[str, bytes] = {}

    def run(self, job: PilotJob, environment: dict[str, str]) -> bool:
        """True when the job was reported finished."""
        folder = self._config.work / f"PanDA_Pilot-{job.job_id}"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        course = _Course(job, folder, time.time())
        try:
            self._server_says(course, "starting")
            self._stage_in(course)
            self._run_payload(course, environment)
            self._stage_out(course)
        except JobTrouble as trouble:
            course.code, course.diagnosis = trouble.code, trouble.diagnosis[:TEXT_MAX]
            log.warning("job_failed", job_id=job.job_id, code=trouble.code)
        except LeaseLost:
            course.code, course.diagnosis = KILLED_BY_SERVER, "killed by the server"
            log.warning("job_to_be_killed", job_id=job.job_id)
        self._store_log(course)
        told = self._last_word(course)
        if course.code == 0 and not self._config.keep:
            shutil.rmtree(folder, ignore_errors=True)
        return told and course.code == 0

    def _stage_in(self, course: "_Course") -> None:
        began = time.monotonic()
        for file in course.job.inputs:
            self._storage.stage_in(file, course.folder)
        url = course.job.transformation
        if url not in self._wrappers:
            try:
                self._wrappers[url] = self._server.file(url)
            except httpx.HTTPError as problem:
                raise JobTrouble(WRAPPER_NOT_FETCHED, f"{url} could not be fetched: {problem}") from problem
        script = course.folder / course.wrapper
        script.write_bytes(self._wrappers[url])
        script.chmod(script.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP)
        course.stage_in_seconds = time.monotonic() - began

    def _run_payload(self, course: "_Course", environment: dict[str, str]) -> None:
        """Run until the end, a limit, or a word from the server."""
        job = course.job
        began = time.monotonic()
        variables = payload_environment(environment, course.variables(self._config))
        payload = Payload(f"./{course.wrapper} {job.parameters}", course.folder, variables)
        self._undertaker.watch(payload.group)
        course.payload = payload
        try:
            self._server_says(course, "running")
            code = self._watch(course, payload)
        except BaseException:
            payload.end()
            raise
        finally:
            self._undertaker.watch(0)
            course.payload_seconds = time.monotonic() - began
        course.exit_code = code % 256
        self._read_reports(course)
        if code != 0 or course.error_code:
            plain = f"payload ended with exit code {course.exit_code}{_why(course)}"
            raise JobTrouble(PAYLOAD_FAILED, course.error_text or plain)

    def _watch(self, course: "_Course", payload: Payload) -> int:
        """The exit code; raises JobTrouble for a limit, LeaseLost when told to stop."""
        job, config = course.job, self._config
        began = last_seen = beat_at = time.monotonic()
        while True:
            code = payload.wait(STEP_SECONDS)
            now = time.monotonic()
            if now - last_seen > config.lease_seconds:
                payload.freeze()
            usage = payload.measure() if code is None else payload.usage
            if now - beat_at >= config.heartbeat_seconds or now - last_seen > config.lease_seconds:
                beat_at = now
                if self._beat(course):
                    last_seen = now
                    payload.thaw()
            if code is not None and now - last_seen <= config.lease_seconds:
                return code
            if self._stopping():
                raise JobTrouble(SIGTERM_RECEIVED, "the pilot was told to end")
            limit_kb = job.ram_mb * 1024 * config.memory_grace
            if limit_kb and usage.rss_kb > limit_kb:
                raise JobTrouble(MEMORY_LIMIT, f"payload used {usage.rss_kb} kB, allowed are {limit_kb:.0f} kB")
            if job.walltime_seconds and now - began > job.walltime_seconds:
                raise JobTrouble(TIME_LIMIT, f"payload ran longer than {job.walltime_seconds} s")

    def _beat(self, course: "_Course") -> bool:
        """True when the server took a sign of life; raises LeaseLost when it says stop."""
        try:
            command = self._server.update(self._report(course, "running"))
        except (httpx.HTTPError, ValueError) as problem:
            log.warning("heartbeat_not_taken", job_id=course.job.job_id, problem=str(problem)[:200])
            return False
        if KILL_WORD in command:
            raise LeaseLost
        return True

    def _server_says(self, course: "_Course", state: str) -> None:
        if KILL_WORD in self._server.update_surely(self._report(course, state), self._stopping):
            raise LeaseLost

    def _stage_out(self, course: "_Course") -> None:
        began = time.monotonic()
        for file in course.job.outputs:
            if not file.is_log:
                stored = self._storage.stage_out(file, course.folder)
                if stored is not None:
                    course.stored.append(stored)
        course.stage_out_seconds = time.monotonic() - began

    def _store_log(self, course: "_Course") -> None:
        """Store the log archive, also of a job that failed; a log that cannot be stored fails nothing."""
        for file in course.job.outputs:
            if file.is_log:
                left_out = {one.lfn for one in course.job.inputs} | {one.lfn for one in course.job.outputs}
                name = f"tarball_PandaJob_{course.job.job_id}_{self._config.queue}"
                try:
                    make_log_archive(course.folder, course.folder / file.lfn, name, left_out)
                    stored = self._storage.stage_out(file, course.folder)
                except (OSError, JobTrouble) as problem:
                    log.warning("log_not_stored", job_id=course.job.job_id, problem=str(problem)[:200])
                    continue
                if stored is not None:
                    course.stored.append(stored)

    def _last_word(self, course: "_Course") -> bool:
        """True when the server took the final report and the job is ours to report."""
        state = "finished" if course.code == 0 else "failed"
        try:
            command = self._server.update_surely(self._report(course, state, final=True))
        except ServerAway as problem:
            log.error("final_report_lost", job_id=course.job.job_id, problem=str(problem))
            return False
        log.info("job_ended", job_id=course.job.job_id, state=state, answer=command)
        return KILL_WORD not in command

    def _read_reports(self, course: "_Course") -> None:
        metadata = course.folder / "jobReport.json"
        if metadata.is_file() and metadata.stat().st_size <= METADATA_BYTES_MAX:
            course.metadata = metadata.read_text(encoding="utf-8", errors="replace")
        error = course.folder / "payload_error_report.json"
        if error.is_file():
            try:
                found = json.loads(error.read_text(encoding="utf-8"))
                course.error_code = int(found.get("error_code", 0))
                course.error_text = str(found.get("error_diag", ""))[:TEXT_MAX]
            except (ValueError, AttributeError, TypeError):
                log.warning("payload_error_report_unreadable", job_id=course.job.job_id)

    def _report(self, course: "_Course", state: str, *, final: bool = False) -> dict[str, Any]:
        config = self._config
        report: dict[str, Any] = {
            "jobId": str(course.job.job_id),
            "state": state,
            "attemptNr": course.job.attempt,
            "siteName": config.queue,
            "node": config.node,
            "schedulerID": config.harvester_id or "unknown",
            "pilotID": f"{config.worker_id or 'unknown'}|PULL|culm-light",
            "startTime": course.started_at,
            "coreCount": course.job.core_count,
            "xml": "",
        }
        if course.payload is not None:
            usage = course.payload.usage
            report |= {
                "cpuConsumptionTime": round(usage.cpu_seconds, 2),
                "cpuConsumptionUnit": "s",
                "maxRSS": usage.rss_kb_max,
                "avgRSS": usage.rss_kb_avg,
                "maxVMEM": usage.vmem_kb_max,
            }
        return report | (self._final_part(course) if final else {})

    def _final_part(self, course: "_Course") -> dict[str, Any]:
        seconds = (0, course.stage_in_seconds, course.payload_seconds, course.stage_out_seconds, 0, 0)
        final: dict[str, Any] = {
            "xml": json.dumps({file.lfn: file.report() for file in course.stored}),
            "endTime": time.time(),
            "pilotTiming": "|".join(f"{part:.2f}" for part in seconds),
            "pilotErrorCode": course.code,
            "pilotErrorDiag": course.diagnosis,
            "transExitCode": course.exit_code,
            "exeErrorCode": course.error_code,
            "exeErrorDiag": course.error_text,
            "pilotLog": _tail(course.folder / "payload.stderr") if course.code else "",
        }
        if course.metadata:
            final["metaData"] = course.metadata
        return final


class _Course:
    """What is known of a job while it runs."""

    def __init__(self, job: PilotJob, folder: Path, started_at: float) -> None:
        self.job = job
        self.folder = folder
        self.started_at = started_at
        self.wrapper = job.transformation.rsplit("/", 1)[-1]
        self.payload: Payload | None = None
        self.stored: list[Stored] = []
        self.code = 0
        self.diagnosis = ""
        self.exit_code = 0
        self.error_code = 0
        self.error_text = ""
        self.metadata = ""
        self.stage_in_seconds = self.payload_seconds = self.stage_out_seconds = 0.0

    def variables(self, config: PilotConfig) -> dict[str, str]:
        """What the payload is told about its job."""
        return {
            "PANDAID": str(self.job.job_id),
            "PanDA_TaskID": str(self.job.task_id),
            "PANDA_SERVER_URL": config.api,
            "PILOT_HOME": str(config.work),
            "PILOT_SITENAME": config.queue,
            "ATHENA_PROC_NUMBER": str(self.job.core_count),
        }


def _why(course: _Course) -> str:
    """The last line the payload wrote to stderr, for the diagnosis."""
    lines = [line for line in _tail(course.folder / "payload.stderr").splitlines() if line.strip()]
    return f": {lines[-1].strip()[:300]}" if lines else ""


def _tail(path: Path) -> str:
    """The last lines of a text file."""
    if not path.is_file():
        return ""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 4096))
        text = file.read().decode("utf-8", errors="replace")
    return "\n".join(text.splitlines()[-LOG_LINES:])[-1024:]
