"""Row changes become SQL: a few statements per table, for any number of rows.

In: `RowChanges` of one projection and the Postgres schema its tables stand in. Out: rows as the fold has them, values
rendered the same way every time (JSON with sorted keys, no NUL characters, which Postgres cannot hold).
"""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from enum import Enum
from functools import cache
from math import isfinite
from typing import Any

import orjson
import psycopg2.extensions
from sqlalchemy import JSON, Table, Text
from sqlalchemy.dialects import postgresql

from projections.engine.changes import Key, Row, RowChange, RowChanges
from projections.engine.lengths import shortened
from projections.engine.statements import Statement, send

PAGE_ROWS = 1000
NUL, REPLACEMENT = "\x00", "\ufffd"
#: Stands for NULL in COPY; one control character that no text consists of.
NULL = "\x02"
Cursor = psycopg2.extensions.cursor
DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]


@cache
def column_types(table: Table) -> Mapping[str, str]:
    """SQL type of every written column."""
    return {str(c.name): c.type.compile(DIALECT) for c in table.columns if c.computed is None}


class ColumnKind(Enum):
    """How values of a column are rendered."""

    JSON = "json"
    TEXT = "text"
    OTHER = "other"


@cache
def column_kinds(table: Table) -> Mapping[str, ColumnKind]:
    """How to render the values of every column."""
    return {
        c.name: ColumnKind.JSON if isinstance(c.type, JSON) else ColumnKind.TEXT if isinstance(c.type, Text) else ColumnKind.OTHER
        for c in table.columns
    }


def json_text(value: Any) -> str:
    """A document as Postgres can hold it."""
    text = json_of(value)
    return json_of(_without_nul(value)) if "\\u0000" in text else text


