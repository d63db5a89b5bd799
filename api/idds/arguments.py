"""Arguments of iDDS's calls, from a path, from the relay, from a body: numbers as text or number, `null`, `None`, `True`. Pure.

In: what the client sent. Out: values of the kind that is asked for. Guards: a value of another kind is a BadRequest that names
the argument, what was found and what was expected. Source: docs/reference/idds.md, "Answers and errors".
"""

from collections.abc import Mapping
from typing import Any

from api.http.errors import BadRequest
from api.http.plain_requests import whole_from

ABSENT = frozenset({"null", "none", ""})
FLAGS = {"true": True, "1": True, "false": False, "0": False}
TEXT_CHARACTERS_MAX = 4_000


def present(value: Any) -> Any:
    """`value`, None where it is one of the words for nothing."""
    return None if isinstance(value, str) and value.strip().lower() in ABSENT else value


def whole_of(arguments: Mapping[str, Any], name: str) -> int | None:
    """A number from 0 on, given as number or text; None where it is absent."""
    value = present(arguments.get(name))
    if value is None:
        return None
    found = whole_from(str(value).strip()) if isinstance(value, int | str) and not isinstance(value, bool) else None
    if found is None:
        raise BadRequest(f"{name}: found {str(value)[:60]!r}, expected a whole number or null")
    return found


def flag_of(arguments: Mapping[str, Any], name: str) -> bool:
    """True or false, given as such or as a word; false where it is absent."""
    value = present(arguments.get(name))
    if value is None or isinstance(value, bool):
        return bool(value)
    found = FLAGS.get(str(value).strip().lower()) if isinstance(value, int | str) else None
    if found is None:
        raise BadRequest(f"{name}: found {str(value)[:60]!r}, expected True or False")
    return found


def text_of(arguments: Mapping[str, Any], name: str) -> str | None:
    """A text without NUL; None where it is absent."""
    value = present(arguments.get(name))
    if value is None:
        return None
    if not isinstance(value, str) or len(value) > TEXT_CHARACTERS_MAX or "\0" in value:
        raise BadRequest(f"{name}: found {str(value)[:60]!r}, expected a text of at most {TEXT_CHARACTERS_MAX} characters")
    return value
