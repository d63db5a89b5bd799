"""What code and documents cite is there: every `docs/...` path, and every heading named with it."""

import os
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
HERE = Path(__file__)
#: Texts that the design was made from and that do not ship.
ELSEWHERE = (
    "jedi-logic", "pilot-protocol", "panda-client-protocol", "event-sourcing practice", "event-sourcing-practice",
    "style-anchors", "harvester.md", "monitor.md", "security.md", "real-parts.md", "DESIGN.md",
)  # fmt: skip
#: A page that ships and is called as one of them; by its path, in a link and in the sections of the manual it may be cited.
OURS = re.compile(r"docs/harvester\.md|\]\(harvester\.md\)|PanDA's: harvester\.md")
CITED = re.compile(r"docs/[\w/.-]+\.md")
#: `docs/x.md, "One"` and `docs/x.md, "One" and "Two"`; a docstring may break the line between them.
WITH_HEADINGS = re.compile(r'(docs/[\w/-]+\.md),\s+("[^"]+"(?:(?:,|\s+and)\s+"[^"]+")*)')
SUFFIXES = {".py", ".md", ".avsc", ".toml", ".html", ".yml", ".yaml"}
SKIPPED = {".venv", ".venv-client", ".venv-idds", ".venv-peers", ".culm", "out", ".git"}


@cache
def texts() -> tuple[tuple[Path, str], ...]:
    """Every text file of the product with what it says; comment marks at line breaks are taken out."""
    return tuple((path.relative_to(ROOT), re.sub(r"\n\s*#:?\s", "\n", path.read_text(encoding="utf-8"))) for path in files())


def files() -> Iterator[Path]:
    for folder, inner, names in os.walk(ROOT):
        inner[:] = sorted(set(inner) - SKIPPED)
        yield from (Path(folder, name) for name in sorted(names) if Path(name).suffix in SUFFIXES and Path(folder, name) != HERE)


def headings(path: Path) -> set[str]:
    return {line.lstrip("#").strip() for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("#")}


def test_every_document_that_is_cited_is_there() -> None:
    missing = {f"{path}: {cited}" for path, text in texts() for cited in CITED.findall(text) if not (ROOT / cited).exists()}

    assert missing == set()


def test_every_heading_that_is_cited_is_there() -> None:
    missing = {
        f"{path}: {cited}, {heading}"
        for path, text in texts()
        for cited, named in WITH_HEADINGS.findall(text)
        for heading in re.findall(r'"([^"]+)"', named)
        if " ".join(heading.split()) not in headings(ROOT / cited)
    }

    assert missing == set()


@pytest.mark.parametrize("name", ELSEWHERE)
def test_nothing_cites_a_text_that_does_not_ship(name: str) -> None:
    assert [str(path) for path, text in texts() if name in " ".join(OURS.sub("", text).split())] == []


def test_citations_with_headings_are_found() -> None:
    text = 'Source: docs/reference/jedi.md, "Kill codes" and\n"Dispatch".'

    assert [re.findall(r'"([^"]+)"', named) for _, named in WITH_HEADINGS.findall(text)] == [["Kill codes", "Dispatch"]]


@pytest.mark.parametrize("path", sorted((ROOT / "docs" / "decisions").glob("*.md")), ids=lambda path: path.stem)
def test_a_decision_record_states_context_decision_and_consequences(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()

    assert [line for line in lines if line.startswith("## ")] == ["## Context", "## Decision", "## Consequences"]


def test_every_file_of_the_walk_is_there() -> None:
    walk = (ROOT / "docs" / "walk.md").read_text(encoding="utf-8")
    stops = {stop.partition("::")[0] for stop in re.findall(r"\*\*`([^`]+)`\*\*", walk)}

    assert len(stops) > 20
    assert {stop for stop in stops if not list(ROOT.glob(stop))} == set()


def test_every_function_of_the_walk_is_in_its_file() -> None:
    walk = (ROOT / "docs" / "walk.md").read_text(encoding="utf-8")
    named = set(re.findall(r"\*\*`([\w/]+\.py)::(\w+)`\*\*", walk))

    assert len(named) > 10
    assert {f"{path}::{name}" for path, name in named if f"def {name}(" not in (ROOT / path).read_text(encoding="utf-8")} == set()
