"""Rows as a table for people, or as JSON, JSON lines or CSV for programs."""

import csv
import io
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any

import typer

from cli.shown import cell, printable

FORMS = ("table", "wide", "json", "jsonl", "csv")
#: Columns of a table that goes into a pipe, where nothing need fit a window.
PIPE_WIDTH = 4_000


def _checked(form: str) -> str:
    if form not in FORMS:
        raise typer.BadParameter(f"found {form!r}, expected one of {', '.join(FORMS)}")
    return form


FormOption = Annotated[
    str, typer.Option("--output", "-o", help=f"{', '.join(FORMS)}.", callback=_checked, autocompletion=lambda: FORMS)
]
JsonOption = Annotated[bool, typer.Option("--json", help="The same as -o json.")]


def form_of(output: str, as_json: bool) -> str:
    """The form that the two options ask for."""
    return "json" if as_json else output


def write_rows(rows: Sequence[Mapping[str, Any]], columns: Sequence[str], form: str) -> None:
    """Write rows to standard output. columns: names, with a dot into an object; JSON has all there is."""
    match form:
        case "json":
            sys.stdout.write(json.dumps(rows, indent=2) + "\n")
        case "jsonl":
            sys.stdout.writelines(json.dumps(row) + "\n" for row in rows)
        case "csv":
            sys.stdout.write(csv_of(rows, columns))
        case _:
            print_table(rows, columns)


def csv_of(rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> str:
    """A header and a line a row; objects as JSON, control characters escaped."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([heading(column) for column in columns])
    for row in rows:
        values = [value_at(row, column) for column in columns]
        writer.writerow([_csv_cell(value) for value in values])
    return text.getvalue()


def print_table(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> None:
    """A table with a line a row; in a window the last columns are folded, in a pipe each row is one line."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    out = Console()
    numbers = {column for column in columns if rows and all(_is_number(value_at(row, column)) for row in rows)}
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(heading(column), justify="right" if column in numbers else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell(value_at(row, column))) for column in columns))
    (out if out.is_terminal else Console(width=PIPE_WIDTH)).print(table, highlight=False)


def heading(column: str) -> str:
    """What stands above a column."""
    return column.rpartition(".")[2]


def value_at(row: Mapping[str, Any], column: str) -> Any:
    """The value of a column, None where the row has none."""
    found: Any = row
    for part in column.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


def _is_number(value: Any) -> bool:
    return value is None or (isinstance(value, (int, float)) and not isinstance(value, bool))


def _csv_cell(value: Any) -> str:
    if value is None:
        return ""
    return printable(json.dumps(value) if isinstance(value, (dict, list, bool)) else str(value))
