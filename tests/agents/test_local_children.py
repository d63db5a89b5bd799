"""Processes that a plugin starts and does not wait for."""

import gc
import os
import sys
import warnings
from pathlib import Path

import pytest

from agents.harvester.systems.local_children import LocalChildren
from tests.agents.culm_stand_in import eventually
from tests.starting import starts_processes


@pytest.fixture
@starts_processes
def folder(tmp_path: Path) -> Path:
    return tmp_path


def a_program(folder: Path, text: str) -> Path:
    path = folder / "program"
    path.write_text(f"#!{sys.executable}\n{text}\n")
    path.chmod(0o700)
    return path


def test_a_child_leads_a_session_writes_to_its_output_and_tells_its_code_once(folder: Path) -> None:
    children = LocalChildren()
    program = a_program(folder, "import os, sys; print(os.getsid(0) == os.getpid(), os.environ['A']); sys.exit(7)")

    children.start("w1", [str(program)], {"A": "b"}, folder / "output")
    codes = [eventually(lambda: children.take_code("w1")), children.take_code("w1")]

    assert codes == [7, None]
    assert (folder / "output").read_text() == "True b\n"


def test_a_child_outlives_the_one_that_forgets_it_without_a_warning(folder: Path) -> None:
    children = LocalChildren()
    pid = children.start("w1", [str(a_program(folder, "input()"))], {}, folder / "output")

    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        del children
        gc.collect()

    os.waitpid(pid, 0)
    assert [str(warning.message) for warning in heard if issubclass(warning.category, ResourceWarning)] == []


def test_a_program_that_is_not_there_is_an_error_and_no_child(folder: Path) -> None:
    children = LocalChildren()

    with pytest.raises(FileNotFoundError, match="No such file or directory"):
        children.start("w1", [str(folder / "none")], {}, folder / "output")

    assert children.take_code("w1") is None
