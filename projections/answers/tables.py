"""Rows of the answers to commands of clients; those in the answers' topic as long as it keeps them.

The other answers are events (`schemas/answering.py`). What Culm told itself and was accepted has no row.
"""

from sqlalchemy import BigInteger, Boolean, Column, MetaData, Table, Text

from schemas.answering import topics_that_answer
from schemas.topics import topics_of_role

VERSION = 2
TOPICS = (*topics_of_role("answers"), *topics_that_answer())
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
