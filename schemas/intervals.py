"""Sets of whole numbers as intervals. Pure.

In and out: `Intervals`, in order, inclusive at both ends, with a gap of one number at least between two of them; so equal sets
are equal values. An operation costs the number of intervals at most, never that of the numbers in them.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from typing import Protocol

Intervals = tuple[tuple[int, int], ...]
#: So many are put into a long set one by one, which copies it for each of them and looks at none of its intervals.
FEW = 8


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
    if len(other) > FEW:
        return joined(sorted((*one, *other)))
    for first, last in other:
        start, end = bisect_left(one, first - 1, key=_last_of), bisect_right(one, last + 1, key=_first_of)
        if start < end:
            first, last = min(first, one[start][0]), max(last, one[end - 1][1])
        one = (*one[:start], (first, last), *one[end:])
    return one


def difference(one: Intervals, other: Intervals) -> Intervals:
    """The numbers of `one` that are not in `other`."""
    if len(other) > FEW:
        return tuple(pair for first, last in one for pair in gaps(other, first, last))
    for first, last in other:
        start, end = bisect_left(one, first, key=_last_of), bisect_right(one, last, key=_first_of)
        if start < end:
            before, after = (one[start][0], first - 1), (last + 1, one[end - 1][1])
            one = one[:start] + tuple(pair for pair in (before, after) if pair[0] <= pair[1]) + one[end:]
    return one


def intersection(one: Intervals, other: Intervals) -> Intervals:
    """The numbers of both; costs the shorter of the two, and what they have in common."""
    few, many = sorted((one, other), key=len)
    return tuple(
        (max(first, pair[0]), min(last, pair[1]))
        for first, last in few
        for pair in many[bisect_left(many, first, key=_last_of) : bisect_right(many, last, key=_first_of)]
    )


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


def _first_of(pair: tuple[int, int]) -> int:
    return pair[0]


def _last_of(pair: tuple[int, int]) -> int:
    return pair[1]
