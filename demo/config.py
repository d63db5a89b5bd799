"""What one run of the demo is: its folders and its name, read once from the environment and the command line."""

import argparse
import os
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class DemoConfig:
    """One run of the demo."""

    run: str
    """Part of every name that the run registers, so that no two runs meet."""

    home: Path
    """Folder of the stack's state, `CULM_HOME`."""

    culm: Path
    """The `culm` command."""

    products: Path
    """Where catalogue and pictures go."""

    end_seconds_max: float
    """How long the task may take."""

    @property
    def scratch(self) -> Path:
        """Folder of this run's tiles and sandbox."""
        return self.products / self.run


def read_config(environ: Mapping[str, str], arguments: Sequence[str]) -> DemoConfig:
    """The configuration that `arguments` and `environ` ask for."""
    parser = argparse.ArgumentParser(prog="python -m demo", description="Survey a deep field with prun and Culm.")
    parser.add_argument("--run", default=time.strftime("%Y%m%d%H%M%S"), help="name of this run, default the time")
    parser.add_argument("--timeout", type=float, default=900, metavar="SECONDS", help="give up after, default 900")
    options = parser.parse_args(arguments)
    return DemoConfig(
        run=options.run,
        home=Path(environ.get("CULM_HOME") or CHECKOUT / ".culm").absolute(),
        culm=Path(sys.executable).with_name("culm"),
        products=CHECKOUT / "out" / "demo",
        end_seconds_max=options.timeout,
    )


def relative(path: Path) -> str:
    """`path` as a person in the current directory would type it."""
    return os.path.relpath(path) if path.is_relative_to(Path.cwd()) else str(path)
