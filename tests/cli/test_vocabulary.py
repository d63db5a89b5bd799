"""The words of `culm`: each is there, is listed as it says of itself, is completed, and costs no more than it needs."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.audit import NAMED
from cli.loading import loaded
from cli.main import app, needs_log_lines
from cli.vocabulary import COMMANDS
from schemas.aggregates import AGGREGATES, ASKED

REMOTE = sorted({entry.module for entry in COMMANDS.values() if entry.is_remote})
#: What a server needs and a question to one does not; each costs a tenth of a second or more.
DEAR = {
    "confluent_kafka", "fastapi", "fastavro", "joserfc", "numpy", "psycopg2", "schemas.types", "sqlalchemy", "structlog",
    "supervisor", "deploy.stack",
}  # fmt: skip
#: Modules of a question when this was written: 620; of the whole vocabulary: more than 1,500.
MODULES_MAX = 800


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_is_listed_as_it_says_of_itself(name: str) -> None:
    assert loaded(name).get_short_help_str(limit=1_000) == COMMANDS[name].says


def test_a_command_that_only_asks_an_api_loads_nothing_dear() -> None:
    code = f"""
import importlib, sys
import cli.main
for module in {REMOTE}: importlib.import_module(module)
import httpx, rich.table
print(sorted({DEAR} & set(sys.modules)), len(sys.modules))
"""

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    dear, _, count = done.stdout.rpartition(" ")
    assert dear == "[]"
    assert int(count) < MODULES_MAX


def test_the_list_of_commands_loads_none_of_them() -> None:
    code = "import sys; from typer.testing import CliRunner; from cli.main import app; CliRunner().invoke(app, ['--help'])"
    code += "; print([name for name in sys.modules if name.startswith('cli.')])"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == "['cli.vocabulary', 'cli.loading', 'cli.main']\n"


def test_a_misspelt_word_is_answered_with_its_neighbours() -> None:
    told = CliRunner().invoke(app, ["hystory"])

    assert (told.exit_code, "Did you mean 'history'" in told.output) == (2, True)


def test_the_version_is_printed() -> None:
    assert CliRunner().invoke(app, ["--version"]).output.startswith("culm 0.")


def test_kinds_with_a_past_are_those_that_are_declared() -> None:
    declared = {name: one.subject.named for name, one in AGGREGATES.items() if one.subject is not None}

    assert (tuple(NAMED), NAMED) == (ASKED, declared)


def test_log_lines_are_kept_where_servers_are_touched() -> None:
    assert needs_log_lines(["up", "--only", "servers"])
    assert needs_log_lines(["--context", "here", "rebuild", "--all"])
    assert not needs_log_lines(["get", "tasks"])
    assert not needs_log_lines([])


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_gets_what_it_completes_words_with(shell: str) -> None:
    told = CliRunner().invoke(app, ["completion", shell])

    assert (told.exit_code, "_CULM_COMPLETE" in told.output) == (0, True)
    assert CliRunner().invoke(app, ["completion", "tcsh"]).exit_code == 2


@pytest.mark.parametrize(
    ("line", "expected"),
    [("culm set-", ["set-priority"]), ("culm get ta", ["tasks"]), ("culm history qu", ["queue"]), ("culm kill j", ["jobs"])],
)
def test_words_and_kinds_are_completed_in_bash(line: str, expected: list[str]) -> None:
    environ = {**os.environ, "_CULM_COMPLETE": "complete_bash", "COMP_WORDS": line, "COMP_CWORD": str(line.count(" "))}

    done = subprocess.run([sys.executable, "-m", "cli.main"], env=environ, capture_output=True, text=True, check=False)

    assert (done.stdout.split(), done.stderr) == (expected, "")


def test_bash_itself_completes_with_the_script() -> None:
    script = CliRunner().invoke(app, ["completion", "bash"]).output
    code = f"{script}\nCOMP_WORDS=(culm fin); COMP_CWORD=1; _culm_completion culm\n"
    code += 'printf "%s\\n" "${COMPREPLY[@]}"'
    environ = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}

    done = subprocess.run(["bash", "-c", code], env=environ, capture_output=True, text=True, check=False)

    assert done.stdout == "finish\n", done.stderr
