"""How far what the pages show goes in the log."""

from api.queries.read_models import ReadModels

Partition = tuple[str, int]


async def stored_positions(read_models: ReadModels) -> dict[Partition, int]:
    """How far the read models are, by partition."""
    rows = await read_models.rows(
        "select topic, partition, min(next_offset) as next_offset from projection_position"
        " join projection_live using (projection) group by topic, partition"
    )
    return {(row["topic"], row["partition"]): row["next_offset"] for row in rows}
