"""Questions about sources outside: how old each is, what it says of what."""

from api.queries.read_models import ReadModels, Row


async def listed(read_models: ReadModels, vo: str) -> list[Row]:
    """The sources of an organisation by name: source_at, entries, held_back (null, or what was refused last)."""
    rows = await read_models.rows(
        "select name, document from policy where name like 'source.%%' and document->>'vo' = %(vo)s order by name", {"vo": vo}
    )
    return [{"name": row["name"].removeprefix("source."), **_shown(row["document"])} for row in rows]


async def facts_of(read_models: ReadModels, vo: str, source: str) -> dict[str, Row]:
    """What a source says now, by policy key."""
    rows = await read_models.rows(
        "select name, document->'fact' as fact from policy"
        " where document->>'source' = %(source)s and document->>'vo' = %(vo)s order by name",
        {"source": source, "vo": vo},
    )
    return {row["name"]: row["fact"] for row in rows if row["fact"] is not None}


def _shown(document: Row) -> Row:
    return {"source_at": document["source_at"], "entries": document["entries"], "held_back": document["held_back"]}
