"""`culm positions [set]`: where the deciders go on in the commands; sets positions that were lost.

The work is done by `python -m commands positions`, which knows the aggregates; here it is given the addresses of the stack.
"""

import os
import subprocess
import sys
from typing import Annotated

import typer

from deploy.config import CHECKOUT
from deploy.stack import Stack
from process.kafka_security import environment_of


def add_to(app: typer.Typer) -> None:
    """Add the command to `culm`."""
    app.command()(positions)


def positions(
    word: Annotated[str, typer.Argument(help="show, or set: give the group the positions that it lacks.")] = "show",
    every: Annotated[bool, typer.Option("--all", help="With set: also those that the group has.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="With set: do it; without, it only says what it would do.")] = False,
) -> None:
    """Show where the deciders stand in the commands and what the log says; set positions that were lost."""
    if word not in ("show", "set"):
        raise typer.BadParameter(f"found {word!r}, expected show or set")
    config = Stack.running().config
    addresses = {**environment_of(config.kafka), "CULM_REGISTRY": config.registry, "CULM_HOME": str(config.home)}
    options = [option for option, given in (("--all", every), ("--yes", yes)) if given]
    command = [sys.executable, "-m", "commands", "positions", word, *options]
    raise typer.Exit(subprocess.call(command, env={**os.environ, **addresses}, cwd=CHECKOUT))
