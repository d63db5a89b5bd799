"""Rows of datasets and their files."""

from sqlalchemy import BigInteger, Column, Index, MetaData, Table, Text

from schemas.aggregates import AGGREGATES

VERSION = 1
TOPICS = (AGGREGATES["dataset"].topic("events"),)
METADATA = MetaData()

DATASET = Table(
    "dataset",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("role", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("files_total", BigInteger, nullable=False),
    Column("task_id", BigInteger),
    Column("vo", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("sequence", BigInteger, nullable=False),
)
Index("dataset_of_task", DATASET.c.task_id)

DATASET_FILE = Table(
    "dataset_file",
    METADATA,
    Column("dataset", Text, primary_key=True),
    Column("lfn", Text, primary_key=True),
    Column("scope", Text, nullable=False),
    Column("guid", Text, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("checksum", Text, nullable=False),
    Column("endpoint", Text, nullable=False),
    Column("events", BigInteger),
    Column("task_id", BigInteger),
)
