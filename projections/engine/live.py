"""Which Postgres schema holds the live tables of each projection; tables and views made and dropped.

Invariant: the views in `public` read from the schema that `projection_live` names.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import psycopg2
import psycopg2.extensions
from sqlalchemy import Engine, create_engine
from sqlalchemy.schema import CreateSchema, CreateTable

from projections.catalogue import Projection

Cursor = psycopg2.extensions.cursor


@dataclass(frozen=True, slots=True)
class Live:
    """Where readers find a projection, and which version of the code made it."""

    version: int
    tables_in: str


def engine_on(postgres: str) -> Engine:
    """SQLAlchemy on the database, for DDL; addresses are psycopg2's."""
    return create_engine("postgresql+psycopg2://", creator=lambda: psycopg2.connect(postgres))


def read_live(cursor: Cursor) -> dict[str, Live]:
    """The live schema of every projection that has one."""
    cursor.execute("SELECT projection, version, tables_in FROM projection_live")
    return {name: Live(version, tables_in) for name, version, tables_in in cursor.fetchall()}


def create_tables(engine: Engine, projection: Projection, schema: str, *, indexes: bool = True) -> None:
    """Make the schema and its tables; without `indexes` only primary keys, for a bulk load."""
    with engine.begin() as connection:
        connection.execute(CreateSchema(schema, if_not_exists=True))
        placed = connection.execution_options(schema_translate_map={None: schema})
        if indexes:
            projection.metadata.create_all(placed)
        else:
            for table in projection.metadata.sorted_tables:
                placed.execute(CreateTable(table))


def create_indexes(engine: Engine, projection: Projection, schema: str) -> None:
    """Make the indexes that `create_tables` left out, and let Postgres look at the rows."""
    with engine.begin() as connection:
        placed = connection.execution_options(schema_translate_map={None: schema})
        for table in projection.metadata.sorted_tables:
            for index in sorted(table.indexes, key=lambda index: str(index.name)):
                index.create(placed)
            connection.exec_driver_sql(f"ANALYZE {schema}.{table.name}")


def schemas_of(cursor: Cursor, projection: Projection) -> list[str]:
    """All schemas that ever held tables of the projection and are still there."""
    pattern = f"^rm_{projection.name}_v[0-9]+(r[0-9]+)?$"
    cursor.execute("SELECT nspname FROM pg_namespace WHERE nspname ~ %s ORDER BY nspname", (pattern,))
    return [name for (name,) in cursor.fetchall()]


def drop_schemas(cursor: Cursor, schemas: Iterable[str]) -> None:
    """Drop schemas with all their tables."""
    for schema in schemas:
        cursor.execute(f"DROP SCHEMA {schema} CASCADE")


def point_views(cursor: Cursor, projection: Projection, schema: str) -> None:
    """Let readers see the tables in `schema` from the end of this transaction on."""
    for name, text in projection.view_texts(schema).items():
        cursor.execute("SAVEPOINT same_columns")
        try:
            cursor.execute(f"CREATE OR REPLACE VIEW public.{name} AS {text}")
        except psycopg2.errors.InvalidTableDefinition:
            # Another version, with other columns. Readers look the name up again once this transaction is through.
            cursor.execute("ROLLBACK TO SAVEPOINT same_columns")
            cursor.execute(f"DROP VIEW public.{name}")
            cursor.execute(f"CREATE VIEW public.{name} AS {text}")
        cursor.execute("RELEASE SAVEPOINT same_columns")


def set_live(cursor: Cursor, projection: Projection, schema: str) -> None:
    """Repoint views and note the schema as the live one; positions are the caller's."""
    point_views(cursor, projection, schema)
    cursor.execute(
        "INSERT INTO projection_live (projection, version, tables_in) VALUES (%s, %s, %s)"
        " ON CONFLICT (projection) DO UPDATE SET version = EXCLUDED.version, tables_in = EXCLUDED.tables_in",
        (projection.name, projection.version, schema),
    )


def missing_tables(cursor: Cursor, live: Mapping[str, Live], projections: Iterable[Projection]) -> list[str]:
    """Names of projections that have no live tables."""
    missing = []
    for projection in projections:
        found = live.get(projection.name)
        if found is None or found.tables_in not in schemas_of(cursor, projection):
            missing.append(projection.name)
    return missing
