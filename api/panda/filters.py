"""Filters of `get_tasks_detailed_info_since`: exact words in SQL where they can be, regular expressions after it.

A value without any of `^ $ * + ? \\ | ( )` is compared exactly; otherwise it is searched in the text of the attribute
(panda-client-protocol 3.5).
"""

import re
from collections.abc import Mapping
from typing import Any

from api.panda.objects import TASK_ATTRIBUTES

REGEX_CHARACTERS = set("^$*+?\\|()")
COLUMNS = {
    "jediTaskID": "task_id::text",
    "reqID": "task_id::text",
    "status": "status",
    "superStatus": "super_status",
    "taskName": "name",
    "userName": "user_name",
    "prodSourceLabel": "label",
    "workingGroup": "working_group",
    "vo": "vo",
    "site": "site",
}


class UnknownAttribute(ValueError):
    """A filter on something tasks do not have, or a pattern that is none."""


def is_pattern(value: str) -> bool:
    """True when `value` is meant as a regular expression."""
    return bool(REGEX_CHARACTERS & set(value))


def conditions(filters: Mapping[str, Any]) -> tuple[list[str], list[Any], dict[str, re.Pattern[str] | str]]:
    """(SQL conditions, their values, what is left to be checked on task objects by attribute); raises UnknownAttribute."""
    sql: list[str] = []
    values: list[Any] = []
    left: dict[str, re.Pattern[str] | str] = {}
    known = {name.lower(): name for name in TASK_ATTRIBUTES}
    for given, wanted in filters.items():
        name = known.get(str(given).lower())
        if name is None:
            raise UnknownAttribute(f"tasks have no attribute {given!r}")
        text = str(wanted)
        if is_pattern(text):
            try:
                left[name] = re.compile(text)
            except re.error as problem:
                raise UnknownAttribute(f"{given}: {text!r} is not a regular expression: {problem}") from problem
        elif name in COLUMNS:
            sql.append(f"{COLUMNS[name]} = %s")
            values.append(text)
        else:
            left[name] = text
    return sql, values, left


def matches(task: Mapping[str, Any], left: Mapping[str, re.Pattern[str] | str]) -> bool:
    """True when the task object passes what SQL did not check."""
    return all(
        str(task.get(name)) == wanted if isinstance(wanted, str) else bool(wanted.search(str(task.get(name))))
        for name, wanted in left.items()
    )
