"""How one section of `docs/proof.md` is made again without the others."""

from tests.proof import with_section


def test_a_section_takes_the_place_of_the_one_with_its_head_and_no_other() -> None:
    page = "# Proof\n\n## One\n\nold\n\n## Two\n\nkept\n"

    assert with_section(page, "## One", "## One\n\nnew\n") == "# Proof\n\n## One\n\nnew\n\n## Two\n\nkept\n"


def test_a_section_that_was_last_or_not_there_comes_last() -> None:
    assert with_section("# Proof\n\n## One\n\nold\n", "## One", "## One\n\nnew") == "# Proof\n\n## One\n\nnew\n"
    assert with_section("# Proof\n", "## One", "## One\n\nnew") == "# Proof\n\n## One\n\nnew\n"
