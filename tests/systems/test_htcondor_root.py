"""The root file system with HTCondor is made once for all who ask; what was interrupted leaves nothing that looks whole."""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from deploy.errors import MissingTool, StepFailed
from tests.systems import htcondor_root
from tests.systems.htcondor_root import root_with_htcondor


@pytest.fixture
def as_root(monkeypatch: pytest.MonkeyPatch) -> None:
    """The one who makes it is root."""
    monkeypatch.setattr(os, "getuid", lambda: 0)


def a_debootstrap(folder: Path, script: str) -> dict[str, str]:
    """The environment in which `debootstrap` is a line of shell; its third argument is where the root is to be."""
    folder.mkdir()
    program = folder / "debootstrap"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return {"PATH": f"{folder}:{os.environ['PATH']}"}


@pytest.mark.usefixtures("as_root")
def test_of_four_that_ask_at_once_one_makes_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[str] = []

    def run(step: str, command: Sequence[str], _: Any) -> None:
        steps.append(step)
        if step == "debootstrap":
            (Path(command[3]) / "usr/sbin").mkdir(parents=True)

    monkeypatch.setattr(htcondor_root, "_run", run)
    environ = a_debootstrap(tmp_path / "bin", "exit 1")

    with ThreadPoolExecutor(4) as pool:
        made = set(pool.map(lambda _: root_with_htcondor(tmp_path / "cache", environ), range(4)))

    assert steps == ["debootstrap", "apt-get update", "apt-get install", "useradd"]
    assert (made.pop() / "usr/sbin/policy-rc.d").read_text() == "#!/bin/sh\nexit 101\n"
    assert made == set()


@pytest.mark.usefixtures("as_root")
def test_a_step_that_fails_says_why_and_leaves_nothing_that_looks_whole(tmp_path: Path) -> None:
    environ = a_debootstrap(tmp_path / "bin", 'mkdir -p "$3"; echo "E: Failed getting release file"; exit 1')

    with pytest.raises(StepFailed, match="debootstrap ended with 1:\nE: Failed getting release file"):
        root_with_htcondor(tmp_path / "cache", environ)

    assert [path.name for path in (tmp_path / "cache").iterdir() if path.is_dir()] == []


def test_without_root_the_remedy_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getuid", lambda: 1000)

    with pytest.raises(MissingTool, match="debootstrap"):
        root_with_htcondor(tmp_path / "cache", a_debootstrap(tmp_path / "bin", "exit 0"))
