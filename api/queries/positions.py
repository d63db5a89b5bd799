"""How far in the log the read models are, and what of it they could not take."""

from api.queries.left_out import LIVE, left_out
from api.queries.read_models import ReadModels, Row

Partition = tuple[str, int]
#: Readers need the tables in use; progress is watched over those that are being built, too.
IN_USE = "join projection_live using (projection)"


async def stored_positions(read_models: ReadModels) -> dict[Partition, int]:
    """Where the read models in use are, by partition: the offset after the last record that all of them have applied."""
    rows = await read_models.rows(
        f"select topic, partition, min(next_offset) as next_offset from projection_position {IN_USE} group by topic, partition"
    )
    return {(row["topic"], row["partition"]): row["next_offset"] for row in rows}


def stored_position_now(read_models: ReadModels, topic: str, partition: int) -> int:
    """As `stored_positions` for one partition, in the calling thread; 0 for one that was never read."""
    rows = read_models.rows_now(
        f"select coalesce(min(next_offset), 0) as next_offset from projection_position {IN_USE}"
        " where topic = %s and partition = %s",
        (topic, partition),
    )
    return int(rows[0]["next_offset"])


async def slowest_positions(read_models: ReadModels) -> dict[Partition, int]:
    """Where the slowest projection is, by partition; those that are being built count."""
    rows = await read_models.rows("select topic, partition, min(next_offset) as at from projection_position group by 1, 2")
    return {(row["topic"], row["partition"]): row["at"] for row in rows}


async def projections(read_models: ReadModels) -> list[Row]:
    """`projection`, `version`, `tables_in`, `partitions`, `applied` of each projection in use."""
    return await read_models.rows(
        "select projection, version, tables_in, count(*) as partitions, sum(next_offset)::bigint as applied"
        f" from projection_position {IN_USE} group by 1, 2, 3 order by 1"
    )


async def newest_event_at(read_models: ReadModels) -> int | None:
    """When the newest event that readers see happened."""
    newest = await read_models.row("select max(at) as at from timeline")
    return newest["at"] if newest else None


async def stopped_partitions(read_models: ReadModels) -> list[Row]:
    """`topic`, `partition`, `log_offset`, `kind`, `message` of partitions that stand still."""
    return await read_models.rows(
        "select topic, partition, log_offset, kind, message from projection_problem order by 1, 2"
    )


async def passed_over(read_models: ReadModels) -> list[Row]:
    """`topic`, `partition`, `records`, `log_offset`, `message`, `at` of records that belong to no aggregate."""
    return await read_models.rows(
        "select topic, partition, records, log_offset, message, at from projection_skipped order by 1, 2"
    )


async def left_out_now(read_models: ReadModels) -> tuple[str, ...]:
    """A sentence for each read model that stands still because its tables are of another version."""
    return left_out(await read_models.rows(LIVE))


async def are_readable(read_models: ReadModels) -> None:
    """Return when the read models can be asked; raises ReadModelsUnavailable."""
    await read_models.row("select 1 as one from task limit 1")
