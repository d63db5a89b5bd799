"""Rows of the answers to commands; kept as long as the answers' topic is."""

from sqlalchemy import BigInteger, Boolean, Column, MetaData, Table, Text

from schemas.topics import topics_of_role

VERSION = 1
TOPICS = topics_of_role("answers")
METADATA = MetaData()

ANSWER = Table(
    "answer",
    METADATA,
    Column("command_id", Text, primary_key=True),
    Column("command_type", Text, nullable=False),
    Column("aggregate", Text, nullable=False),
    Column("aggregate_id", Text, nullable=False),
    Column("accepted", Boolean, nullable=False),
    Column("reason", Text),
    Column("message", Text),
    Column("sequence", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("vo", Text, nullable=False),
    Column("actor", Text, nullable=False),
)
