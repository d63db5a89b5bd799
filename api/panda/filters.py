"""Filters of `get_tasks_detailed_info_since` as questions to the database.

A value without any of `^ $ * + ? \\ | ( )` is compared exactly; otherwise it is a regular expression searched in the text
of the attribute (docs/reference/client.md, "Task queries").
Expressions come from anyone and are run by Postgres, whose lookaheads and nested counts cost seconds and gigabytes: what is
not linear is refused before (schemas/patterns.py).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from api.panda.task_object import TASK_ATTRIBUTES
from api.queries.comparisons import Comparison
from schemas.patterns import PatternRefused, compile_pattern

REGEX_CHARACTERS = frozenset("^$*+?\\|()")
PATTERN_LENGTH_MAX = 500
NUMBERS = {"jediTaskID": "task_id"}
COLUMNS = NUMBERS | {
    "status": "status",
    "superStatus": "super_status",
    "taskName": "name",
    "userName": "user_name",
    "prodSourceLabel": "label",
    "workingGroup": "working_group",
    "vo": "vo",
    "site": "site",
    "errorDialog": "message",
}
ATTRIBUTES = {name.lower(): name for name in TASK_ATTRIBUTES}
#: A word boundary is spelled differently there; a backslash before it belongs to another escape.
BOUNDARY = re.compile(r"(?<!\\)((?:\\\\)*)\\([bB])")


class UnknownAttribute(ValueError):
    """A filter on something tasks do not have, or an expression that is none."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Which tasks are wanted.

    comparisons: what the database checks, all of it must hold. exact, patterns: what is left to be checked on task objects, text
    by attribute; patterns are in Postgres' spelling.
    """

    comparisons: tuple[Comparison, ...]
    exact: Mapping[str, str]
    patterns: Mapping[str, str]

    @property
    def complete(self) -> bool:
        """True when the database checks everything."""
        return not self.exact and not self.patterns


def is_pattern(value: str) -> bool:
    """True when `value` is meant as a regular expression."""
    return not REGEX_CHARACTERS.isdisjoint(value)


def selection(filters: Mapping[str, Any]) -> Selection:
    """What `filters` (text by attribute, names in any case) ask for; raises UnknownAttribute."""
    comparisons: list[Comparison] = []
    exact: dict[str, str] = {}
    patterns: dict[str, str] = {}
    for given, wanted in filters.items():
        name, text = ATTRIBUTES.get(str(given).lower()), str(wanted)
        if name is None:
            raise UnknownAttribute(f"tasks have no attribute {str(given)[:60]!r}")
        column = COLUMNS.get(name)
        if "\0" in text:
            raise UnknownAttribute(f"{name}: a NUL character is in no text")
        if is_pattern(text):
            pattern = in_postgres(text)
            if column is None:
                patterns[name] = pattern
            else:
                comparisons.append(Comparison(column, "pattern", pattern))
        elif column is None:
            exact[name] = text
        else:
            comparisons.append(Comparison(column, "number" if name in NUMBERS else "text", text))
    return Selection(tuple(comparisons), exact, patterns)


def in_postgres(text: str) -> str:
    """The regular expression `text` as Postgres spells it; raises UnknownAttribute for what it must not be asked."""
    if len(text) > PATTERN_LENGTH_MAX:
        raise UnknownAttribute(f"an expression of {len(text)} characters, at most {PATTERN_LENGTH_MAX} are taken")
    try:
        compile_pattern(text)
    except PatternRefused as problem:
        raise UnknownAttribute(str(problem)) from problem
    return BOUNDARY.sub(lambda found: f"{found[1]}\\{'y' if found[2] == 'b' else 'Y'}", text)


def passes(task: Mapping[str, Any], exact: Mapping[str, str]) -> bool:
    """True when the task object has these very values."""
    return all(str(task.get(name)) == wanted for name, wanted in exact.items())
