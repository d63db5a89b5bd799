"""`culm rebuild`: read models rebuilt from the log."""

from rich.console import Console

from deploy.config import StackConfig
from deploy.errors import StepFailed

out = Console()


def rebuild_projections(config: StackConfig, names: tuple[str, ...]) -> None:
    """Rebuild `names`, or all projections when none is named, and say what it took; raises StepFailed with the reason."""
    from projections.config import ProjectorConfig
    from projections.engine.errors import RebuildRefused
    from projections.engine.rebuild import rebuild

    try:
        rebuilt = rebuild(ProjectorConfig(config.kafka, config.registry, config.postgres), names)
    except RebuildRefused as problem:
        raise StepFailed(f"nothing was rebuilt: {problem}") from problem
    rate = rebuilt.records / max(rebuilt.seconds, 0.001)
    out.print(f"{rebuilt.records} records in {rebuilt.seconds:.1f} s ({rate:.0f}/s)", highlight=False)
    for table, schema in rebuilt.tables_in.items():
        out.print(f"{table} is now read from {schema}", highlight=False)
