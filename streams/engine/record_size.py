"""How many bytes a part of a record takes at most, and lists cut so that none takes more than it may. Pure.

In: values as `to_avro` gives them. Out: an upper bound, which needs no schema: counts and unions are taken at their longest.
Records hold 900 kB; what is cut to RECORD_BYTES leaves room for envelope and key.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

#: Bytes of a list that travels in one command.
RECORD_BYTES = 500_000
#: Avro's longest number, and what stands before a text, a list or a branch of a union.
NUMBER_BYTES, LEAD_BYTES = 10, 6
#: A list of nothing, in a branch of a union.
EMPTY_BYTES = 2
T = TypeVar("T")


def bytes_of(value: Any) -> int:
    """Bytes of `value` in Avro binary at most."""
    match value:
        case [] | ():
            return EMPTY_BYTES
        case str():
            return LEAD_BYTES + (len(value) if value.isascii() else len(value.encode("utf-8", "surrogatepass")))
        case bytes():
            return LEAD_BYTES + len(value)
        case dict():
            return LEAD_BYTES + sum(map(bytes_of, value.values()))
        case list() | tuple():
            return LEAD_BYTES + sum(map(bytes_of, value))
        case _:
            return NUMBER_BYTES


def cut(rows: Sequence[T], size_of: Callable[[T], int], count_max: int, bytes_max: int = RECORD_BYTES) -> Iterator[list[T]]:
    """`rows` in order, in lists of at most `count_max` rows and `bytes_max` bytes; a row that is larger stands alone."""
    chunk: list[T] = []
    size = 0
    for row in rows:
        added = size_of(row)
        if chunk and (len(chunk) >= count_max or size + added > bytes_max):
            yield chunk
            chunk, size = [], 0
        chunk.append(row)
        size += added
    if chunk:
        yield chunk
