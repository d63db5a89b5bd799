"""Rows of pilots in batch systems, of who starts them, and of how many a queue wants."""

from sqlalchemy import JSON, BigInteger, Boolean, Column, Index, Integer, MetaData, Table, Text

from projections.engine.lengths import at_most
from schemas.aggregates import AGGREGATES

VERSION = 4
TOPICS = (AGGREGATES["worker"].topic("events"),)
METADATA = MetaData()
SUBJECTS = {"worker": ("worker",)}

WORKER = Table(
    "worker",
    METADATA,
    Column("queue", Text, primary_key=True),
    Column("worker_id", Text, primary_key=True),
    Column("harvester_id", Text, nullable=False),
    Column("state", Text, nullable=False, info=at_most(50)),
    Column("node", Text),
    Column("exit_code", Integer),
    Column("diagnostic", Text),
    Column("submitted_at", BigInteger),
    Column("started_at", BigInteger),
    Column("ended_at", BigInteger),
    # Of the one who intended it or reported it first, as the decider has it.
    Column("vo", Text, nullable=False),
    # It began with a report, not with an intent: of a harvester that is not Culm's.
    Column("is_foreign", Boolean, nullable=False, default=True),
    Column("tag", Text),
    Column("epoch", Integer),
    Column("class_name", Text),
    Column("cores", Integer),
    Column("memory_mb", Integer),
    Column("disk_mb", Integer),
    Column("walltime_seconds", Integer),
    Column("mode", Text),
    Column("job_id", BigInteger),
    Column("submit_by", BigInteger),
    Column("intended_at", BigInteger),
    Column("batch_id", Text),
    Column("submit_host", Text),
    Column("cancel_ordered", Boolean, nullable=False, default=False),
    Column("cancel_why", Text),
    # In the words of the batch system.
    Column("native_state", Text),
    Column("reason", Text),
    Column("signal", Integer),
    Column("fingerprint", Text),
    # When its pilot asked for work for the first time.
    Column("asked_at", BigInteger),
)
Index("worker_in_state", WORKER.c.queue, WORKER.c.state)
Index("worker_ended", WORKER.c.ended_at)

WORKER_DEMAND = Table(
    "worker_demand",
    METADATA,
    Column("queue", Text, primary_key=True),
    Column("wanted", BigInteger, nullable=False, default=0),
    Column("live", BigInteger, nullable=False, default=0),
    Column("reason", Text, nullable=False, default=""),
    Column("classes", JSON, nullable=False, default=[]),
    # Why an order that would remove many pilots is not carried out; empty otherwise.
    Column("held_back", Text, nullable=False, default=""),
    # Why the queue gets no new work; empty otherwise. From probe_at on one worker tries it.
    Column("unhealthy", Text, nullable=False, default=""),
    Column("probe_at", BigInteger),
    Column("sequence", BigInteger, nullable=False, default=0),
)

WORKER_SERVICE = Table(
    "worker_service",
    METADATA,
    Column("queue", Text, primary_key=True),
    Column("epoch", Integer, nullable=False),
    Column("harvester_id", Text, nullable=False),
    Column("instance", Text, nullable=False),
    Column("until", BigInteger, nullable=False),
    Column("vo", Text, nullable=False),
)
