"""`culm describe KIND ID`: one task, job, queue, worker or dataset, as its page shows it."""

import json
import os
import sys
from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import quote

import typer

from cli.api_client import ApiClient, api_client
from cli.kinds import singular_of
from cli.shown import cell, printable
from cli.tables import JsonOption, print_table

#: Where the document of one is.
PLACES = {
    "task": "/v1/tasks/{}", "job": "/v1/jobs/{}", "queue": "/v1/queues/{}", "worker": "/worker/{}/", "dataset": "/v1/datasets/{}",
}  # fmt: skip
EXPLAINED = ("task", "job")
#: Texts of a client that are long and seldom of use here; `--json` has them.
LEFT_OUT = frozenset({"parameters", "definition", "metadata", "spec", "log_extract", "lists"})


def _kind(word: str) -> str:
    return singular_of(word, PLACES)


def add_to(app: typer.Typer) -> None:
    """Add the command to `culm`."""
    app.command()(describe)


def describe(
    kind: Annotated[
        str,
        typer.Argument(metavar="KIND", help=f"{', '.join(PLACES)}.", callback=_kind, autocompletion=lambda: list(PLACES)),
    ],
    name: Annotated[
        str, typer.Argument(metavar="ID", help="Number of a task or job, name of a queue or dataset, QUEUE/WORKER_ID.")
    ],
    as_json: JsonOption = False,
) -> None:
    """Show one task, job, queue, worker or dataset: what it is, and why it stands there."""
    document = described(api_client(os.environ), kind, name)
    if as_json:
        sys.stdout.write(json.dumps(document, indent=2) + "\n")
        return
    sys.stdout.write(f"{kind} {printable(name)}\n")
    _print_values(document[kind])
    for reason in document.get("why", ()):
        sys.stdout.write(f"why: {printable(reason['says'])}\n")
        if reason["change"]:
            sys.stdout.write(f"     {printable(reason['change'])} ({printable(reason['who'])})\n")


def described(api: ApiClient, kind: str, name: str) -> dict[str, Any]:
    """What there is of one, under its kind; of a task or job also `why`."""
    place = PLACES[kind].format(quote(name, safe="/:" if kind in ("worker", "dataset") else ""))
    found = api.get(place, json="1") if kind == "worker" else api.get(place)
    document = {kind: found}
    if kind in EXPLAINED:
        document["why"] = api.get(f"/v1/why/{kind}/{quote(name, safe='')}")["why"]
    return document


def _print_values(found: Mapping[str, Any]) -> None:
    """A line a value; lists of objects as tables below."""
    lists = {name: value for name, value in found.items() if isinstance(value, list) and value and isinstance(value[0], dict)}
    for name, value in found.items():
        if name not in LEFT_OUT and name not in lists and value not in (None, "", [], {}):
            _print_value(name, value)
    for name, rows in lists.items():
        sys.stdout.write(f"{printable(name)}:\n")
        sys.stdout.flush()
        print_table(rows, [column for column in rows[0] if not isinstance(rows[0][column], (dict, list))])


def _print_value(name: str, value: Any) -> None:
    if not isinstance(value, dict):
        sys.stdout.write(f"  {printable(name)}: {cell(value)}\n")
        return
    for inner, one in value.items():
        if one not in (None, "", [], {}):
            sys.stdout.write(f"  {printable(name)}.{printable(str(inner))}: {cell(one)}\n")
