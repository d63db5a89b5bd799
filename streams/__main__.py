"""`python -m streams`: the processors, from the environment to an orderly end."""

import asyncio
import os
import signal
import sys
import threading

import structlog

from process.core_files import leave_no_core_file
from process.logs import configure_logs
from process.metrics import expose
from process.settings import masked
from streams.config import StreamsConfig, read_streams_config
from streams.engine.errors import EndedEarly, WorkerStopped
from streams.worker import serve

log = structlog.get_logger()


async def main(config: StreamsConfig) -> int:
    """Exit code 0 after SIGTERM, 1 when a part of the worker ended by itself."""
    stop, stopped = asyncio.Event(), threading.Event()

    def end() -> None:
        stop.set()
        stopped.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, end)
    try:
        await serve(config, stop, stopped)
    except EndedEarly:
        pass
    except WorkerStopped as problem:
        log.error("worker_stopped", problem=str(problem), cause=repr(problem.__cause__))
        return 1
    log.info("processors_ended")
    return 0


if __name__ == "__main__":
    configure_logs()
    leave_no_core_file()
    settings = read_streams_config(os.environ)
    log.info("processors_start", **masked(settings))
    expose(os.environ, "processors")
    sys.exit(asyncio.run(main(settings)))
