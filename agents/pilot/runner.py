"""One job from stage-in to its final report.

Guards: nothing is reported stored that was not checked; a job that was ordered to stop never reports success; what a job
wrote gets its name in storage only while the job certainly belongs to this pilot, because after a lost lease the same
names belong to another attempt.
"""

import os
import select
import shutil
import sys
import tarfile
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import structlog

from agents.pilot.command import payload_line
from agents.pilot.config import PilotConfig
from agents.pilot.environment import payload_environment
from agents.pilot.errors import INTERNAL, NO_CONTAINERS, NO_WORK_FOLDER, SIGTERM_RECEIVED, JobTrouble, PayloadSupervisorGone
from agents.pilot.job import SECRETS_FILE, PilotJob, StageOutFile
from agents.pilot.job_run import JobRun, final_report, live_report
from agents.pilot.lease import JobLease
from agents.pilot.log_archive import make_log_archive
from agents.pilot.payload import PayloadSupervisorClient
from agents.pilot.payload_result import metadata_in, payload_result_of, readable, shell_exit_code
from agents.pilot.payload_supervisor import Message
from agents.pilot.server import FinalReportOutcome, Server
from agents.pilot.storage import Storage, check_outputs
from agents.pilot.usage import excess, sampled
from agents.plain_files import remove_folder
from agents.stop_event import StopEvent

SAMPLE_SECONDS_FIRST, SAMPLE_SECONDS_MAX = 0.05, 2.0
PILOT_LOG = "pilotlog.txt"
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Site:
    """What all jobs of a pilot share. `lines` gives the pilot's log since the job began."""

    config: PilotConfig
    server: Server
    storage: Storage
    supervisor: PayloadSupervisorClient
    stop: StopEvent
    environment: Mapping[str, str]
    lines: Callable[[], list[str]]


