"""`culm dead-letter list|show|retry`: records that could not be handled, and how to have one handled again."""

import json
import os
import sys
from typing import Annotated

import typer
from rich.console import Console

from cli.api_client import api_client
from cli.shown import escape

out = Console()
letter_app = typer.Typer(help="Records that could not be handled.", no_args_is_help=True)
LetterId = Annotated[str, typer.Argument(metavar="ID", help="Id of the letter, as the message of the task names it.")]
AsJson = Annotated[bool, typer.Option("--json", help="For programs.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands to `culm`."""
    app.add_typer(letter_app, name="dead-letter")


@letter_app.command("list")
def list_letters(as_json: AsJson = False) -> None:
    """The newest letters, the newest first."""
    document = api_client(os.environ).get("/v1/dead-letters")
    if as_json:
        sys.stdout.write(json.dumps(document, indent=2) + "\n")
        return
    for letter in document["dead_letters"]:
        what = escape(f"{letter['name'] or 'unreadable record'} {letter['about'] or ''}".strip())
        why = escape(f"{letter['error_class']} {letter['error']}".strip())
        out.print(f"{letter['id']}  {letter['at']}  {what}: {why}", highlight=False, soft_wrap=True)
    out.print(f"{len(document['dead_letters'])} shown, {document['total']} records on the topic in all", highlight=False)


@letter_app.command()
def show(letter_id: LetterId, as_json: AsJson = False) -> None:
    """One letter: where its record stands and what met it."""
    document = api_client(os.environ).get(f"/v1/dead-letters/{letter_id}")
    if as_json:
        sys.stdout.write(json.dumps(document, indent=2) + "\n")
        return
    for name, value in document.items():
        out.print(f"{name}: {escape(str(value))}", highlight=False, soft_wrap=True)


@letter_app.command()
def retry(letter_id: LetterId) -> None:
    """Have the record handled again, and restore the task that waits for it; harmless when said twice."""
    document = api_client(os.environ).post(f"/v1/dead-letters/{letter_id}/retry")
    out.print(f"dead letter {document['id']} is being tried again", highlight=False, soft_wrap=True)
