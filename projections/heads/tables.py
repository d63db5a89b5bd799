"""Row of the sequence rule: the last accepted event of every aggregate."""

from sqlalchemy import BigInteger, Column, MetaData, Table, Text

from schemas.topics import topics_of_role

VERSION = 1
TOPICS = topics_of_role("events")
METADATA = MetaData()

AGGREGATE_HEAD = Table(
    "aggregate_head",
    METADATA,
    Column("aggregate", Text, primary_key=True),
    Column("aggregate_id", Text, primary_key=True),
    Column("sequence", BigInteger, nullable=False),
)
