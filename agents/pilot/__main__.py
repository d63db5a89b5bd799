"""`python -m agents.pilot`: takes jobs until there is none, its time is over, or SIGTERM.

With `--job FILE` it runs the one job in that file and asks for none; a file that is lost, was read before or is another worker's
ends it with exit code 80 and a sentence in its log.
SIGTERM, SIGINT: the payload is stopped, its job reported failed with 1201, no other job is taken. SIGUSR1: the job is
finished, no other is taken. SIGKILL: the supervisor kills the payload, and the job is lost when its lease runs out.
"""

import argparse
import os
import secrets
import shutil
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import structlog

from agents.errors import CallFailed
from agents.job_file import JobFileRefused, take_job
from agents.pilot import process_tree
from agents.pilot.config import PilotConfig, read_config
from agents.pilot.job import BadJob, parse_job
from agents.pilot.payload import PayloadSupervisorClient
from agents.pilot.payload_supervisor import now
from agents.pilot.runner import Runner, Site, refuse
from agents.pilot.server import Server
from agents.pilot.slot import memory_mb_of_slot
from agents.pilot.storage import Storage
from agents.stop_event import StopEvent, pause
from process.logs import configure_logs

IDLE_PAUSES_SECONDS = (0.3, 0.6, 1.0, 2.0)
#: A pilot without a job waits so long for a server that does not answer.
AWAY_SECONDS_MAX = 300.0
EXIT_HELPLESS, EXIT_SERVER_AWAY, EXIT_JOB_FILE, EXIT_TERMINATED = 1, 79, 80, 143
EXIT_CODE_FILE = "exit_code"
LINES_KEPT = 2_000
MB = 1024 * 1024
log = structlog.get_logger()


class Pilot:
    """Takes jobs one after the other. `retire`: set when it must take no more. `lines`: its log since a job began."""

    def __init__(self, site: Site, retire: StopEvent, lines: deque[str]) -> None:
        self._site, self._config, self._retire, self._lines = site, site.config, retire, lines
        self._began = time.monotonic()
        self._done = 0

    def run(self) -> int:
        """The exit code, once no job came for `idle_seconds` or the pilot is asked to end."""
        last_work = last_answer = time.monotonic()
        pauses = 0
        while not self._site.stop.is_closed:
            if self._site.supervisor.is_gone:
                return EXIT_HELPLESS
            if self._retire.is_closed or self._remaining_seconds() <= 0:
                return 0
            try:
                worked = self._take_one()
            except CallFailed as problem:
                log.warning("no_answer_to_get_job", problem=str(problem)[:200])
                if time.monotonic() - last_answer > AWAY_SECONDS_MAX:
                    return EXIT_SERVER_AWAY
                last_work = time.monotonic()  # a pilot that gets no answer is not idle
            else:
                last_answer = time.monotonic()
                if worked:
                    last_work, pauses = last_answer, 0
                    continue
            if time.monotonic() - last_work >= self._config.idle_seconds:
                return 0
            pause(IDLE_PAUSES_SECONDS[min(pauses, len(IDLE_PAUSES_SECONDS) - 1)], self._site.stop, self._retire)
            pauses += 1
        return EXIT_TERMINATED

    @property
    def done(self) -> int:
        """How many jobs it ran."""
        return self._done

    def _take_one(self) -> bool:
        """Ask for a job and run it; false when there is none. Raises CallFailed."""
        asked_at, began = now(), time.monotonic()
        answer = self._site.server.get_job(offer_of(self._config, self._remaining_seconds()))
        if answer is None:
            return False
        self._run_job(answer, asked_at, time.monotonic() - began)
        return True

    def run_bound(self, path: Path) -> int:
        """The exit code, once the one job in the file has run."""
        try:
            answer = take_job(path, self._config.worker_id)
        except JobFileRefused as problem:
            log.error("job_file_refused", problem=str(problem))
            return EXIT_JOB_FILE
        # No lease counts before the server has confirmed it: the file may have been on its way for long.
        self._run_job(answer, now() - self._config.lease_seconds, 0.0)
        if self._site.supervisor.is_gone:
            return EXIT_HELPLESS
        return EXIT_TERMINATED if self._site.stop.is_closed else 0

    def _run_job(self, answer: dict[str, Any], asked_at: float, seconds: float) -> None:
        self._lines.clear()
        try:
            job = parse_job(answer)
        except BadJob as problem:
            log.error("job_not_understood", job_id=problem.job and problem.job.job_id, problem=str(problem))
            if problem.job is not None:
                refuse(self._site, problem.job, str(problem))
        else:
            log.info("job_taken", job_id=job.job_id, task_id=job.task_id, attempt=job.attempt)
            Runner(self._site, job, asked_at, seconds).run()
            self._done += 1

    def _remaining_seconds(self) -> float:
        return self._config.lifetime_seconds - (time.monotonic() - self._began)