def json_of(value: Any) -> str:
    """Canonical JSON: sorted keys, no spaces."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()


def clean_text(value: str) -> str:
    """The text without what Postgres or its COPY cannot take."""
    if NUL in value:
        return value.replace(NUL, REPLACEMENT)
    return REPLACEMENT if value == NULL else value


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
) -> None:
    """Bring the tables up to the changes. The caller's transaction holds no other writer.

    bulk: new rows go by COPY over a heap of their own, which takes longer to begin and half as long per row.
    """
    statements = statements_for(tables, schema, changes, rows_max=PAGE_ROWS if bulk else None)
    if statements:
        send(cursor, statements)
    if bulk:
        for shape, of_table in changes:
            for rows, overwrite in whole_rows(of_table):
                if len(rows) >= PAGE_ROWS:
                    _load(cursor, tables[shape.name], schema, rows, overwrite=overwrite)


def statements_for(
    tables: Mapping[str, Table], schema: str, changes: RowChanges, *, rows_max: int | None = None
) -> list[Statement]:
    """What brings the tables up to the changes; rows known as a whole are left out where they are `rows_max` or more."""
    statements: list[Statement] = []
    for shape, of_table in changes:
        table = tables[shape.name]
        statements += _patches(table, schema, shape.key, of_table)
        for rows, overwrite in whole_rows(of_table):
            if rows and (rows_max is None or len(rows) < rows_max):
                statements.append(Statement(put_sql(table, schema, overwrite), rows_text(table, rows)))
        gone = [key for key, change in of_table.items() if change.patch is None and change.row is None]
        if gone:
            statements.append(Statement(delete_sql(table, schema), keys_text(table, gone)))
    return statements


def whole_rows(changes: Mapping[Key, RowChange]) -> tuple[tuple[list[Row], bool], tuple[list[Row], bool]]:
    """Rows to write over what is there (true), and rows to write only where nothing is (false)."""
    replaced = [change.row for change in changes.values() if change.row is not None and change.patch is None]
    ensured = [change.row for change in changes.values() if change.row is not None and change.patch is not None]
    return (replaced, True), (ensured, False)


def rows_text(table: Table, rows: Sequence[Row], *, are_whole: bool = True) -> str:
    """Rows as a JSON list whose values Postgres takes as they are.

    are_whole: false for changes to rows that are there, whose keys must be exactly those: one that Postgres cannot hold
    is left to it to refuse, because with a character replaced it would be another's.
    """
    rows = [shortened(table, row) for row in rows]
    if float_columns(table):
        rows = [{name: _json_number(value) for name, value in row.items()} for row in rows]
    text = json_of(rows)
    if "\\u0000" not in text and '"\\u0002"' not in text:
        return text
    # Rare enough to render every value twice.
    kinds = dict(column_kinds(table))
    if not are_whole:
        kinds |= dict.fromkeys(key_columns(table), ColumnKind.OTHER)
    return json_of([{name: _clean(kinds[name], value) for name, value in row.items()} for row in rows])


def keys_text(table: Table, keys: Iterable[Key]) -> str:
    """Keys as a JSON list; one that Postgres cannot hold is left to it to refuse."""
    names = key_columns(table)
    return json_of([dict(zip(names, key, strict=True)) for key in keys])


def _clean(kind: ColumnKind, value: Any) -> Any:
    if value is None or kind is ColumnKind.OTHER:
        return value
    return clean_text(value) if kind is ColumnKind.TEXT else _without_nul(value)


def _json_number(value: Any) -> Any:
    """JSON has no word for numbers that are none; Postgres reads them from a text."""
    return str(value) if isinstance(value, float) and not isfinite(value) else value


@cache
def key_columns(table: Table) -> tuple[str, ...]:
    """The primary key."""
    return tuple(str(column.name) for column in table.primary_key.columns)


@cache
def float_columns(table: Table) -> frozenset[str]:
    """Columns that hold numbers with a fraction."""
    return frozenset(name for name, kind in column_types(table).items() if kind.startswith("DOUBLE"))


def _incoming(table: Table, columns: Iterable[str], counters: Iterable[str] = ()) -> str:
    types = column_types(table)
    shown = [f"{c} {types[c]}" for c in columns] + [f"{c} bigint" for c in counters]
    return f"json_to_recordset($1) v({', '.join(shown)})"


def _same_key(table: Table) -> str:
    return " AND ".join(f"t.{k}=v.{k}" for k in key_columns(table))


@cache
def conflict(table: Table, overwrite: bool) -> str:
    """What becomes of a row that is there."""
    others = [column for column in column_types(table) if column not in key_columns(table)]
    sets = ", ".join(f"{c}=EXCLUDED.{c}" for c in others)
    return f"ON CONFLICT ({', '.join(key_columns(table))}) DO {f'UPDATE SET {sets}' if overwrite and others else 'NOTHING'}"


@cache
def put_sql(table: Table, schema: str, overwrite: bool) -> str:
    """Write whole rows."""
    columns = ", ".join(column_types(table))
    source = _incoming(table, column_types(table))
    return f"INSERT INTO {schema}.{table.name} ({columns}) SELECT {columns} FROM {source} {conflict(table, overwrite)}"


@cache
def patch_sql(table: Table, schema: str, columns: tuple[str, ...], counters: tuple[str, ...]) -> str:
    """Change some columns of rows that are there."""
    news = ", ".join([f"{c}=v.{c}" for c in columns] + [f"{c}=t.{c}+v.{c}" for c in counters])
    source = _incoming(table, (*key_columns(table), *columns), counters)
    return f"UPDATE {schema}.{table.name} t SET {news} FROM {source} WHERE {_same_key(table)}"


@cache
def delete_sql(table: Table, schema: str) -> str:
    """Take rows away."""
    source = _incoming(table, key_columns(table))
    return f"DELETE FROM {schema}.{table.name} t USING {source} WHERE {_same_key(table)}"


@cache
def fetch_sql(table: Table, schema: str, columns: tuple[str, ...]) -> str:
    """Read some columns of rows."""
    shown = ", ".join(f"t.{column}" for column in (*key_columns(table), *columns))
    source = _incoming(table, key_columns(table))
    return f"SELECT {shown} FROM {source} JOIN {schema}.{table.name} t ON {_same_key(table)}"


def _patches(table: Table, schema: str, keys: Sequence[str], changes: Mapping[Key, RowChange]) -> list[Statement]:
    """Changes to rows that are there, one statement per set of columns."""
    groups: dict[tuple[tuple[str, ...], tuple[str, ...]], list[Row]] = {}
    for key, change in changes.items():
        if change.patch is None or not (change.patch or change.deltas):
            continue
        group = (tuple(sorted(change.patch)), tuple(sorted(change.deltas)))
        groups.setdefault(group, []).append({**dict(zip(keys, key, strict=True)), **change.patch, **change.deltas})
    return [
        Statement(patch_sql(table, schema, *group), rows_text(table, rows, are_whole=False))
        for group, rows in groups.items()
    ]


def _load(cursor: Cursor, table: Table, schema: str, rows: list[Row], *, overwrite: bool) -> None:
    """Many rows by COPY: straight into a table to which rows are only ever added, else over a heap."""
    columns = list(column_types(table))
    shown = ", ".join(columns)
    if table.info.get("append_only"):
        copy_rows(cursor, f"{schema}.{table.name}", columns, row_values(table, columns, rows, NULL))
        return
    heap = f"incoming_{table.name}"
    cursor.execute(
        f"CREATE TEMP TABLE IF NOT EXISTS {heap} ON COMMIT DELETE ROWS"
        f" AS SELECT {shown} FROM {schema}.{table.name} WITH NO DATA"
    )
    copy_rows(cursor, heap, columns, row_values(table, columns, rows, NULL))
    into = f"INSERT INTO {schema}.{table.name} ({shown})"
    cursor.execute(f"{into} SELECT {shown} FROM {heap} {conflict(table, overwrite)}")


def copy_rows(cursor: Cursor, target: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Load rows by COPY."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    text.seek(0)
    cursor.copy_expert(f"COPY {target} ({', '.join(columns)}) FROM STDIN (FORMAT csv, NULL '{NULL}')", text)


def row_values(table: Table, columns: Sequence[str], rows: Sequence[Row], null: str) -> list[tuple[Any, ...]]:
    """The rows as tuples in the order of `columns`, None as `null`."""
    kinds = column_kinds(table)
    rows = [shortened(table, row) for row in rows]
    by_column: list[list[Any]] = []
    for column in columns:
        values = [row[column] for row in rows]
        match kinds[column]:
            case ColumnKind.JSON:
                by_column.append([null if value is None else json_text(value) for value in values])
            case ColumnKind.TEXT:
                by_column.append([null if value is None else clean_text(value) for value in values])
            case ColumnKind.OTHER:
                by_column.append([null if value is None else value for value in values])
    return list(zip(*by_column, strict=True))


def fetch_rows(
    cursor: Cursor, table: Table, schema: str, columns: Sequence[str], wanted: Sequence[Key]
) -> dict[Key, Row]:
    """The rows with the keys in `wanted` that are there: only `columns` of each."""
    send(cursor, [Statement(fetch_sql(table, schema, tuple(columns)), keys_text(table, wanted))])
    keys = len(key_columns(table))
    return {tuple(row[:keys]): dict(zip(columns, row[keys:], strict=True)) for row in cursor.fetchall()}