class Runner:
    """Runs one job in a folder of its own; `asked_at` is when it was asked for, a time of `supervisor.now()`."""

    def __init__(self, site: Site, job: PilotJob, asked_at: float, get_job_seconds: float) -> None:
        self._site, self._config, self._job = site, site.config, job
        folder = site.config.work / f"PanDA_Pilot-{job.job_id}"
        self._job_run = JobRun(job, folder, time.time(), get_job_seconds)
        self._halted: JobTrouble | None = None
        self._log = log.bind(job_id=job.job_id, attempt=job.attempt)
        self._lease = JobLease(
            beat=lambda state: site.server.heartbeat(live_report(self._config, self._job_run, state, time.time())),
            renew=site.supervisor.renew,
            stop=lambda: site.supervisor.stop(self._config.grace_seconds),
            leased_at=asked_at,
            lease_seconds=self._config.lease_seconds,
            heartbeat_seconds=self._config.heartbeat_seconds,
        )

    def run(self) -> bool:
        """True when the job was reported finished; what goes wrong with the job is reported and not raised."""
        job_run = self._job_run
        try:
            try:
                self._perform()
            except (JobTrouble, PayloadSupervisorGone, OSError) as problem:
                self._fail(problem)
            except Exception as problem:  # noqa: BLE001 - the job's own frame: what a payload left must end its job, never its pilot
                self._log.error("job_met_a_bug", exc_info=problem)
                self._fail(problem)
            self._store_log()
            outcome = self._deliver()
        finally:
            self._lease.end()
        self._log.info("job_ended", report=outcome.value, trouble=str(job_run.trouble or ""), exit_code=job_run.exit_code)
        if job_run.trouble is None and not self._config.keep:
            remove_folder(job_run.folder)
        return job_run.trouble is None and outcome is FinalReportOutcome.TAKEN

    def _perform(self) -> None:
        if self._job.unsupported:
            text = f"this pilot cannot do what the job asks for: {', '.join(self._job.unsupported)}"
            raise JobTrouble(NO_CONTAINERS, text)
        if self._job.image and self._runtime() is None:
            missing = f"no {self._config.container_runtime} is on the path of this pilot"
            raise JobTrouble(NO_CONTAINERS, f"container_name: {missing} to run {self._job.image[:200]}")
        if self._config.job_file is not None:
            # The file may be old, or another one's: the server says first that the job is this pilot's.
            self._lease.make_sure(self._check)
        self._set_up()
        self._stage_in()
        self._run_payload()
        self._stage_out()

    def _set_up(self) -> None:
        began, folder = time.monotonic(), self._job_run.folder
        remove_folder(folder)
        try:
            folder.mkdir(parents=True)
        except OSError as problem:
            raise JobTrouble(NO_WORK_FOLDER, f"no work directory: {problem.strerror}") from problem
        wrapper = folder / self._job.wrapper
        wrapper.write_bytes(self._site.server.wrapper(self._job.transformation))
        wrapper.chmod(0o755)
        if self._job.secrets:
            secrets = folder / SECRETS_FILE
            secrets.touch(mode=0o600)
            secrets.write_text(self._job.secrets, encoding="utf-8")
        self._job_run.set_up_seconds = time.monotonic() - began

    def _stage_in(self) -> None:
        began = time.monotonic()
        for file in self._job.inputs:
            self._site.storage.stage_in(file, self._job_run.folder, self._check)
            self._log.info("input_staged_in", lfn=file.lfn)
        self._job_run.stage_in_seconds = time.monotonic() - began

    def _run_payload(self) -> None:
        """Run until the end, a limit, or a word from the server."""
        job_run, job = self._job_run, self._job
        self._lease.make_sure(self._check)
        line = payload_line(job, self._runtime() or "", job_run.folder.absolute(), is_root=os.geteuid() == 0)
        command = ["/bin/bash", "-c", line]
        environment = payload_environment(self._config, job, Path(sys.executable), self._site.environment)
        pid = self._site.supervisor.start(command, job_run.folder, environment, self._lease.until)
        job_run.payload_at = time.time()
        self._lease.enter("running")
        self._log.info("payload_started", pid=pid)
        ended = self._watch()
        job_run.payload_seconds = time.time() - job_run.payload_at
        job_run.exit_code = shell_exit_code(ended["exit_code"])
        job_run.usage = job_run.usage.ended(ended["cpu_seconds"], ended["rss_kb_max"])
        job_run.metadata = metadata_in(job_run.folder)
        self._log.info("payload_ended", exit_code=job_run.exit_code, cpu_seconds=round(ended["cpu_seconds"], 3))
        self._lease.check()
        if self._halted is not None:
            raise self._halted
        job_run.payload_result = payload_result_of(job_run.exit_code, job_run.folder)
        if job_run.payload_result.trouble is not None:
            raise job_run.payload_result.trouble

    def _runtime(self) -> str | None:
        """Where the program is that runs containers; None when the pilot has none."""
        return shutil.which(self._config.container_runtime, path=self._site.environment.get("PATH"))

    def _watch(self) -> Message:
        """Wait for the payload's end, which is returned; ends it when it takes too much or the pilot must go."""
        supervisor, stop, job_run = self._site.supervisor, self._site.stop, self._job_run
        poll = select.poll()
        poll.register(supervisor.fileno(), select.POLLIN)
        poll.register(stop.fileno(), select.POLLIN)
        pause, began = SAMPLE_SECONDS_FIRST, time.monotonic()
        if self._lease.is_stopped:  # it came while the payload was being started, and the supervisor did not see it
            supervisor.stop(self._config.grace_seconds)
        while True:
            ready = {fd for fd, _ in poll.poll(pause * 1000)}
            if supervisor.fileno() in ready:
                said = supervisor.read()
                if said["said"] == "ended":
                    return said
                self._log.warning(f"payload_{said['said']}", reason="the lease was not confirmed in time")
            if stop.fileno() in ready:
                poll.unregister(stop.fileno())
                self._halt(JobTrouble(SIGTERM_RECEIVED, "the pilot was asked to end"))
            if not ready:
                job_run.usage = sampled(job_run.usage, supervisor.pid)
                self._halt(excess(job_run.usage, self._job, self._config, time.monotonic() - began, job_run.folder))
                pause = min(2 * pause, SAMPLE_SECONDS_MAX)

    def _halt(self, trouble: JobTrouble | None) -> None:
        if trouble is None or self._halted is not None:
            return
        self._log.warning("payload_stopped", code=trouble.code, reason=trouble.diagnosis)
        self._halted = trouble
        self._site.supervisor.stop(self._config.grace_seconds)

    def _stage_out(self) -> None:
        began, folder = time.monotonic(), self._job_run.folder
        for file in check_outputs((file for file in self._job.outputs if not file.is_log), folder):
            self._store(file, folder / file.lfn, self._check_delivery)
        self._job_run.stage_out_seconds = time.monotonic() - began

    def _store(self, file: StageOutFile, source: Path, check: Callable[[], None]) -> None:
        owner = f"{self._job.job_id}-{self._job.attempt or 0}"
        stored = self._site.storage.stage_out(file, source, owner, check)
        self._job_run.stored.append(stored)
        self._log.info("output_stored", lfn=file.lfn, bytes=stored.size_bytes)

    def _store_log(self) -> None:
        """Store the log archive, also of a job that failed; a log that cannot be stored fails nothing."""
        job_run, job = self._job_run, self._job
        file = next((file for file in job.outputs if file.is_log), None)
        if file is None or not job_run.folder.is_dir():
            return
        archive = self._config.work / f"{job.job_id}.log.part"
        try:
            own = {PILOT_LOG: ("\n".join(self._site.lines()) + "\n").encode("utf-8", "replace")}
            # A job that failed keeps its folder: the secrets are not for those who look into it.
            (job_run.folder / SECRETS_FILE).unlink(missing_ok=True)
            left_out = {one.lfn for one in job.inputs} | {one.lfn for one in job.outputs} | {SECRETS_FILE}
            name = f"tarball_PandaJob_{job.job_id}_{self._config.queue}"
            make_log_archive(job_run.folder, archive, name, left_out, own)
            self._store(file, archive, lambda: None)
        except (OSError, ValueError, tarfile.TarError, JobTrouble) as problem:
            self._log.warning("log_not_stored", problem=str(problem)[:200])
        finally:
            with suppress(OSError):
                archive.unlink(missing_ok=True)

    def _deliver(self) -> FinalReportOutcome:
        """Give stored files their names and the server the final report, in the order that hurts no other attempt."""
        job_run = self._job_run
        if job_run.trouble is None:
            try:
                self._lease.make_sure(self._check_delivery)
                for file in job_run.stored:
                    file.publish()
            except (JobTrouble, OSError) as problem:
                self._fail(problem)
        elif self._lease.is_fresh:
            self._publish_log()
        # Else: stopped, or cut off. The log gets its name only if the server still accepts this pilot.
        job_run.ended_at = time.time()
        self._lease.settle()
        outcome = self._site.server.deliver_final(final_report(self._config, job_run, self._site.lines()))
        if outcome is FinalReportOutcome.TAKEN:
            self._publish_log()
        self._discard()
        return outcome

    def _publish_log(self) -> None:
        """Of a job that failed, the log alone is stored."""
        for file in self._job_run.stored:
            try:
                file.publish()
            except OSError as problem:
                self._log.warning("log_not_stored", problem=str(problem)[:200])

    def _fail(self, problem: Exception) -> None:
        """Take note of what went wrong; outputs that have no name yet never get one."""
        self._discard()
        self._job_run.stored.clear()
        internal = JobTrouble(INTERNAL, readable(f"{type(problem).__name__}: {problem}"))
        self._job_run.trouble = problem if isinstance(problem, JobTrouble) else internal
        self._log.warning("job_failed", code=self._job_run.trouble.code, diagnosis=self._job_run.trouble.diagnosis)

    def _discard(self) -> None:
        for file in self._job_run.stored:
            file.discard()

    def _check(self) -> None:
        """Raise when the job must not go on."""
        self._lease.check()
        if self._site.stop.is_closed:
            raise JobTrouble(SIGTERM_RECEIVED, "the pilot was asked to end")

    def _check_delivery(self) -> None:
        """As `_check`, but a pilot that must end still has its grace to deliver what the payload has done."""
        self._lease.check()
        stop = self._site.stop
        if stop.closed_at is not None and time.monotonic() - stop.closed_at > self._config.grace_seconds:
            raise JobTrouble(SIGTERM_RECEIVED, "the pilot was asked to end")


def refuse(site: Site, job: PilotJob, problem: str) -> None:
    """Report a job that cannot be understood as failed, so that nothing waits for it."""
    job_run = JobRun(job, site.config.work, time.time())
    job_run.trouble = JobTrouble(INTERNAL, f"the job cannot be understood: {problem}")
    job_run.ended_at = time.time()
    site.server.deliver_final(final_report(site.config, job_run, []))
