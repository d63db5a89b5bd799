"""`culm rebuild`: read models rebuilt from the log."""

from typing import Annotated

import typer
from rich.console import Console

from deploy.config import StackConfig
from deploy.errors import StepFailed
from deploy.stack import Stack

out = Console()


def add_to(app: typer.Typer) -> None:
    """Add the command to `culm`."""
    app.command()(rebuild)


def rebuild(
    names: Annotated[list[str] | None, typer.Argument(help="Projections; see --all.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="All of them.")] = False,
) -> None:
    """Rebuild read models from the log, beside the live ones, and swap."""
    if everything == bool(names):
        raise typer.BadParameter("name projections or say --all")
    rebuild_projections(Stack.running().config, tuple(names or ()))


def rebuild_projections(config: StackConfig, names: tuple[str, ...]) -> None:
    """Rebuild `names`, or all projections when none is named, and say what it took; raises StepFailed with the reason."""
    from projections.config import ProjectorConfig
    from projections.engine.errors import RebuildRefused
    from projections.engine.rebuild import rebuild as rebuilt_from

    try:
        rebuilt = rebuilt_from(ProjectorConfig(config.kafka, config.registry, config.postgres), names)
    except RebuildRefused as problem:
        raise StepFailed(f"nothing was rebuilt: {problem}") from problem
    rate = rebuilt.records / max(rebuilt.seconds, 0.001)
    out.print(f"{rebuilt.records} records in {rebuilt.seconds:.1f} s ({rate:.0f}/s)", highlight=False)
    for table, schema in rebuilt.tables_in.items():
        out.print(f"{table} is now read from {schema}", highlight=False)
