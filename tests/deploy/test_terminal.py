"""What reaches the terminal of a user: neither log lines nor warnings of libraries."""

import subprocess
import sys
from pathlib import Path

import pytest

from deploy.config import CHECKOUT, StackConfig
from deploy.processes import culm_processes
from tests.doses import dose

LOGGING = """
import os, structlog
from cli.log_lines import keep_log_lines
keep_log_lines(os.environ)
structlog.get_logger().info("rebuild_started", table="job")
"""


#: The first loads nearly all that the others load; each is a Python of its own.
MODULES = ("cli.stack", "eventlog.registry", "streams.engine.decoder", "check.report", "projections.engine.replay")


def ran(code: str, home: Path) -> subprocess.CompletedProcess[str]:
    """Python as a user's shell starts it: with the warnings that Python shows by itself."""
    environ = {"PATH": "/usr/bin:/bin", "CULM_HOME": str(home)}
    return subprocess.run([sys.executable, "-c", code], cwd=CHECKOUT, env=environ, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("module", MODULES[: dose(5, fast=1)])
def test_loading_what_talks_to_the_registry_prints_nothing(module: str, tmp_path: Path) -> None:
    done = ran(f"import {module}", tmp_path)

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_log_lines_of_a_command_go_to_a_file(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()

    done = ran(LOGGING, tmp_path)

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert '"event": "rebuild_started"' in (tmp_path / "logs" / "culm.log").read_text()


def test_log_lines_are_dropped_where_no_stack_ever_was(tmp_path: Path) -> None:
    done = ran(LOGGING, tmp_path / "none")

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert not (tmp_path / "none").exists()


def test_processes_of_a_stack_keep_logs_of_their_own(tmp_path: Path) -> None:
    environ = {"CULM_LOG_FILE": "/tmp/culm.log", "CULM_PARTITIONS": "4"}

    processes = culm_processes(StackConfig.from_environ({}, home=tmp_path), environ)

    assert all("CULM_LOG_FILE" not in one.environment for one in processes)
    assert any("CULM_PARTITIONS" in one.environment for one in processes)
