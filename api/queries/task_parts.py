"""What belongs to a task: its datasets, input units, attempts on them, brokerage, and counts of its jobs.

The caller has made sure that the task is one of the VO. Shapes and errors as in `tasks.py`.
"""

from collections.abc import Sequence

from api.queries.comparisons import containing
from api.queries.read_models import ReadModels, Row

#: Beyond the sequence of any event.
FAR = 2**63 - 1


async def datasets(read_models: ReadModels, task_id: int, *, by_role: bool = False) -> list[Row]:
    """Datasets with their role and counts of files, by name, or by role and name."""
    return await read_models.rows(
        "select dataset, role, stream, files_total, files_finished, files_failed from task_dataset"
        f" where task_id = %s order by {'role, ' if by_role else ''}dataset",
        (task_id,),
    )


async def datasets_of_roles(read_models: ReadModels, task_id: int, roles: Sequence[str]) -> list[Row]:
    """`dataset`, `role` of the datasets that have one of `roles`, by role and name."""
    return await read_models.rows(
        "select dataset, role from task_dataset where task_id = %s and role = any(%s) order by role, dataset",
        [task_id, list(roles)],
    )


async def datasets_of_tasks(read_models: ReadModels, task_ids: Sequence[int]) -> list[Row]:
    """`task_id`, `dataset`, `role`, by name."""
    return await read_models.rows(
        "select task_id, dataset, role from task_dataset where task_id = any(%s) order by dataset", [list(task_ids)]
    )


async def files(
    read_models: ReadModels, task_id: int, *, status: list[str] | None, text: str | None, after: int | None, limit: int
) -> list[Row]:
    """Input units in order. text: in the file's name. after: a unit id."""
    return await read_models.rows(
        "select * from task_file where task_id = %(task)s"
        " and (%(status)s::text[] is null or status = any(%(status)s))"
        " and (%(text)s::text is null or lfn ilike %(text)s)"
        " and (%(after)s::bigint is null or unit_id > %(after)s) order by unit_id limit %(limit)s",
        {
            "task": task_id,
            "status": status,
            "text": containing(text),
            "after": after,
            "limit": limit,
        },
    )


async def listed_names(read_models: ReadModels, task_id: int, lists: Sequence[Row]) -> dict[str, list[str]]:
    """By its place in the parameters, the names that have arrived of each long list in force. lists: of the task's row."""
    found: dict[str, list[str]] = {one["list"]: [] for one in lists}
    if not found:
        return found
    for row in await read_models.rows("select list, names from task_names where task_id = %s order by chunk", [task_id]):
        if row["list"] in found:
            found[row["list"]] += row["names"]
    return found


async def input_files(read_models: ReadModels, task_id: int, dataset: str) -> list[Row]:
    """`id`, `lfn`, `scope`, `status` of the input units from `dataset`, in order."""
    return await read_models.rows(
        "select unit_id as id, lfn, scope, status from task_file where task_id = %s and dataset = %s order by unit_id",
        [task_id, dataset],
    )


async def output_files(read_models: ReadModels, task_id: int, dataset: str) -> list[Row]:
    """`id`, `lfn`, `scope`, `status` of the files that the task registered in `dataset`, by name and numbered so."""
    return await read_models.rows(
        "select row_number() over (order by lfn) as id, lfn, scope, 'finished' as status from dataset_file"
        " where dataset = %s and task_id = %s order by lfn",
        [dataset, task_id],
    )


async def registered_files(read_models: ReadModels, task_id: int) -> list[Row]:
    """`dataset`, `scope`, `lfn` of every file that the task registered."""
    return await read_models.rows(
        "select dataset, scope, lfn from dataset_file where task_id = %s order by dataset, lfn", [task_id]
    )


async def file_counts(read_models: ReadModels, task_ids: Sequence[int]) -> list[Row]:
    """`task_id`, `status`, `files`."""
    return await read_models.rows(
        "select task_id, status, count(*) as files from task_file where task_id = any(%s) group by task_id, status",
        [list(task_ids)],
    )


