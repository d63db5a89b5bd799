"""History, state and stored rows held against each other, on any stack."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from api.queries.read_models import ReadModels
from audit.auditor import Auditor
from audit.differences import changes_between
from audit.fold import as_read
from audit.log import LogPages
from audit.moment import Moment
from audit.subject import Subject, subject_from
from deploy.stack import Stack
from eventlog.registry import codec_from
from projections.catalogue import rows_of


@contextmanager
def auditor_on(stack: Stack) -> Iterator[Auditor]:
    """Questions about the past of `stack`."""
    models = ReadModels(stack.config.postgres, connections=1)
    yield Auditor(models.rows_now, LogPages(stack.config.kafka, codec_from(stack.config.registry)))
    models.close()


def culm(stack: Stack, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command line against `stack`."""
    environ = {**stack.environ, "CULM_HOME": str(stack.config.home), "PYTHONWARNINGS": "ignore", "PATH": os.environ["PATH"]}
    command = [sys.executable, "-W", "ignore", "-m", "cli.main", *arguments]
    return subprocess.run(command, env=environ, capture_output=True, text=True, check=False)


def stored(auditor: Auditor, subject: Subject) -> dict[str, list[dict[str, Any]]]:
    """The rows of a subject as Postgres has them."""
    projection, tables = rows_of(subject.kind)
    assert projection is not None
    column = "job_id" if subject.kind == "job" else "task_id"
    found = {}
    for table in tables:
        shape = projection.tables[table]
        order = ", ".join(key.name for key in shape.primary_key.columns)
        rows = auditor.ask(f"select * from {table} where {column} = %(id)s order by {order}", {"id": subject.number})
        found[table] = [as_read(shape, row) for row in rows]
    return found


def every_subject(auditor: Auditor) -> list[Subject]:
    """Every task and job of the stack that has ended (others may move meanwhile)."""
    tasks = auditor.ask("select task_id as id from task where status in ('done', 'finished', 'failed', 'broken', 'aborted')", {})
    jobs = auditor.ask("select job_id as id from job where status in ('finished', 'failed', 'cancelled', 'closed')", {})
    return [subject_from("task", str(row["id"])) for row in tasks] + [subject_from("job", str(row["id"])) for row in jobs]


def disagreeing(auditor: Auditor, subjects: list[Subject]) -> list[str]:
    """Subjects whose state now is not their stored row, or whose history does not lead there step by step."""
    found = []
    for subject in subjects:
        now = auditor.state(subject)
        if now.tables != stored(auditor, subject):
            found.append(f"{subject.kind} {subject.name}: the state now is not the stored row")
        steps = auditor.history(subject, 0, 10_000)
        if [step.event["sequence"] for step in steps] != list(range(1, now.sequence + 1)):
            found.append(f"{subject.kind} {subject.name}: the history has gaps")
            continue
        middle = len(steps) // 2
        before, after = auditor.state(subject, Moment(sequence=middle)), auditor.state(subject, Moment(sequence=middle + 1))
        if changes_between(before.tables, after.tables) != list(steps[middle].changes):
            found.append(f"{subject.kind} {subject.name}: event {middle + 1} changed something else than its history says")
    return found
