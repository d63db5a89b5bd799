"""Numbers of tasks that are in use, as far as the read models know."""

from api.queries.read_models import ReadModels
from schemas.ids import TASK_ID_MAX


async def greatest_task_id(read_models: ReadModels) -> int:
    """The greatest id of a task that could have been given, 0 without one; raises ReadModelsUnavailable."""
    row = await read_models.row("select max(task_id) as greatest from task where task_id <= %s", (TASK_ID_MAX,))
    return int(row["greatest"] or 0) if row is not None else 0
