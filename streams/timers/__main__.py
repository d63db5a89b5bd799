"""`python -m streams.timers`: deadlines, from the environment to an orderly end."""

import os
import signal
import sys
import threading

import structlog

from eventlog.registry import codec_from
from process.core_files import leave_no_core_file
from process.logs import configure_logs
from process.metrics import expose
from process.settings import masked
from streams.config import TimersConfig, read_timers_config
from streams.engine.errors import EndedEarly, pause_until
from streams.timers.clockwork import TimerLoop

log = structlog.get_logger()


def main(config: TimersConfig) -> int:
    """Exit code 0 after SIGTERM."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        codec = codec_from(config.registry, pause=pause_until(stop))
        TimerLoop(config, codec).run(stop)
    except EndedEarly:
        pass
    log.info("timers_ended")
    return 0


if __name__ == "__main__":
    configure_logs()
    leave_no_core_file()
    settings = read_timers_config(os.environ)
    log.info("timers_start", **masked(settings))
    expose(os.environ, "timers")
    sys.exit(main(settings))
