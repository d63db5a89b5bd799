"""The manual is built, every link of it leads somewhere, and nothing of it comes from elsewhere."""

import os
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

from audit.notary.config import NotaryConfig
from tests.manual import configuration
from tests.manual.hooks import PLACE, records
from tests.manual.variables import OTHERS

ROOT = Path(__file__).parent.parent.parent
DOCS = ROOT / "docs"
FOLDERS = (
    "agents", "api", "audit", "check", "cli", "commands", "demo", "deploy", "eventlog", "identity", "process", "projections",
    "schemas", "streams",
)  # fmt: skip
SECTIONS = [
    "Physicist", "Shifter", "Site", "Operator", "Dashboard author", "Migration", "Glossary", "Architecture", "Decisions",
]  # fmt: skip
VARIABLE = re.compile(r"\bCULM_[A-Z0-9_]*[A-Z0-9]\b(?!_|\*)")


def build(folder: Path, site: Path) -> subprocess.CompletedProcess[str]:
    """Build the manual whose mkdocs.yml is in `folder`."""
    return subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "mkdocs", "build", "--strict", "--site-dir", str(site)],
        cwd=folder,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The manual, built."""
    found = tmp_path_factory.mktemp("manual") / "site"
    done = build(ROOT, found)
    assert done.returncode == 0, done.stderr
    return found


class Fetched(HTMLParser):
    """Addresses that a browser fetches by itself when it shows a page, and the words of the tabs."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.tabs: list[str] = []
        self._in_tab = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag in {"script", "img", "iframe", "source"}:
            self.addresses.append(found.get("src") or "")
        elif tag == "link":
            self.addresses.append(found.get("href") or "")
        elif tag == "a":
            self._in_tab = found.get("class") == "md-tabs__link"

    def handle_data(self, data: str) -> None:
        if self._in_tab and data.strip():
            self.tabs.append(" ".join(data.split()))


def read(page: Path) -> Fetched:
    parser = Fetched()
    parser.feed(page.read_text(encoding="utf-8"))
    return parser


def test_every_page_of_the_documents_is_in_the_manual(site: Path) -> None:
    made = {path.relative_to(site).with_suffix("").as_posix() for path in site.rglob("*.html")}
    names = {path.relative_to(DOCS).with_suffix("").as_posix() for path in DOCS.rglob("*.md")}

    assert {name for name in names if re.sub(r"\bREADME$", "index", name) not in made} == set()


def test_nothing_is_fetched_from_elsewhere(site: Path) -> None:
    fetched = {address for page in site.rglob("*.html") for address in read(page).addresses}
    elsewhere = re.compile(r"(?:url\(|@import)[\s\"']*(?:https?:)?//")
    styles = {path.name for path in site.rglob("*.css") if elsewhere.search(path.read_text(encoding="utf-8"))}

    assert {address for address in fetched if re.match(r"(?:\w+:)?//", address)} == set()
    assert (styles, len(fetched) > 5) == (set(), True)


def test_no_diagram_has_the_script_fetched_that_draws_it(site: Path) -> None:
    drawn = {page.name for page in site.rglob("*.html") if re.search(r'class="mermaid"', page.read_text(encoding="utf-8"))}

    assert drawn == set()
    assert "stateDiagram" in (site / "states.html").read_text(encoding="utf-8")


def test_each_reader_has_a_section(site: Path) -> None:
    assert read(site / "index.html").tabs[1:] == SECTIONS


def test_every_decision_is_listed_with_its_title(site: Path) -> None:
    page = (site / "decisions.html").read_text(encoding="utf-8")

    assert PLACE not in page
    assert 'href="decisions/0010-tamper-evidence.html">10 – Tamper evidence</a>' in page
    assert records(DOCS).count("\n") == len(list((DOCS / "decisions").glob("*.md")))


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[x](nowhere.md)\n", "nowhere.md"),
        ("[x](index.md#no-such-heading)\n", "no-such-heading"),
    ],
)
def test_a_link_that_leads_nowhere_fails_the_build(tmp_path: Path, text: str, complaint: str) -> None:
    shutil.copy(ROOT / "mkdocs.yml", tmp_path)
    settings = (tmp_path / "mkdocs.yml").read_text(encoding="utf-8")
    settings = settings.partition("\nnav:")[0].replace("hooks:\n  - tests/manual/hooks.py\n", "")
    (tmp_path / "mkdocs.yml").write_text(settings, encoding="utf-8")
    (tmp_path / "docs" / "decisions").mkdir(parents=True)
    (tmp_path / "docs" / "index.md").write_text("# Culm\n", encoding="utf-8")
    assert build(tmp_path, tmp_path / "site").returncode == 0

    (tmp_path / "docs" / "page.md").write_text(text, encoding="utf-8")
    done = build(tmp_path, tmp_path / "site")

    assert done.returncode == 1
    assert complaint in done.stderr


def test_the_reference_of_the_configuration_is_what_would_be_made_now() -> None:
    made = configuration.documentation()

    assert configuration.FILE.read_text(encoding="utf-8") == made, "run: python -m tests.manual.configuration"


def test_every_variable_of_the_code_is_in_the_reference_once() -> None:
    of_fields = {name for cls in configuration.SECTIONS.values() for row in configuration.rows_of(cls) for name in row.variables}
    paths = [path for folder in FOLDERS for suffix in ("py", "toml") for path in (ROOT / folder).rglob(f"*.{suffix}")]
    in_code = {name for path in paths for name in VARIABLE.findall(path.read_text(encoding="utf-8"))} - {"CULM_X"}

    assert in_code - of_fields == set(OTHERS)


def test_a_field_without_a_purpose_is_named() -> None:
    class Bare(NotaryConfig):
        """Says nothing of its fields."""

    with pytest.raises(ValueError, match=r"Bare\.kafka has no purpose"):
        list(configuration.rows_of(Bare))


def test_every_error_for_shifters_is_one_that_the_reference_has() -> None:
    page = (DOCS / "shifter" / "errors.md").read_text(encoding="utf-8")
    pilot = (DOCS / "reference" / "pilot.md").read_text(encoding="utf-8")
    table = pilot.partition("## Error codes")[2].partition("\n## ")[0]
    known = {int(code) for code in re.findall(r"\b1\d{3}\b", table)} | set(range(1201, 1209))
    rows = re.findall(r"^\| `(\w+) (\d+)` \|", page, re.MULTILINE)

    assert len(rows) == len(set(rows)) == 20
    assert {code for source, code in rows if source == "pilot" and int(code) not in known} == set()
    assert [row for row in rows if row[0] != "pilot"] == [
        ("jobdispatcher", "100"), ("jobdispatcher", "102"), ("taskbuffer", "300"), ("ddm", "200"),
    ]  # fmt: skip
