"""`culm secret set|list|delete`: what jobs are given and no one else sees."""

import os
import sys
from typing import Annotated

import typer
from rich.console import Console

from cli.api_client import api_client
from cli.shown import escape

out = Console()
secret_app = typer.Typer(help="Secrets that your jobs are given (prun --useSecrets).", no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    """Add the commands to `culm`."""
    app.add_typer(secret_app, name="secret")


@secret_app.command("set")
def keep(name: Annotated[str, typer.Argument(help="A line of at most 200 characters.")]) -> None:
    """Keep a secret in place of an earlier one of that name; the value is asked for, or read from standard input."""
    value = typer.prompt("Value", hide_input=True) if sys.stdin.isatty() else sys.stdin.read().removesuffix("\n")
    api_client(os.environ).put("/v1/secrets", {"name": name, "value": value})
    _say(f"kept {name}")


@secret_app.command("list")
def names() -> None:
    """Names and sizes of your secrets; values are not shown."""
    found = api_client(os.environ).get("/v1/secrets")["secrets"]
    for one in found:
        _say(f"{one['name']}  {one['size_bytes']} bytes{', a file' if one['is_file'] else ''}")
    if not found:
        _say("no secrets")


@secret_app.command()
def delete(name: Annotated[str, typer.Argument(help="Which.")]) -> None:
    """Forget a secret."""
    api_client(os.environ).delete("/v1/secrets", name)
    _say(f"deleted {name}")


def _say(text: str) -> None:
    out.print(escape(text), highlight=False, soft_wrap=True)
