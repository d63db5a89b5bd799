"""How large a message or a part of one becomes as Avro, before it is encoded; and lists cut by it. Pure.

`bytes_of` is never less than what Avro makes of the value: whole numbers count 10 bytes, texts their UTF-8 and a length.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from operator import attrgetter
from typing import Any, TypeVar

from schemas.records import names_of

T = TypeVar("T")
NUMBER_BYTES = 11
LENGTH_BYTES = 6


def bytes_of(value: Any) -> int:
    """Most bytes that `value` takes: a text, a number, a tuple, or an object of a generated class."""
    if value is None or value is True or value is False:
        return 2
    if isinstance(value, str):
        return _of_text(value)
    if isinstance(value, int | float):
        return NUMBER_BYTES
    if isinstance(value, bytes):
        return LENGTH_BYTES + len(value)
    if isinstance(value, tuple | list):
        return 2 * LENGTH_BYTES + sum(map(bytes_of, value))
    return _of_record(value)


def _of_record(value: Any) -> int:
    """As `bytes_of`, which is called for what is neither text nor number nor absent: most fields are."""
    size = 1
    for held in _values(value.__class__)(value):
        kind = held.__class__
        if kind is str:
            size += LENGTH_BYTES + len(held) if held.isascii() else _of_text(held)
        elif held is None or kind is bool:
            size += 2
        elif kind is int:
            size += NUMBER_BYTES
        else:
            size += bytes_of(held)
    return size


def _of_text(text: str) -> int:
    return LENGTH_BYTES + (len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass")))


@cache
def _values(kind: Any) -> Callable[[Any], tuple[Any, ...]]:
    """What gives the values of the fields of an object."""
    names = names_of(kind)
    if len(names) > 1:
        return attrgetter(*names)
    return lambda value: tuple(getattr(value, name) for name in names)


def cut(items: Sequence[T], number_max: int, bytes_max: int, size: Callable[[T], int] = bytes_of) -> Iterator[tuple[T, ...]]:
    """`items` in parts of at most `number_max` and `bytes_max`; an item over `bytes_max` is a part of its own."""
    at = 0
    while at < len(items):
        part = first_part(items[at : at + number_max], number_max, bytes_max, size)
        yield part
        at += len(part)


def first_part(
    items: Iterable[T], number_max: int, bytes_max: int, size: Callable[[T], int] = bytes_of
) -> tuple[T, ...]:
    """The first items, at most `number_max` and `bytes_max`, at least one if there is one."""
    found: list[T] = []
    weight = 0
    for item in items:
        if found:
            # The first one is taken at any size, and most lists have no second.
            weight += size(item) + (size(found[0]) if len(found) == 1 else 0)
            if weight > bytes_max or len(found) >= number_max:
                break
        found.append(item)
    return tuple(found)
