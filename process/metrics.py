"""Figures of a process for Prometheus, on a port of its own on the loopback; families that several processes have.

Labels have few values: never an id, a user, a token. Counting happens once a batch, with plain dictionaries in between.
"""

from collections.abc import Mapping

import structlog
from prometheus_client import Counter, Gauge, start_http_server

RECORDS = Counter("culm_records_total", "Records of the log that the process has handled.", ["process"])
UP_SINCE = Gauge("culm_process_start_seconds", "When the process began, seconds since 1970.", ["process"])
#: The order of the processes above the base port; Prometheus' configuration names the same (deploy/dashboards/prometheus.yml).
PROCESSES = ("decider", "processors", "timers", "projector", "notary", "api")
log = structlog.get_logger()


def expose(environ: Mapping[str, str], process: str) -> None:
    """Serve `/metrics` at CULM_METRICS (host:base port, the process's place is added); nothing without it."""
    address = environ.get("CULM_METRICS")
    if not address:
        return
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal():
        raise ValueError(f"CULM_METRICS is {address!r}, expected host:port")
    UP_SINCE.labels(process).set_to_current_time()
    number = int(port) + PROCESSES.index(process)
    try:
        start_http_server(number, host)
    except OSError as problem:
        # Figures are for those who look; the work goes on without.
        log.error("figures_not_served", address=f"{host}:{number}", problem=str(problem))
