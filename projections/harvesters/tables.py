"""Rows of Harvesters of PanDA's: each with its last signs of life, its orders, its counts of workers, its log."""

from sqlalchemy import JSON, BigInteger, Boolean, Column, MetaData, Table, Text

from schemas.aggregates import AGGREGATES

VERSION = 1
TOPICS = (AGGREGATES["harvester"].topic("events"),)
METADATA = MetaData()
SUBJECTS = {"harvester": ("harvester", "harvester_order", "harvester_count")}

HARVESTER = Table(
    "harvester",
    METADATA,
    # vo/harvester_id.
    Column("name", Text, primary_key=True),
    Column("vo", Text, nullable=False),
    Column("harvester_id", Text, nullable=False),
    Column("version", Text, nullable=False, default=""),
    Column("started_at", BigInteger),
    Column("seen_at", BigInteger),
    Column("metrics", JSON, nullable=False, default=()),
    Column("sequence", BigInteger, nullable=False, default=0),
)

HARVESTER_ORDER = Table(
    "harvester_order",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("number", BigInteger, primary_key=True),
    Column("command", Text, nullable=False),
    Column("parameters", Text, nullable=False),
    Column("ack_requested", Boolean, nullable=False),
    Column("ordered_at", BigInteger, nullable=False),
    Column("handed_out_at", BigInteger),
    Column("acknowledged_at", BigInteger),
)

HARVESTER_COUNT = Table(
    "harvester_count",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("queue", Text, primary_key=True),
    Column("counts", JSON, nullable=False, default=()),
    Column("reported_at", BigInteger, nullable=False, default=0),
)

HARVESTER_DIALOG = Table(
    "harvester_dialog",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("number", BigInteger, primary_key=True),
    Column("written_at", BigInteger),
    Column("module", Text, nullable=False),
    Column("identifier", Text, nullable=False),
    Column("level", Text, nullable=False),
    Column("message", Text, nullable=False),
)
