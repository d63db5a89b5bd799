"""`culm check`: the independent checker over log and read models."""

from typing import Annotated

import typer

from deploy.stack import Stack


def add_to(app: typer.Typer) -> None:
    """Add the command to `culm`."""
    app.command()(check)


def check(as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False) -> None:
    """Prove the log and the read model: no job lost or made twice, every command answered once, rows equal to events."""
    from check.report import check_stack

    config = Stack.running().config
    raise typer.Exit(check_stack(config.kafka, config.registry, config.postgres, as_json=as_json))
