"""Names of people for the subjects that events carry, as far as those have submitted something."""

from collections.abc import Iterable

from api.queries.read_models import ReadModels


async def names_of(read_models: ReadModels, vo: str, subjects: Iterable[str]) -> dict[str, str]:
    """Name by subject; a subject that owns no task of the VO is left out."""
    rows = await read_models.rows(
        "select distinct on (owner) owner, user_name from task where vo = %s and owner = any(%s) order by owner, task_id desc",
        (vo, sorted(set(subjects))),
    )
    return {row["owner"]: row["user_name"] for row in rows}
