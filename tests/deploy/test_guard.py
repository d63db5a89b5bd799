"""Which tests may start processes: those that say so, by a fixture or a marker; any other start is an error with its name."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.config import CHECKOUT

INNER = """
import os, subprocess, sys
import pytest
from deploy.config import StackConfig
from deploy.supervision import Supervisor
from tests.starting import starts_processes

SLEEP = [sys.executable, "-c", "import time; time.sleep(600)"]

@pytest.fixture
@starts_processes
def server():
    raise RuntimeError("would start")

@pytest.fixture
def client(server):
    return None

def test_with_a_server(client): pass

@pytest.mark.stack
def test_that_says_so(): subprocess.Popen(["true"]).wait()

def test_with_a_command(): subprocess.run(["true"], check=True)

def test_with_a_hidden_process(): subprocess.Popen(SLEEP)

def test_with_a_spawned_process(): os.waitpid(os.posix_spawn("/bin/true", ["true"], {}), 0)

def test_with_a_hidden_stack(tmp_path): Supervisor(StackConfig.from_environ({}, home=tmp_path)).launch((), {})
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with tests of each kind."""
    folder = tmp_path_factory.mktemp("inner")
    (folder / "test_inner.py").write_text(INNER)
    return folder


def run(folder: Path, *options: str) -> str:
    """What pytest says of the inner tests."""
    command = [sys.executable, "-m", "pytest", "-p", "no:schemathesis", "-p", "tests.guard", "--rootdir", str(folder),
               "-c", str(folder / "none.ini"), "-o", "markers=stack", "--noconftest", *options, str(folder)]  # fmt: skip
    (folder / "none.ini").touch()
    # The plugins of this run are not needed there, and take longer to load than the inner tests.
    environ = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    done = subprocess.run(command, cwd=CHECKOUT, env=environ, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def test_a_test_with_a_fixture_that_starts_a_server_is_marked(folder: Path) -> None:
    said = run(folder, "--collect-only", "-q", "-m", "stack")

    assert re.findall(r"::(\w+)", said) == ["test_with_a_server", "test_that_says_so"]


def test_a_start_that_is_not_declared_is_an_error_with_the_name_of_the_test(folder: Path) -> None:
    said = run(folder, "-q", "-m", "not stack")

    assert "3 failed, 1 passed, 2 deselected" in said
    assert "test_inner.py::test_with_a_hidden_process starts a process that is not awaited" in said
    assert "test_inner.py::test_with_a_spawned_process starts a process that is not awaited" in said
    assert "test_inner.py::test_with_a_hidden_stack starts a process that is not awaited" in said
    assert "expected a fixture with @starts_processes, or the marker stack" in said