async def job_counts(read_models: ReadModels, task_ids: Sequence[int]) -> dict[int, dict[str, int]]:
    """Number of jobs by status, by task."""
    counts: dict[int, dict[str, int]] = {task_id: {} for task_id in task_ids}
    rows = await read_models.rows(
        "select task_id, status, count(*) as jobs from job where task_id = any(%s) group by task_id, status", (list(counts),)
    )
    for row in rows:
        counts[row["task_id"]][row["status"]] = row["jobs"]
    return counts


async def job_counts_by_kind(read_models: ReadModels, task_id: int) -> list[Row]:
    """`kind`, `status`, `count`."""
    return await read_models.rows(
        "select kind, status, count(*) as count from job where task_id = %(id)s group by kind, status", {"id": task_id}
    )


async def attempts(read_models: ReadModels, task_id: int, unit_id: int | None, limit: int) -> list[Row]:
    """The outcome of each attempt on each input unit."""
    return await read_models.rows(
        "select * from job_attempt where task_id = %(task)s"
        " and (%(unit)s::bigint is null or unit_id = %(unit)s) order by unit_id, at, job_id limit %(limit)s",
        {"task": task_id, "unit": unit_id, "limit": limit},
    )


async def brokerage(read_models: ReadModels, task_id: int, after: int | None, limit: int) -> list[Row]:
    """Every verdict of up to `limit` decisions, the latest first. after: the sequence of a decision."""
    return await read_models.rows(
        "select order_number, sequence, at, queue, taken, code, weight, message, change, parked,"
        " decided_sequence from order_brokerage"
        " where task_id = %(task)s and sequence in"
        " (select distinct sequence from order_brokerage where task_id = %(task)s"
        " and (%(after)s::bigint is null or sequence < %(after)s) order by sequence desc limit %(limit)s)"
        " order by sequence desc, taken desc, weight desc, queue",
        {"task": task_id, "after": after, "limit": limit},
    )


async def last_brokerage(read_models: ReadModels, task_id: int, until: int | None = None) -> tuple[list[Row], int]:
    """Every verdict of the last decision, the best first, and how many decisions there were.

    until: the last event that counts, None for all.
    """
    about = {"id": task_id, "until": FAR if until is None else until}
    rows = await read_models.rows(
        "select sequence, at, order_number, queue, taken, code, weight, message, change, parked,"
        " decided_sequence from order_brokerage"
        " where task_id = %(id)s and sequence = (select max(sequence) from order_brokerage where task_id = %(id)s"
        " and sequence <= %(until)s) order by taken desc, weight desc, place",
        about,
    )
    if not rows:
        return [], 0
    counted = "select count(distinct decided_sequence) as decisions from order_brokerage where task_id = %(id)s"
    counted += " and sequence <= %(until)s"
    total = await read_models.row(counted, about)
    return rows, total["decisions"] if total else 1


async def states_over_time(read_models: ReadModels, task_id: int, begin: int, width: int) -> list[Row]:
    """`outcome`, `bin`, `count`: by how much the number of jobs in a state changed in each bin of `width` from `begin` on.

    Looks at every job of the task.
    """
    return await read_models.rows(
        "select word as outcome, (moved_at - %(begin)s) / %(width)s as bin, sum(step)::bigint as count from job j"
        " left join attempt_job a using (job_id) cross join lateral (values"
        " ('waiting', j.created_at, 1), ('waiting', coalesce(j.sent_at, j.ended_at), -1),"
        " ('with a pilot', j.sent_at, 1), ('with a pilot', case when j.sent_at is not null then least(a.at, j.ended_at) end, -1),"
        " ('merging', case when a.outcome = 'merging' then a.at end, 1),"
        " ('merging', case when a.outcome = 'merging' then greatest(a.at, j.ended_at) end, -1),"
        " (j.status, case when a.outcome = 'merging' then greatest(a.at, j.ended_at) else j.ended_at end, 1)"
        ") as moves (word, moved_at, step) where j.task_id = %(id)s and moved_at is not null group by 1, 2",
        {"id": task_id, "begin": begin, "width": width},
    )
