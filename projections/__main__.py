"""`python -m projections [migrate | rebuild NAME... | rebuild --all | checksum]`; without words, the projector."""

import os
import signal
import sys
import threading

import psycopg2
import structlog

from eventlog.registry import codec_from
from process.collector import collect_rarely
from process.core_files import leave_no_core_file
from process.logs import configure_logs, named_target
from process.metrics import expose
from process.settings import masked
from projections.catalogue import PASSING
from projections.config import ProjectorConfig
from projections.engine.checksum import checksums
from projections.engine.errors import RebuildRefused
from projections.engine.kafka_log import KafkaLogReader
from projections.engine.loop import Projector
from projections.engine.migrate import migrate
from projections.engine.rebuild import rebuild

#: Under load a transaction of 300 records costs a third less per record than one of 100; readers wait so much longer.
GATHER_SECONDS = 0.02
log = structlog.get_logger()


def main(arguments: list[str]) -> int:
    """Exit code: 0 when done, 1 with a sentence on standard error when not, 2 for wrong usage."""
    configure_logs(named_target(os.environ))
    leave_no_core_file()
    config = ProjectorConfig.from_environ(os.environ)
    match arguments:
        case []:
            return project(config)
        case ["migrate"]:
            made = migrate(config.postgres)
            print(f"{len(made)} read models made" if made else "every read model is there")
            return 0
        case ["rebuild", "--all"]:
            return rebuild_now(config, [])
        case ["rebuild", *names] if names and not any(name.startswith("-") for name in names):
            return rebuild_now(config, names)
        case ["checksum"]:
            connection = psycopg2.connect(config.postgres)
            for table, digest in checksums(connection).items():
                print(f"{digest}  {table}")
            connection.close()
            return 0
        case _:
            print(__doc__, file=sys.stderr)
            return 2


def rebuild_now(config: ProjectorConfig, names: list[str]) -> int:
    """Rebuild and say how it went; 1 when nothing was changed."""
    try:
        done = rebuild(config, names)
    except RebuildRefused as refused:
        print(f"culm: {refused}", file=sys.stderr)
        return 1
    rate = done.records / max(done.seconds, 0.001)
    print(f"{len(done.tables_in)} read models rebuilt from {done.records} records in {done.seconds:.1f} s ({rate:.0f}/s)")
    return 0


def project(config: ProjectorConfig) -> int:
    """Run until SIGTERM or SIGINT."""
    log.info("projector_configured", **masked(config))
    collect_rarely()
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    expose(os.environ, "projector")
    reader = KafkaLogReader(config.kafka, client_id="culm-projector", passing=PASSING, gather_seconds=GATHER_SECONDS)
    projector = Projector(
        config.postgres,
        codec_from(config.registry),
        reader,
        batch_records_max=config.batch_records_max,
        another_reader=lambda: KafkaLogReader(config.kafka, client_id="culm-projector-again"),
    )
    try:
        projector.run(stop)
    finally:
        projector.close()
    log.info("projector_stopped")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
