"""What the projector counts: its batches, and how old the newest event is that it applied."""

import time

from prometheus_client import Gauge, Histogram

from process.metrics import RECORDS
from schemas.instants import MICROSECONDS

SECONDS = Histogram(
    "culm_projection_batch_seconds",
    "One transaction of the projector.",
    buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5),
)
LAG = Gauge("culm_projection_lag_seconds", "Age of the newest event when it was applied.")
STOPPED = Gauge("culm_projection_partitions_stopped", "Partitions that stand still because of a record.")
SET_ASIDE = Gauge("culm_projection_aggregates_set_aside", "Aggregates whose rows stand still because of a record.")


def applied(records: int, seconds: float, newest_at: int | None, stopped: int) -> None:
    """A batch is committed. newest_at: microseconds."""
    RECORDS.labels("projector").inc(records)
    SECONDS.observe(seconds)
    STOPPED.set(stopped)
    if newest_at is not None:
        LAG.set(max(0.0, time.time() - newest_at / MICROSECONDS))
