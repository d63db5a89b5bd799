"""Sets of whole numbers as intervals. Pure.

In and out: `Intervals`, in order, inclusive at both ends, with a gap of one number at least between two of them; so equal sets
are equal values. An operation costs the number of intervals, never that of the numbers in them.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from typing import Protocol

Intervals = tuple[tuple[int, int], ...]


class Range(Protocol):
    """A record with the first and the last number of a range."""

    @property
    def first(self) -> int:
        """The first number."""
        ...

    @property
    def last(self) -> int:
        """The last number, which is not below the first."""
        ...


def intervals_of(ranges: Iterable[Range]) -> Intervals:
    """The numbers of all ranges, which may overlap and stand in any order."""
    return joined(sorted((one.first, one.last) for one in ranges))


def joined(pairs: Iterable[tuple[int, int]]) -> Intervals:
    """The numbers of all pairs, which are sorted and may overlap."""
    found: list[tuple[int, int]] = []
    for first, last in pairs:
        if found and first <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(last, found[-1][1]))
        else:
            found.append((first, last))
    return tuple(found)


def union(one: Intervals, other: Intervals) -> Intervals:
    """The numbers of either."""
    return joined(sorted((*one, *other))) if one and other else one or other


def difference(one: Intervals, other: Intervals) -> Intervals:
    """The numbers of `one` that are not in `other`."""
    return tuple(pair for first, last in one for pair in gaps(other, first, last)) if other else one


def intersection(one: Intervals, other: Intervals) -> Intervals:
    """The numbers of both."""
    return difference(one, difference(one, other))


def gaps(taken: Intervals, first: int, last: int) -> Iterator[tuple[int, int]]:
    """The numbers from `first` to `last` that are not in `taken`, in order; costs the intervals between the two."""
    for place in range(bisect_left(taken, first, key=_last_of), len(taken)):
        start, end = taken[place]
        if start > last:
            break
        if first < start:
            yield first, start - 1
        first = max(first, end + 1)
    if first <= last:
        yield first, last


def size(intervals: Intervals) -> int:
    """How many numbers they hold."""
    return sum(last - first + 1 for first, last in intervals)


def _last_of(pair: tuple[int, int]) -> int:
    return pair[1]
