"""`python -m eventlog.mirror`: copies events of the organisations in CULM_MIRROR_VOS into topics of their own, until SIGTERM."""

import os
import signal
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import structlog

from eventlog.mirror.copying import Mirror
from eventlog.registry import codec_from
from process.core_files import leave_no_core_file
from process.logs import configure_logs
from process.metrics import expose
from process.mirrored import VARIABLE, mirrored_vos
from process.servers import kafka_of, registry_of
from process.settings import SettingRefused, Settings

log = structlog.get_logger()


def main() -> int:
    """0 after SIGTERM, 1 after a failure that no mirror waits out. Raises SettingRefused."""
    configure_logs()
    leave_no_core_file()
    settings = Settings(os.environ)
    vos = mirrored_vos(settings)
    if not vos:
        raise SettingRefused(f"{VARIABLE} is not set, expected names of organisations")
    kafka, codec, ending = kafka_of(settings), codec_from(registry_of(settings)), threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ending.set())
    expose(os.environ, "mirror")
    log.info("mirror_starting", vos=vos)
    with ThreadPoolExecutor(len(vos)) as pool:
        running = [pool.submit(_kept, Mirror(kafka, vo, codec, ending), ending) for vo in vos]
        return max(one.result() for one in running)


def _kept(mirror: Mirror, ending: threading.Event) -> int:
    """Run `mirror`; a bug in one ends all, so that the process is started again."""
    try:
        mirror.run()
    except Exception:
        log.exception("mirror_failed")
        ending.set()
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
