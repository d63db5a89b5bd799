"""`culm share show|set`: the tree of global shares."""

import json
import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.api_client import api_client
from cli.tables import FormOption, JsonOption, form_of, write_rows
from deploy.errors import StepFailed

FILE_BYTES_MAX = 2_000_000
share_app = typer.Typer(help="The tree of global shares: show, set.", no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    """Add the commands to `culm`."""
    app.add_typer(share_app, name="share")


@share_app.command()
def show(output: FormOption = "table", as_json: JsonOption = False) -> None:
    """Show every share with usage, pledge (HS23) and rank."""
    rows = api_client(os.environ).get("/v1/shares")["shares"]
    write_rows(rows, ("name", "parent", "percent", "used_hs23", "pledged_hs23", "rank"), form_of(output, as_json))


@share_app.command("set")
def set_(
    file: Annotated[Path, typer.Argument(help='JSON: {"shares": [{"name": ..., "percent": ...}, ...]}, as SetShares takes it.')],
) -> None:
    """Set the whole tree; shares that the file does not name are gone."""
    shares = tree_in(file)
    api_client(os.environ).command("SetShares", "shares", {"shares": shares})
    sys.stdout.write(f"{len(shares)} shares are set\n")


def tree_in(file: Path) -> list[Any]:
    """The shares of a file; raises StepFailed that says what was expected."""
    try:
        with file.open("rb") as source:
            document = json.loads(source.read(FILE_BYTES_MAX))
    except (OSError, ValueError) as problem:
        raise StepFailed(f"{file}: expected a JSON object with shares: {problem}") from problem
    if not isinstance(document, dict) or not isinstance(document.get("shares"), list):
        raise StepFailed(f"{file}: expected a JSON object with a list called shares")
    return list(document["shares"])
