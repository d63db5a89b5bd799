"""Metrics of a process for Prometheus, on a port of its own on the loopback; families that several processes have.

Labels have few values: never an id, a user, a token. Counting happens once a batch, with plain dictionaries in between.
"""

from collections.abc import Mapping

import structlog
from prometheus_client import Counter, Gauge, start_http_server

from process.instances import BY_NAME, INSTANCE_VARIABLE, Process
from process.settings import Settings

RECORDS = Counter("culm_records_total", "Records of the log that the process has handled.", ["process"])
UP_SINCE = Gauge("culm_process_start_seconds", "When the process began, seconds since 1970.", ["process"])
log = structlog.get_logger()


def expose(environ: Mapping[str, str], kind: str) -> None:
    """Serve `/metrics` of this instance of `kind` at CULM_METRICS (host:first port of the row, see `Process.metrics_port`).

    Nothing without CULM_METRICS. Raises ValueError for an address that is none.
    """
    address = environ.get("CULM_METRICS")
    if not address:
        return
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal():
        raise ValueError(f"CULM_METRICS is {address!r}, expected host:port")
    UP_SINCE.labels(kind).set_to_current_time()
    instance = Settings(environ).whole(INSTANCE_VARIABLE, 1, lowest=1, highest=1_000)
    number = Process(BY_NAME[kind], instance).metrics_port(int(port))
    try:
        start_http_server(number, host)
    except OSError as problem:
        # Metrics are for operators; the work goes on without.
        log.error("metrics_not_served", address=f"{host}:{number}", problem=str(problem))
