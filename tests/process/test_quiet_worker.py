"""A run with a quiet worker: who takes what, and in which place the kernel puts it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.config import CHECKOUT
from tests.lane import LANE, OFFSET, WORKER

pytestmark = pytest.mark.stack
COMPUTES = """
import os
from pathlib import Path
import pytest

{mark}
def test_one(request):
    limit = request.node.get_closest_marker("timeout")
    said = [os.environ["PYTEST_XDIST_WORKER"], os.nice(0), limit.args[0] if limit else 0]
    Path(__file__).with_suffix(".said").write_text(" ".join(map(str, said)))
"""
BROKEN = """
import pytest

@pytest.fixture
def broken():
    yield
    raise RuntimeError

@pytest.fixture
def missing():
    raise RuntimeError

def test_before(missing):
    pass

def test_after(broken):
    pass
"""
STARTS = COMPUTES.replace("{mark}", "@pytest.mark.stack")


def test_the_quiet_worker_takes_what_starts_nothing_and_comes_behind_the_lanes(tmp_path: Path) -> None:
    said = what_a_run_with_three_workers_says(
        tmp_path, {"computes": COMPUTES.replace("{mark}", ""), "starts": STARTS, "starts_too": STARTS}
    )

    assert "3 passed" in said, said
    noted = {file.stem: file.read_text().split() for file in tmp_path.glob("*.said")}
    nice = os.nice(0)
    assert noted["test_computes"] == ["gw2", str(nice + 5), "1500"]
    lanes = [noted["test_starts"], noted["test_starts_too"]]
    assert {worker for worker, _, _ in lanes} <= {"gw0", "gw1"}
    assert {(niceness, limit) for _, niceness, limit in lanes} == {(str(nice), "0")}


def test_what_goes_wrong_before_and_after_a_call_reaches_the_controller(tmp_path: Path) -> None:
    said = what_a_run_with_three_workers_says(tmp_path, {"broken": BROKEN, "computes": COMPUTES.replace("{mark}", "")})

    assert "2 passed, 2 errors" in said, said


def test_of_fewer_groups_than_workers_none_is_left_to_the_quiet_one_alone(tmp_path: Path) -> None:
    said = what_a_run_with_three_workers_says(tmp_path, {"starts": STARTS})

    assert "1 passed" in said, said
    assert (tmp_path / "test_starts.said").read_text().split()[0] in ("gw0", "gw1")


def what_a_run_with_three_workers_says(tmp_path: Path, files: dict[str, str]) -> str:
    """The last of them is quiet. files: texts by name."""
    for name, text in files.items():
        (tmp_path / f"test_{name}.py").write_text(text)
    own = (WORKER, "PYTEST_XDIST_WORKER_COUNT")
    environ = {name: value for name, value in os.environ.items() if name not in own} | {OFFSET: str(LANE.offset + 250)}
    command = [sys.executable, "-m", "pytest", "-p", "tests.conftest", "--rootdir", str(CHECKOUT), "-c",
               str(CHECKOUT / "pyproject.toml"), "-o", f"cache_dir={tmp_path}/cache", "--numprocesses", "3", "--quiet-worker",
               "--dist", "loadscope", "--no-loadscope-reorder", str(tmp_path)]  # fmt: skip

    done = subprocess.run(command, cwd=CHECKOUT, env=environ, capture_output=True, text=True, check=False, timeout=240)

    return done.stdout + done.stderr
