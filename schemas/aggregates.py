"""What is declared of each aggregate in `schemas/<aggregate>/aggregate.json`: its key, its place in lists, its past.

In: the files. Out: `AGGREGATES`, read once at import. Everything that treats aggregates alike (topics, deciders, timelines,
histories, documentation, the CLI) takes them from here, so that a new one is its own folders. The attributes are described in
`docs/reference/declarations.md`. Guards: a file that says something else is refused by name, with what was expected.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from schemas.catalog import FOLDER
from schemas.characters import SETS

COMMANDS_REMEMBERED = 64
LAST = 1_000
FILE = "aggregate.json"


@dataclass(frozen=True, slots=True)
class Key:
    """The key of an aggregate: a number from `min` to `max`, a text of `characters`, or any text.

    title: as documents call it. expected: what a number names, for errors. refers: the aggregate whose id the key is.
    public: true when it says nothing of whose it is; a key that organisations choose is shown to their members only.
    """

    title: str
    expected: str = ""
    min: int | None = None
    max: int | None = None
    characters: str | None = None
    length_min: int = 0
    length_max: int = 0
    refers: str | None = None
    public: bool = False

    def problem(self, key: str) -> str:
        """What was expected of a key that no aggregate of the kind can have; empty for one that is good."""
        if self.max is not None:
            return "" if _is_number(key, self.max) else f"{self.expected}, {self.min} to {self.max:,}"
        if self.characters is None:
            return ""
        allowed = SETS[self.characters]
        good = self.length_min <= len(key) <= self.length_max and allowed.takes(key)
        return "" if good else f"{allowed.expected}, {self.length_min} to {self.length_max} characters"


@dataclass(frozen=True, slots=True)
class SubjectDeclaration:
    """How people name one to ask for its past.

    named: what they write, for errors and help. within: of a key that many share, the field of its events that tells them apart.
    """

    named: str
    within: str | None = None


@dataclass(frozen=True, slots=True)
class AggregateDeclaration:
    """An aggregate. subject: set when its past can be asked for. place: order in lists, those without come last, by name.

    commands_remembered: how many ids of decided commands tell a repetition. commands_remembered_hours: of one that never ends,
    for how long instead; commands that were issued earlier are refused. of_a_request: true when events that a task's
    request caused belong to that task. topics: settings by role that differ from `topics.toml`.
    """

    name: str
    title: str
    key: Key
    place: int = LAST
    subject: SubjectDeclaration | None = None
    commands_remembered: int = COMMANDS_REMEMBERED
    commands_remembered_hours: int = 0
    of_a_request: bool = False
    topics: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def topic(self, role: str) -> str:
        """Name of its topic of `role`: commands or events."""
        return f"culm.{self.name}.{role}.v1"


def read_aggregates(folder: Path = FOLDER) -> dict[str, AggregateDeclaration]:
    """Aggregates by name, in their order; raises ValueError for a file, or a missing one, that says it wrong."""
    for role in ("commands", "events"):
        for path in sorted(folder.glob(f"*/{role}")):
            if path.is_dir() and not (path.parent / FILE).exists():
                raise ValueError(f"{path.parent / FILE}: not there, expected with {path.name}/ beside it")
    paths = sorted(folder.glob(f"*/{FILE}"))
    found = [_declared(path, [other.parent.name for other in paths]) for path in paths]
    return {one.name: one for one in sorted(found, key=lambda one: (one.place, one.name))}


def _declared(path: Path, names: list[str]) -> AggregateDeclaration:
    document = json.loads(path.read_text(encoding="utf-8"))
    _check(path, "", document, AggregateDeclaration, ("title", "key"))
    _check(path, "key", document["key"], Key, ("title",))
    key = Key(**document["key"])
    if (key.min is None) != (key.max is None) or (key.max is not None and not key.expected):
        raise ValueError(f"{path}: key: found a number without its bounds or name, expected min, max and expected")
    if key.characters is not None and key.characters not in SETS:
        raise ValueError(f"{path}: key.characters: found {key.characters!r}, expected one of {', '.join(SETS)}")
    if key.refers is not None and key.refers not in names:
        raise ValueError(f"{path}: key.refers: found {key.refers!r}, expected one of {', '.join(names)}")
    subject = None
    if "subject" in document:
        _check(path, "subject", document["subject"], SubjectDeclaration, ("named",))
        subject = SubjectDeclaration(**document["subject"])
    return AggregateDeclaration(**{**document, "name": path.parent.name, "key": key, "subject": subject})


def _check(path: Path, place: str, found: Any, kind: type[Any], needed: tuple[str, ...]) -> None:
    """Raise ValueError unless `found` is an object with what `kind` knows and all that is needed."""
    known = {one.name for one in fields(kind)} - {"name"}
    if not isinstance(found, dict) or not set(needed) <= set(found) <= known:
        says = ", ".join(sorted(found)) if isinstance(found, dict) else type(found).__name__
        raise ValueError(f"{path}: {place or 'the file'}: found {says}, expected {', '.join(needed)} and any of {sorted(known)}")


def _is_number(text: str, most: int) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 20 and text[0] != "0" and int(text) <= most


AGGREGATES: Mapping[str, AggregateDeclaration] = read_aggregates()
#: Aggregates whose past can be asked for, in their order.
ASKED: tuple[str, ...] = tuple(name for name, one in AGGREGATES.items() if one.subject is not None)
#: Aggregate by topic.
OF_TOPIC: Mapping[str, AggregateDeclaration] = {
    one.topic(role): one for one in AGGREGATES.values() for role in ("commands", "events")
}
