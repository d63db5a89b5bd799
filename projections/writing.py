"""Row changes become SQL: a few statements per table, whatever the number of rows.

In: `RowChanges` of one projection and the Postgres schema its tables stand in. Out: rows as the fold has them, values
rendered the same way every time (JSON with sorted keys, no NUL characters, which Postgres cannot hold).
"""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from enum import Enum
from functools import cache
from typing import Any

import orjson
import psycopg2.extensions
from psycopg2.extras import execute_values
from sqlalchemy import JSON, Table, Text
from sqlalchemy.dialects import postgresql

from projections.changes import Key, Row, RowChange, RowChanges

PAGE_ROWS = 1000
COPY_ROWS = 50
NUL, REPLACEMENT = "\x00", "\ufffd"
#: Stands for NULL in COPY; one control character that no text consists of.
NULL = "\x02"
Cursor = psycopg2.extensions.cursor
DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]


@cache
def column_types(table: Table) -> Mapping[str, str]:
    """SQL type of every written column."""
    return {c.name: c.type.compile(DIALECT) for c in table.columns if c.computed is None}


class Kind(Enum):
    """How values of a column are rendered."""

    JSON = "json"
    TEXT = "text"
    OTHER = "other"


@cache
def column_kinds(table: Table) -> Mapping[str, Kind]:
    """How to render the values of every column."""
    return {
        c.name: Kind.JSON if isinstance(c.type, JSON) else Kind.TEXT if isinstance(c.type, Text) else Kind.OTHER
        for c in table.columns
    }


def json_text(value: Any) -> str:
    """Canonical JSON: sorted keys, no spaces."""
    text = orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
    return orjson.dumps(_without_nul(value), option=orjson.OPT_SORT_KEYS).decode() if "\\u0000" in text else text


def clean_text(value: str) -> str:
    """The text without what Postgres or its COPY cannot take."""
    if NUL in value:
        return value.replace(NUL, REPLACEMENT)
    return REPLACEMENT if value == NULL else value


def rendered(table: Table, column: str, value: Any) -> Any:
    """A value as it is handed to Postgres."""
    kind = column_kinds(table)[column]
    if value is None or kind is Kind.OTHER:
        return value
    return json_text(value) if kind is Kind.JSON else clean_text(value)


def _without_nul(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace(NUL, REPLACEMENT)
    if isinstance(value, Mapping):
        return {_without_nul(key): _without_nul(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_without_nul(item) for item in value]
    return value


def write_changes(
    cursor: Cursor, tables: Mapping[str, Table], schema: str, changes: RowChanges, *, bulk: bool = False
) -> int:
    """Bring the tables up to the changes; number of rows touched. The caller's transaction holds no other writer.

    bulk: rows go by COPY over a heap of their own, which takes longer to begin and half as long per row.
    """
    touched = 0
    for shape, of_table in changes:
        table = tables[shape.name]
        touched += len(of_table)
        _patch(cursor, table, schema, shape.key, of_table)
        _put(cursor, table, schema, shape.key, of_table, bulk=bulk)
        gone = [key for key, change in of_table.items() if change.patch is None and change.row is None]
        if gone:
            _delete(cursor, table, schema, shape.key, gone)
    return touched


def _put(
    cursor: Cursor, table: Table, schema: str, keys: Sequence[str], changes: Mapping[Key, RowChange], *, bulk: bool
) -> None:
    """Rows known as a whole: written over what is there, or (after `ensure`) only where nothing is."""
    columns = list(column_types(table))
    others = [column for column in columns if column not in keys]
    overwrite = "DO UPDATE SET " + ", ".join(f"{c}=EXCLUDED.{c}" for c in others) if others else "DO NOTHING"
    replaced = [change.row for change in changes.values() if change.row is not None and change.patch is None]
    ensured = [change.row for change in changes.values() if change.row is not None and change.patch is not None]
    for rows, on_conflict in ((replaced, overwrite), (ensured, "DO NOTHING")):
        if not rows:
            continue
        into = f"INSERT INTO {schema}.{table.name} ({', '.join(columns)})"
        conflict = f"ON CONFLICT ({', '.join(keys)}) {on_conflict}"
        if table.info.get("append_only") and len(rows) >= COPY_ROWS:
            copy_rows(cursor, f"{schema}.{table.name}", columns, row_values(table, columns, rows, NULL))
        elif not bulk or len(rows) < PAGE_ROWS:
            values = row_values(table, columns, rows)
            execute_values(cursor, f"{into} VALUES %s {conflict}", values, page_size=PAGE_ROWS)
        else:
            heap = f"incoming_{table.name}"
            cursor.execute(
                f"CREATE TEMP TABLE IF NOT EXISTS {heap} ON COMMIT DELETE ROWS"
                f" AS SELECT {', '.join(columns)} FROM {schema}.{table.name} WITH NO DATA"
            )
            copy_rows(cursor, heap, columns, row_values(table, columns, rows, NULL))
            cursor.execute(f"{into} SELECT {', '.join(columns)} FROM {heap} {conflict}")


def copy_rows(cursor: Cursor, target: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Load rows by COPY."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    text.seek(0)
    cursor.copy_expert(f"COPY {target} ({', '.join(columns)}) FROM STDIN (FORMAT csv, NULL '{NULL}')", text)


def row_values(
    table: Table, columns: Sequence[str], rows: Sequence[Row], null: str | None = None
) -> list[tuple[Any, ...]]:
    """The rows as tuples in the order of `columns`, None as `null`."""
    kinds = column_kinds(table)
    by_column: list[list[Any]] = []
    for column in columns:
        values = [row[column] for row in rows]
        match kinds[column]:
            case Kind.JSON:
                by_column.append([null if value is None else json_text(value) for value in values])
            case Kind.TEXT:
                by_column.append([null if value is None else clean_text(value) for value in values])
            case Kind.OTHER:
                by_column.append(values if null is None else [null if value is None else value for value in values])
    return list(zip(*by_column, strict=True))


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
