"""Rows of tasks: the task, its datasets, its input units, the outcome of each attempt, and why which queue."""

from sqlalchemy import JSON, BigInteger, Boolean, Column, Double, Index, Integer, MetaData, Table, Text

from projections.engine.lengths import at_most
from schemas.aggregates import AGGREGATES

VERSION = 7
TOPICS = (AGGREGATES["task"].topic("events"),)
METADATA = MetaData()
SUBJECTS = {"task": ("task", "task_dataset", "task_file", "task_names")}

TASK = Table(
    "task",
    METADATA,
    Column("task_id", BigInteger, primary_key=True),
    Column("name", Text, nullable=False, info=at_most(2000)),
    Column("vo", Text, nullable=False, info=at_most(200)),
    Column("owner", Text, nullable=False, info=at_most(500)),
    Column("user_name", Text, nullable=False, info=at_most(500)),
    Column("nickname", Text, nullable=False),
    Column("label", Text, nullable=False, info=at_most(200)),
    Column("working_group", Text),
    Column("status", Text, nullable=False, info=at_most(50)),
    Column("old_status", Text),
    Column("super_status", Text, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("current_priority", Integer, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("modified_at", BigInteger, nullable=False),
    Column("started_at", BigInteger),
    Column("ended_at", BigInteger),
    Column("files_total", BigInteger, nullable=False, default=0),
    Column("files_used", BigInteger, nullable=False, default=0),
    Column("files_finished", BigInteger, nullable=False, default=0),
    Column("files_failed", BigInteger, nullable=False, default=0),
    Column("jobs_live", BigInteger, nullable=False, default=0),
    Column("jobs_total", BigInteger, nullable=False, default=0),
    # Requirements as its jobs taught them last, a list; null before that, and when they were taken back.
    Column("learned", JSON),
    # Units with greater ids wait for their release; null when there is no such number.
    Column("input_number_max", BigInteger),
    # Ids that are held, and those that were dropped, for people: the first few ranges. Null when there are none.
    Column("input_held", Text),
    Column("input_dropped", Text),
    Column("message", Text),
    Column("parameters", Text, nullable=False),
    # Long lists of names that are not in the parameters (list, count); the names are rows of `task_names`.
    Column("lists", JSON, nullable=False, default=()),
    Column("definition", JSON),
    # What commands changed of both since the refinement: rules, requirements and share of the definition, parameters by key.
    # Null when nothing was. Readers lay it over the two, which are too large to be read with each event.
    Column("changed", JSON),
    Column("parent_task_id", BigInteger),
    Column("site", Text, info=at_most(500)),
    # The site that takes its output, null without one; and what was said of each when it was chosen last.
    Column("nucleus", Text, info=at_most(500)),
    Column("nuclei", JSON),
    Column("attempt", Integer, nullable=False, default=1),
    Column("sequence", BigInteger, nullable=False),
)
Index("task_of_owner", TASK.c.owner, TASK.c.modified_at)
Index("task_in_status", TASK.c.status)
Index("task_modified", TASK.c.modified_at)
Index("task_named", TASK.c.name)
Index("task_facets", TASK.c.vo, TASK.c.status, TASK.c.user_name, TASK.c.site, TASK.c.label)

TASK_DATASET = Table(
    "task_dataset",
    METADATA,
    Column("task_id", BigInteger, primary_key=True),
    Column("dataset", Text, primary_key=True),
    Column("role", Text, nullable=False),
    Column("stream", Text, nullable=False),
    Column("files_total", BigInteger, nullable=False, default=0),
    Column("files_finished", BigInteger, nullable=False, default=0),
    Column("files_failed", BigInteger, nullable=False, default=0),
)

TASK_NAMES = Table(
    "task_names",
    METADATA,
    Column("task_id", BigInteger, primary_key=True),
    Column("chunk", Integer, primary_key=True),
    Column("list", Text, nullable=False),
    Column("names", JSON, nullable=False),
)

TASK_FILE = Table(
    "task_file",
    METADATA,
    Column("task_id", BigInteger, primary_key=True),
    Column("unit_id", BigInteger, primary_key=True),
    Column("dataset", Text, nullable=False),
    Column("lfn", Text, nullable=False),
    Column("scope", Text, nullable=False),
    Column("guid", Text, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("checksum", Text, nullable=False),
    Column("start_event", BigInteger),
    Column("end_event", BigInteger),
    Column("status", Text, nullable=False),
    Column("attempt", Integer, nullable=False, default=0),
    Column("failed_attempt", Integer, nullable=False, default=0),
    Column("job_id", BigInteger),
)

# An attempt is a job (its end) times its input units (known when it was made); readers see the view `job_attempt`.
ATTEMPT_JOB = Table(
    "attempt_job",
    METADATA,
    Column("job_id", BigInteger, primary_key=True),
    Column("task_id", BigInteger, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("merge_job_id", BigInteger),
    Column("outcome", Text),
    Column("error_source", Text),
    Column("error_code", BigInteger),
    Column("error_diagnostic", Text),
    Column("at", BigInteger),
)

ATTEMPT_UNIT = Table(
    "attempt_unit",
    METADATA,
    Column("task_id", BigInteger, primary_key=True),
    Column("unit_id", BigInteger, primary_key=True),
    Column("job_id", BigInteger, primary_key=True),
)

Index("attempt_unit_of_job", ATTEMPT_UNIT.c.job_id)

BROKERAGE = Table(
    "brokerage",
    METADATA,
    Column("task_id", BigInteger, primary_key=True),
    Column("sequence", BigInteger, primary_key=True),
    Column("place", Integer, primary_key=True),
    Column("order_number", Integer, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("queue", Text, nullable=False, info=at_most(500)),
    Column("taken", Boolean, nullable=False),
    Column("code", Text, nullable=False),
    Column("weight", Double, nullable=False),
    Column("message", Text, nullable=False),
    Column("change", Text, nullable=False),
    Column("parked", Boolean, nullable=False),
)

Index("brokerage_of_queue", BROKERAGE.c.queue, BROKERAGE.c.at)

#: Of a brokerage that is an event of its own, its id; its verdicts are rows of `brokerage` with the same sequence.
BROKERAGE_DECISION = Table(
    "brokerage_decision",
    METADATA,
    Column("task_id", BigInteger, primary_key=True),
    Column("decision", Text, primary_key=True),
    Column("sequence", BigInteger, nullable=False),
    Column("ram_mb", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False),
)

#: Which decisions the answer to an order rests on, one row for each memory of its work.
BROKERAGE_CITATION = Table(
    "brokerage_citation",
    METADATA,
    Column("task_id", BigInteger, primary_key=True),
    Column("sequence", BigInteger, primary_key=True),
    Column("place", Integer, primary_key=True),
    Column("order_number", Integer, nullable=False),
    Column("at", BigInteger, nullable=False),
    # The task whose decision it is: its own, or another one of the same organisation.
    Column("decided_for", BigInteger, nullable=False),
    Column("decision", Text, nullable=False, info=at_most(200)),
    Column("seed", Text, nullable=False, info=at_most(200)),
    Column("waiting", JSON, nullable=False),
    Column("parked", Boolean, nullable=False),
)

VIEWS = {
    # Verdicts by the answer to an order, whether they stand in it or in the decision that it cites.
    "order_brokerage": (
        "SELECT b.task_id, b.sequence, b.place::bigint AS place, b.order_number, b.at, b.queue, b.taken, b.code, b.weight,"
        " b.message, b.change, b.parked, b.sequence AS decided_sequence, b.at AS decided_at FROM {schema}.brokerage b"
        " WHERE NOT EXISTS (SELECT 1 FROM {schema}.brokerage_decision d"
        " WHERE d.task_id = b.task_id AND d.sequence = b.sequence)"
        " UNION ALL SELECT c.task_id, c.sequence, c.place * 10000::bigint + b.place, c.order_number, c.at, b.queue, b.taken,"
        " b.code, b.weight, b.message, b.change, c.parked, b.sequence, b.at FROM {schema}.brokerage_citation c"
        " JOIN {schema}.brokerage_decision d ON d.task_id = c.decided_for AND d.decision = c.decision"
        " JOIN {schema}.brokerage b ON b.task_id = d.task_id AND b.sequence = d.sequence"
    ),
    "job_attempt": (
        "SELECT u.task_id, u.unit_id, j.attempt, u.job_id,"
        " CASE WHEN j.outcome = 'merging' AND m.outcome = 'finished' THEN m.outcome ELSE j.outcome END AS outcome,"
        " j.error_source, j.error_code, j.error_diagnostic, j.at"
        " FROM {schema}.attempt_unit u JOIN {schema}.attempt_job j ON j.job_id = u.job_id"
        " LEFT JOIN {schema}.attempt_job m ON m.job_id = j.merge_job_id WHERE j.outcome IS NOT NULL"
    ),
}

#: Columns that `apply` looks at before it changes a row.
REMEMBERED = {
    "task": ("status", "old_status", "super_status", "started_at", "message", "changed", "nucleus"),
    "task_file": ("dataset", "status"),
}
