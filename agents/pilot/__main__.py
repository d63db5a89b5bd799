"""`python -m agents.pilot`: takes jobs until there is none, its time is over, or SIGTERM."""

import os
import shutil
import signal
import sys
import threading
import time

import httpx
import psutil
import structlog

from agents.logs import configure_logs
from agents.pilot.config import PilotConfig, read_config
from agents.pilot.job import parse_job
from agents.pilot.runner import Runner
from agents.pilot.server import Server
from agents.pilot.storage import Storage
from agents.pilot.undertaker import Undertaker, start_undertaker

IDLE_PAUSES_SECONDS = (0.3, 0.6, 1.0, 2.0)
log = structlog.get_logger()


def offer_of(config: PilotConfig) -> dict[str, object]:
    """What getJob says about this pilot."""
    offer: dict[str, object] = {
        "siteName": config.queue,
        "computingElement": config.queue,
        "prodSourceLabel": config.label,
        "mem": psutil.virtual_memory().total // 1024**2,
        "diskSpace": shutil.disk_usage(config.home).free // 1024**2,
        "node": config.node,
        "heartbeat_seconds": config.heartbeat_seconds,
    }
    if config.harvester_id and config.worker_id:
        offer |= {"harvester_id": config.harvester_id, "worker_id": config.worker_id}
    return offer


def main(config: PilotConfig, undertaker: Undertaker) -> int:
    """Exit code 0: everything that was taken was reported."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    config.work.mkdir(parents=True, exist_ok=True)
    server = Server(config)
    server.worker_status("started")
    try:
        storage = Storage(server.document("/cache/ddmendpoints.json"))
        runner = Runner(config, server, storage, undertaker, stop.is_set)
        done = take_jobs(config, server, runner, stop)
    except httpx.HTTPError as problem:
        log.error("server_away", problem=str(problem)[:200])
        return 1
    finally:
        server.worker_status("finished")
        server.close()
    if not config.keep and not any(config.work.iterdir()):
        config.work.rmdir()
    log.info("pilot_ends", jobs=done)
    return 0


def take_jobs(config: PilotConfig, server: Server, runner: Runner, stop: threading.Event) -> int:
    """Number of jobs run, one after the other, until none came for `idle_seconds`."""
    began = last_work = time.monotonic()
    done = pauses = 0
    inherited = dict(os.environ)
    while not stop.is_set() and time.monotonic() - began < config.lifetime_seconds:
        answer = server.get_job(offer_of(config))
        if answer is None:
            if time.monotonic() - last_work > config.idle_seconds:
                break
            stop.wait(IDLE_PAUSES_SECONDS[min(pauses, len(IDLE_PAUSES_SECONDS) - 1)])
            pauses += 1
            continue
        job = parse_job(answer)
        log.info("job_taken", job_id=job.job_id, task_id=job.task_id, attempt=job.attempt)
        runner.run(job, inherited)
        done, pauses, last_work = done + 1, 0, time.monotonic()
    return done


if __name__ == "__main__":
    configure_logs()
    beside = start_undertaker()
    sys.exit(main(read_config(os.environ), beside))
