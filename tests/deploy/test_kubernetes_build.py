"""The control plane of Kubernetes is built once for all who ask, and a build that fails leaves nothing behind."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from deploy.errors import MissingTool, StepFailed
from deploy.kubernetes.build import control_plane


def a_compiler(folder: Path, build: str) -> dict[str, str]:
    """The environment of a compiler that runs `build` (a line of shell; $out is the binary) and counts its builds."""
    folder.mkdir()
    program = folder / "go"
    program.write_text(
        "#!/bin/sh\n"
        '[ "$1" = env ] && { echo go1.26.8; echo amd64; exit 0; }\n'
        f"echo built >> {folder}/builds\n"
        'while [ "$1" != -o ]; do shift; done; out=$2\n'
        f"{build}\n"
    )
    program.chmod(0o755)
    return {"PATH": f"{folder}:{os.environ['PATH']}"}


def test_of_four_that_ask_at_once_one_builds(tmp_path: Path) -> None:
    environ = a_compiler(tmp_path / "compiler", 'echo binary > "$out"')

    with ThreadPoolExecutor(4) as pool:
        built = set(pool.map(lambda _: control_plane(tmp_path / "cache", environ), range(4)))

    assert len(built) == 1
    assert built.pop().read_text() == "binary\n"
    assert (tmp_path / "compiler" / "builds").read_text() == "built\n"


def test_a_build_that_fails_says_why_and_leaves_nothing_that_looks_whole(tmp_path: Path) -> None:
    environ = a_compiler(tmp_path / "compiler", 'echo half > "$out"; echo "main.go:7: undefined: cobra" >&2; exit 1')

    with pytest.raises(StepFailed, match="undefined: cobra"):
        control_plane(tmp_path / "cache", environ)

    assert [path.name for path in (tmp_path / "cache").iterdir() if path.is_dir()] == []


def test_without_a_compiler_the_remedy_is_named(tmp_path: Path) -> None:
    with pytest.raises(MissingTool, match="CULM_GO"):
        control_plane(tmp_path / "cache", {"PATH": str(tmp_path)})
