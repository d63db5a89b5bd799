"""`culm completion SHELL`: what a shell needs to complete the words of `culm`."""

import sys
from typing import Annotated

import typer

SHELLS = ("bash", "zsh", "fish")


def add_to(app: typer.Typer) -> None:
    """Add the command to `culm`."""
    app.command()(completion)


def completion(
    shell: Annotated[str, typer.Argument(metavar="SHELL", help="bash, zsh or fish.", autocompletion=lambda: SHELLS)],
) -> None:
    """Print what makes a shell complete the words of `culm`: source <(culm completion bash)."""
    from typer.completion import get_completion_script

    if shell not in SHELLS:
        raise typer.BadParameter(f"found {shell!r}, expected {', '.join(SHELLS)}")
    sys.stdout.write(get_completion_script(prog_name="culm", complete_var="_CULM_COMPLETE", shell=shell) + "\n")
