"""Answers that deciders gave to commands, as long as the read models keep them."""

from api.queries.read_models import ReadModels, Row

COLUMNS = "command_id, command_type, aggregate, aggregate_id, accepted, reason, message, sequence, at, vo, actor"


async def to_command(read_models: ReadModels, command_id: str) -> Row | None:
    """The answer to a command of any VO; for the one who sent it."""
    return await read_models.row(f"select {COLUMNS} from answer where command_id = %s", (command_id,))


async def in_vo(read_models: ReadModels, vo: str, command_id: str) -> Row | None:
    """The answer to a command of the VO."""
    return await read_models.row(f"select {COLUMNS} from answer where command_id = %s and vo = %s", (command_id, vo))


async def was_accepted(read_models: ReadModels, command_id: str | None, aggregate_id: str) -> bool:
    """True when the command was accepted for that aggregate."""
    row = await read_models.row(
        "select 1 as found from answer where command_id = %s and aggregate_id = %s and accepted", (command_id, aggregate_id)
    )
    return row is not None


async def correlation_of(read_models: ReadModels, command_id: str) -> str | None:
    """The correlation id of the events that a command led to; None when it left none."""
    row = await read_models.row("select correlation_id from timeline where command_id = %s limit 1", (command_id,))
    return None if row is None else str(row["correlation_id"])
