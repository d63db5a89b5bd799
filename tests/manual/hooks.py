"""What mkdocs does for the manual beyond its settings: it lists the decision records on their page (mkdocs.yml, `hooks`)."""

from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import Files
from mkdocs.structure.pages import Page

PAGE = "decisions.md"
PLACE = "<!-- the list of all records; made when the manual is built -->"


def on_page_markdown(markdown: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:
    """The text of a page; that of the decisions with the list in its place. Raises ValueError when the place is not there."""
    if page.file.src_uri != PAGE:
        return markdown
    if PLACE not in markdown:
        raise ValueError(f"docs/{PAGE} has no line {PLACE!r}")
    return markdown.replace(PLACE, records(Path(config.docs_dir)))


def records(docs: Path) -> str:
    """Every record as a line of a list, by its number."""
    lines = []
    for path in sorted((docs / "decisions").glob("*.md")):
        title = path.read_text(encoding="utf-8").partition("\n")[0].removeprefix("# ")
        lines.append(f"* [{title.replace('. ', ' – ', 1)}](decisions/{path.name})\n")
    return "".join(lines)
