"""Rows of dispatch queues, of leases in pilots' hands, of tasks on hold, and of policies."""

from sqlalchemy import JSON, BigInteger, Column, Computed, Index, Integer, MetaData, Table, Text

from schemas.aggregates import AGGREGATES

VERSION = 3
TOPICS = (AGGREGATES["queue"].topic("events"), AGGREGATES["policy"].topic("events"))
METADATA = MetaData()
SUBJECTS = {"queue": ("queue", "held_task")}
HIDDEN = frozenset({"held_task"})

QUEUE = Table(
    "queue",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("settings", JSON),
    Column("waiting", BigInteger, nullable=False, default=0),
    Column("leased", BigInteger, nullable=False, default=0),
    Column("modified_at", BigInteger, nullable=False, default=0),
    Column("sequence", BigInteger, nullable=False, default=0),
    # When a pilot last took a job.
    Column("leased_at", BigInteger, nullable=False, default=0),
)

HELD_TASK = Table(
    "held_task",
    METADATA,
    Column("queue", Text, primary_key=True),
    Column("task_id", BigInteger, primary_key=True),
)

LEASE = Table(
    "lease",
    METADATA,
    Column("job_id", BigInteger, primary_key=True),
    # Part of the key, as of every row: what two queues say of one job is two rows, in any order their events are folded.
    Column("queue", Text, primary_key=True),
    Column("lease_id", Text, nullable=False),
    Column("pilot", Text, nullable=False),
    Column("node", Text, nullable=False),
    Column("lease_seconds", Integer, nullable=False),
    Column("leased_at", BigInteger, nullable=False),
    Column("seen_at", BigInteger, nullable=False),
    # A heartbeat moves `seen_at` of many leases whose lengths only the rows know.
    Column("due_at", BigInteger, Computed("seen_at + lease_seconds * 1000000::bigint", persisted=True)),
)
Index("lease_of_queue", LEASE.c.queue)

POLICY = Table(
    "policy",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("document", JSON, nullable=False),
    Column("sequence", BigInteger, nullable=False),
)

VIEWS = {
    "queue": (
        "SELECT q.name, q.settings, q.waiting, q.leased,"
        " (SELECT coalesce(json_agg(h.task_id ORDER BY h.task_id), '[]'::json)"
        " FROM {schema}.held_task h WHERE h.queue = q.name) AS held_tasks,"
        " q.modified_at, q.sequence, q.leased_at FROM {schema}.queue q"
    ),
}
