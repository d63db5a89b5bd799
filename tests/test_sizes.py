"""A module has at most 350 lines, in what ships and in the tests.

In: every Python file. Out: those that are longer. Guards: a file is read from top to bottom in one sitting, and has one subject.
"""

from collections.abc import Iterator
from pathlib import Path

from tests.test_prose import FOLDERS

ROOT = Path(__file__).parent.parent
LINES_MAX = 350
GENERATED = ("Made by `python -m schemas generate`", "Made by `python -m tests.client.generate`")
#: What may be longer, and why.
EXCEPTIONS = {
    "api/pilots/wrappers/run_gen.py": "is sent to a job as one file",
    "api/pilots/wrappers/run_merge.py": "is sent to a job as one file",
}


def sizes() -> Iterator[tuple[str, int]]:
    """(file, lines) of every file that was written by hand."""
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*.py")):
            text = path.read_text(encoding="utf-8")
            if not any(words in text[:300] for words in GENERATED):
                yield path.relative_to(ROOT).as_posix(), text.count("\n")


def test_no_module_has_more_than_350_lines() -> None:
    found = {name: lines for name, lines in sizes() if lines > LINES_MAX}

    assert found.keys() == EXCEPTIONS.keys(), found


def test_the_sizes_of_more_than_a_thousand_files_are_known() -> None:
    files = dict(sizes())

    assert len(files) > 1_000
    assert "schemas/types.py" not in files
