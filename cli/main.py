"""`culm`: the command line of Culm. Its words stand in `vocabulary.py`, each command in a module of its own."""

import os
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from cli.loading import CommandsOnDemand
from cli.vocabulary import COMMANDS

COMPLETING = "_CULM_COMPLETE"
app = typer.Typer(
    help="Culm: workload management on an event log.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    cls=CommandsOnDemand,
)


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        sys.stdout.write(f"culm {version('culm')}\n")
        raise typer.Exit


@app.callback()
def chosen(
    context: Annotated[str, typer.Option(help="Which Culm to speak to; see `culm config view`.")] = "",
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and end.")
    ] = False,
) -> None:
    """Culm: workload management on an event log."""
    from cli.contexts import CONTEXT, use_home_of_context

    if context:
        os.environ[CONTEXT] = context
    use_home_of_context(os.environ)


def run() -> None:
    """Entry point: errors are sentences, not tracebacks; log lines go to a file."""
    if COMPLETING in os.environ:
        from typer.completion import completion_init

        completion_init()
    elif needs_log_lines(sys.argv[1:]):
        from cli.log_lines import keep_log_lines

        keep_log_lines(os.environ)
    try:
        app(prog_name="culm")
    except BrokenPipeError:
        # The reader has what it wanted; nothing more is written when the interpreter ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except Exception as problem:
        if not _is_sentence(problem):
            raise
        _print_problem(problem)
        sys.exit(1)


def needs_log_lines(words: Sequence[str]) -> bool:
    """False for commands that only ask an API: nothing that they load writes log lines."""
    named = next((word for word in words if word in COMMANDS), None)
    return named is not None and not COMMANDS[named].is_remote


def _is_sentence(problem: Exception) -> bool:
    from deploy.errors import StackError

    return isinstance(problem, (StackError, ValueError))


def _print_problem(problem: Exception) -> None:
    from rich.console import Console

    from cli.shown import escape

    Console(stderr=True).print(f"culm: {escape(str(problem))}", style="red", highlight=False, soft_wrap=True)


if __name__ == "__main__":
    run()
