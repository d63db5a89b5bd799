"""Rows of workflows: the request, its works, and the state of each job of their graph."""

from sqlalchemy import JSON, BigInteger, Boolean, Column, Index, Integer, MetaData, Table, Text

from projections.engine.lengths import at_most
from schemas.aggregates import AGGREGATES

VERSION = 2
TOPICS = (AGGREGATES["workflow"].topic("events"),)
METADATA = MetaData()
SUBJECTS = {"workflow": ("workflow", "workflow_work")}

WORKFLOW = Table(
    "workflow",
    METADATA,
    Column("request_id", BigInteger, primary_key=True),
    Column("name", Text, nullable=False, info=at_most(1100)),
    Column("vo", Text, nullable=False, info=at_most(200)),
    Column("owner", Text, nullable=False, info=at_most(500)),
    Column("user_name", Text, nullable=False),
    Column("nickname", Text, nullable=False),
    Column("internal_id", Text, nullable=False),
    Column("request_type", Integer, nullable=False),
    Column("scope", Text, nullable=False),
    Column("requester", Text, nullable=False),
    Column("transform_tag", Text, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("campaign", Text, nullable=False),
    Column("campaign_scope", Text, nullable=False),
    Column("campaign_group", Text, nullable=False),
    Column("campaign_tag", Text, nullable=False),
    Column("cloud", Text, nullable=False),
    Column("site", Text, nullable=False),
    Column("queue", Text, nullable=False),
    # Under which the request is kept as it was sent.
    Column("digest", Text, nullable=False),
    Column("lifetime_seconds", BigInteger),
    Column("status", Text, nullable=False, info=at_most(50)),
    Column("message", Text, nullable=False, default=""),
    Column("attempt", Integer, nullable=False, default=0),
    # As announced; the rows of works say how many came.
    Column("works", BigInteger, nullable=False),
    Column("nodes", BigInteger, nullable=False),
    Column("edges", BigInteger, nullable=False),
    # Where the nodes of each work begin, in their order, and behind them where those of the next one would.
    Column("bounds", JSON, nullable=False, default=(0,)),
    Column("created_at", BigInteger, nullable=False),
    Column("modified_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger),
    Column("sequence", BigInteger, nullable=False),
)
Index("workflow_named", WORKFLOW.c.vo, WORKFLOW.c.name)

#: One work. Counters are of nodes: waiting are those that are none of the others.
WORKFLOW_WORK = Table(
    "workflow_work",
    METADATA,
    Column("request_id", BigInteger, primary_key=True),
    Column("work", BigInteger, primary_key=True),
    Column("internal_id", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("work_type", Integer, nullable=False),
    Column("dataset", Text, nullable=False),
    Column("first_node", BigInteger, nullable=False),
    Column("nodes", BigInteger, nullable=False),
    Column("released", BigInteger, nullable=False, default=0),
    Column("finished", BigInteger, nullable=False, default=0),
    Column("failed", BigInteger, nullable=False, default=0),
    Column("pruned", BigInteger, nullable=False, default=0),
    Column("task_id", BigInteger),
    # How it ended last, and in which attempt of the workflow: a retry opens all works again that did not end FINISHED.
    # Whether a condition starts it, and in which attempt of the workflow one did last.
    Column("waits", Boolean, nullable=False, default=False),
    Column("opened_attempt", Integer),
    Column("ended", Text),
    Column("ended_attempt", Integer),
    Column("created_at", BigInteger, nullable=False),
    Column("modified_at", BigInteger, nullable=False),
    Column("started_at", BigInteger),
    Column("ended_at", BigInteger),
)
Index("workflow_work_of_task", WORKFLOW_WORK.c.task_id)

#: States of nodes, `PAGE_NODES` of them a row, a letter each (`nodes.py`).
WORKFLOW_NODES = Table(
    "workflow_nodes",
    METADATA,
    Column("request_id", BigInteger, primary_key=True),
    Column("page", BigInteger, primary_key=True),
    Column("states", Text, nullable=False),
)

REMEMBERED = {"workflow": ("status", "attempt", "bounds"), "workflow_nodes": ("states",)}
