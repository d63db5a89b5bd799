"""Numbers for new tasks, from a sequence of the database that is only a hint: a decider has the last word."""

from api.queries.read_models import ReadModels
from schemas.ids import FIRST_TASK_ID

IDS_AHEAD_MAX = 1_000_000


async def next_task_id(read_models: ReadModels) -> int:
    """An id that no known task has; a sequence that fell behind (a new database) is moved on.

    Ids far beyond it, which a command may have named, are left where they are: the work is bounded by `IDS_AHEAD_MAX`.
    """
    found = await read_models.rows(
        "select hint, (select coalesce(max(task_id), 0) from task where task_id < hint + %s) as newest"
        " from (select nextval('task_id_seq') as hint) taken",
        (IDS_AHEAD_MAX,),
    )
    hint, newest = int(found[0]["hint"]), int(found[0]["newest"])
    if hint > newest and hint >= FIRST_TASK_ID:
        return hint
    gap = max(newest, FIRST_TASK_ID - 1) - hint + 1
    moved = await read_models.rows(
        "select max(number) as hint from (select nextval('task_id_seq') as number from generate_series(1, %s)) taken",
        (gap,),
    )
    return int(moved[0]["hint"])
