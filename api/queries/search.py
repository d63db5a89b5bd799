"""What has a text in its name, or a number, by kind, within a VO: each question looks at a bounded part of the tables.

No index serves a text in the middle of a name, so questions look at the newest tasks, at the jobs that changed last and at the
last failures; whole names and numbers are found at any age. `LOOKED` says which part, for those who find nothing.
Rows are dictionaries by the columns named in each docstring. Raises ReadModelsUnavailable, BadRequest (`read_models.py`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from api.queries.comparisons import containing
from api.queries.read_models import ReadModels, Row

TASKS_MAX, JOBS_MAX, FAILURES_MAX, FILE_TASKS_MAX, FILES_MAX = 20_000, 10_000, 20_000, 100, 20_000
WORKFLOWS_MAX = 20_000
LOOKED: Mapping[str, str] = {
    "task": f"numbers and whole names of all tasks, and parts of the names of the newest {TASKS_MAX:,}",
    "job": f"numbers of all jobs; names and batch ids of the {JOBS_MAX:,} that changed last",
    "queue": "names of all queues that serve the organisation",
    "user": f"owners of the newest {TASKS_MAX:,} tasks",
    "node": f"nodes of the {JOBS_MAX:,} jobs that changed last",
    "file": f"{FILES_MAX:,} input and {FILES_MAX:,} output files of the newest {FILE_TASKS_MAX} tasks",
    "dataset": f"whole names of all datasets, and parts of the names of those of the newest {TASKS_MAX:,} tasks",
    "workflow": f"numbers of all workflows, and parts of the names of the newest {WORKFLOWS_MAX:,}",
    "error": f"codes and messages of the {FAILURES_MAX:,} jobs that failed last",
}
_NEWEST = "select task_id, name, status, user_name, modified_at from task where vo = %(vo)s order by task_id desc limit"
_LAST_CHANGED = (
    "select job_id, task_id, name, status, queue, node, batch_id, modified_at from job where vo = %(vo)s"
    f" order by modified_at desc limit {JOBS_MAX}"
)


@dataclass(frozen=True, slots=True)
class SearchedText:
    """What is sought, in which VO, and how many rows an answer has at most."""

    vo: str
    text: str
    limit: int

    @property
    def parameters(self) -> dict[str, Any]:
        """Of every question; `number` is None for a text that is none."""
        is_number = self.text.isascii() and self.text.isdigit() and len(self.text) <= 18
        number = int(self.text) if is_number else None
        return {"vo": self.vo, "whole": self.text, "part": containing(self.text), "number": number, "limit": self.limit}


async def tasks(read_models: ReadModels, sought: SearchedText) -> list[Row]:
    """`task_id`, `name`, `status`, `user_name`, `modified_at`; the newest first."""
    return await read_models.rows(
        "select task_id, name, status, user_name, modified_at from task where vo = %(vo)s and"
        " (task_id = %(number)s or name = %(whole)s or name = %(whole)s || '/') union"
        f" select * from ({_NEWEST} {TASKS_MAX}) as newest where name ilike %(part)s order by task_id desc limit %(limit)s",
        sought.parameters,
    )


async def jobs(read_models: ReadModels, sought: SearchedText) -> list[Row]:
    """`job_id`, `task_id`, `name`, `status`, `queue`, `node`, `batch_id`, `modified_at`; those that changed last first."""
    return await read_models.rows(
        "select job_id, task_id, name, status, queue, node, batch_id, modified_at from job where vo = %(vo)s"
        f" and job_id = %(number)s union select * from ({_LAST_CHANGED}) as last"
        " where name ilike %(part)s or batch_id ilike %(part)s"
        " order by modified_at desc, job_id desc limit %(limit)s",
        sought.parameters,
    )


async def users(read_models: ReadModels, sought: SearchedText) -> list[Row]:
    """`user_name`, `count` of tasks, `last_at`; those with the newest tasks first."""
    return await read_models.rows(
        f"select user_name, count(*) as count, max(modified_at) as last_at from ({_NEWEST} {TASKS_MAX}) as newest"
        " where user_name ilike %(part)s group by 1 order by 3 desc, 1 limit %(limit)s",
        sought.parameters,
    )


async def nodes(read_models: ReadModels, sought: SearchedText) -> list[Row]:
    """`node`, `count` of jobs, `failed` of them, `last_at`; those with the newest jobs first."""
    return await read_models.rows(
        "select node, count(*) as count, count(*) filter (where status = 'failed') as failed, max(modified_at) as last_at"
        f" from ({_LAST_CHANGED}) as last where node ilike %(part)s group by 1 order by 4 desc, 1 limit %(limit)s",
        sought.parameters,
    )


async def files(read_models: ReadModels, sought: SearchedText) -> list[Row]:
    """`lfn`, `dataset`, `task_id`, `role`; those of the newest tasks first."""
    newest = f"({_NEWEST} {FILE_TASKS_MAX}) as newest"
    return await read_models.rows(
        f"select * from (select f.lfn, f.dataset, f.task_id, 'input' as role from {newest} join task_file f using (task_id)"
        f" limit {FILES_MAX}) as inputs where lfn ilike %(part)s union"
        f" select * from (select f.lfn, f.dataset, d.task_id, lower(d.role) as role from {newest} join dataset d using (task_id)"
        f" join dataset_file f on f.dataset = d.name where d.vo = %(vo)s limit {FILES_MAX}) as outputs where lfn ilike %(part)s"
        " order by task_id desc, lfn limit %(limit)s",
        sought.parameters,
    )


async def datasets(read_models: ReadModels, sought: SearchedText) -> list[Row]:
    """`dataset`, `count` of tasks, newest `task_id` of those; the newest first."""
    return await read_models.rows(
        "select dataset, count(*) as count, max(task_id) as task_id from (select d.dataset, d.task_id from"
        f" ({_NEWEST} {TASKS_MAX}) as newest join task_dataset d using (task_id) where d.dataset ilike %(part)s"
        " union select name, task_id from dataset where name = %(whole)s and vo = %(vo)s and task_id is not null) as found"
        " group by 1 order by 3 desc, 1 limit %(limit)s",
        sought.parameters,
    )


async def errors(read_models: ReadModels, sought: SearchedText) -> list[Row]:
    """`error_source`, `error_code`, `error_cluster`, `count` of jobs, an `example`, `last_at`; the commonest first."""
    return await read_models.rows(
        "select error_source, error_code, error_cluster, count(*) as count, max(job_id) as example, max(ended_at) as last_at from"
        " (select error_source, error_code, error_cluster, job_id, ended_at from job where vo = %(vo)s and ended_at is not null"
        f" and error_source is not null order by ended_at desc limit {FAILURES_MAX}) as last"
        " where error_code = %(number)s or error_cluster ilike %(part)s or error_source || ':' || error_code = %(whole)s"
        " group by 1, 2, 3 order by 4 desc, 1, 2, 3 limit %(limit)s",
        sought.parameters,
    )


async def workflows(read_models: ReadModels, sought: SearchedText) -> list[Row]:
    """`request_id`, `name`, `status`, `user_name`, `modified_at`; the newest first."""
    columns = "request_id, name, status, user_name, modified_at"
    return await read_models.rows(
        f"select {columns} from workflow where vo = %(vo)s and request_id = %(number)s union select * from"
        f" (select {columns} from workflow where vo = %(vo)s order by request_id desc limit {WORKFLOWS_MAX}) as newest"
        " where name ilike %(part)s order by request_id desc limit %(limit)s",
        sought.parameters,
    )
