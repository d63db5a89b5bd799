"""How an aggregate's state is written as rows, and read from them: what the `snapshot` module of every aggregate gives. Pure.

A state is a main row, and parts beside it where it can be large: an event makes the rows it changes due to be written, no others.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

MAIN = "main"
#: Kind of the parts that are named by their number alone.
PAGE = "page"
#: Rows by name; None for one that is no more.
Row = tuple[str, Any]


@dataclass(frozen=True, slots=True)
class PackedRow:
    """A row of which only the beginning was read: its fields so far. `read` makes the whole message."""

    beginning: Mapping[str, Any]
    read: Callable[[], Any]


@dataclass(frozen=True, slots=True)
class SnapshotForm:
    """The rows of one kind of aggregate.

    changed: names of the parts, beside the main row, that an event is about to change; it is asked before the event is folded.
    names: all parts of a state. rows: (name, message) of the named rows, None for one that is not there. restored: the state that
    all its rows make. packed: kind of part (its name up to the first hyphen) -> the field with which `restored` is content, and
    those before it; such a part may come as a `PackedRow`, unless that field is null. work: kind of part -> what making its row
    costs, in rows of a few fields (25 us); 1 for other kinds.
    """

    rows: Callable[[Any, Collection[str]], Iterator[Row]]
    restored: Callable[[Mapping[str, Any]], Any]
    changed: Callable[[Any, Any], Iterable[str]]
    names: Callable[[Any], Iterable[str]]
    packed: Mapping[str, str] = field(default_factory=dict)
    work: Mapping[str, int] = field(default_factory=dict)

    def work_of(self, names: Iterable[str]) -> int:
        """What making the rows of these parts costs."""
        return sum(self.work.get(kind_of(name), 1) for name in names) if self.work else len(list(names))


def kind_of(name: str) -> str:
    """Kind of a part: its name up to the first hyphen; PAGE for one that is named by its number alone."""
    kind, hyphen, _ = name.partition("-")
    return kind if hyphen else PAGE


def changes_main(state: Any, event: Any) -> Iterable[str]:
    """`changed` of an aggregate whose state is one row."""
    return ()


def has_main(state: Any) -> Iterable[str]:
    """`names` of an aggregate whose state is one row."""
    return ()


def part_name(kind: str, name: str) -> str:
    """Name of the part of `kind` that belongs to any text, in characters that a row's key can hold."""
    return f"{kind}-{blake2b(name.encode(), digest_size=12).hexdigest()}"
