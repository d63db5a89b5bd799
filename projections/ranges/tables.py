"""Rows of the event service: of each job the ranges it was given and how they ended, of each task how often its were tried."""

from sqlalchemy import JSON, BigInteger, Boolean, Column, Index, MetaData, Table, Text

from projections.engine.lengths import at_most
from schemas.aggregates import AGGREGATES

VERSION = 1
TOPICS = (AGGREGATES["ranges"].topic("events"),)
METADATA = MetaData()
SUBJECTS = {"ranges": ("range_set", "job_ranges")}

#: tries[n]: first and last number of the ranges that were tried in vain more than n times.
RANGE_SET = Table(
    "range_set",
    METADATA,
    Column("task_id", BigInteger, primary_key=True),
    Column("tries", JSON, nullable=False, default=()),
    Column("sequence", BigInteger, nullable=False),
)

#: file_id: number of the input unit of which the job gets ranges, 0 where that is not known. ranges: first and last number, try
#: and state (`apply.py`) of each run of ranges, in the order in which the job got them.
JOB_RANGES = Table(
    "job_ranges",
    METADATA,
    Column("task_id", BigInteger, primary_key=True),
    Column("job_id", BigInteger, primary_key=True),
    Column("vo", Text, nullable=False, info=at_most(200)),
    Column("file_id", BigInteger, nullable=False, default=0),
    Column("ranges", JSON, nullable=False, default=()),
    Column("is_over", Boolean, nullable=False, default=False),
    Column("sequence", BigInteger, nullable=False),
)
Index("job_ranges_of_job", JOB_RANGES.c.job_id)

REMEMBERED = {"range_set": ("tries",), "job_ranges": ("file_id", "ranges", "is_over")}
