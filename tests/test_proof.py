"""Sections of `docs/proof.md` of which there are new figures are made again; the others stay."""

import pytest

from tests.proof import HEADS, PAGE, sections_of, with_sections

PAGE_BEFORE = """# Proof

By a command.

## Simulation

Five bugs.

Last run: 3 seeds.

## A restart

Long ago.
"""


@pytest.mark.parametrize(
    ("made", "after"),
    [
        ("## A restart\n\nToday.\n", PAGE_BEFORE.replace("Long ago.", "Today.")),
        ("## Simulation\n\nSix bugs.\n", PAGE_BEFORE.replace("Five", "Six")),
        ("## Simulation\n\nSix bugs.\n\nLast run: 4 seeds.\n", PAGE_BEFORE.replace("Five", "Six").replace("3 seeds", "4 seeds")),
        ("## A large task\n\nFlat.\n", PAGE_BEFORE.replace("## A restart", "## A large task\n\nFlat.\n\n## A restart")),
    ],
)  # fmt: skip
def test_only_sections_with_new_figures_change(made: str, after: str) -> None:
    assert with_sections(PAGE_BEFORE, made) == after


def test_every_section_of_the_page_has_its_place() -> None:
    assert set(sections_of(PAGE.read_text(encoding="utf-8"))) <= set(HEADS)
