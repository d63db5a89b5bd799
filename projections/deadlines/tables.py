"""Rows of what becomes due, for the timer process."""

from sqlalchemy import JSON, BigInteger, Column, Computed, Index, MetaData, Table, Text

from schemas.aggregates import AGGREGATES

VERSION = 4
TOPICS = tuple(AGGREGATES[name].topic("events") for name in ("task", "queue", "workflow"))
METADATA = MetaData()

DEADLINE = Table(
    "deadline",
    METADATA,
    Column("kind", Text, primary_key=True),
    Column("aggregate", Text, primary_key=True),
    Column("aggregate_id", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("counted_from", BigInteger, nullable=False),
    Column("length_micros", BigInteger, nullable=False),
    # A heartbeat moves `counted_from` of many leases whose lengths only the rows know.
    Column("due_at", BigInteger, Computed("counted_from + length_micros", persisted=True)),
    Column("sequence", BigInteger, nullable=False),
    Column("detail", JSON, nullable=False),
)
Index("deadline_due", DEADLINE.c.due_at)
Index("deadline_counted", DEADLINE.c.kind, DEADLINE.c.counted_from)

VIEWS = {
    "deadline": (
        "SELECT kind, aggregate, aggregate_id, key, due_at, sequence, detail, counted_from, length_micros FROM {schema}.deadline"
    ),
}
