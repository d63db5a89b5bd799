"""How an aggregate's state is written as rows, and read from them: what the `snapshot` module of every aggregate gives. Pure.

A state is a main row, and parts beside it where it can be large: an event makes the rows it changes due to be written, no others.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

MAIN = "main"
#: Rows by name; None for one that is no more.
Row = tuple[str, Any]


@dataclass(frozen=True, slots=True)
class SnapshotForm:
    """The rows of one kind of aggregate.

    changed: names of the parts, beside the main row, that an event is about to change; it is asked before the event is folded.
    names: all parts of a state. rows: (name, message) of the named rows, None for one that is not there. restored: the state that
    all its rows make.
    """

    rows: Callable[[Any, Collection[str]], Iterator[Row]]
    restored: Callable[[Mapping[str, Any]], Any]
    changed: Callable[[Any, Any], Iterable[str]]
    names: Callable[[Any], Iterable[str]]


def changes_main(state: Any, event: Any) -> Iterable[str]:
    """`changed` of an aggregate whose state is one row."""
    return ()


def has_main(state: Any) -> Iterable[str]:
    """`names` of an aggregate whose state is one row."""
    return ()


def part_name(kind: str, name: str) -> str:
    """Name of the part of `kind` that belongs to any text, in characters that a row's key can hold."""
    return f"{kind}-{blake2b(name.encode(), digest_size=12).hexdigest()}"