def offer_of(config: PilotConfig, remaining_seconds: float) -> dict[str, object]:
    """What getJob says about this pilot."""
    offer: dict[str, object] = {
        "siteName": config.queue,
        "computingElement": config.queue,
        "prodSourceLabel": config.label,
        "mem": memory_mb_of_slot(psutil.virtual_memory().total // MB, config.memory_mb_max),
        "diskSpace": shutil.disk_usage(config.work).free // MB,
        "node": config.node,
        "heartbeat_seconds": config.heartbeat_seconds,
        "remaining_time": int(remaining_seconds),
    }
    if config.cores:
        offer["cores"] = config.cores
    if config.harvester_id and config.worker_id:
        offer |= {"harvester_id": config.harvester_id, "worker_id": config.worker_id}
    return offer


def main(config: PilotConfig, supervisor: PayloadSupervisorClient, lines: deque[str]) -> int:
    """The exit code of `Pilot.run`, which is also left in a file for a harvester that cannot wait for this process."""
    stop, retire = StopEvent(), StopEvent()
    stop.close_on(signal.SIGTERM, signal.SIGINT)
    retire.close_on(signal.SIGUSR1)
    config.work.mkdir(parents=True, exist_ok=True)
    server = Server(config, stop)
    if config.is_private:
        process_tree.close_memory()
    server.keep_token()
    storage = Storage(server.storage_documents)
    pilot = Pilot(Site(config, server, storage, supervisor, stop, dict(os.environ), lambda: list(lines)), retire, lines)
    threading.Thread(target=server.worker_status, args=("started",), daemon=True).start()
    try:
        code = pilot.run() if config.job_file is None else pilot.run_bound(config.job_file)
    finally:
        supervisor.close()
    signal.signal(signal.SIGUSR1, signal.SIG_IGN)  # the request to retire comes too late to end this process by its default
    if code == 0:  # of another end the harvester says how it was
        server.worker_status("finished")
    server.close()
    log.info("pilot_ends", jobs=pilot.done, exit_code=code)
    with suppress(OSError):  # a full disk does not make another exit code
        if config.worker_id:
            leave_exit_code(config.work / EXIT_CODE_FILE, code)
        elif not any(config.work.iterdir()):
            config.work.rmdir()
    return code


def leave_exit_code(path: Path, code: int) -> None:
    """Write the exit code into a new file, also when a payload has put something under its name; raises OSError."""
    path.unlink(missing_ok=True)
    with path.open("x", encoding="ascii") as file:
        file.write(f"{code}\n")


def _config(arguments: Sequence[str]) -> PilotConfig:
    """What environment and command line say; raises SettingRefused."""
    parser = argparse.ArgumentParser(prog="agents.pilot")
    parser.add_argument("--job", type=Path, help="file with the one job to run; without it the pilot asks for jobs")
    found = parser.parse_args(arguments)
    config = read_config(os.environ)
    return config if found.job is None else replace(config, job_file=found.job.absolute(), instance=secrets.token_hex(4))


if __name__ == "__main__":
    kept: deque[str] = deque(maxlen=LINES_KEPT)
    configure_logs(keep=kept.append)
    sys.exit(main(_config(sys.argv[1:]), PayloadSupervisorClient(), kept))
