"""Rows of pilots in batch systems, and of how many a queue wants."""

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, Table, Text

from projections.engine.lengths import at_most
from schemas.aggregates import AGGREGATES

VERSION = 1
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
)
Index("worker_in_state", WORKER.c.queue, WORKER.c.state)

WORKER_DEMAND = Table(
    "worker_demand",
    METADATA,
    Column("queue", Text, primary_key=True),
    Column("wanted", BigInteger, nullable=False, default=0),
    Column("live", BigInteger, nullable=False, default=0),
    Column("reason", Text, nullable=False, default=""),
    Column("sequence", BigInteger, nullable=False, default=0),
)
