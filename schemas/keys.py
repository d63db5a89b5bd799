"""That a message stands under a key which an aggregate of its kind can have, and under its own where it names one.

Readers take `aggregate_id` of a task or job for its number, and a message that makes an aggregate repeats its id in the body
(`key` in its Avro file says where); one under another key would be someone else's row.
"""

from collections.abc import Callable
from functools import cache
from operator import attrgetter
from typing import Any

from schemas.aggregates import AGGREGATES
from schemas.bounds import Problem, shown
from schemas.catalog import CATALOG


def key_problems(message: Any, aggregate_id: str) -> tuple[Problem, ...]:
    """The problem of a command or event under `aggregate_id`; () when it may stand there."""
    of_kind, own = _rules(message.__class__)
    expected = of_kind(aggregate_id)
    if not expected and own is not None and str(own(message)) != aggregate_id:
        expected = f"{shown(str(own(message)))}, as the message says"
    return (Problem("aggregate_id", shown(aggregate_id), expected),) if expected else ()


@cache
def _rules(kind: type) -> tuple[Callable[[str], str], Callable[[Any], Any] | None]:
    """What a key of the aggregate of `kind` must be, and the part of the message that names it."""
    aggregate = kind.__module__.removeprefix("schemas.")
    declared, entry = AGGREGATES.get(aggregate), CATALOG.get(f"culm.{aggregate}.{kind.__name__}")
    path = entry.schema.get("key") if entry is not None else None
    return declared.key.problem if declared is not None else _anything, attrgetter(path) if path else None


def _anything(key: str) -> str:
    return ""
