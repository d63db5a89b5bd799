"""`culm` as a group whose commands are loaded when they are used.

In: a word of the command line. Out: the command of the module that `vocabulary.py` names. The list of commands and the completion
of a word load no module.
"""

from functools import cache
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from cli.vocabulary import COMMANDS, CommandEntry


class CommandsOnDemand(TyperGroup):
    """Knows each command by its line in the list until it is used."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        for name, entry in COMMANDS.items():
            self.commands[name] = _listed(name, entry)

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """The command that `args` begin with, loaded."""
        name, listed, rest = super().resolve_command(ctx, args)
        return name, loaded(name) if name in COMMANDS else listed, rest


@cache
def loaded(name: str) -> Any:
    """The command `name` of `culm`; raises KeyError where there is none."""
    # A second command makes it a group also where the module adds one command.
    app = typer.Typer(pretty_exceptions_enable=False, callback=lambda: None)
    import_module(COMMANDS[name].module).add_to(app)
    command = typer.main.get_group(app).commands[name]
    command.rich_help_panel = COMMANDS[name].panel  # type: ignore[attr-defined]
    return command


def _listed(name: str, entry: CommandEntry) -> TyperCommand:
    return TyperCommand(name, help=entry.says, rich_help_panel=entry.panel)
