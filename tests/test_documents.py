"""What code and documents cite is there: every `docs/...` path, and every heading named with it."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
HERE = Path(__file__)
#: Texts that the design was made from and that do not ship.
ELSEWHERE = (
    "jedi-logic", "pilot-protocol", "panda-client-protocol", "event-sourcing practice", "event-sourcing-practice",
    "style-anchors", "idds.md", "harvester.md", "monitor.md", "security.md", "real-parts.md", "DESIGN.md",
)  # fmt: skip
CITED = re.compile(r"docs/[\w/.-]+\.md")
#: `docs/x.md, "One"` and `docs/x.md, "One" and "Two"`; a docstring may break the line between them.
WITH_HEADINGS = re.compile(r'(docs/[\w/-]+\.md),\s+("[^"]+"(?:(?:,|\s+and)\s+"[^"]+")*)')
SUFFIXES = {".py", ".md", ".avsc", ".toml", ".html", ".yml", ".yaml"}
SKIPPED = {".venv", ".venv-client", ".venv-peers", ".culm", "out", ".git"}


def texts() -> Iterator[tuple[Path, str]]:
    """Every text file of the product with what it says; comment marks at line breaks are taken out."""
    for path in sorted(ROOT.rglob("*")):
        if path.suffix in SUFFIXES and path != HERE and SKIPPED.isdisjoint(path.relative_to(ROOT).parts):
            yield path.relative_to(ROOT), re.sub(r"\n\s*#:?\s", "\n", path.read_text(encoding="utf-8"))


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
    assert [str(path) for path, text in texts() if name in " ".join(text.split())] == []


def test_citations_with_headings_are_found() -> None:
    text = 'Source: docs/reference/jedi.md, "Kill codes" and\n"Dispatch".'

    assert [re.findall(r'"([^"]+)"', named) for _, named in WITH_HEADINGS.findall(text)] == [["Kill codes", "Dispatch"]]


@pytest.mark.parametrize("path", sorted((ROOT / "docs" / "decisions").glob("*.md")), ids=lambda path: path.stem)
def test_a_decision_record_states_context_decision_and_consequences(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()

    assert [line for line in lines if line.startswith("## ")] == ["## Context", "## Decision", "## Consequences"]
