"""Row of what happened: one per event, never changed."""

from sqlalchemy import JSON, BigInteger, Column, Index, Integer, MetaData, Table, Text

from projections.engine.lengths import at_most
from schemas.topics import topics_of_role

VERSION = 3
TOPICS = topics_of_role("events")
METADATA = MetaData()

TIMELINE = Table(
    "timeline",
    METADATA,
    Column("aggregate", Text, primary_key=True),
    Column("aggregate_id", Text, primary_key=True),
    Column("sequence", BigInteger, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("event_type", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("vo", Text, nullable=False),
    Column("event_id", Text, nullable=False),
    Column("command_id", Text, nullable=False),
    Column("command_type", Text, nullable=False),
    Column("causation_id", Text),
    Column("correlation_id", Text, nullable=False, info=at_most(500)),
    Column("topic", Text, nullable=False),
    Column("partition", Integer, nullable=False),
    Column("log_offset", BigInteger, nullable=False),
    Column("summary", Text, nullable=False),
    Column("body", JSON, nullable=False),
    Column("task_id", BigInteger),
    Column("job_id", BigInteger),
    Column("worker_id", Text, info=at_most(500)),
    # The worker whose pilot got the job, in events of its queue.
    Column("to_worker_id", Text, info=at_most(500)),
    info={"append_only": True},
)
Index("timeline_of_task", TIMELINE.c.task_id, TIMELINE.c.at)
Index("timeline_of_job", TIMELINE.c.job_id, postgresql_where=TIMELINE.c.job_id.is_not(None))
Index("timeline_at", TIMELINE.c.at)
Index("timeline_of_correlation", TIMELINE.c.correlation_id, TIMELINE.c.at)
Index(
    "timeline_to_worker",
    TIMELINE.c.aggregate_id,
    TIMELINE.c.to_worker_id,
    postgresql_where=TIMELINE.c.to_worker_id.is_not(None),
)
Index("timeline_of_worker", TIMELINE.c.aggregate_id, TIMELINE.c.worker_id, postgresql_where=TIMELINE.c.worker_id.is_not(None))
