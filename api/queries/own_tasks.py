"""Tasks of one person by what they need: one question for all groups, each with its newest tasks and its size.

Rows are dictionaries by column (docs/flow.md). Raises ReadModelsUnavailable, BadRequest (`read_models.py`).
"""

from collections.abc import Mapping, Sequence

from api.queries.read_models import ReadModels, Row

COLUMNS = (
    "task_id, name, status, message, attempt, created_at, modified_at, started_at, ended_at, files_total, files_finished,"
    " files_failed, jobs_live, jobs_total"
)
#: Group of a task that has jobs to come and none with a pilot, in place of `RUNNING`.
WAITING, RUNNING = "waiting", "running"


async def by_group(
    read_models: ReadModels,
    vo: str,
    owners: Sequence[str],
    groups: Mapping[str, Sequence[str]],
    *,
    ended: Sequence[str],
    with_a_pilot: Sequence[str],
    since: int,
    count: int,
) -> list[Row]:
    """The newest `count` tasks of each group with `work_group` and `total`, how many the group has.

    owners: subjects of the person. groups: states of tasks by group; those in `RUNNING` of which no job has a state of
    `with_a_pilot` are in `WAITING`. ended: states of tasks that count from `since` (microseconds) on alone.
    """
    words = [(name, status) for name, states in groups.items() for status in states]
    return await read_models.rows(
        f"select * from (select *, count(*) over (partition by work_group) as total, row_number() over"
        " (partition by work_group order by modified_at desc, task_id desc) as place from"
        f" (select {COLUMNS}, case when g.work = '{RUNNING}' and not exists (select 1 from job j where j.task_id = t.task_id"
        f" and j.status = any(%(with_a_pilot)s)) then '{WAITING}' else g.work end as work_group from task t"
        " join unnest(%(names)s::text[], %(states)s::text[]) as g (work, state) on g.state = t.status"
        " where t.vo = %(vo)s and t.owner = any(%(owners)s) and (t.status <> all(%(ended)s) or t.modified_at >= %(since)s)"
        ") as own) as placed where place <= %(count)s order by work_group, place",
        {
            "vo": vo,
            "owners": list(owners),
            "names": [name for name, _ in words],
            "states": [status for _, status in words],
            "ended": list(ended),
            "with_a_pilot": list(with_a_pilot),
            "since": since,
            "count": count,
        },
    )
