"""Row changes become SQL: a few statements per table, whatever the number of rows.

In: `RowChanges` of one projection and the Postgres schema its tables stand in. Out: rows as the fold has them, values
rendered the same way every time (JSON with sorted keys, no NUL characters, which Postgres cannot hold).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

import orjson
import psycopg2.extensions
from psycopg2.extras import execute_values
from sqlalchemy import JSON, Table
from sqlalchemy.dialects import postgresql

from projections.changes import Key, Row, RowChange, RowChanges

PAGE_ROWS = 1000
NUL, NO_NUL = "\x00", "\ufffd"
Cursor = psycopg2.extensions.cursor
DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]


@cache
def column_types(table: Table) -> Mapping[str, str]:
    """SQL type of every written column."""
    return {c.name: c.type.compile(DIALECT) for c in table.columns if c.computed is None}


@cache
def json_columns(table: Table) -> frozenset[str]:
    """Columns that hold JSON."""
    return frozenset(c.name for c in table.columns if isinstance(c.type, JSON))


def json_text(value: Any) -> str:
    """Canonical JSON: sorted keys, no spaces."""
    text = orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
    return orjson.dumps(_without_nul(value), option=orjson.OPT_SORT_KEYS).decode() if "\\u0000" in text else text


def rendered(table: Table, column: str, value: Any) -> Any:
    """A value as it is handed to Postgres."""
    if column in json_columns(table):
        return None if value is None else json_text(value)
    if isinstance(value, str) and NUL in value:
        return value.replace(NUL, NO_NUL)
    return value


def _without_nul(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace(NUL, NO_NUL)
    if isinstance(value, Mapping):
        return {_without_nul(key): _without_nul(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_without_nul(item) for item in value]
    return value


def write_changes(cursor: Cursor, tables: Mapping[str, Table], schema: str, changes: RowChanges) -> int:
    """Bring the tables up to the changes; number of rows touched. The caller's transaction holds no other writer."""
    touched = 0
    for shape, of_table in changes:
        table = tables[shape.name]
        touched += len(of_table)
        _patch(cursor, table, schema, shape.key, of_table)
        _put(cursor, table, schema, shape.key, of_table)
        gone = [key for key, change in of_table.items() if change.patch is None and change.row is None]
        if gone:
            _delete(cursor, table, schema, shape.key, gone)
    return touched


def _put(cursor: Cursor, table: Table, schema: str, keys: Sequence[str], changes: Mapping[Key, RowChange]) -> None:
    """Rows known as a whole: written over what is there, or (after `ensure`) only where nothing is."""
    columns = list(column_types(table))
    others = [column for column in columns if column not in keys]
    overwrite = "DO UPDATE SET " + ", ".join(f"{c}=EXCLUDED.{c}" for c in others) if others else "DO NOTHING"
    replaced = [change.row for change in changes.values() if change.row is not None and change.patch is None]
    ensured = [change.row for change in changes.values() if change.row is not None and change.patch is not None]
    for rows, on_conflict in ((replaced, overwrite), (ensured, "DO NOTHING")):
        if rows:
            statement = (
                f"INSERT INTO {schema}.{table.name} ({', '.join(columns)}) VALUES %s"
                f" ON CONFLICT ({', '.join(keys)}) {on_conflict}"
            )
            execute_values(cursor, statement, list(row_values(table, columns, rows)), page_size=PAGE_ROWS)


def row_values(table: Table, columns: Sequence[str], rows: Iterable[Row]) -> Iterator[tuple[Any, ...]]:
    """The rows as tuples in the order of `columns`."""
    as_json = json_columns(table)
    for row in rows:
        yield tuple(
            [
                rendered(table, c, row[c]) if c in as_json or row[c].__class__ is str else row[c]
                for c in columns
            ]
        )


def _patch(cursor: Cursor, table: Table, schema: str, keys: Sequence[str], changes: Mapping[Key, RowChange]) -> None:
    """Changes to rows that are there, one statement per set of columns."""
    types = column_types(table)
    groups: dict[tuple[tuple[str, ...], tuple[str, ...]], list[tuple[Any, ...]]] = {}
    for key, change in changes.items():
        if change.patch is None or not (change.patch or change.deltas):
            continue
        columns, counters = tuple(sorted(change.patch)), tuple(sorted(change.deltas))
        values = [rendered(table, column, change.patch[column]) for column in columns]
        values += [change.deltas[column] for column in counters]
        groups.setdefault((columns, counters), []).append((*key, *values))
    for (columns, counters), rows in groups.items():
        news = [f"{c}=v.{c}::{types[c]}" for c in columns] + [f"{c}=t.{c}+v.{c}::bigint" for c in counters]
        where = " AND ".join(f"t.{k}=v.{k}::{types[k]}" for k in keys)
        statement = (
            f"UPDATE {schema}.{table.name} t SET {', '.join(news)}"
            f" FROM (VALUES %s) v({', '.join((*keys, *columns, *counters))}) WHERE {where}"
        )
        execute_values(cursor, statement, rows, page_size=PAGE_ROWS)


def _delete(cursor: Cursor, table: Table, schema: str, keys: Sequence[str], gone: list[Key]) -> None:
    types = column_types(table)
    where = " AND ".join(f"t.{k}=v.{k}::{types[k]}" for k in keys)
    statement = f"DELETE FROM {schema}.{table.name} t USING (VALUES %s) v({', '.join(keys)}) WHERE {where}"
    execute_values(cursor, statement, gone, page_size=PAGE_ROWS)


def fetch_rows(
    cursor: Cursor, table: Table, schema: str, columns: Sequence[str], wanted: Sequence[Key]
) -> dict[Key, Row]:
    """The rows with the keys in `wanted` that are there: only `columns` of each."""
    types = column_types(table)
    keys = [column.name for column in table.primary_key.columns]
    where = " AND ".join(f"t.{k}=v.{k}::{types[k]}" for k in keys)
    shown = ", ".join(f"t.{column}" for column in (*keys, *columns))
    statement = f"SELECT {shown} FROM {schema}.{table.name} t JOIN (VALUES %s) v({', '.join(keys)}) ON {where}"
    found = execute_values(cursor, statement, wanted, page_size=max(1, len(wanted)), fetch=True)
    return {tuple(row[: len(keys)]): dict(zip(columns, row[len(keys) :], strict=True)) for row in found}
