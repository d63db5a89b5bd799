"""Row of a job, as pilots, people and the monitor ask for it.

The first error is repeated in columns of its own, which Postgres computes, so that causes can be counted without opening
documents; `error_cluster` is its text with every number taken out. The specification is a row of its own, because it comes
from another event; the view shows it as column `spec`, null for the moment in which only the job's own event was applied.
Queries that do not ask for it do not read it: Postgres leaves out the join.
"""

from sqlalchemy import JSON, BigInteger, Boolean, Column, Computed, Index, Integer, MetaData, Table, Text

from projections.engine.lengths import at_most
from schemas.aggregates import AGGREGATES

VERSION = 5
TOPICS = (AGGREGATES["job"].topic("events"), AGGREGATES["queue"].topic("events"))
METADATA = MetaData()
SUBJECTS = {"job": ("job",)}

JOB = Table(
    "job",
    METADATA,
    Column("job_id", BigInteger, primary_key=True),
    Column("task_id", BigInteger, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("serial", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("queue", Text, nullable=False, info=at_most(500)),
    Column("status", Text, nullable=False, info=at_most(50)),
    Column("sub_status", Text),
    Column("priority", Integer, nullable=False),
    Column("vo", Text, nullable=False, info=at_most(200)),
    Column("owner", Text, nullable=False, info=at_most(500)),
    Column("user_name", Text, nullable=False, info=at_most(500)),
    Column("label", Text, nullable=False),
    Column("processing_type", Text, nullable=False),
    Column("share", Text, nullable=False, info=at_most(500)),
    Column("resource_type", Text, nullable=False),
    Column("core_count", Integer, nullable=False),
    Column("ram_mb_min", BigInteger, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("activated_at", BigInteger),
    Column("sent_at", BigInteger),
    Column("started_at", BigInteger),
    Column("ended_at", BigInteger),
    Column("modified_at", BigInteger, nullable=False),
    Column("node", Text),
    Column("pilot", Text),
    Column("pilot_id", Text),
    Column("batch_id", Text),
    Column("lease_id", Text),
    Column("harvester_id", Text),
    Column("worker_id", Text),
    # The subject that leased it; what reports of it are judged by.
    Column("holder", Text),
    Column("order_kill", Boolean, nullable=False, default=False),
    Column("kill_code", Integer),
    Column("exit_code", BigInteger),
    Column("errors", JSON, nullable=False, default=()),
    Column("usage", JSON),
    Column("outputs", JSON, nullable=False, default=()),
    Column("metadata", Text),
    Column("log_extract", Text),
    Column("merge_job_id", BigInteger),
    Column("sequence", BigInteger, nullable=False),
    Column("error_source", Text, Computed("errors->0->>'source'", persisted=True)),
    Column("error_code", BigInteger, Computed("(errors->0->>'code')::bigint", persisted=True)),
    Column(
        "error_cluster",
        Text,
        Computed(r"left(regexp_replace(errors->0->>'diagnostic', '\d+', '#', 'g'), 200)", persisted=True),
    ),
)
JOB_SPEC = Table(
    "job_spec",
    METADATA,
    Column("job_id", BigInteger, primary_key=True),
    Column("spec", JSON, nullable=False),
)
HIDDEN = frozenset({"job_spec"})
VIEWS = {
    "job": (
        f"SELECT {', '.join(f'j.{column.name}' for column in JOB.columns)}, s.spec"
        " FROM {schema}.job j LEFT JOIN {schema}.job_spec s ON s.job_id = j.job_id"
    ),
}
Index("job_of_task", JOB.c.task_id, JOB.c.status, JOB.c.kind)
Index("job_on_queue", JOB.c.queue, JOB.c.status)
Index("job_of_owner", JOB.c.owner, JOB.c.created_at)
Index("job_modified", JOB.c.modified_at)
# For the clocks of jobs (streams/timers/job_clocks.py), over the jobs that live.
Index("job_clock", JOB.c.status, JOB.c.modified_at, postgresql_where=JOB.c.ended_at.is_(None))
# What the monitor counts; wide enough that the table itself is not read.
Index("job_facets", JOB.c.vo, JOB.c.status, JOB.c.queue, JOB.c.user_name, JOB.c.share)
Index(
    "job_ended",
    JOB.c.vo,
    JOB.c.ended_at,
    JOB.c.status,
    JOB.c.queue,
    JOB.c.user_name,
    postgresql_where=JOB.c.ended_at.is_not(None),
)
Index(
    "job_errors",
    JOB.c.vo,
    JOB.c.ended_at,
    JOB.c.error_source,
    JOB.c.error_code,
    JOB.c.error_cluster,
    JOB.c.queue,
    JOB.c.user_name,
    JOB.c.task_id,
    JOB.c.job_id,
    postgresql_where=JOB.c.error_source.is_not(None),
)
