"""The database brought to what this version of the code expects; harmless when it is there already."""

from pathlib import Path

import psycopg2
import structlog
from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, text
from sqlalchemy.engine import Connection

from projections.catalogue import PROJECTIONS, Projection
from projections.engine.live import create_tables, drop_schemas, engine_on, read_live, schemas_of, set_live
from projections.engine.positions import Connection as DbConnection
from projections.engine.positions import forget_positions, forget_unknown

MIGRATIONS = Path(__file__).parent.parent / "migrations"
#: Any number; two migrations at a time wait for each other on it.
ADVISORY_LOCK = 2_508_043
log = structlog.get_logger()


def migrate(postgres: str) -> list[str]:
    """Names of the projections whose tables had to be made; those of another version are left to `culm rebuild`."""
    engine = engine_on(postgres)
    connection = psycopg2.connect(postgres, application_name="culm-migrate")
    try:
        with engine.connect() as guard:
            guard.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": ADVISORY_LOCK})
            with engine.begin() as fixed:
                upgrade(fixed)
            with connection, connection.cursor() as cursor:
                forget_unknown(cursor, list(PROJECTIONS))
            return [p.name for p in PROJECTIONS.values() if make_if_missing(engine, connection, p)]
    finally:
        connection.close()
        engine.dispose()


def make_if_missing(engine: Engine, connection: DbConnection, projection: Projection) -> bool:
    """True when the projection had no tables and was given empty ones."""
    with connection, connection.cursor() as cursor:
        live = read_live(cursor).get(projection.name)
        there = schemas_of(cursor, projection)
        if live is not None and live.tables_in in there:
            if live.version != projection.version:
                log.warning(
                    "projection_of_another_version",
                    projection=projection.name,
                    live=live.version,
                    code=projection.version,
                    remedy=f"culm rebuild {projection.name}",
                )
            return False
        drop_schemas(cursor, there)
    create_tables(engine, projection, projection.first_schema)
    with connection, connection.cursor() as cursor:
        forget_positions(cursor, projection.name)
        set_live(cursor, projection, projection.first_schema)
    return True


def upgrade(connection: Connection) -> None:
    """The fixed tables, by their migrations."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
