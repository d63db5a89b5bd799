"""Registers the tiles as a dataset and submits the survey with an unmodified prun, showing what it prints."""

import re
import shlex
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console

from demo import survey
from demo.config import DemoConfig
from demo.errors import DemoFailed

FIND = "python3 -m survey.find_sources --tiles %IN --output survey.tgz"
MERGE = "python3 -m survey.merge_catalogue --archives %IN --output %OUT"
TASK_ID = re.compile(r"jediTaskID=(\d+)")


def register_tiles(
    config: DemoConfig,
    environment: Mapping[str, str],
    scope: str,
    dataset: str,
    files: Sequence[Path],
    console: Console,
) -> None:
    """Make `files` the dataset `dataset`: `culm dataset add` puts them into the storage and registers them."""
    console.print(f"[dim]$[/] culm dataset add {scope}:{dataset} [dim]({len(files)} tiles)[/]", highlight=False)
    command = [str(config.culm), "dataset", "add", f"{scope}:{dataset}", *map(str, files)]
    done = subprocess.run(command, env=dict(environment), capture_output=True, text=True)
    show(console, done.stdout)
    if done.returncode != 0:
        raise DemoFailed(f"culm dataset add ended with {done.returncode}: {done.stderr.strip()}")


def lay_out_sandbox(folder: Path) -> Path:
    """A folder that holds the analysis and nothing else: what prun sends to the worker nodes."""
    package = Path(survey.__path__[0])
    shutil.copytree(package, folder / package.name, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def prun_arguments(vo: str, input_dataset: str, output_dataset: str) -> list[str]:
    """The command line: one job a tile, then one job that merges."""
    return [
        "prun",
        *("--vo", vo),
        *("--inDS", input_dataset),
        *("--outDS", output_dataset),
        "--noBuild",
        *("--nFilesPerJob", "1"),
        *("--exec", FIND),
        *("--outputs", "survey.tgz"),
        "--mergeOutput",
        "--mergeSingleFile",
        *("--mergeScript", MERGE),
    ]


def submit(arguments: Sequence[str], sandbox: Path, environment: Mapping[str, str], console: Console) -> int:
    """Run prun in `sandbox`; returns the task id. Raises DemoFailed if prun fails or names no task."""
    console.print(f"[dim]$[/] {shell_text(arguments)}", highlight=False, markup=True)
    lines = []
    with subprocess.Popen(
        list(arguments), cwd=sandbox, env=dict(environment), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as prun:
        assert prun.stdout is not None, "it was asked for"
        for line in prun.stdout:
            show(console, line)
            lines.append(line)
    found = TASK_ID.search("".join(lines))
    if prun.returncode != 0 or found is None:
        raise DemoFailed(f"prun ended with {prun.returncode} and submitted no task; its words are above")
    return int(found.group(1))


def shell_text(arguments: Sequence[str]) -> str:
    """`arguments` as one types them, an option a line."""
    text = shlex.quote(arguments[0])
    for word in arguments[1:]:
        text += " \\\n      " if word.startswith("--") else " "
        text += shlex.quote(word)
    return text.replace("[", r"\[")


def show(console: Console, text: str) -> None:
    """Print what another program said, set apart."""
    for line in text.splitlines():
        console.print(f"  {line}", style="dim", markup=False, highlight=False, soft_wrap=True)
