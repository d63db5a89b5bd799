"""The README's commands, as they are written there, in a shell of a new user against a running stack."""

import os
import re
import subprocess
import tarfile
from pathlib import Path

import pytest

from deploy.config import CHECKOUT
from deploy.ports import METRICS_PORTS
from deploy.stack import Stack

README = (CHECKOUT / "README.md").read_text(encoding="utf-8")
SECONDS_MAX = 240


def example_after(sentence: str) -> list[str]:
    """The lines of the indented block that follows `sentence`."""
    found = re.search(r"((?:^    .*\n)+)", README.partition(sentence)[2], re.MULTILINE)
    assert found, f"no example after {sentence!r}"
    return [line[4:] for line in found[1].splitlines()]


def names_in(archive: Path) -> list[str]:
    with tarfile.open(archive) as sandbox:
        return sorted(sandbox.getnames())


@pytest.mark.stack
@pytest.mark.timeout(SECONDS_MAX + 60)
def test_the_readmes_first_example_runs_as_it_is_written(stack: Stack, tmp_path: Path) -> None:
    lines = example_after("`make demo` leaves the stack up.")
    environ = {"HOME": str(tmp_path), "PATH": os.environ["PATH"], "CULM_HOME": os.path.relpath(stack.config.home, CHECKOUT)}
    cache = stack.config.home / "cache"
    before = set(cache.glob("jobO.*")) | set(cache.glob("sources.*"))

    script = "set -e\n" + "".join(f"echo '### {number}'\n{line}\n" for number, line in enumerate(lines))
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=CHECKOUT,
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=SECONDS_MAX,
    )

    assert done.returncode == 0, done.stdout
    assert len(lines) >= 10
    assert "INFO : succeeded. new jediTaskID=" in done.stdout
    assert "Warning" not in done.stdout
    assert [line for line in done.stdout.splitlines() if line.startswith("{")] == []
    uploaded = (set(cache.glob("jobO.*")) | set(cache.glob("sources.*"))) - before
    assert [name for archive in uploaded for name in names_in(archive) if ".venv" in name or "README" in name] == []
    assert (tmp_path / "culm-hello").is_dir()


@pytest.mark.parametrize(
    "variable",
    ["API", "KAFKA", "KAFKA_CONTROLLER", "REGISTRY", "POSTGRES", "METRICS", "X509"],
)
def test_every_variable_of_a_port_is_in_the_readme(variable: str) -> None:
    assert f"`CULM_PORT_{variable}` (" in " ".join(README.split())


def test_the_readme_says_how_many_ports_serve_metrics() -> None:
    assert METRICS_PORTS == 8
    assert "`CULM_PORT_METRICS` (25120, and the seven after it" in README
