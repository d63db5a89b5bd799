"""The guides for an aggregate and its projection, done literally in a copy of Culm: files written, commands run, no more.

A guide is read as a person reads it: a block of code goes into the file that was named last before it, a file that "is empty"
is made empty, and each line of a `sh` block is run.
"""

import filecmp
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent
GUIDES = [ROOT / "docs" / "how-to" / name for name in ("add-an-aggregate.md", "add-a-projection.md")]
FOLDERS = (
    "agents", "api", "audit", "check", "cli", "commands", "demo", "deploy", "docs", "eventlog", "identity", "process",
    "projections", "schemas", "streams", "tests",
)  # fmt: skip
OWN = (
    "schemas/banner/", "commands/banner/", "projections/banners/", "tests/commands/test_banner.py",
    "tests/projections/test_banners.py",
)  # fmt: skip
#: What the guides may touch beside them: what is generated from them.
GENERATED = {"docs/topics.md"}
LINES_ELSEWHERE_MAX = 2
pytestmark = pytest.mark.slow
#: A file that is named, or a block of code.
STEP = re.compile(r"`([\w./-]+/[\w.-]+\.\w+)`( is empty)?|^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LEFT_OUT = shutil.ignore_patterns("__pycache__", "*.pyc")
LOOK = """
import json
from api.native.command_body import COMMANDS, json_schema
from audit.differences import changes_between
from audit.fold import Past
from audit.subject import subject_from
from commands.aggregates import command_topics, event_topics
from projections.catalogue import PROJECTIONS
from schemas.banner import ShowBanner
from schemas.reading import Place, Recorded
from schemas.topics import declared_topics
from tests.commands.in_memory import a_culm
from tests.projections.tables_in_memory import after
from identity.rights import class_of_command

culm = a_culm()
answer = culm.send(ShowBanner(text="down at noon"), "wlcg", role="operator")
odd = culm.send(ShowBanner(text="x"), "a/b", role="operator")
tables = after([(culm.events[0][0], "wlcg")])
(row,) = tables.all("timeline")
before, past = Past(subject_from("banner", "wlcg")), Past(subject_from("banner", "wlcg"))
place = Place("culm.banner.events.v1", 0, 0)
past.apply(Recorded(place, *culm.events[0]))
print(json.dumps({
    "answer": [answer.accepted, list(answer.event_types)],
    "odd": [odd.accepted, odd.reason, odd.message],
    "state": culm.state("banner", "wlcg").text,
    "timeline": [row["aggregate"], row["aggregate_id"], row["event_type"], row["summary"], row["body"]],
    "topics": [topic.name for topic in declared_topics() if ".banner." in topic.name],
    "decided": ["culm.banner.commands.v1" in command_topics(), "culm.banner.events.v1" in event_topics()],
    "projected": "culm.banner.events.v1" in PROJECTIONS["timeline"].topics,
    "right": class_of_command("ShowBanner"),
    "form": list(json_schema(COMMANDS["ShowBanner"])["properties"]),
    "changes": [[change.where, change.before, change.after] for change in changes_between(before.tables(), past.tables())],
    "row": past.main()["text"],
    "subject": [subject_from("banner", "wlcg").kind, subject_from("banner", "wlcg").topic],
}))
"""


@dataclass
class Copy:
    """A copy of Culm in which the guides were followed. ran: (command, exit code, what it said)."""

    folder: Path
    written: list[str] = field(default_factory=list)
    ran: list[tuple[str, int, str]] = field(default_factory=list)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Python with `arguments` in the copy."""
        environ = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COV_"))}
        environ |= {"PYTHONPATH": str(self.folder), "PYTHONDONTWRITEBYTECODE": "1", "PYTHONWARNINGS": "ignore"}
        return subprocess.run(
            [sys.executable, *arguments], cwd=self.folder, env=environ, capture_output=True, text=True, check=False
        )

    def follow(self, text: str) -> None:
        """Do what a guide says, in its order."""
        for path, language, code in steps(text):
            if language == "sh":
                for line in code.splitlines():
                    python, *arguments = shlex.split(line)
                    assert python == "python", f"{line!r} is not run by python"
                    done = self.run(*arguments)
                    self.ran.append((line, done.returncode, (done.stdout + done.stderr)[-3000:]))
                continue
            place = self.folder / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(code, encoding="utf-8")
            self.written.append(path)


def steps(text: str) -> Iterator[tuple[str, str, str]]:
    """(file, language, code) of a guide in its order; commands have no file, and an empty file no code."""
    path = ""
    for name, empty, language, code in STEP.findall(text):
        if name:
            path = name
            if empty:
                yield path, "", ""
        else:
            yield "" if language == "sh" else path, language, code


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    """The copy after the last step of the guides."""
    folder = tmp_path_factory.mktemp("culm")
    for name in FOLDERS:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=LEFT_OUT)
    shutil.copy(ROOT / "pyproject.toml", folder)
    found = Copy(folder)
    for guide in GUIDES:
        found.follow(guide.read_text(encoding="utf-8"))
    return found


@pytest.fixture(scope="module")
def seen(copy: Copy) -> dict[str, Any]:
    """What the copy knows of its new aggregate."""
    done = copy.run("-c", LOOK)
    assert done.returncode == 0, done.stderr
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def test_the_guides_name_the_files_of_a_new_aggregate(copy: Copy) -> None:
    assert copy.written == [
        "schemas/banner/aggregate.json",
        "schemas/banner/commands/ShowBanner.avsc",
        "schemas/banner/events/BannerShown.avsc",
        "schemas/banner/snapshots/BannerSnapshot.avsc",
        "commands/banner/__init__.py",
        "commands/banner/model.py",
        "commands/banner/snapshot.py",
        "commands/banner/decide.py",
        "tests/commands/test_banner.py",
        "projections/banners/__init__.py",
        "projections/banners/tables.py",
        "projections/banners/apply.py",
        "tests/projections/test_banners.py",
    ]


def test_every_command_of_the_guides_succeeds(copy: Copy) -> None:
    assert len(copy.ran) == 7
    assert [(line, said) for line, code, said in copy.ran if code != 0] == []


def test_a_new_aggregate_is_its_own_folders_and_at_most_two_lines_elsewhere(copy: Copy) -> None:
    elsewhere = [path for path in changed(copy.folder) if not path.startswith(OWN) and path not in GENERATED]

    assert sum(lines_changed(copy.folder / path, ROOT / path) for path in elsewhere) <= LINES_ELSEWHERE_MAX, elsewhere


def test_the_new_aggregate_decides(seen: dict[str, Any]) -> None:
    assert (seen["answer"], seen["state"]) == ([True, ["BannerShown"]], "down at noon")


def test_a_key_that_it_cannot_have_is_refused(seen: dict[str, Any]) -> None:
    accepted, reason, message = seen["odd"]

    assert (accepted, reason) == (False, "OUT_OF_BOUNDS")
    assert message.startswith("aggregate_id: found 'a/b', expected")


def test_its_events_are_in_timelines_with_their_sentence(seen: dict[str, Any]) -> None:
    assert seen["timeline"] == ["banner", "wlcg", "BannerShown", "Users see: down at noon", {"text": "down at noon"}]


def test_its_topics_are_made_decided_and_projected(seen: dict[str, Any]) -> None:
    assert seen["topics"] == ["culm.banner.commands.v1", "culm.banner.events.v1"]
    assert (seen["decided"], seen["projected"]) == ([True, True], True)


def test_its_command_has_a_right_and_a_form(seen: dict[str, Any]) -> None:
    assert (seen["right"], seen["form"]) == ("operator", ["text"])


def test_its_past_can_be_asked_for(seen: dict[str, Any]) -> None:
    assert seen["subject"] == ["banner", "culm.banner.events.v1"]
    assert (seen["row"], seen["changes"]) == ("down at noon", [["banner", None, "there"]])


def changed(folder: Path) -> list[str]:
    """Files of the copy that the original does not have, or has otherwise."""
    files = (path.relative_to(folder) for name in FOLDERS for path in sorted((folder / name).rglob("*")) if path.is_file())
    return [
        str(path)
        for path in files
        if "__pycache__" not in path.parts
        and not ((ROOT / path).is_file() and filecmp.cmp(folder / path, ROOT / path, shallow=False))
    ]


def lines_changed(one: Path, other: Path) -> int:
    """How many lines of `one` are not in `other`."""
    before = other.read_text(encoding="utf-8").splitlines() if other.exists() else []
    return sum(line not in before for line in one.read_text(encoding="utf-8").splitlines())
