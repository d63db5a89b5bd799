"""A process with keys in its memory that dies by a signal leaves no core file."""

import ast
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from process.servers import CHECKOUT

DIES = "import os, signal, resource\n{first}\nos.kill(os.getpid(), signal.SIGABRT)\n"
SAYS = "import resource\n{first}\nprint(resource.getrlimit(resource.RLIMIT_CORE)[0])\n"
FIRST = "from process.core_files import leave_no_core_file\nleave_no_core_file()"
ALLOWED = "resource.setrlimit(resource.RLIMIT_CORE, (resource.getrlimit(resource.RLIMIT_CORE)[1],) * 2)\n"


def ran(code: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Python in a process of its own, in `folder`."""
    environ = {"PYTHONPATH": str(CHECKOUT)}
    return subprocess.run([sys.executable, "-c", code], cwd=folder, env=environ, capture_output=True, text=True, check=False)


def test_a_process_that_aborts_leaves_nothing(tmp_path: Path) -> None:
    ended = ran(DIES.format(first=ALLOWED + FIRST), tmp_path)

    assert ended.returncode == -signal.SIGABRT, ended.stderr
    assert list(tmp_path.iterdir()) == []


def test_the_limit_is_the_one_at_which_no_program_gets_a_core_either(tmp_path: Path) -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_CORE)
    ended = ran(SAYS.format(first=ALLOWED + FIRST), tmp_path)

    assert ended.stdout.strip() == ("0" if hard == 0 else "1")


#: Files that begin a process of Culm, and the one that begins all of the local stack: broker, registry and database, too.
STARTS = ("api/__main__.py", "api/edge/__main__.py", "agents/harvester/__main__.py", "audit/notary/__main__.py",
          "commands/__main__.py", "projections/__main__.py", "streams/__main__.py", "streams/timers/__main__.py",
          "deploy/supervision.py")  # fmt: skip


@pytest.mark.parametrize("path", STARTS)
def test_every_process_that_holds_keys_or_passwords_begins_so(path: str) -> None:
    calls = [node for node in ast.walk(ast.parse((CHECKOUT / path).read_text())) if isinstance(node, ast.Call)]

    assert any(isinstance(call.func, ast.Name) and call.func.id == "leave_no_core_file" for call in calls)
