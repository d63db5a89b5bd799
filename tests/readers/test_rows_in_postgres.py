"""What any event within its bounds makes of rows is taken by Postgres: integers, characters, sizes of index entries."""

from collections.abc import Iterable
from contextlib import closing

import psycopg2
import pytest

from projections.catalogue import PROJECTIONS
from projections.engine.migrate import migrate
from projections.engine.writing import Cursor, write_changes
from schemas.catalog import messages
from schemas.reading import Place, Recorded
from tests.projections.tables_in_memory import Tables
from tests.readers.histories import EVENTS, history
from tests.schemas.within_bounds import MORE, a_message

EXAMPLES = 200 if MORE else 8


@pytest.mark.stack
def test_postgres_takes_the_rows_of_any_event(database: str) -> None:
    migrate(database)
    with closing(psycopg2.connect(database)) as connection, connection.cursor() as cursor:
        for entry in EVENTS:
            for seed in range(EXAMPLES):
                write(cursor, history(entry, seed), f"{entry.name} of seed {seed}")
                connection.rollback()


@pytest.mark.stack
def test_postgres_takes_the_rows_of_any_answer(database: str) -> None:
    migrate(database)
    (entry,) = (one for one in messages() if one.name == "CommandAnswered")
    with closing(psycopg2.connect(database)) as connection, connection.cursor() as cursor:
        for seed in range(EXAMPLES * 5):
            write(cursor, [Recorded(Place(entry.topic, 0, 1), a_message(entry, seed), None)], f"answer of seed {seed}")
            connection.rollback()


def write(cursor: Cursor, records: Iterable[Recorded], what: str) -> None:
    """Fold the records one by one, and write what each comes to."""
    tables = Tables()
    for record in records:
        for name, changes in tables.take([record]).items():
            projection = PROJECTIONS[name]
            try:
                write_changes(cursor, projection.tables, projection.first_schema, changes)
            except psycopg2.Error as problem:
                raise AssertionError(f"{name} after {what}: {problem}") from problem
