"""`culm verify`: the log held against the notary's books."""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from deploy.errors import StepFailed
from deploy.stack import Stack

out = Console()


def add_to(app: typer.Typer) -> None:
    """Add the command to `culm`."""
    app.command()(verify)


def verify(
    books: Annotated[Path | None, typer.Option(help="Folder of ledgers, checkpoints and key; default: the stack's.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Prove that no event was altered, removed or put in since it was written down; name the first that does not belong."""
    from audit.notary.verify import verify as held_against

    config = Stack.running().config
    folder = books or config.home / "notary"
    try:
        verdicts = held_against(config.kafka, folder)
    except FileNotFoundError as problem:
        raise StepFailed(f"nothing was written down yet in {folder}: {problem}") from problem
    broken = [verdict for verdict in verdicts if verdict.broken is not None]
    if as_json:
        sys.stdout.write(json.dumps([asdict(verdict) for verdict in verdicts], indent=2) + "\n")
    else:
        for verdict in broken:
            out.print(f"[red]{verdict.broken}[/]", highlight=False, soft_wrap=True)
        records = sum(verdict.records for verdict in verdicts)
        signed = sum(verdict.checkpoints for verdict in verdicts)
        later = sum(verdict.not_written_down for verdict in verdicts)
        out.print(
            f"{len(verdicts)} partitions, {records} records and {signed} signed checkpoints held against each other,"
            f" {len(broken)} broken; {later} newer records are not written down yet",
            highlight=False,
            soft_wrap=True,
        )
    raise typer.Exit(1 if broken else 0)
