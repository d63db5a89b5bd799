"""Task parameters as far as a submission itself is about them: what the log, the names and the read models must hold.

In: the JSON object of a submission. Out: sentences that name key, value and what was expected; none when it can be registered.
What the parameters mean for jobs is judged when the task is refined: a task that makes no sense is broken, not refused. Ranges
are those of `schemas/task/`.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import orjson

from api.http.bodies import leaves, named
from schemas.characters import LINE, NAME, TEMPLATE, TEXT, WORD, CharacterSet

PROBLEMS_MAX = 5
#: As JSON in UTF-8: what a record has room for beside the rest of the command.
PARAMETERS_BYTES_MAX = 890_000
ITEMS_MAX = 2_000
PRIORITY_MIN, PRIORITY_MAX = -(1 << 31), (1 << 31) - 1
#: What users may ask for, and what they get else (docs/reference/client.md, "Task parameters").
USER_PRIORITY_MIN, USER_PRIORITY, USER_PRIORITY_MAX = 900, 1000, 1100
TASK_ID_MAX = 900_000_000_000
DATASET_LENGTH_MAX, TEMPLATE_LENGTH_MAX = 600, 500
#: Texts that become fields of the task: key -> characters, length.
TEXTS: Mapping[str, tuple[CharacterSet, int]] = {
    "taskName": (NAME, 512),
    "vo": (WORD, 64),
    "prodSourceLabel": (WORD, 64),
    "userName": (LINE, 128),
    "workingGroup": (WORD, 128),
    "parentTaskName": (NAME, 512),
}
#: Escapes that JSON writes for characters that no text of a task may hold.
ESCAPE = re.compile(r"\\u00(?:0[0-8bcBCeEfF]|1)")


def problems_in(parameters: Mapping[str, Any], parent_task_id: int | None = None) -> list[str]:
    """Up to `PROBLEMS_MAX` reasons why a task with `parameters` cannot be registered."""
    found = [*_texts(parameters), *_numbers(parameters, parent_task_id)]
    for key in ("jobParameters", "log", "log_merge"):
        found += _items(key, parameters.get(key))
    return (found + odd_texts_in(parameters))[:PROBLEMS_MAX]


def odd_texts_in(parameters: Mapping[str, Any]) -> list[str]:
    """What of `parameters` cannot be stored: the size of all, and keys and texts with characters that no text may hold."""
    try:
        encoded = orjson.dumps(parameters)
    except (TypeError, ValueError) as problem:  # a number beyond 64 bits, half a surrogate pair
        return [f"the parameters cannot be stored as JSON: {str(problem)[:100]}"]
    if len(encoded) > PARAMETERS_BYTES_MAX:
        return [f"the parameters have {len(encoded):,} bytes as JSON, at most {PARAMETERS_BYTES_MAX:,} are taken"]
    stored = encoded.decode()
    if TEXT.takes(stored) and ESCAPE.search(stored) is None:
        return []
    return [
        f"{named(place)[:100]!a}: found {text[:60]!a}, expected {TEXT.expected}"
        for place, value in leaves(parameters)
        for text in (*place[-1:], value)
        if isinstance(text, str) and not TEXT.takes(text)
    ]


def _texts(parameters: Mapping[str, Any]) -> Iterator[str]:
    for key, (characters, length_max) in TEXTS.items():
        value = parameters.get(key)
        if value is None or value == "":
            continue
        yield from _problem(key, value, characters, length_max)


def _numbers(parameters: Mapping[str, Any], parent_task_id: int | None) -> Iterator[str]:
    for key in ("taskPriority", "currentPriority"):
        given = parameters.get(key)
        if given is not None and priority_of(given) is None:
            yield f"{key}: found {shown(given)}, expected a whole number from {PRIORITY_MIN:,} to {PRIORITY_MAX:,}"
    if parent_task_id is not None and not 0 < parent_task_id <= TASK_ID_MAX:
        yield f"parent task: found {parent_task_id}, expected the number of a task"


def _items(key: str, given: Any) -> Iterator[str]:
    """Problems of the names that the items of `key` make; items of another form are left to refinement."""
    items = [given] if isinstance(given, Mapping) else given if isinstance(given, Sequence) else ()
    if len(items) > ITEMS_MAX and not isinstance(items, str):
        yield f"{key}: found {len(items):,} items, expected at most {ITEMS_MAX:,}"
        return
    for place, item in enumerate(items):
        if isinstance(item, Mapping) and item.get("type") == "template" and isinstance(item.get("dataset"), str):
            yield from _names(key if isinstance(given, Mapping) else f"{key}[{place}]", item)


def _names(where: str, item: Mapping[str, Any]) -> Iterator[str]:
    for text in item["dataset"].split(","):
        name = text.strip().rstrip("/").rpartition(":")[2]
        if name:
            yield from _problem(f"{where}.dataset", name, NAME, DATASET_LENGTH_MAX)
    value = item.get("value")
    if isinstance(value, str) and item.get("param_type") in ("output", "log") and not value.startswith("regex|"):
        # An output may stand behind its option: `--out=NAME`.
        name = re.split(r"[=\s]", value.strip())[-1].strip("'\"")
        yield from _problem(f"{where}.value", name, TEMPLATE, TEMPLATE_LENGTH_MAX)


def priority_of(given: Any) -> int | None:
    """The priority that a parameter means, None for what is none."""
    if isinstance(given, str) and re.fullmatch(r"-?[0-9]{1,10}", given):
        given = int(given)
    if isinstance(given, float) and given.is_integer():
        given = int(given)
    if not isinstance(given, int) or isinstance(given, bool):
        return None
    return given if PRIORITY_MIN <= given <= PRIORITY_MAX else None


def priority_asked(parameters: Mapping[str, Any]) -> int:
    """The priority that a task begins with: `currentPriority`, else `taskPriority`; of a user 900 to 1100, else the usual one."""
    asked = priority_of(parameters.get("currentPriority"))
    usual = priority_of(parameters.get("taskPriority")) or USER_PRIORITY
    if parameters.get("taskType") != "anal":
        return usual if asked is None else asked
    return asked if asked is not None and USER_PRIORITY_MIN <= asked <= USER_PRIORITY_MAX else usual


def _problem(where: str, value: Any, characters: CharacterSet, length_max: int) -> Iterator[str]:
    if not isinstance(value, str):
        yield f"{where}: found {shown(value)}, expected text"
    elif len(value) > length_max:
        yield f"{where}: found {len(value):,} characters, expected at most {length_max}"
    elif not characters.takes(value):
        yield f"{where}: found {value[:60]!a}, expected {characters.expected}"


def shown(value: Any) -> str:
    """A short form of what was found."""
    if isinstance(value, (str, int, float)) or value is None:
        return ascii(value)[:60]
    return {"list": "a list", "dict": "an object"}.get(type(value).__name__, type(value).__name__)
