"""`culm refusals`: which requests the APIs refused of late."""

import json
import os
import sys
from typing import Annotated

import typer
from rich.console import Console

from cli.api_client import api_client
from cli.shown import escape

out = Console()


def add_to(app: typer.Typer) -> None:
    """Add the command to `culm`."""
    app.command()(refusals)


def refusals(
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many.")] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Which requests were refused of late, the newest first: when, whose, for what, by which rule."""
    document = api_client(os.environ).get("/v1/refusals", limit=limit)
    if as_json:
        sys.stdout.write(json.dumps(document, indent=2) + "\n")
        return
    for row in document["refusals"]:
        many = f" {row['requests']} times" if row["requests"] > 1 else ""
        of = f" of {row['vo']}" if row["vo"] else ""
        where = f" at {row['route']}" if row["route"] else ""
        trace = f" (trace {row['correlation_id']})" if row["correlation_id"] else ""
        asked = f"asked as {row['route_class']}{where}{trace}"
        told = f"{row['last_at']}  {row['caller']}{of}  {row['rule']}{many}, {asked}: {row['sentence']}"
        out.print(escape(told), highlight=False, soft_wrap=True)
