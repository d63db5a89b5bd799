"""Every line of README and docs that begins with `culm` is one that `culm` understands: words, options, number of arguments.

What a placeholder stands for (FILE, ID) is not judged. README's first example is run on a stack by tests/deploy/test_readme.py.
"""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer._click.exceptions import BadParameter, MissingParameter, UsageError

from cli.loading import loaded
from cli.vocabulary import COMMANDS

ROOT = Path(__file__).parent.parent.parent
DOCUMENTS = [ROOT / "README.md", *sorted(path for path in (ROOT / "docs").rglob("*.md") if "decisions" not in path.parts)]
#: A line of a block of code, with what a shell puts around the command.
LINE = re.compile(r"^ *(?:\.venv/bin/)?culm (?!=)((?:[^`\n\\]|\\\n|\\.)*)$", re.MULTILINE)
#: What ends a command in a shell.
END = re.compile(r"\s(?:#|\||<|>|&&|─)")


def lines() -> Iterator[tuple[str, str]]:
    """(document, words after `culm`) of every line."""
    for path in DOCUMENTS:
        for found in LINE.findall(path.read_text(encoding="utf-8")):
            yield path.relative_to(ROOT).as_posix(), END.split(found.replace("\\\n", " ") + " ")[0].strip()


def problem_of(line: str) -> str:
    """Why `culm` does not understand the words; empty when it does."""
    words = shlex.split(line)
    if words[:1] == ["--context"]:
        words = words[2:]
    if not words or words[0] not in COMMANDS:
        return f"no such command: {line}"
    command, name, rest = loaded(words[0]), words[0], words[1:]
    while hasattr(command, "commands"):
        if not rest or rest[0] not in command.commands:
            return f"no such command below {name}: {rest[:1]}"
        command, name, rest = command.commands[rest[0]], rest[0], rest[1:]
    try:
        command.make_context(name, list(rest))
    except MissingParameter as problem:
        return problem.format_message()
    except BadParameter:
        return ""  # a placeholder, or a file that is not here
    except UsageError as problem:
        return problem.format_message()
    return ""


def test_every_documented_line_is_understood() -> None:
    found = list(lines())

    assert [f"{path}: {line}: {problem}" for path, line in found if (problem := problem_of(line))] == []
    assert len(found) > 55


@pytest.mark.parametrize(
    "line", ["gett tasks", "queue explode A", "up --sideways", "describe task", "whoami a b", "config"]
)
def test_a_line_that_is_not_understood_is_found(line: str) -> None:
    assert problem_of(line) != ""
