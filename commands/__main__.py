"""`python -m commands`: one decider process, from the environment to an orderly end.

`python -m commands positions`: see `commands/engine/positions_command.py`.
"""

import os
import signal
import sys
import threading

import structlog

from commands.config import DeciderConfig, read_config
from commands.engine.closed_rows import ClosedRowsOfShards
from commands.engine.errors import Fenced, Interrupted, PositionsMissing
from commands.engine.kafka_log import KafkaDeciderLog
from commands.engine.loop import DeciderLoop
from commands.engine.positions_command import run as run_positions
from commands.engine.rows import RowCodec
from commands.engine.store import StateStore
from eventlog.registry import codec_from
from eventlog.watchdog import Watchdog
from process.collector import collect_rarely
from process.core_files import leave_no_core_file
from process.logs import configure_logs
from process.metrics import expose
from process.settings import masked

PAUSE_SECONDS_MAX = 5.0
FENCED_PAUSE_SECONDS = 10.0
log = structlog.get_logger()


def main(config: DeciderConfig) -> int:
    """Exit code 0 after SIGTERM, 3 when another decider took the name, 4 when someone must say where to begin."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    codec = codec_from(config.registry, pause=lambda seconds: _end_if(stop.wait(seconds)))
    store = StateStore(RowCodec(codec), ClosedRowsOfShards(config.closed_rows_folder))
    watchdog = Watchdog()
    loop = DeciderLoop(config, codec, store, lambda: KafkaDeciderLog(config, watchdog))
    pause = 0.2
    while not stop.is_set():
        try:
            loop.run(stop.is_set)
            pause = 0.2
        except Fenced as problem:
            log.error("name_lost_to_another_decider", problem=str(problem))
            stop.wait(FENCED_PAUSE_SECONDS)
            return 3
        except PositionsMissing as problem:
            log.error("positions_missing", problem=str(problem))
            stop.wait(FENCED_PAUSE_SECONDS)
            return 4
        except Interrupted as problem:
            log.warning("membership_begins_again", problem=str(problem), pause_seconds=pause)
            stop.wait(pause)
            pause = min(pause * 2, PAUSE_SECONDS_MAX)
    store.close()
    return 0


def _end_if(stopped: bool) -> None:
    """End in order while the registry is still awaited."""
    if stopped:
        sys.exit(0)


if __name__ == "__main__":
    configure_logs()
    leave_no_core_file()
    settings = read_config(os.environ)
    if sys.argv[1:2] == ["positions"]:
        sys.exit(run_positions(settings, sys.argv[2:]))
    log.info("decider_starts", **masked(settings))
    expose(os.environ, "decider")
    collect_rarely()
    sys.exit(main(settings))
