"""Prose in Culm is plain technical English, as in the manuals of Kafka or HTCondor: no dialect, no riddles.

In: docstrings, comments, texts of messages, names of tests, documents, pages and the doc texts of Avro files. Out: each place
that holds a forbidden word. Guards: a reader who knows the field needs no dictionary of ours.
"""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
#: What no text may hold, and what to write in its place.
FORBIDDEN = {
    r"anew": "again, or rebuilt, restarted",
    r"anybody|everybody|nobody|somebody|whoever": "no one, the caller, all users, or the thing that is meant",
    r"became of": "the outcome of, the state of",
    r"glances?": "partial decoder",
    r"has the word": "decides",
    r"heard|hears?": "receives, reads, is notified",
    r"hereby|uttered": "nothing",
    r"in step(?!\.)": "together, or equal",
    r"(?:am|is|are|be|was|were|been) told": "gets, is sent, is asked",
    r"last word(?!s)": "final report, latest report",
    r"mend(?:s|ed|ing)?": "repair, fix",
    r"no one stops": "nothing stops",
    r"says? no": "refuses",
    r"stumbl\w*": "fails, or raises",
    r"trouble reports?": "error",
    r"whatever": "any, all that",
    r"who asks": "the caller",
    r"wish|wishes|wished|wishing": "request, outgoing command, stop event",
}
PATTERN = re.compile(rf"(?<![\w-])(?:{'|'.join(FORBIDDEN)})(?![\w-])", re.IGNORECASE)
#: A character that is spelled by its number: what the text is, only Python says.
BY_NUMBER = re.compile(r"\\[xuUN0-7]")
#: Where a literal ends and another one, which is the same text to Python, begins; a line that is continued.
SEAMS = re.compile(r"""["']\s*(?:#[^\n]*\n\s*)*[bBfFrRuU]*["']|\\\n""")
#: Another escape; the letter in it is no letter of the text.
ESCAPES = re.compile(r"\\.")
FOLDERS = (
    "agents", "api", "audit", "check", "cli", "client", "commands", "demo", "deploy", "docs", "eventlog", "identity", "process",
    "projections", "schemas", "streams", "tests",
)  # fmt: skip
PLAIN = {".avsc", ".css", ".html", ".js", ".json", ".md", ".sql", ".toml", ".yml"}
#: Texts that are not ours, or are kept as they were.
NOT_OURS = (
    "api/monitor/static/vendor/",  # libraries of others
    "schemas/released/",  # the schemas of a release as they were
    "tests/golden/",  # records of a release as they were
)
#: (file, text) -> why it may stand there.
EXCEPTIONS = {
    ("deploy/postgres/server.py", "nobody"): "the name of a Unix account",
    ("docs/topics.md", "be told"): "the same sentence",
    ("schemas/job/events/JobKillOrdered.avsc", "be told"): "a sentence that stands in rows of earlier releases",
    ("tests/test_prose.py", ""): "this list",
}


def _files() -> Iterator[Path]:
    yield from (path for path in ROOT.iterdir() if path.suffix in {".md", ".toml"} or path.name == "Makefile")
    for folder in FOLDERS:
        for path in (ROOT / folder).rglob("*"):
            name = path.relative_to(ROOT).as_posix()
            if path.suffix in PLAIN | {".py"} and not name.startswith(NOT_OURS):
                yield path


def may_hold(text: str) -> bool:
    """False for Python in which no name, comment or text holds a forbidden word; to take it apart takes far longer."""
    if BY_NUMBER.search(text):
        return True
    return PATTERN.search(ESCAPES.sub(" ", SEAMS.sub("", text)).replace("_", " ")) is not None


def _texts(path: Path) -> Iterator[tuple[int, str]]:
    """(line, text) of the prose in a file; all of it when it is no Python."""
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".py":
        yield from enumerate(text.splitlines(), 1)
        return
    if not may_hold(text):
        return
    if any("#" in line and PATTERN.search(line) for line in text.split("\n")):  # to take a file apart takes long
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.COMMENT:
                yield token.start[0], token.string
    is_test = path.is_relative_to(ROOT / "tests")
    for node in ast.walk(ast.parse(text)):
        match node:
            case ast.Expr(value=ast.Constant(value=str(words))):
                yield from enumerate(words.splitlines(), node.lineno)
            case ast.Constant(value=str(words)) if not is_test:
                yield from enumerate(words.splitlines(), node.lineno)
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield node.lineno, name.replace("_", " ")
            case _:
                pass


def _found(path: Path) -> set[str]:
    name = path.relative_to(ROOT).as_posix()
    return {
        f"{name}:{line}: {match.group()!r} in {text.strip()[:100]!r}"
        for line, text in _texts(path)
        for match in PATTERN.finditer(text)
        if (name, match.group()) not in EXCEPTIONS and (name, "") not in EXCEPTIONS
    }


def test_no_text_holds_a_forbidden_word() -> None:
    found = sorted(place for path in _files() for place in _found(path))

    assert found == [], "plain words instead:\n" + "\n".join(found)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("docstring.py", '"""Whoever reads."""\n'),
        ("comment.py", "x = 1  # begins anew\n"),
        ("message.py", 'raise ValueError("nobody answers")\n'),
        ("joined.py", 'raise ValueError("it is "  # so\n    f"told")\n'),
        ("split.py", 'raise ValueError("no" "body")\n'),
        ("continued.py", 'raise ValueError("what\\\never")\n'),
        ("after_an_escape.py", 'raise ValueError("x\\nanew")\n'),
        ("by_number.py", 'raise ValueError("\\x61new")\n'),
        ("name.py", "def the_command_that_nobody_gave() -> None: ...\n"),
        ("page.md", "The pilot is told to stop.\n"),
        ("Stop.avsc", '{"doc": "Who wishes it."}\n'),
    ],
)
def test_a_forbidden_word_is_found_wherever_prose_stands(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")

    assert any(PATTERN.search(words) for _, words in _texts(tmp_path / name))


def test_each_exception_is_still_needed() -> None:
    missing = [name for name, text in EXCEPTIONS if text not in (ROOT / name).read_text(encoding="utf-8")]

    assert missing == []
