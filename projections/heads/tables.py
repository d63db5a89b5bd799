"""Row of the sequence rule: the last accepted event of every aggregate."""

from sqlalchemy import BigInteger, Column, MetaData, Table, Text

METADATA = MetaData()

AGGREGATE_HEAD = Table(
    "aggregate_head",
    METADATA,
    Column("aggregate", Text, primary_key=True),
    Column("aggregate_id", Text, primary_key=True),
    Column("sequence", BigInteger, nullable=False),
)
