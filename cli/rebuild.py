"""`culm rebuild`: read models made anew from the log."""

import os

from rich.console import Console

from deploy.config import StackConfig

out = Console()


def rebuild_projections(config: StackConfig, names: tuple[str, ...]) -> None:
    """Rebuild `names`, or all projections when none is named, and say how long each took."""
    from projections.rebuild import rebuild

    from projections.config import read_config

    addresses = {"CULM_KAFKA": config.kafka, "CULM_REGISTRY": config.registry, "CULM_POSTGRES": config.postgres}
    for line in rebuild(read_config({**os.environ, **addresses}), names):
        out.print(line, highlight=False)
